"""The table of docs/serving.md: each promise names tests that there are."""

import ast
import re
from dataclasses import dataclass

import pytest

from tests import ROOT
from tests.web.reverse_proxies import DOCUMENT

_ROW = re.compile(r"^\| \*\*(.+?)\*\* (.*?) \| (.*?) \| (.*?) ?\| (.*?) \|$", re.MULTILINE)
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


@dataclass(frozen=True)
class Promise:
    """A row of the table."""

    name: str
    asked: str
    answer: str
    nginx: str
    """What is different with nginx on the files; empty where nothing is."""
    tests: tuple[tuple[str, str], ...]
    """Each with its file below tests/."""


PROMISES = {
    row[0]: Promise(row[0], row[1], row[2], row[3], tuple(_TEST.findall(row[4])))
    for row in _ROW.findall(DOCUMENT.read_text("utf-8"))
}
_WANTED = 25
"""Promises at least: what isn't understood as a row would otherwise never be missed."""


def test_the_table_is_read_whole():
    lines = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("| **")]
    assert len(lines) == len(PROMISES) >= _WANTED


@pytest.mark.parametrize("promise", PROMISES.values(), ids=lambda promise: promise.name)
def test_each_promise_has_a_test(promise):
    assert promise.tests
    for file, name in promise.tests:
        tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in there, f"{file}::{name}"

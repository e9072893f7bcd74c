"""Read JSON front matter: an object at the start of the file; the body follows it."""

import json
from json.decoder import WHITESPACE, JSONArray, JSONObject  # type: ignore[attr-defined]  # typeshed leaves them out
from typing import Any

from syndicate.errors import Refused
from syndicate.intake.articles.frontmatter.value import (
    FrontMatterValue,
    ValueBudget,
    list_value,
    parse_number,
    table_value,
    unique_keys,
)
from syndicate.text import printable

_CONSTANTS = ("NaN", "Infinity", "-Infinity")
"""Python reads them; JSON has no such values."""


def read_json(text: str, path: str, at: int = 0) -> tuple[FrontMatterValue, int]:
    """Return the value that begins at `at`, and the position of its end.

    Raise Refused, with the line in `text`, for a syntax error.
    """
    try:
        try:
            return _JsonReader(path).scan(text, WHITESPACE.match(text, at).end())
        except StopIteration as end:
            raise json.JSONDecodeError("Expecting value", text, end.value) from None
    except json.JSONDecodeError as error:
        raise Refused(f"{path}:{error.lineno}: broken JSON: {error.msg}") from error


class _JsonReader:
    """One pass over a text with the parts of Python's decoder, which knows no lines."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._budget = ValueBudget(path)
        self._depth = self._counted = 0
        self._line = 1
        decoder: Any = json.JSONDecoder(parse_int=parse_number, parse_float=parse_number)
        self._scan_scalar = decoder.scan_once

    def scan(self, text: str, at: int) -> tuple[FrontMatterValue, int]:
        """Read the value at a position; return it and its end, or raise StopIteration."""
        self._line += text.count("\n", self._counted, at)
        self._counted, line = at, self._line
        self._budget.spend(line, self._depth)
        self._depth += 1
        if text.startswith("{", at):
            table, end = JSONObject((text, at + 1), True, self.scan, None, self._table)
            value = table_value(line, table)
        elif text.startswith("[", at):
            items, end = JSONArray((text, at + 1), self.scan)
            value = list_value(line, items)
        elif text.startswith(_CONSTANTS, at):
            raise StopIteration(at)
        else:
            scalar, end = self._scan_scalar(text, at)
            value = _scalar(line, scalar, text[at:end])
        self._depth -= 1
        return value, end

    def _table(self, pairs: list[tuple[str, FrontMatterValue]]) -> dict[str, FrontMatterValue]:
        return unique_keys(((printable(key), value) for key, value in pairs), self._path)


def _scalar(line: int, value: Any, written: str) -> FrontMatterValue:
    if value is None:
        return FrontMatterValue(line=line)
    if written.startswith('"'):
        text = printable(value)
        return FrontMatterValue(line=line, text=text, json_value=text)
    return FrontMatterValue(line=line, text=written, json_value=value)

"""docs/configuration.md against the models, both ways, and its examples against the loader."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from syndicate.config import Rate, load
from syndicate.config.loading.reference import ReferenceKey, ReferenceTable, table_at, tables, toml
from syndicate.config.values import Mailbox
from tests import ROOT

PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PUBLICATION = '[publication]\nid = "6f1c2f6e-8f0e-4a7e-9d8b-1c2d3e4f5a6b"\ntitle = "x"\n'


KINDS: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    timedelta: "duration",
    date: "date",
    Rate: "rate",
    ZoneInfo: "time zone",
    Path: "path",
    UUID: "UUID",
    Mailbox: "name and address",
    IPv4Network: "network",
    IPv6Network: "network",
    dict: "table",
}


PLURALS = {"name and address": "names and addresses"}


def kind(annotation: Any) -> str:
    """Say in words what a field takes."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind(arguments[0])
    if origin in (Union, UnionType):
        parts = [kind(part) for part in arguments if part is not NoneType]
        return " or ".join(dict.fromkeys(parts))
    if origin is tuple:
        return f"list of {PLURALS.get(kind(arguments[0]), f'{kind(arguments[0])}s')}"
    given = origin or annotation
    choices = arguments if origin is Literal else tuple(given) if issubclass(given, StrEnum) else ()
    return " or ".join(map(toml, choices)) or KINDS[given]


def row(table: ReferenceTable, key: ReferenceKey) -> str:
    model = table_at(table.path)
    assert model is not None
    what = kind(model.model_fields[key.field].annotation)
    default = "required" if key.required else f"`{key.default}`" if key.default else ""
    return f"| `{key.name}` | {what} | {default} | {key.description} |"


def sections() -> dict[str, list[str]]:
    """Read the rows of each table's section of the page, by its header."""
    parts = re.split(r"^### `(\[.*\])`$", PAGE.split("\n## Examples\n")[0], flags=re.MULTILINE)
    return {
        header: re.findall(r"^\| `.*$", text, re.MULTILINE)
        for header, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_the_page_has_exactly_the_tables_of_the_models():
    assert list(sections()) == [table.header for table in tables()]


@pytest.mark.parametrize("table", list(tables()), ids=lambda table: table.name)
def test_the_page_has_exactly_the_keys_of_each_table_with_type_default_and_meaning(table):
    assert sections()[table.header] == [row(table, key) for key in table.keys]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.splitlines()[0])
def test_every_example_loads(tmp_path, monkeypatch, example):
    monkeypatch.setenv("SYNDICATE_MAIL_PASSWORD", "secret")
    path = tmp_path / "config.toml"
    path.write_text(example if "[publication]" in example else PUBLICATION + example, "utf-8")

    load(path)


def test_every_key_has_a_description_and_something_to_show():
    for table in tables():
        for key in table.keys:
            assert key.description.endswith("."), f"{table.name}.{key.name}"
            assert key.required or key.example, f"{table.name}.{key.name}"

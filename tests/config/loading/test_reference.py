"""docs/configuration.md against the models, both ways, and its examples against the loader."""

import re

import pytest

from syndicate.config import load
from syndicate.config.loading.reference import ReferenceKey, tables
from tests import ROOT

PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PUBLICATION = '[publication]\nid = "6f1c2f6e-8f0e-4a7e-9d8b-1c2d3e4f5a6b"\ntitle = "x"\n'


def row(key: ReferenceKey) -> str:
    default = "required" if key.required else f"`{key.default}`" if key.default else ""
    return f"| `{key.name}` | {key.kind} | {default} | {key.description} |"


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
    assert sections()[table.header] == [row(key) for key in table.keys]


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

"""One value of front matter, independent of the format."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from syndicate.errors import Refused

MAX_DEPTH = 20
"""Levels of nested lists and tables."""
MAX_VALUES = 10_000
MAX_NUMBER_LENGTH = 100
"""Digits: Python takes quadratic time for long numbers, and refuses to print the longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatterValue:
    """A value with its line: text, a list, a table, or null."""

    line: int
    text: str | None = None
    """The source text of a scalar, else None."""
    items: tuple["FrontMatterValue", ...] | None = None
    table: Mapping[str, "FrontMatterValue"] | None = None
    json_value: Any = None
    """The value for JSON, with the format's own rules for numbers and booleans."""

    @property
    def is_null(self) -> bool:
        """Whether the key has no value."""
        return self.text is None and self.items is None and self.table is None

    def __str__(self) -> str:
        if self.text is not None:
            return f'"{self.text[:80]}"'
        return "nothing" if self.is_null else "a list" if self.table is None else "a table"


class ValueBudget:
    """The number of values a file may still have: YAML aliases can repeat one list many times."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._left = MAX_VALUES

    def spend(self, line: int, depth: int) -> None:
        """Count a value; raise Refused if there are too many or it is nested too deeply."""
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise Refused(f"{self._path}:{line}: front matter is nested or repeated too much")


def unique_keys(
    pairs: Iterable[tuple[str, FrontMatterValue]], path: str
) -> dict[str, FrontMatterValue]:
    """Make a table of keys and values; raise Refused for a key that is given twice."""
    table: dict[str, FrontMatterValue] = {}
    for key, value in pairs:
        if key in table:
            first = table[key].line
            raise Refused(f"{path}:{value.line}: {key} is given twice, first on line {first}")
        table[key] = value
    return table


def list_value(line: int, items: list[FrontMatterValue]) -> FrontMatterValue:
    """Make a list of values."""
    return FrontMatterValue(
        line=line, items=tuple(items), json_value=[item.json_value for item in items]
    )


def table_value(line: int, table: Mapping[str, FrontMatterValue]) -> FrontMatterValue:
    """Make a table of values."""
    plain = {key: value.json_value for key, value in table.items()}
    return FrontMatterValue(line=line, table=table, json_value=plain)


def parse_number(text: str) -> int | float | str:
    """Return a decimal number that JSON can represent, else its text."""
    if len(text) > MAX_NUMBER_LENGTH:
        return text
    try:
        return int(text)
    except ValueError:
        value = float(text)
    return value if math.isfinite(value) else text

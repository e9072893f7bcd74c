"""One value of front matter, in whichever format it is written."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syndicate.errors import Refused

MAX_DEPTH = 20
"""How many lists and tables may be inside of each other."""
MAX_VALUES = 10_000
"""How many values there may be."""
MAX_NUMBER_LENGTH = 100
"""Python takes quadratic time for long numbers, and refuses to write the longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatterValue:
    """One value with the line it stands on: text, a list, or a table."""

    line: int
    text: str | None = None
    """As written, when it is a scalar; None when it is null, a list or a table."""
    items: tuple["FrontMatterValue", ...] | None = None
    table: Mapping[str, "FrontMatterValue"] | None = None
    json_value: Any = None
    """The same as JSON can hold it, with the format's own idea of numbers and booleans."""

    @property
    def is_null(self) -> bool:
        """Whether there is a key with nothing behind it."""
        return self.text is None and self.items is None and self.table is None

    def __str__(self) -> str:
        if self.text is not None:
            return f'"{self.text[:80]}"'
        return "nothing" if self.is_null else "a list" if self.table is None else "a table"


class ValueBudget:
    """How many values a file may still have: a short text can name the same list many times."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._left = MAX_VALUES

    def spend(self, line: int, depth: int) -> None:
        """Count a value; raise Refused where there are too many, or too deep ones."""
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise Refused(f"{self._path}:{line}: front matter is nested or repeated too much")


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
    """Return a decimal number as JSON can hold it; its text where JSON can't."""
    if len(text) > MAX_NUMBER_LENGTH:
        return text
    try:
        return int(text)
    except ValueError:
        value = float(text)
    return value if math.isfinite(value) else text

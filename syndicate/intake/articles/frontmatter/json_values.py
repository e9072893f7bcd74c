"""Read JSON front matter: an object at the start of the file; the body follows it."""

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out

from syndicate.errors import Refused
from syndicate.intake.articles.frontmatter.value import (
    FrontMatterValue,
    ValueBudget,
    list_value,
    parse_number,
    table_value,
)
from syndicate.text import printable

_WHITE_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"true|false|null")
_PLAIN = {"true": True, "false": False}


def read_json(text: str, path: str, at: int = 0) -> tuple[FrontMatterValue, int]:
    """Return the value that begins at `at`, and the position of its end.

    Raise Refused, with the line in `text`, for a syntax error.
    """
    reader = _JsonReader(text, path)
    try:
        return reader.read_value(at, 0)
    except json.JSONDecodeError as error:
        raise Refused(f"{path}:{error.lineno}: broken JSON: {error.msg}") from error


class _JsonReader:
    """One pass over a text; methods take a position and return a value and the next position."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._budget = ValueBudget(path)
        self._counted = 0
        self._line = 1

    def read_value(self, at: int, depth: int) -> tuple[FrontMatterValue, int]:
        at = self._skip(at)
        line = self._line_of(at)
        self._budget.spend(line, depth)
        first = self._text[at : at + 1]
        if first == "{":
            table, at = self._table(at + 1, depth)
            return table_value(line, table), at
        if first == "[":
            items, at = self._items(at + 1, depth)
            return list_value(line, items), at
        if first == '"':
            text, at = self._string(at)
            return FrontMatterValue(line=line, text=text, json_value=text), at
        if word := _WORD.match(self._text, at):
            written = word[0]
            if written == "null":
                return FrontMatterValue(line=line), word.end()
            return FrontMatterValue(line=line, text=written, json_value=_PLAIN[written]), word.end()
        if digits := _NUMBER.match(self._text, at):
            return FrontMatterValue(
                line=line, text=digits[0], json_value=parse_number(digits[0])
            ), digits.end()
        raise self._broken("a value is missing", at)

    def _table(self, at: int, depth: int) -> tuple[dict[str, FrontMatterValue], int]:
        table: dict[str, FrontMatterValue] = {}
        at = self._skip(at)
        if self._text[at : at + 1] == "}":
            return table, at + 1
        while True:
            at = self._skip(at)
            if self._text[at : at + 1] != '"':
                raise self._broken("a key in double quotes is missing", at)
            line = self._line_of(at)
            key, at = self._string(at)
            if key in table:
                first = table[key].line
                raise Refused(f"{self._path}:{line}: {key} is given twice, first on line {first}")
            at = self._expect(":", at)
            table[key], at = self.read_value(at, depth + 1)
            at, ended = self._next(at, "}")
            if ended:
                return table, at

    def _items(self, at: int, depth: int) -> tuple[list[FrontMatterValue], int]:
        items: list[FrontMatterValue] = []
        at = self._skip(at)
        if self._text[at : at + 1] == "]":
            return items, at + 1
        while True:
            item, at = self.read_value(at, depth + 1)
            items.append(item)
            at, ended = self._next(at, "]")
            if ended:
                return items, at

    def _next(self, at: int, closing: str) -> tuple[int, bool]:
        """Skip a comma or the closing mark; return whether it was the latter."""
        at = self._skip(at)
        if self._text[at : at + 1] == closing:
            return at + 1, True
        return self._expect(",", at), False

    def _expect(self, mark: str, at: int) -> int:
        at = self._skip(at)
        if self._text[at : at + 1] != mark:
            raise self._broken(f"{mark!r} is missing", at)
        return at + 1

    def _string(self, at: int) -> tuple[str, int]:
        text, end = scanstring(self._text, at + 1, True)
        return printable(text), end

    def _skip(self, at: int) -> int:
        blank = _WHITE_SPACE.match(self._text, at)
        assert blank is not None
        return blank.end()

    def _line_of(self, at: int) -> int:
        """Return the line of a position; positions must ascend."""
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        return self._line

    def _broken(self, problem: str, at: int) -> json.JSONDecodeError:
        return json.JSONDecodeError(problem, self._text, min(at, len(self._text)))

"""Read TOML front matter, between two lines of `+++`."""

import re
import tomllib
from datetime import date, datetime, time
from typing import Any

from syndicate.config.loading.toml_positions import Loc, TomlDocument
from syndicate.errors import ConfigError, Refused
from syndicate.intake.articles.frontmatter.value import (
    FrontMatterValue,
    ValueBudget,
    list_value,
    parse_number,
    table_value,
)
from syndicate.text import printable

_MAX_DOTS = 1_000
_MAX_HEADERS = 1_000
_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
_ERROR_POSITION = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)")
_KEY = re.compile(r"""[ \t]*([\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*=""")


def read_toml(head: str, path: str) -> FrontMatterValue:
    """Read TOML that begins in line 2 of its file; raise Refused, with the line, for an error."""
    text = f"\n{head}"
    if any(line.count(".") > _MAX_DOTS for line in head.split("\n")):
        raise Refused(f"{path}:2: front matter is nested too deeply")
    if sum(1 for _ in _HEADER.finditer(head)) > _MAX_HEADERS:
        raise Refused(f"{path}:2: front matter is nested or repeated too much")
    _check(text, path)
    try:
        document = TomlDocument.parse(path, text.encode())
    except ConfigError as error:
        raise Refused(str(error)) from error
    return _TomlReader(document, path).convert(document.data, ())


def _check(text: str, path: str) -> None:
    """Raise Refused for a syntax error.

    The parser that knows lines is made for the operator's own files; broken input from
    strangers could take it long.
    """
    try:
        tomllib.loads(text)
    except RecursionError as error:
        raise Refused(f"{path}:2: front matter is nested too deeply") from error
    except ValueError as error:
        place = _ERROR_POSITION.fullmatch(str(error))
        problem, line = (place[1], place[2]) if place else (str(error), None)
        line_number = int(line) if line else text.count("\n") + (not text.endswith("\n"))
        raise Refused(f"{path}:{line_number}: {_problem(problem, text, line_number)}") from error


def _problem(problem: str, text: str, line: int) -> str:
    """Describe a syntax error; for a repeated key, with the line of the first."""
    lines = text.split("\n")
    key = _KEY.match(lines[line - 1])
    if problem == "Cannot overwrite a value" and key:
        for first, other in enumerate(lines[: line - 1], 1):
            if (found := _KEY.match(other)) and found[1] == key[1]:
                return f"{key[1]} is given twice, first on line {first}"
    remedy = "; put text in quotes" if problem == "Invalid value" else ""
    return f"broken TOML: {problem}{remedy}"


class _TomlReader:
    """One pass over a parsed document, for the line and source text of each value."""

    def __init__(self, document: TomlDocument, path: str) -> None:
        self._document = document
        self._budget = ValueBudget(path)

    def convert(self, value: Any, loc: Loc) -> FrontMatterValue:
        line = self._document.line(loc)
        self._budget.spend(line, len(loc))
        if isinstance(value, dict):
            table = {printable(key): self.convert(item, (*loc, key)) for key, item in value.items()}
            return table_value(line, table)
        if isinstance(value, list):
            return list_value(line, [self.convert(item, (*loc, n)) for n, item in enumerate(value)])
        if isinstance(value, str):
            text = printable(value)
            return FrontMatterValue(line=line, text=text, json_value=text)
        if isinstance(value, bool):
            return FrontMatterValue(line=line, text=str(value).lower(), json_value=value)
        text = self._document.written(loc) or ""
        if isinstance(value, datetime | date | time):
            return FrontMatterValue(line=line, text=text, json_value=text)
        try:
            number = parse_number(str(value))
        except ValueError:  # an integer with more digits than Python writes
            number = text
        return FrontMatterValue(line=line, text=text, json_value=number)

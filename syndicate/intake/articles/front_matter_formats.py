"""Read the formats of front matter: YAML, TOML and JSON.

Values are read as text with their line, not as Python values: YAML 1.1 makes a number
of `title: 1984`, a boolean of `tags: [no]` and a date of `slug: 2019-02-28`.
"""

import json
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from json.decoder import WHITESPACE, JSONArray, JSONObject  # type: ignore[attr-defined]  # typeshed leaves them out
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from syndicate.config.loading.toml_positions import Loc, TomlDocument
from syndicate.errors import ConfigError, Refused
from syndicate.text import printable

_MAX_DEPTH = 20
"""Levels of nested lists and tables."""
_MAX_VALUES = 10_000
_MAX_NUMBER_LENGTH = 100
"""Digits: Python takes quadratic time for long numbers, and refuses to print the longest."""

_C_LOADER: type[Any] | None = getattr(yaml, "CSafeLoader", None)
_MAX_C_LOADER_LENGTH = 10_000
_DISPUTED = re.compile(
    "[^\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    r"|[?]|[|>]\S*#|(?<![^\s\[{,])!\S"
)
"""Text that PyYAML and libyaml may parse differently."""
_CONSTRUCTOR = SafeConstructor()
_NULL, _BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")

_MAX_DOTS = 1_000
_MAX_HEADERS = 1_000
_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
_ERROR_POSITION = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)")
_KEY = re.compile(r"""[ \t]*([\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*=""")

_CONSTANTS = ("NaN", "Infinity", "-Infinity")
"""Python reads them; JSON has no such values."""


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


TableItem = tuple[int, str, FrontMatterValue]
"""A line, a key and its value."""


class ValueBudget:
    """The number of values a file may still have: YAML aliases can repeat one list many times."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._left = _MAX_VALUES

    def spend(self, line: int, depth: int) -> None:
        """Count a value; raise Refused if there are too many or it is nested too deeply."""
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0:
            raise Refused(f"{self.path}:{line}: front matter is nested or repeated too much")


def unique_keys(items: Iterable[TableItem], path: str) -> dict[str, FrontMatterValue]:
    """Make a table; raise Refused for a key that is given twice."""
    table: dict[str, FrontMatterValue] = {}
    for line, key, value in items:
        if key in table:
            first = table[key].line
            raise Refused(f"{path}:{line}: {key} is given twice, first on line {first}")
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
    if len(text) > _MAX_NUMBER_LENGTH:
        return text
    try:
        return int(text)
    except ValueError:
        value = float(text)
    return value if math.isfinite(value) else text


def read_yaml(head: str, path: str) -> FrontMatterValue:
    """Read YAML that begins in line 2 of its file; raise Refused, with the line, for an error."""
    try:
        node = _node(head)
        return FrontMatterValue(line=2) if node is None else _yaml_value(node, ValueBudget(path))
    except yaml.reader.ReaderError as error:
        line = head.count("\n", 0, error.position) + 2
        raise Refused(f"{path}:{line}: a control character in the front matter") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 2 if mark is None else mark.line + 2
        problem = error.problem or error.context or "can't be read"
        remedy = _yaml_remedy(error, problem)
        raise Refused(f"{path}:{line}: broken YAML: {problem}; {remedy}") from error
    except RecursionError as error:
        raise Refused(f"{path}:2: front matter is nested too deeply") from error


def _yaml_remedy(error: yaml.MarkedYAMLError, problem: str) -> str:
    """Return what to do about a mistake, most often in a headline that has to be quoted."""
    begun, context = error.context_mark, error.context or ""
    if begun is not None and ("quoted" in context or "flow" in context):
        return f"what opens in line {begun.line + 2} isn't closed"
    if "mapping values" in problem:
        return 'quote a value that contains ": "'
    if r"'\t'" in problem:
        return "indent with spaces, not with tabs"
    if "document start" in problem:
        return "have all keys begin in the same column"
    return "quote all of a value that begins with a quotation mark, [, @ or the like"


def _node(head: str) -> yaml.Node | None:
    """Parse YAML; raise what PyYAML's own parser raises.

    libyaml takes a quarter of the time. PyYAML's parser is used if libyaml is missing, might
    parse differently, or reports an error.
    """
    if _C_LOADER is not None and len(head) < _MAX_C_LOADER_LENGTH and not _DISPUTED.search(head):
        with suppress(yaml.YAMLError):
            return yaml.compose(head, Loader=_C_LOADER)
    return yaml.compose(head, Loader=yaml.SafeLoader)


def _yaml_value(node: yaml.Node, budget: ValueBudget, depth: int = 0) -> FrontMatterValue:
    line = node.start_mark.line + 2
    budget.spend(line, depth)
    if isinstance(node, yaml.MappingNode):
        return table_value(line, unique_keys(_yaml_items(node, budget, depth + 1), budget.path))
    if isinstance(node, yaml.SequenceNode):
        return list_value(line, [_yaml_value(item, budget, depth + 1) for item in node.value])
    assert isinstance(node, yaml.ScalarNode)
    if node.tag == _NULL:
        return FrontMatterValue(line=line)
    text = printable(node.value)
    return FrontMatterValue(line=line, text=text, json_value=_json_value(node, text))


def _yaml_items(node: yaml.MappingNode, budget: ValueBudget, depth: int) -> Iterator[TableItem]:
    for key, value in node.value:
        line = key.start_mark.line + 2
        if not isinstance(key, yaml.ScalarNode):
            raise Refused(f"{budget.path}:{line}: a list or table as a key — expected a word")
        yield line, printable(key.value), _yaml_value(value, budget, depth)


def _json_value(node: yaml.ScalarNode, text: str) -> str | int | float | bool:
    """Return a scalar that JSON can represent, else its text."""
    if len(text) > _MAX_NUMBER_LENGTH:
        return text
    with suppress(ValueError, KeyError, OverflowError):
        if node.tag == _BOOL:
            return bool(_CONSTRUCTOR.construct_yaml_bool(node))
        if node.tag == _NUMBERS[0]:
            return int(_CONSTRUCTOR.construct_yaml_int(node))
        if node.tag == _NUMBERS[1]:
            number = float(_CONSTRUCTOR.construct_yaml_float(node))
            return number if math.isfinite(number) else text
    return text


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
    return _toml_value(document, document.data, (), ValueBudget(path))


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


def _toml_value(
    document: TomlDocument, value: Any, loc: Loc, budget: ValueBudget
) -> FrontMatterValue:
    line = document.line(loc)
    budget.spend(line, len(loc))
    if isinstance(value, dict):
        table = {
            printable(key): _toml_value(document, item, (*loc, key), budget)
            for key, item in value.items()
        }
        return table_value(line, table)
    if isinstance(value, list):
        items = (_toml_value(document, item, (*loc, n), budget) for n, item in enumerate(value))
        return list_value(line, list(items))
    if isinstance(value, str):
        text = printable(value)
        return FrontMatterValue(line=line, text=text, json_value=text)
    if isinstance(value, bool):
        return FrontMatterValue(line=line, text=str(value).lower(), json_value=value)
    text = document.written(loc) or ""
    if isinstance(value, datetime | date | time):
        return FrontMatterValue(line=line, text=text, json_value=text)
    try:
        number = parse_number(str(value))
    except ValueError:  # an integer with more digits than Python writes
        number = text
    return FrontMatterValue(line=line, text=text, json_value=number)


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
            written = None if scalar is None else text[at:end]
            if text[at] == '"':
                written = scalar = printable(scalar)
            value = FrontMatterValue(line=line, text=written, json_value=scalar)
        self._depth -= 1
        return value, end

    def _table(self, pairs: list[tuple[str, FrontMatterValue]]) -> dict[str, FrontMatterValue]:
        items = ((value.line, printable(key), value) for key, value in pairs)
        return unique_keys(items, self._budget.path)

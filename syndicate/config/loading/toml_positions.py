"""A TOML file with the line of each of its keys, so that a mistake can be pointed at."""

import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import toml_rs

from syndicate.config.secret import mask_secrets
from syndicate.errors import ConfigError, Problem

Loc = tuple[str | int, ...]
"""Where a value is: keys of tables and, from 0, numbers in lists."""

LONGEST_QUOTE = 60
"""A longer value is cut where a message quotes it."""

DEEPEST = 50
"""Tables and lists in each other; a configuration needs four."""

_OPAQUE = re.compile(
    r"\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}"
    r"|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|#[^\n]*",
    re.DOTALL,
)
"""Strings and comments, in which brackets mean nothing."""
_NESTING = re.compile(rf"[\[\]{{}}]|(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{DEEPEST},}}")
_DEEPER = {"[": 1, "{": 1}
_HEADER = re.compile(r"\s*\[[^\[]")
_VARIABLE = re.compile(r"""(["'])[A-Za-z_][\w.-]*\1""", re.ASCII)
SECRET = re.compile(
    "(^key$|(access|account)_?key|credential|password|secret|token)(?!_env$|_file$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TomlDocument:
    """A parsed TOML file: what it says, and in which line."""

    name: str
    """The file's name, for messages."""
    data: dict[str, Any]
    _lines: Mapping[Loc, int]
    _quotes: Mapping[Loc, str]

    @classmethod
    def parse(cls, name: str, content: bytes) -> Self:
        """Read a file; raise ConfigError, with line and column, where it is no TOML."""
        text = _decode(name, content)
        _refuse_nesting(name, text)
        encoded = text.encode()
        try:
            parsed = toml_rs.load_with_metadata(io.BytesIO(encoded))
        except toml_rs.TOMLDecodeError as error:
            line, column = _position(encoded, error.pos)
            message = f"column {column}: not TOML: {error.msg.splitlines()[-1]}"
            raise ConfigError(Problem(f"{name}:{line}", message)) from error
        nodes = dict(_nodes(parsed.meta["nodes"]))
        lines = {loc: _span(node)[0] for loc, node in nodes.items()}
        for line, keys in _headers(text, nodes):
            lines[_resolve(keys, line, parsed.value, lines)] = line
        for loc, line in sorted(lines.items(), key=lambda item: item[1]):
            for length in range(1, len(loc)):
                lines.setdefault(loc[:length], line)
        quotes = {loc: node["value_raw"] for loc, node in nodes.items() if _is_quotable(node)}
        return cls(name, parsed.value, lines, quotes)

    def where(self, loc: Loc) -> str:
        """Name the file, and the line of a key or of the innermost table around it."""
        line = self.line(loc)
        return f"{self.name}:{line}" if line else self.name

    def line(self, loc: Loc) -> int:
        """Find the line of a key, or of the innermost table around it; 0 where there is none."""
        around = (loc[:length] for length in range(len(loc), 0, -1))
        return next((self._lines[part] for part in around if part in self._lines), 0)

    def key(self, loc: Loc) -> str:
        """Name a key for people: an item of a list by its name, or else counted from 1."""
        words: list[str] = []
        value: Any = self.data
        for step in loc:
            value = _child(value, step)
            name = value.get("name") if isinstance(value, dict) else None
            if isinstance(step, str):
                words.append(step)
            else:
                words.append(name if isinstance(name, str) and name else f"#{step + 1}")
        return ".".join(words)

    def quote(self, loc: Loc) -> str | None:
        """Quote a value as the file has it, on one line and without secrets; None for tables."""
        if loc not in self._quotes:
            return None
        if any(SECRET.search(str(step)) for step in loc) or _is_misplaced(loc, self._quotes[loc]):
            return '"…"'
        text = mask_secrets(self._quotes[loc])
        return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"

    def written(self, loc: Loc) -> str | None:
        """Return a value as the file has it; None for tables."""
        return self._quotes.get(loc)


def _is_misplaced(loc: Loc, quote: str) -> bool:
    """Whether the secret itself may be where the name of its environment variable is expected."""
    return str(loc[-1]).endswith("_env") and not _VARIABLE.fullmatch(quote)


def _decode(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8: byte 0x{content[error.start]:02x}; save the file as UTF-8"
        raise ConfigError(Problem(f"{name}:{line}", message)) from error


def _position(encoded: bytes, offset: int) -> tuple[int, int]:
    """Return line and column of a byte; toml_rs's own count bytes as characters."""
    line = encoded[:offset].rpartition(b"\n")[2]
    column = len(line.rstrip(b"\r").decode("utf-8", "replace")) + 1
    return encoded.count(b"\n", 0, offset) + 1, column


def _refuse_nesting(name: str, text: str) -> None:
    """Refuse what is nested so deep that toml_rs, which recurses without a limit, would crash."""
    structure = _OPAQUE.sub(lambda found: "x" + "\n" * found[0].count("\n"), text)
    depth = 0
    for found in _NESTING.finditer(structure):
        depth = max(depth + _DEEPER.get(found[0], -1), 0) if len(found[0]) == 1 else DEEPEST + 1
        if depth > DEEPEST:
            line = structure.count("\n", 0, found.start()) + 1
            message = f"brackets or dotted keys are nested more than {DEEPEST} deep"
            raise ConfigError(Problem(f"{name}:{line}", message))


def _nodes(value: Any, loc: Loc = ()) -> Iterator[tuple[Loc, dict[str, Any]]]:
    """Walk what toml_rs noted: tables of nodes, where a node is a value with its lines."""
    if isinstance(value, list):
        for number, node in enumerate(value):
            yield from _node(node, (*loc, number))
    elif isinstance(value, dict):
        for key, node in value.items():
            if _is_node(node):
                yield from _node(node, (*loc, key))
            else:
                yield from _nodes(node, (*loc, key))


def _node(node: dict[str, Any], loc: Loc) -> Iterator[tuple[Loc, dict[str, Any]]]:
    yield loc, node
    yield from _nodes(node["value"], loc)


def _is_node(node: dict[str, Any]) -> bool:
    """Whether this is a value with its lines, and not a table that has such keys."""
    return isinstance(node.get("key_raw"), str)


def _is_quotable(node: dict[str, Any]) -> bool:
    header = isinstance(node["value"], dict) and node.get("value_raw", "").startswith("[")
    return "value_raw" in node and not header


def _span(node: dict[str, Any]) -> tuple[int, int]:
    """Return the first and the last line of a node."""
    spans = [node[name] for name in ("key_line", "value_line") if name in node]
    lines = [line for span in spans for line in (span if isinstance(span, tuple) else (span,))]
    return min(lines), max(lines)


def _headers(
    text: str, nodes: Mapping[Loc, dict[str, Any]]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Find the lines that head a table, which toml_rs does not note, each read by itself."""
    inside = set[int]()
    for node in nodes.values():
        if _is_quotable(node):
            first, last = _span(node)
            inside.update(range(first + 1, last + 1))
    for number, line in enumerate(text.split("\n"), start=1):
        if number not in inside and _HEADER.match(line):
            yield number, tomllib.loads(line.rstrip("\r"))


def _resolve(keys: dict[str, Any], line: int, data: Any, lines: Mapping[Loc, int]) -> Loc:
    """Turn the keys of a header into the place that it heads."""
    loc: Loc = ()
    while keys:
        key, keys = next(iter(keys.items()))
        loc, data = (*loc, key), data[key]
        if isinstance(data, list):
            number = max(n for n in range(len(data)) if lines[*loc, n] <= line)
            loc, data = (*loc, number), data[number]
    return loc


def _child(value: Any, step: str | int) -> Any:
    """Step into a value; None where it has no such child."""
    if isinstance(value, dict):
        return value.get(str(step))
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None

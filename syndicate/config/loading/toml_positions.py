"""A TOML file with the line of each of its keys, so that a message can name the line."""

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
Mistake = tuple[Loc, str]
"""Where a mistake is, and what was expected."""

MAX_QUOTE = 60
"""Characters; a message cuts a longer value."""

MAX_DEPTH = 50
"""Levels of nested tables and lists; a configuration needs four."""

_OPAQUE = re.compile(
    r"\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}"
    r"|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|#[^\n]*",
    re.DOTALL,
)
"""Strings and comments, in which brackets mean nothing."""
_NESTING = re.compile(rf"[\[\]{{}}]|(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{MAX_DEPTH},}}")
_DEPTH_CHANGE = {"[": 1, "{": 1}
_HEADER = re.compile(r"\s*\[[^\[]")
_VARIABLE = re.compile(r"""(["'])[A-Za-z_][\w.-]*\1""", re.ASCII)
SECRET = re.compile(
    "(^key$|(access|account)_?key|credential|password|secret|token)(?!_env$|_file$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TomlDocument:
    """A parsed TOML file: its values and their lines."""

    name: str
    """The file's name, for messages."""
    data: dict[str, Any]
    _lines: Mapping[Loc, int]
    _quotes: Mapping[Loc, str]

    @classmethod
    def parse(cls, name: str, content: bytes) -> Self:
        """Parse a file; raise ConfigError, with line and column, where it is not TOML."""
        text = _decode(name, content)
        _check_depth(name, text)
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
        """Return the file, and the line of a key or of the innermost table around it."""
        line = self.line(loc)
        return f"{self.name}:{line}" if line else self.name

    def line(self, loc: Loc) -> int:
        """Return the line of a key, or of the innermost table around it; 0 without one."""
        around = (loc[:length] for length in range(len(loc), 0, -1))
        return next((self._lines[part] for part in around if part in self._lines), 0)

    def key(self, loc: Loc) -> str:
        """Return a key's dotted name: a list's item has its own name, or its number from 1."""
        parts: list[str] = []
        value: Any = self.data
        for step in loc:
            try:
                value = value[step]
            except (LookupError, TypeError):
                value = None
            name = value.get("name") if isinstance(value, dict) else None
            if isinstance(step, str):
                parts.append(step)
            else:
                parts.append(name if isinstance(name, str) and name else f"#{step + 1}")
        return ".".join(parts)

    def quote(self, loc: Loc) -> str | None:
        """Return a value as it is written, on one line and without secrets; None for tables."""
        if loc not in self._quotes:
            return None
        written = self._quotes[loc]
        # the secret itself may be where the name of its environment variable is expected
        is_misplaced = str(loc[-1]).endswith("_env") and not _VARIABLE.fullmatch(written)
        if is_misplaced or any(SECRET.search(str(step)) for step in loc):
            return '"…"'
        text = mask_secrets(written)
        return text if len(text) <= MAX_QUOTE else f"{text[:MAX_QUOTE]}…"

    def written(self, loc: Loc) -> str | None:
        """Return a value as it is written; None for tables."""
        return self._quotes.get(loc)


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


def _check_depth(name: str, text: str) -> None:
    """Refuse a file that is nested so deep that toml_rs, which recurses without limit, crashes."""
    structure = _OPAQUE.sub(lambda match: "x" + "\n" * match[0].count("\n"), text)
    depth = 0
    for match in _NESTING.finditer(structure):
        is_dotted = len(match[0]) > 1
        depth = MAX_DEPTH + 1 if is_dotted else max(depth + _DEPTH_CHANGE.get(match[0], -1), 0)
        if depth > MAX_DEPTH:
            line = structure.count("\n", 0, match.start()) + 1
            message = f"brackets or dotted keys are nested more than {MAX_DEPTH} deep"
            raise ConfigError(Problem(f"{name}:{line}", message))


def _nodes(value: Any, loc: Loc = ()) -> Iterator[tuple[Loc, dict[str, Any]]]:
    """Walk the metadata of toml_rs: tables of nodes, where a node is a value with its lines."""
    steps = dict(enumerate(value)) if isinstance(value, list) else value
    for step, node in steps.items() if isinstance(steps, dict) else ():
        is_node = isinstance(step, int) or isinstance(node.get("key_raw"), str)
        if is_node:
            yield (*loc, step), node
        yield from _nodes(node["value"] if is_node else node, (*loc, step))


def _is_quotable(node: dict[str, Any]) -> bool:
    header = isinstance(node["value"], dict) and node.get("value_raw", "").startswith("[")
    return "value_raw" in node and not header


def _span(node: dict[str, Any]) -> tuple[int, int]:
    spans = [node[name] for name in ("key_line", "value_line") if name in node]
    lines = [line for span in spans for line in (span if isinstance(span, tuple) else (span,))]
    return min(lines), max(lines)


def _headers(
    text: str, nodes: Mapping[Loc, dict[str, Any]]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Find the headers of tables, which toml_rs doesn't record, each parsed by itself."""
    inside = set[int]()
    for node in nodes.values():
        if _is_quotable(node):
            first, last = _span(node)
            inside.update(range(first + 1, last + 1))
    for number, line in enumerate(text.split("\n"), start=1):
        if number not in inside and _HEADER.match(line):
            yield number, tomllib.loads(line.rstrip("\r"))


def _resolve(keys: dict[str, Any], line: int, data: Any, lines: Mapping[Loc, int]) -> Loc:
    loc: Loc = ()
    while keys:
        key, keys = next(iter(keys.items()))
        loc, data = (*loc, key), data[key]
        if isinstance(data, list):
            number = max(n for n in range(len(data)) if lines[*loc, n] <= line)
            loc, data = (*loc, number), data[number]
    return loc

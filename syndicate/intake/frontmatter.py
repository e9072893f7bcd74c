"""Front matter: the YAML between two lines of `---` at the head of an article's file.

It is read as located text, not as Python values: YAML 1.1 makes a number of
`title: 1984`, a boolean of `tags: [no]` and a date of `slug: 2019-02-28`, and
what an editor wrote is what counts.
"""

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from syndicate.errors import Refused
from syndicate.intake.text import printable

_OPEN = re.compile(r"---[ \t]*(?:\n|\Z)")
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
_DEEPEST = 20
_FAST: type[Any] | None = getattr(yaml, "CSafeLoader", None)
_SHORT = 10_000
_DISPUTED = re.compile(
    "[^\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    r"|[?]|[|>]\S*#|(?<![^\s\[{,])!\S"
)
"""What PyYAML and libyaml read differently, or might."""
_MOST = 10_000
_LONGEST_NUMBER = 100
_CONSTRUCTOR = SafeConstructor()
_NULL, _BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value with the line it stands on: text, a list, or a table."""

    line: int
    text: str | None = None
    """As written, when it is a scalar; None when it is null, a list or a table."""
    items: tuple["Value", ...] | None = None
    table: Mapping[str, "Value"] | None = None
    plain: Any = None
    """The same as JSON can hold it, with YAML's own idea of numbers and booleans."""

    @property
    def null(self) -> bool:
        """Whether there is a key with nothing behind it."""
        return self.text is None and self.items is None and self.table is None

    def __str__(self) -> str:
        if self.text is not None:
            return f'"{self.text[:80]}"'
        return "nothing" if self.null else "a list" if self.table is None else "a table"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What stands at the head of a file, and the body under it."""

    where: str
    """The file's name for messages."""
    body: str
    values: Mapping[str, Value] = field(default_factory=dict)
    found: bool = True
    """False when the file begins with its body."""


def split(data: bytes, where: str) -> FrontMatter:
    """Part a file's front matter from its body.

    Raise Refused, with the line in the file, for what is no UTF-8 text, no
    YAML, no mapping, or says something twice.
    """
    text = _decode(data, where)
    opening = _OPEN.match(text)
    if opening is None:
        return FrontMatter(where=where, body=text, found=False)
    closing = _CLOSE.search(text, opening.end())
    if closing is None:
        raise Refused(f"{where}:1: front matter begins here and no line of --- ends it")
    head = text[opening.end() : closing.start()]
    return FrontMatter(where=where, body=text[closing.end() :], values=_values(head, where))


def _decode(data: bytes, where: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise Refused(f"{where}:{line}: byte 0x{byte:02x} — expected text in UTF-8") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Refused(f"{where}:{line}: a null byte — expected text in UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _values(head: str, where: str) -> Mapping[str, Value]:
    reading = _Reading(where)
    try:
        node = _node(head)
        value = None if node is None else reading.value(node)
    except yaml.reader.ReaderError as error:
        line = head.count("\n", 0, error.position) + 2
        raise Refused(f"{where}:{line}: a control character in the front matter") from error
    except yaml.MarkedYAMLError as error:
        raise Refused(_broken(error, where)) from error
    except RecursionError as error:
        raise Refused(f"{where}:2: front matter is nested too deeply") from error
    if value is None:
        return {}
    if value.table is None:
        raise Refused(f"{where}:{value.line}: {value} — expected lines such as `title: …`")
    return value.table


def _node(head: str) -> yaml.Node | None:
    """Parse YAML; raise what PyYAML's own parser raises.

    libyaml, where it is there, takes a quarter of the time. Where the two might
    not agree it isn't asked, and of a mistake it isn't believed.
    """
    if _FAST is not None and len(head) < _SHORT and not _DISPUTED.search(head):
        with suppress(yaml.YAMLError):
            return yaml.compose(head, Loader=_FAST)
    return yaml.compose(head, Loader=yaml.SafeLoader)


def _broken(error: yaml.MarkedYAMLError, where: str) -> str:
    mark = error.problem_mark or error.context_mark
    line = 2 if mark is None else mark.line + 2
    problem = error.problem or error.context or "can't be read"
    remedy = '; quote a value that holds ": "' if "mapping values" in problem else ""
    return f"{where}:{line}: broken YAML: {problem}{remedy}"


class _Reading:
    """One pass over the nodes of a document, with a limit on how many there may be."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._left = _MOST

    def value(self, node: yaml.Node, depth: int = 0) -> Value:
        line = node.start_mark.line + 2
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise Refused(f"{self._where}:{line}: front matter is nested or repeated too much")
        if isinstance(node, yaml.MappingNode):
            table = self._table(node, depth)
            plain = {key: value.plain for key, value in table.items()}
            return Value(line=line, table=table, plain=plain)
        if isinstance(node, yaml.SequenceNode):
            items = tuple(self.value(item, depth + 1) for item in node.value)
            return Value(line=line, items=items, plain=[item.plain for item in items])
        assert isinstance(node, yaml.ScalarNode)
        if node.tag == _NULL:
            return Value(line=line)
        text = printable(node.value)
        return Value(line=line, text=text, plain=_plain(node, text))

    def _table(self, node: yaml.MappingNode, depth: int) -> dict[str, Value]:
        table: dict[str, Value] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 2
            if not isinstance(key_node, yaml.ScalarNode):
                raise Refused(f"{self._where}:{line}: a list or table as key — expected a word")
            key = printable(key_node.value)
            if key in table:
                first = table[key].line
                raise Refused(f"{self._where}:{line}: {key} is given twice, first on line {first}")
            table[key] = self.value(value_node, depth + 1)
        return table


def _plain(node: yaml.ScalarNode, text: str) -> str | int | float | bool:
    """Return a scalar as JSON holds it; text where JSON has nothing for it.

    Python takes quadratic time for long numbers, and refuses to write the longest.
    """
    if len(text) > _LONGEST_NUMBER:
        return text
    try:
        if node.tag == _BOOL:
            return bool(_CONSTRUCTOR.construct_yaml_bool(node))
        if node.tag == _NUMBERS[0]:
            return int(_CONSTRUCTOR.construct_yaml_int(node))
        if node.tag == _NUMBERS[1]:
            number = float(_CONSTRUCTOR.construct_yaml_float(node))
            return number if math.isfinite(number) else text
    except (ValueError, KeyError, OverflowError):
        return text
    return text

"""Split front matter from the body of an article's file."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from syndicate.errors import Refused
from syndicate.intake.articles.front_matter_formats import (
    FrontMatterValue,
    read_json,
    read_toml,
    read_yaml,
)

_OPEN = re.compile(r"(---[ \t]*(?P<format>[a-z]*)|\+\+\+)[ \t]*(?:\n|\Z)")
_CLOSE = {
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE),
    "+++": re.compile(r"^\+\+\+[ \t]*(?:\n|\Z)", re.MULTILINE),
}
_MAX_LENGTH = 256_000
_OBJECT_START = re.compile(r'\{\s*["}]')


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """The keys at the head of a file, and the body after them."""

    path: str
    """The file's name, for messages."""
    body: str
    line: int = 1
    """The line of the file in which the body begins."""
    values: Mapping[str, FrontMatterValue] = field(default_factory=dict)
    is_present: bool = True
    """Whether the file has front matter; otherwise all of it is the body."""


def split_front_matter(data: bytes, path: str) -> FrontMatter:
    """Split a file into front matter and body.

    Raise Refused, with the line, if it is not UTF-8, has a syntax error, is not a table
    of keys, or has a key twice.
    """
    text = _decode(data, path)
    if _OBJECT_START.match(text):
        value, end = read_json(text, path)
        return _front_matter(text, end, value, path)
    opening = _OPEN.match(text)
    if opening is None:
        return FrontMatter(path=path, body=text, is_present=False)
    delimiter = text[:3]
    name = "toml" if delimiter == "+++" else opening["format"] or "yaml"
    if (reader := _READERS.get(name)) is None:
        raise Refused(f"{path}:1: front matter in {name} — expected yaml, toml or json")
    closing = _CLOSE[delimiter].search(text, opening.end())
    if closing is None:
        raise Refused(f"{path}:1: front matter begins here, but no line of {delimiter} ends it")
    head = text[opening.end() : closing.start()]
    if len(head) > _MAX_LENGTH:
        raise Refused(f"{path}:2: front matter of more than {_MAX_LENGTH // 1000} kB")
    value = reader(head, path)
    return _front_matter(text, closing.end(), value, path)


def _front_matter(text: str, end: int, value: FrontMatterValue, path: str) -> FrontMatter:
    if value.table is None and not value.is_null:
        raise Refused(f"{path}:{value.line}: {value} — expected lines such as `title: …`")
    line = text.count("\n", 0, end) + 1
    return FrontMatter(path=path, body=text[end:], line=line, values=value.table or {})


def _fenced_json(head: str, path: str) -> FrontMatterValue:
    """Read the JSON object between `---json` and `---`."""
    text = f"\n{head}"
    value, end = read_json(text, path, 1)
    if surplus := text[end:].strip():
        line = text.count("\n", 0, text.index(surplus, end)) + 1
        raise Refused(f"{path}:{line}: broken JSON: text after the end of the object")
    return value


def _decode(data: bytes, path: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise Refused(f"{path}:{line}: byte 0x{byte:02x} — expected text in UTF-8") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Refused(f"{path}:{line}: a null byte — expected text in UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


_READERS: Mapping[str, Callable[[str, str], FrontMatterValue]] = {
    "yaml": read_yaml,
    "toml": read_toml,
    "json": _fenced_json,
}

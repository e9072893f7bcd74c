"""Split front matter from the body of an article's file; check its keys, and collect warnings."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from syndicate.errors import Refused
from syndicate.intake.articles import front_matter_formats
from syndicate.intake.articles.front_matter_formats import FrontMatterValue
from syndicate.model.urls import http_url
from syndicate.text import closest_match, one_line

_OPEN = re.compile(r"(---[ \t]*(?P<format>[a-z]*)|\+\+\+)[ \t]*(?:\n|\Z)")
_CLOSE = {
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE),
    "+++": re.compile(r"^\+\+\+[ \t]*(?:\n|\Z)", re.MULTILINE),
}
_MAX_LENGTH = 256_000
_OBJECT_START = re.compile(r'\{\s*["}]')
MAX_LINE_LENGTH = 1000
TRUE, FALSE = ("true", "yes", "on"), ("false", "no", "off")
_KNOWN = frozenset({
    "title", "id", "slug", "permalink", "date", "updated", "status", "published", "draft",
    "section", "category", "categories", "tag", "tags", "author", "authors", "contributors",
    "breaking", "summary", "image", "canonical_url", "comments", "language", "audio",
    "translations", "url", "path", "aliases", "redirect_from", "lastmod", "last_modified_at",
    "publishdate", "description", "excerpt", "corrections", "place", "sponsor",
})  # fmt: skip
_SUGGESTED = _KNOWN - {"url", "path"}
"""Keys to suggest for a misspelt one; the two excluded are one letter from `uri` and `math`."""
_MIN_LENGTH = 3
"""Letters of a key that is compared."""
_LIMITS = {"place": 1}
"""Letters by which a key may differ that is close to other words, such as "price" and "space"."""
_LONG_KEY = 5
"""Keys of this length may differ by two letters; shorter ones are too similar."""
_TAXONOMIES = ("tags", "categories", "authors")


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
        value, end = front_matter_formats.read_json(text, path)
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
    value, end = front_matter_formats.read_json(text, path, 1)
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


class FrontMatterKeys:
    """An article's front matter; a wrong value is refused with its line."""

    def __init__(self, front: FrontMatter) -> None:
        self.path = front.path
        self.values = _folded(front)
        self.warnings: list[str] = []

    def get(self, key: str) -> FrontMatterValue | None:
        """Return a key's value; None if the key is missing or null."""
        value = self.values.get(key)
        return None if value is None or value.is_null else value

    def written(self, key: str) -> FrontMatterValue | None:
        """Return a key's value; None also if its text is empty."""
        value = self.get(key)
        return None if value is None or value.text == "" else value

    def line_of(self, key: str) -> int:
        """Return the line of a key, for messages; the first if the key is missing."""
        return self.values[key].line if key in self.values else 1

    def required_line(self, key: str, example: str) -> str:
        """Return a text on one line; raise Refused if the key is missing or empty."""
        line = self.line(key)
        if not line:
            expected = f"no {key} — expected a line such as `{key}: {example}`"
            if key in self.values:
                expected += "; quote one that begins with #"
            raise Refused(f"{self.path}:{self.line_of(key)}: {expected}")
        return line

    def first_line(self, *keys: str, longest: int = MAX_LINE_LENGTH) -> str:
        """Return the first text among some keys, not counting true and false."""
        lines = (self.line(key, longest) for key in keys)
        return next((line for line in lines if line and line.lower() not in TRUE + FALSE), "")

    def line(self, key: str, longest: int = MAX_LINE_LENGTH) -> str:
        """Return a text on one line; empty if the key is missing."""
        value = self.get(key)
        if value is None:
            return ""
        if value.text is None or len(value.text) > longest:
            self.refuse(key, value, f"one text of at most {longest} characters")
        return one_line(value.text)

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of words, or one string split at commas, else at white space (Jekyll)."""
        value = self.get(key)
        if value is None:
            return ()
        if value.text is not None:
            texts: list[str] = value.text.split("," if "," in value.text else None)
        elif value.items is not None:
            texts = []
            for item in value.items:
                if item.is_null:
                    continue
                if item.text is None or len(item.text) > MAX_LINE_LENGTH:
                    self.refuse(key, item, "a short text")
                texts.append(item.text)
        else:
            self.refuse(key, value, "a list of words")
        return tuple(dict.fromkeys(filter(None, map(one_line, texts))))

    def flag(self, key: str) -> bool | None:
        """Return a boolean; None if the key is missing."""
        value = self.get(key)
        word = "" if value is None else (value.text or "").strip().lower()
        if value is not None and word not in TRUE + FALSE:
            self.refuse(key, value, "true or false")
        return None if value is None else word in TRUE

    def address(self, key: str, value: FrontMatterValue) -> str | None:
        """Return an HTTP URL; None if it is empty."""
        if value.text == "":
            return None
        address = http_url(value.text or "")
        if address is None:
            self.refuse(key, value, "an http or https address")
        return address

    def table(self, key: str, value: FrontMatterValue, known: tuple[str, ...]) -> dict[str, str]:
        """Return the texts of a table; warn about keys that are not `known`."""
        texts = {}
        for name, item in (value.table or {}).items():
            if name not in known:
                self.warn(item, f"{key}.{name} is unknown; known are {', '.join(known)}")
            elif item.text is not None:
                texts[name] = one_line(item.text)
            elif not item.is_null:
                self.refuse(f"{key}.{name}", item, "text")
        return texts

    def extra(self) -> Mapping[str, Any]:
        """Return the unknown keys; warn about those that look misspelt."""
        unknown = {key: value for key, value in self.values.items() if key not in _KNOWN}
        for key, value in unknown.items():
            if (known := _closest_key(key)) is not None:
                self.warn(value, f"{key} is unknown; did you mean {known}?")
        return {key: value.json_value for key, value in unknown.items()}

    def warn(self, value: FrontMatterValue, message: str) -> None:
        """Add a warning with the line of a value."""
        self.warnings.append(f"{self.path}:{value.line}: {message}")

    def refuse_unknown(self, known: Sequence[str], hints: Mapping[str, str]) -> None:
        """Raise Refused for a key that isn't known; `hints` are by keys of other systems."""
        for key, value in self.values.items():
            if key not in known:
                match = closest_match(key, known)
                hint = hints.get(key.lower()) or (match and f"did you mean {match}?")
                hint = hint or f"known are {', '.join(known)}"
                raise Refused(f"{self.path}:{value.line}: {key} is unknown; {hint}")

    def refuse(self, key: str, value: FrontMatterValue, expected: str) -> NoReturn:
        """Raise Refused for a value."""
        raise Refused(f"{self.path}:{value.line}: {key} = {value} — expected {expected}")


def _folded(front: FrontMatter) -> dict[str, FrontMatterValue]:
    """Return the values with known keys in lower case (Hugo) and taxonomies as lists (Zola)."""
    items = (
        (value.line, key.lower() if key.lower() in _KNOWN else key, value)
        for key, value in front.values.items()
    )
    values = front_matter_formats.unique_keys(items, front.path)
    taxonomies = values.get("taxonomies")
    if taxonomies is not None and taxonomies.table is not None:
        listed = {name: item for name, item in taxonomies.table.items() if name in _TAXONOMIES}
        rest = {name: item for name, item in taxonomies.table.items() if name not in listed}
        del values["taxonomies"]
        values = listed | values
        if rest:
            values["taxonomies"] = front_matter_formats.table_value(taxonomies.line, rest)
    return values


def _closest_key(key: str) -> str | None:
    """Return the known key that differs from `key` by a letter or two, else None."""
    near = []
    for name in _SUGGESTED:
        shorter = min(len(name), len(key))
        limit = _LIMITS.get(name, 2 if shorter >= _LONG_KEY else 1)
        if shorter < _MIN_LENGTH or abs(len(name) - len(key)) > 2:  # noqa: PLR2004
            continue
        if (distance := _distance(key.lower(), name)) <= limit:
            near.append((distance, name))
    return min(near)[1] if near else None


def _distance(left: str, right: str) -> int:
    """Return the edit distance, with transpositions (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        last, row = row, [i]
        for j, other in enumerate(right, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and (letter, left[i - 2]) == (right[j - 2], other):
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = last
    return row[-1]


_READERS: Mapping[str, Callable[[str, str], FrontMatterValue]] = {
    "yaml": front_matter_formats.read_yaml,
    "toml": front_matter_formats.read_toml,
    "json": _fenced_json,
}

"""`[[segments]]`: some of the readers, by a small expression.

    tag = "vip" and (field.city in ("Berlin", "Potsdam") or not newsletter = "breaking")

    expression = both *("or" both)
    both       = one *("and" one)
    one        = "not" one / "(" expression ")" / test
    test       = ("tag" / "newsletter" / "language") ("=" / "!=") text
               / ("tag" / "newsletter" / "language") "in" texts
               / "field." name ("=" / "!=" / "<" / "<=" / ">" / ">=") (text / number)
               / "field." name "in" texts
               / "field." name "contains" text
               / "joined" ("before" / "after") date
               / "engaged" "since" (date / duration)
    texts      = "(" text *("," text) ")"

It is read here and never run: `syndicate.store.audience.segments` asks the database.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from syndicate.clock import parse_duration
from syndicate.config.values import Line, Name, Table

LONGEST = 4000
"""Characters of an expression."""
DEEPEST = 20
"""Parentheses and `not`s inside of each other."""
EARLIEST, LATEST = 1971, 9998
"""Years whose days are instants in every zone."""


class Subject(StrEnum):
    """What of a reader is looked at by its name alone."""

    TAG = "tag"
    NEWSLETTER = "newsletter"
    """A newsletter that they are subscribed to, and confirmed."""
    LANGUAGE = "language"
    """The publication's, for readers who chose none."""


class Comparison(StrEnum):
    """How a field is compared."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    MORE = ">"
    MORE_OR_EQUAL = ">="
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether a reader has one of these tags, newsletters or languages."""

    subject: Subject
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """How an own field compares with a value; a reader without it has the empty text."""

    field: str
    how: Comparison
    value: str | float
    """A number where it stands without quotes."""


@dataclass(frozen=True, slots=True)
class FieldOneOf:
    """Whether an own field is one of these texts."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JoinedDate:
    """Whether a reader came before, or after, a day."""

    before: bool
    day: date


@dataclass(frozen=True, slots=True)
class EngagedSince:
    """Whether a reader followed a link since a day, or in the last so many days and hours."""

    since: date | timedelta


@dataclass(frozen=True, slots=True)
class Not:
    """Whether something does not hold."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Whether all of these hold."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Whether one of these holds."""

    parts: tuple["Expression", ...]


Expression = OneOf | FieldComparison | FieldOneOf | JoinedDate | EngagedSince | Not | AllOf | AnyOf


def parse(text: str) -> Expression:
    """Read an expression; raise ValueError that says what was expected, and at which column."""
    if len(text) > LONGEST:
        raise ValueError(f"expected at most {LONGEST} characters, not {len(text)}")
    return _Parser(list(_tokens(text))).whole()


def named(expression: Expression, subject: Subject) -> Iterator[str]:
    """Iterate over the tags, newsletters or languages that an expression names."""
    match expression:
        case OneOf(its, names) if its is subject:
            yield from names
        case Not(part):
            yield from named(part, subject)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from named(part, subject)


def asks_of_clicks(expression: Expression) -> bool:
    """Whether an expression looks at who followed links."""
    match expression:
        case EngagedSince():
            return True
        case Not(part):
            return asks_of_clicks(part)
        case AllOf(parts) | AnyOf(parts):
            return any(map(asks_of_clicks, parts))
    return False


class _Token(NamedTuple):
    kind: str
    """text, number, date, word, field, sign or end."""
    value: str
    column: int

    @property
    def told(self) -> str:
        return "the end" if self.kind == "end" else self.value


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"[^"]*"|'[^']*')
      | (?P<date>\d{4}-\d{2}-\d{2})(?![\w.-])
      | (?P<number>-?\d{1,15}(?:\.\d{1,9})?)(?![\w.-])
      | field\.(?P<field>[a-z0-9][a-z0-9_-]{0,62})(?![\w.-])
      | (?P<word>\w[\w.-]*)
      | (?P<sign>!=|<=|>=|[=<>(),])
    )""",
    re.VERBOSE | re.ASCII,
)
_SUBJECTS = frozenset(Subject)
_SIGNS = frozenset(Comparison) - {Comparison.CONTAINS}
_TESTS = "tag, newsletter, language, field.NAME, joined or engaged"
_LONGEST_AGO = timedelta(days=36_500)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            column = at + len(text[at:]) - len(text[at:].lstrip())
            raise ValueError(_unreadable(text[column:], column + 1))
        kind = match.lastgroup
        start = match.start(kind) - (len("field.") if kind == "field" else 0)
        yield _Token(kind, match[kind], start + 1)
        at = match.end()
    yield _Token("end", "", len(text.rstrip()) + 1)


def _unreadable(rest: str, column: int) -> str:
    if rest[0] in "\"'":
        return f"the text that begins at column {column} has no closing {rest[0]}"
    read = rest.split(maxsplit=1)[0][:20]
    return f'"{read}" at column {column} can\'t be read; texts stand in quotes'


class _Parser:
    """Reads an expression from left to right, a method for each rule."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._either()
        if self._next.kind != "end":
            raise self._expected("and, or, or the end")
        return found

    def _either(self) -> Expression:
        parts = [self._every()]
        while self._take("or"):
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _every(self) -> Expression:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError(f"nested more than {DEEPEST} deep at column {self._next.column}")
        found = self._inner()
        self._depth -= 1
        return found

    def _inner(self) -> Expression:
        if self._take("not"):
            return Not(self._one())
        if self._take("("):
            found = self._either()
            if not self._take(")"):
                raise self._expected('")"')
            return found
        return self._test()

    def _test(self) -> Expression:
        token = self._next
        word = token.value.lower()
        if token.kind == "field":
            self._at += 1
            return self._field(token.value)
        if token.kind == "word" and word in _SUBJECTS:
            self._at += 1
            return self._subject(Subject(word))
        if self._take("joined"):
            return self._joined()
        if self._take("engaged"):
            return self._engaged()
        if token.kind == "word" and word.startswith("field"):
            raise ValueError(
                f'"{token.value}" at column {token.column} names no field; expected such as '
                "field.city, in small letters"
            )
        raise self._expected(_TESTS)

    def _subject(self, subject: Subject) -> Expression:
        if self._take("in"):
            return OneOf(subject, self._texts())
        if self._take("="):
            return OneOf(subject, (self._text('"="'),))
        if self._take("!="):
            return Not(OneOf(subject, (self._text('"!="'),)))
        raise self._expected(f"=, != or in after {subject}")

    def _field(self, name: str) -> Expression:
        if self._take("in"):
            return FieldOneOf(name, self._texts())
        if self._take("contains"):
            return FieldComparison(name, Comparison.CONTAINS, self._text("contains"))
        sign = self._next.value
        if self._next.kind != "sign" or sign not in _SIGNS:
            raise self._expected(f"=, !=, <, <=, >, >=, in or contains after field.{name}")
        self._at += 1
        value = self._next
        if value.kind == "number":
            self._at += 1
            return FieldComparison(name, Comparison(sign), float(value.value))
        return FieldComparison(name, Comparison(sign), self._text(f'"{sign}"'))

    def _joined(self) -> Expression:
        before = self._take("before")
        if not before and not self._take("after"):
            raise self._expected("before or after")
        return JoinedDate(before, self._day("a date such as 2026-01-31"))

    def _engaged(self) -> Expression:
        if not self._take("since"):
            raise self._expected("since after engaged")
        token = self._next
        if token.kind != "word":
            return EngagedSince(self._day('a date such as 2026-01-31, or how long such as "90d"'))
        try:
            span = parse_duration(token.value)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{token.value} at column {token.column} is no duration") from error
        if span > _LONGEST_AGO:
            raise ValueError(f"{token.value} at column {token.column} is too long ago")
        self._at += 1
        return EngagedSince(span)

    def _day(self, expected: str) -> date:
        token = self._next
        if token.kind != "date":
            raise self._expected(expected)
        self._at += 1
        try:
            day = date.fromisoformat(token.value)
        except ValueError as error:
            raise ValueError(f"{token.value} at column {token.column} is no date") from error
        if not EARLIEST <= day.year <= LATEST:
            raise ValueError(f"{token.value} at column {token.column} is too far away")
        return day

    def _texts(self) -> tuple[str, ...]:
        if not self._take("("):
            raise self._expected('"(" after in')
        values = [self._text('"("')]
        while self._take(","):
            values.append(self._text('","'))
        if not self._take(")"):
            raise self._expected('"," or ")"')
        return tuple(values)

    def _text(self, after: str) -> str:
        token = self._next
        if token.kind in {"end", "sign"}:
            raise ValueError(f"expected a value after {after} at column {token.column}")
        if token.kind != "text":
            raise self._expected(f"a text in quotes after {after}")
        self._at += 1
        return token.value[1:-1]

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, word: str) -> bool:
        """Step over a word or sign, if it is the next one; a text in quotes never is."""
        taken = self._next.kind in {"word", "sign"} and self._next.value.lower() == word
        self._at += taken
        return taken

    def _expected(self, what: str) -> ValueError:
        return ValueError(f"expected {what} at column {self._next.column}, not {self._next.told}")


def _expression(text: str) -> str:
    parse(text)
    return text


class Segment(Table):
    """Some of the readers, by what is known of them."""

    name: Name = Field(description="Its name in commands and schedules; don't change it.")
    where: Annotated[Line, AfterValidator(_expression)] = Field(
        description="Who is in it, as an expression; docs/audience.md explains it.",
        examples=['tag = "vip" and not field.city = "Berlin"'],
    )
    description: Line = Field(
        default="",
        description="One sentence for those who send.",
        examples=["Members of the club who live elsewhere."],
    )

    @cached_property
    def expression(self) -> Expression:
        """Who is in it, as it was understood."""
        return parse(self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """A segment with all that it takes to find its readers."""

    name: str
    expression: Expression
    language: str
    """What readers are taken to speak who chose no language."""
    zone: ZoneInfo
    """Where its days begin."""

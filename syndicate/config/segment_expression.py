"""The expression of a segment: its grammar, its parser and what it is parsed into.

    tag = "vip" and (field.city in ("Berlin", "Potsdam") or not newsletter = "breaking")

    expression = all-of *("or" all-of)
    all-of     = term *("and" term)
    term       = "not" term / "(" expression ")" / test
    test       = ("tag" / "newsletter" / "language") ("=" / "!=") text
               / ("tag" / "newsletter" / "language") "in" texts
               / "field." name ("=" / "!=" / "<" / "<=" / ">" / ">=") (text / number)
               / "field." name "in" texts
               / "field." name "contains" text
               / "joined" ("before" / "after") date
               / "engaged" "since" (date / duration)
    texts      = "(" text *("," text) ")"

It is parsed here; `syndicate.store.audience.segments` translates it to SQL.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from syndicate.clock import parse_duration

MAX_LENGTH = 4000
"""In characters."""
MAX_DEPTH = 20
"""Levels of nested parentheses and `not`s."""
MIN_YEAR, MAX_YEAR = 1971, 9998
"""Years whose days are instants in every zone."""


class Subject(StrEnum):
    """A property of a reader that is compared with names."""

    TAG = "tag"
    NEWSLETTER = "newsletter"
    """A newsletter that they are subscribed to, and confirmed."""
    LANGUAGE = "language"
    """The publication's where a reader has chosen none."""


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
    """Whether a custom field compares with a value; a reader without the field has empty text."""

    field: str
    comparison: Comparison
    value: str | float
    """A number where it is written without quotes."""


@dataclass(frozen=True, slots=True)
class FieldOneOf:
    """Whether a custom field is one of these texts."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JoinedDate:
    """Whether a reader subscribed before, or after, a day."""

    before: bool
    day: date


@dataclass(frozen=True, slots=True)
class EngagedSince:
    """Whether a reader followed a link since a day, or within a duration."""

    since: date | timedelta


@dataclass(frozen=True, slots=True)
class Not:
    """Whether an expression is false."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Whether all of these are true."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Whether any of these is true."""

    parts: tuple["Expression", ...]


Expression = OneOf | FieldComparison | FieldOneOf | JoinedDate | EngagedSince | Not | AllOf | AnyOf


def parse(text: str) -> Expression:
    """Parse an expression; raise ValueError with what was expected, and the column."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"expected at most {MAX_LENGTH} characters, not {len(text)}")
    return _Parser(list(_tokens(text))).parse()


def walk(expression: Expression) -> Iterator[Expression]:
    """Iterate over an expression and its parts."""
    yield expression
    match expression:
        case Not(part):
            yield from walk(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from walk(part)


def find_names(expression: Expression, subject: Subject) -> list[str]:
    """List the tags, newsletters or languages in an expression."""
    tests = (part for part in walk(expression) if isinstance(part, OneOf))
    return [name for test in tests if test.subject is subject for name in test.names]


def needs_click_tracking(expression: Expression) -> bool:
    """Whether an expression depends on which links a reader followed."""
    return any(isinstance(part, EngagedSince) for part in walk(expression))


class _Token(NamedTuple):
    kind: str
    """text, number, date, word, field, sign or end."""
    value: str
    column: int


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
_MAX_AGE = timedelta(days=36_500)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while rest := text[position:].lstrip():
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            column = len(text) - len(rest) + 1
            if rest[0] in "\"'":
                raise ValueError(
                    f"the text that begins at column {column} has no closing {rest[0]}"
                )
            read = rest.split(maxsplit=1)[0][:20]
            raise ValueError(f'"{read}" at column {column} can\'t be read; put texts in quotes')
        kind = match.lastgroup
        start = match.start(kind) - (len("field.") if kind == "field" else 0)
        yield _Token(kind, match[kind], start + 1)
        position = match.end()
    yield _Token("end", "", len(text.rstrip()) + 1)


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._next, *others = tokens
        self._others = iter(others)
        self._depth = 0

    def parse(self) -> Expression:
        expression = self._any_of()
        if self._next.kind != "end":
            raise self._expected("and, or, or the end")
        return expression

    def _any_of(self) -> Expression:
        parts = [self._all_of()]
        while self._take("or"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all_of(self) -> Expression:
        parts = [self._term()]
        while self._take("and"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _term(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} deep at column {self._next.column}")
        if self._take("not"):
            expression: Expression = Not(self._term())
        elif self._take("("):
            expression = self._any_of()
            self._require(")", '")"')
        else:
            expression = self._test()
        self._depth -= 1
        return expression

    def _test(self) -> Expression:
        token = self._next
        if token.kind == "field":
            return self._field(self._advance().value)
        for subject in Subject:
            if self._take(subject):
                return self._subject(subject)
        if self._take("joined"):
            before = self._take("before")
            if not before:
                self._require("after", "before or after")
            return JoinedDate(before, self._day("a date such as 2026-01-31"))
        if self._take("engaged"):
            self._require("since", "since after engaged")
            return EngagedSince(self._day_or_duration())
        if token.kind == "word" and token.value.lower().startswith("field"):
            raise ValueError(
                f'"{token.value}" at column {token.column} names no field; expected such as '
                "field.city, in small letters"
            )
        raise self._expected("tag, newsletter, language, field.NAME, joined or engaged")

    def _subject(self, subject: Subject) -> Expression:
        if self._take("in"):
            return OneOf(subject, self._texts())
        if self._take("="):
            return OneOf(subject, (self._text('"="'),))
        self._require("!=", f"=, != or in after {subject}")
        return Not(OneOf(subject, (self._text('"!="'),)))

    def _field(self, name: str) -> Expression:
        if self._take("in"):
            return FieldOneOf(name, self._texts())
        comparison = next(filter(self._take, Comparison), None)
        if comparison is None:
            raise self._expected(f"=, !=, <, <=, >, >=, in or contains after field.{name}")
        if comparison is Comparison.CONTAINS:
            return FieldComparison(name, comparison, self._text(comparison))
        if self._next.kind == "number":
            return FieldComparison(name, comparison, float(self._advance().value))
        return FieldComparison(name, comparison, self._text(f'"{comparison}"'))

    def _day_or_duration(self) -> date | timedelta:
        token = self._next
        if token.kind != "word":
            return self._day('a date such as 2026-01-31, or how long such as "90d"')
        try:
            span = parse_duration(self._advance().value)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{token.value} at column {token.column} is not a duration") from error
        if span > _MAX_AGE:
            raise ValueError(f"{token.value} at column {token.column} is too long ago")
        return span

    def _day(self, expected: str) -> date:
        token = self._next
        if token.kind != "date":
            raise self._expected(expected)
        try:
            day = date.fromisoformat(self._advance().value)
        except ValueError as error:
            raise ValueError(f"{token.value} at column {token.column} is not a date") from error
        if not MIN_YEAR <= day.year <= MAX_YEAR:
            raise ValueError(f"{token.value} at column {token.column} is too far away")
        return day

    def _texts(self) -> tuple[str, ...]:
        self._require("(", '"(" after in')
        values = [self._text('"("')]
        while self._take(","):
            values.append(self._text('","'))
        self._require(")", '"," or ")"')
        return tuple(values)

    def _text(self, after: str) -> str:
        token = self._next
        if token.kind in {"end", "sign"}:
            raise ValueError(f"expected a value after {after} at column {token.column}")
        if token.kind != "text":
            raise self._expected(f"a text in quotes after {after}")
        return self._advance().value[1:-1]

    def _advance(self) -> _Token:
        token, self._next = self._next, next(self._others)
        return token

    def _take(self, word: str) -> bool:
        """Consume a word or sign if it is the next token; a text in quotes never is."""
        if self._next.kind not in {"word", "sign"} or self._next.value.lower() != word:
            return False
        self._advance()
        return True

    def _require(self, word: str, expected: str) -> None:
        if not self._take(word):
            raise self._expected(expected)

    def _expected(self, expected: str) -> ValueError:
        token = self._next
        return ValueError(
            f"expected {expected} at column {token.column}, not {token.value or 'the end'}"
        )

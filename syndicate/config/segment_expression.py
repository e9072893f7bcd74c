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


def find_names(expression: Expression, subject: Subject) -> Iterator[str]:
    """Iterate over the tags, newsletters or languages in an expression."""
    match expression:
        case OneOf(own_subject, names) if own_subject is subject:
            yield from names
        case Not(part):
            yield from find_names(part, subject)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from find_names(part, subject)


def needs_click_tracking(expression: Expression) -> bool:
    """Whether an expression depends on which links a reader followed."""
    match expression:
        case EngagedSince():
            return True
        case Not(part):
            return needs_click_tracking(part)
        case AllOf(parts) | AnyOf(parts):
            return any(map(needs_click_tracking, parts))
    return False


class _Token(NamedTuple):
    kind: str
    """text, number, date, word, field, sign or end."""
    value: str
    column: int

    @property
    def text(self) -> str:
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
_MAX_AGE = timedelta(days=36_500)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            column = position + len(text[position:]) - len(text[position:].lstrip())
            raise ValueError(_syntax_error(text[column:], column + 1))
        kind = match.lastgroup
        start = match.start(kind) - (len("field.") if kind == "field" else 0)
        yield _Token(kind, match[kind], start + 1)
        position = match.end()
    yield _Token("end", "", len(text.rstrip()) + 1)


def _syntax_error(rest: str, column: int) -> str:
    if rest[0] in "\"'":
        return f"the text that begins at column {column} has no closing {rest[0]}"
    read = rest.split(maxsplit=1)[0][:20]
    return f'"{read}" at column {column} can\'t be read; put texts in quotes'


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0
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
        expression = self._term_inside()
        self._depth -= 1
        return expression

    def _term_inside(self) -> Expression:
        if self._take("not"):
            return Not(self._term())
        if self._take("("):
            expression = self._any_of()
            if not self._take(")"):
                raise self._expected('")"')
            return expression
        return self._test()

    def _test(self) -> Expression:
        token = self._next
        word = token.value.lower()
        if token.kind == "field":
            self._position += 1
            return self._field(token.value)
        if token.kind == "word" and word in _SUBJECTS:
            self._position += 1
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
        self._position += 1
        value = self._next
        if value.kind == "number":
            self._position += 1
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
            raise ValueError(f"{token.value} at column {token.column} is not a duration") from error
        if span > _MAX_AGE:
            raise ValueError(f"{token.value} at column {token.column} is too long ago")
        self._position += 1
        return EngagedSince(span)

    def _day(self, expected: str) -> date:
        token = self._next
        if token.kind != "date":
            raise self._expected(expected)
        self._position += 1
        try:
            day = date.fromisoformat(token.value)
        except ValueError as error:
            raise ValueError(f"{token.value} at column {token.column} is not a date") from error
        if not MIN_YEAR <= day.year <= MAX_YEAR:
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
        self._position += 1
        return token.value[1:-1]

    @property
    def _next(self) -> _Token:
        return self._tokens[self._position]

    def _take(self, word: str) -> bool:
        """Consume a word or sign if it is the next token; a text in quotes never is."""
        taken = self._next.kind in {"word", "sign"} and self._next.value.lower() == word
        self._position += taken
        return taken

    def _expected(self, expected: str) -> ValueError:
        return ValueError(
            f"expected {expected} at column {self._next.column}, not {self._next.text}"
        )

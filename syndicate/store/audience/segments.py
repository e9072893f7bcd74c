"""Segments: compiles an expression of the configuration to SQL, for both databases.

Every test is true or false and never NULL, so that `not` inverts it. Both compare text by
code points: PostgreSQL by default compares by its locale.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    and_,
    case,
    cast,
    collate,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)

from syndicate.clock import to_utc
from syndicate.config.sections.segments import Criteria
from syndicate.config.segment_expression import (
    AllOf,
    AnyOf,
    Comparison,
    EngagedSince,
    Expression,
    FieldComparison,
    FieldOneOf,
    JoinedDate,
    Not,
    OneOf,
    Subject,
)
from syndicate.model.subscribers import SubscriptionState
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import (
    clicks,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)

Condition = ColumnElement[bool]

_FETCH_SIZE = 1000
"""Rows per fetch."""
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_DIGITS = r"^\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?\s*$"
"""The numbers that SQLite knows, too."""
_MAX_NUMBER_LENGTH = 100
"""Characters of a text that PostgreSQL is asked to convert."""
_INFINITE = cast(literal_column("9e999"), Float)
_ORDERS: Mapping[Comparison, Callable[[Any, Any], Any]] = {
    Comparison.LESS: operator.lt,
    Comparison.LESS_OR_EQUAL: operator.le,
    Comparison.MORE: operator.gt,
    Comparison.MORE_OR_EQUAL: operator.ge,
}


class Segments(Repository):
    """Counts and lists the people in a segment."""

    def count(self, criteria: Criteria, newsletter: str | None = None, *, at: datetime) -> int:
        """Count everybody in it, or those who would get a newsletter's edition at `at`."""
        query = self._query(select(func.count()).select_from(subscribers), criteria, at)
        if newsletter is not None:
            query = _only_recipients(query, newsletter, at)
        return int(self._execute(query).scalar_one())

    def addresses(
        self, criteria: Criteria, newsletter: str | None = None, *, at: datetime
    ) -> Iterator[str]:
        """Iterate over the addresses of the same people, in the order they came."""
        query = self._query(select(subscribers.c.email), criteria, at)
        query = query.order_by(subscribers.c.key)
        if newsletter is not None:
            query = _only_recipients(query, newsletter, at)
        yield from self._execute(query.execution_options(yield_per=_FETCH_SIZE)).scalars()

    def _query(self, query: Select[Any], criteria: Criteria, at: datetime) -> Select[Any]:
        return query.where(condition(criteria, self._connection.dialect.name, at=at))


def condition(criteria: Criteria, dialect: str, *, at: datetime) -> Condition:
    """Return a condition for the rows of `subscribers` that are in a segment at `at`."""
    return _ConditionBuilder(criteria, dialect, at).condition(criteria.expression)


def _only_recipients(query: Select[Any], newsletter: str, at: datetime) -> Select[Any]:
    not_paused = or_(subscribers.c.paused_until.is_(None), subscribers.c.paused_until <= at)
    return query.where(
        _has(subscriptions.c.subscriber, _confirmed((newsletter,))),
        ~subscribers.c.address.in_(select(suppressions.c.address)),
        not_paused,
    )


class _ConditionBuilder:
    def __init__(self, criteria: Criteria, dialect: str, at: datetime) -> None:
        self._criteria = criteria
        self._now = at
        self._sqlite = dialect == "sqlite"

    def condition(self, expression: Expression) -> Condition:
        match expression:
            case AllOf(parts):
                return and_(*map(self.condition, parts))
            case AnyOf(parts):
                return or_(*map(self.condition, parts))
            case Not(part):
                return not_(self.condition(part))
            case OneOf(subject, names):
                return self._among(subject, names)
            case JoinedDate() | EngagedSince():
                return self._in_time(expression)
            case _:
                return self._field(expression)

    def _in_time(self, test: JoinedDate | EngagedSince) -> Condition:
        if isinstance(test, EngagedSince):
            return self._engaged(test.since)
        return self._joined(test.day, before=test.before)

    def _joined(self, day: date, *, before: bool) -> Condition:
        first = day if before else day + timedelta(days=1)
        midnight = to_utc(datetime.combine(first, time(), self._criteria.zone))
        joined = subscribers.c.created_at
        return joined < midnight if before else joined >= midnight

    def _engaged(self, since: date | timedelta) -> Condition:
        """Match readers who followed a link themselves, not a machine."""
        if isinstance(since, timedelta):
            then = self._now - since
        else:
            then = to_utc(datetime.combine(since, time(), self._criteria.zone))
        followed = and_(clicks.c.subscriber.is_not(None), ~clicks.c.machine, clicks.c.at >= then)
        return _has(clicks.c.subscriber, followed)

    def _among(self, subject: Subject, names: tuple[str, ...]) -> Condition:
        match subject:
            case Subject.TAG:
                return _has(subscriber_tags.c.subscriber, subscriber_tags.c.tag.in_(names))
            case Subject.NEWSLETTER:
                return _has(subscriptions.c.subscriber, _confirmed(names))
            case Subject.LANGUAGE:
                language = func.lower(
                    func.coalesce(subscribers.c.language, self._criteria.language)
                )
                return language.in_([name.lower() for name in names])

    def _field(self, test: FieldComparison | FieldOneOf) -> Condition:
        text = func.coalesce(subscribers.c.fields[test.field].as_string(), "")
        if isinstance(test, FieldOneOf):
            return text.in_(test.values)
        match test.comparison:
            case Comparison.CONTAINS:
                find = func.instr if self._sqlite else func.strpos
                return find(text, str(test.value)) > 0
            case Comparison.EQUAL:
                return self._equal(text, test.value)
            case Comparison.UNEQUAL:
                return not_(self._equal(text, test.value))
            case _:
                return self._ordered(text, test)

    def _equal(self, text: ColumnElement[str], value: str | float) -> Condition:
        if isinstance(value, str):
            return text == value
        return self._as_number(text, lambda number: number == _real(value))

    def _ordered(self, text: ColumnElement[str], test: FieldComparison) -> Condition:
        """Compare as numbers where the value is one, else as text."""
        value = test.value
        if isinstance(value, float) or _NUMBER.fullmatch(value):
            limit = _real(float(value))
            return self._as_number(text, lambda number: _ORDERS[test.comparison](number, limit))
        exact = text if self._sqlite else collate(text, "C")
        return and_(text != "", _ORDERS[test.comparison](exact, value))

    def _as_number(
        self, text: ColumnElement[str], test: Callable[[ColumnElement[Any]], Condition]
    ) -> Condition:
        """Test a text as a number; false where it is not one."""
        if self._sqlite:
            # beside a REAL, numeric text becomes a number; other text is greater than any
            return and_(test(text), text <= _INFINITE)
        numeric = and_(
            func.length(text) <= _MAX_NUMBER_LENGTH, text.op("~", is_comparison=True)(_DIGITS)
        )
        return case((numeric, test(cast(text, Float))), else_=false())


def _confirmed(newsletters: tuple[str, ...]) -> Condition:
    return and_(
        subscriptions.c.newsletter.in_(newsletters),
        subscriptions.c.state == SubscriptionState.CONFIRMED,
    )


def _has(subscriber: ColumnElement[int], which: Condition) -> Condition:
    """Match subscribers that other rows name, by an uncorrelated subquery."""
    return subscribers.c.key.in_(select(subscriber).where(which).correlate(None))


def _real(value: float) -> ColumnElement[float]:
    return cast(literal(value), Float)

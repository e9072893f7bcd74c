"""Segments: compiles an expression of the configuration to SQL, for both databases.

Every test is true or false and never NULL, so that `not` inverts it. Both compare text by
code points: PostgreSQL by default compares by its locale.
"""

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from syndicate.clock import to_utc
from syndicate.config.sections.newsletters import Criteria
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
from syndicate.store.database.repository import Condition
from syndicate.store.database.schema import clicks, subscriber_tags, subscribers, subscriptions

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_DIGITS = r"^\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?\s*$"
"""The numbers that SQLite knows, too."""
_MAX_NUMBER_LENGTH = 100
"""Characters of a text that PostgreSQL is asked to convert."""
_INFINITE = sa.cast(sa.literal_column("9e999"), sa.Float)
_COMPARE: Mapping[Comparison, Callable[[Any, Any], Any]] = {
    Comparison.EQUAL: operator.eq,
    Comparison.LESS: operator.lt,
    Comparison.LESS_OR_EQUAL: operator.le,
    Comparison.MORE: operator.gt,
    Comparison.MORE_OR_EQUAL: operator.ge,
}


def condition(criteria: Criteria, dialect: str, *, at: datetime) -> Condition:
    """Return a condition for the rows of `subscribers` that are in a segment at `at`."""
    return _ConditionBuilder(criteria, dialect, at).condition(criteria.expression)


def takes_mail(at: datetime) -> Condition:
    """Match subscribers who haven't paused their mail."""
    return sa.or_(subscribers.c.paused_until.is_(None), subscribers.c.paused_until <= at)


def has(table: sa.Table, which: Condition) -> Condition:
    """Match subscribers whom rows of another table name, by an uncorrelated subquery."""
    return subscribers.c.key.in_(sa.select(table.c.subscriber).where(which).correlate(None))


class _ConditionBuilder:
    def __init__(self, criteria: Criteria, dialect: str, at: datetime) -> None:
        self._criteria = criteria
        self._now = at
        self._sqlite = dialect == "sqlite"

    def condition(self, expression: Expression) -> Condition:
        match expression:
            case AllOf(parts):
                matches = sa.and_(*map(self.condition, parts))
            case AnyOf(parts):
                matches = sa.or_(*map(self.condition, parts))
            case Not(part):
                matches = sa.not_(self.condition(part))
            case OneOf(subject, names):
                matches = self._among(subject, names)
            case JoinedDate(before, day):
                midnight = self._midnight(day if before else day + timedelta(days=1))
                joined = subscribers.c.created_at
                matches = joined < midnight if before else joined >= midnight
            case EngagedSince(since):  # readers who followed a link themselves, not a machine
                then = self._now - since if isinstance(since, timedelta) else self._midnight(since)
                followed = sa.and_(~clicks.c.machine, clicks.c.at >= then)
                matches = has(clicks, sa.and_(clicks.c.subscriber.is_not(None), followed))
            case FieldOneOf(field, values):
                matches = _text(field).in_(values)
            case FieldComparison():
                matches = self._compared(_text(expression.field), expression)
        return matches

    def _midnight(self, day: date) -> datetime:
        return to_utc(datetime.combine(day, time(), self._criteria.zone))

    def _among(self, subject: Subject, names: tuple[str, ...]) -> Condition:
        match subject:
            case Subject.TAG:
                return has(subscriber_tags, subscriber_tags.c.tag.in_(names))
            case Subject.NEWSLETTER:
                return is_subscribed(names)
            case Subject.LANGUAGE:
                language = sa.func.coalesce(subscribers.c.language, self._criteria.language)
                return sa.func.lower(language).in_([name.lower() for name in names])

    def _compared(self, text: sa.ColumnElement[str], test: FieldComparison) -> Condition:
        """Compare as numbers where the value is one (other text never matches), else as text."""
        comparison, value = test.comparison, test.value
        match comparison:
            case Comparison.CONTAINS:
                find = sa.func.instr if self._sqlite else sa.func.strpos
                return find(text, str(value)) > 0
            case Comparison.UNEQUAL:
                return sa.not_(self._compared(text, replace(test, comparison=Comparison.EQUAL)))
            case Comparison.EQUAL if isinstance(value, str):
                return text == value
        compare = _COMPARE[comparison]
        if isinstance(value, float) or _NUMBER.fullmatch(value):
            limit = sa.cast(sa.literal(float(value)), sa.Float)
            if self._sqlite:
                # beside a REAL, numeric text becomes a number; other text is greater than any
                return sa.and_(compare(text, limit), text <= _INFINITE)
            has_digits = text.op("~", is_comparison=True)(_DIGITS)
            numeric = sa.and_(sa.func.length(text) <= _MAX_NUMBER_LENGTH, has_digits)
            number = sa.cast(text, sa.Float)
            return sa.case((numeric, compare(number, limit)), else_=sa.false())
        exact = text if self._sqlite else sa.collate(text, "C")
        return sa.and_(text != "", compare(exact, value))


def is_subscribed(newsletters: Collection[str]) -> Condition:
    """Match subscribers with a confirmed subscription to one of these newsletters."""
    confirmed = sa.and_(
        subscriptions.c.newsletter.in_(newsletters),
        subscriptions.c.state == SubscriptionState.CONFIRMED,
    )
    return has(subscriptions, confirmed)


def _text(field: str) -> sa.ColumnElement[str]:
    return sa.func.coalesce(subscribers.c.fields[field].as_string(), "")

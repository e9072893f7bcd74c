"""The roll: the audience as operators look through it, filtered, streamed and counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    true,
    type_coerce,
)

from syndicate import clock
from syndicate.clock import EPOCH
from syndicate.config import Criteria
from syndicate.model.subscribers import Action, Subscriber, SubscriptionState
from syndicate.store.audience.people import grouped, people
from syndicate.store.audience.segments import condition
from syndicate.store.database.schema import (
    changes,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)

_AT_ONCE = 1000
"""Rows that are fetched together."""
_GRAIN = timedelta(minutes=15)
"""What days of every zone are made of."""
_JOINED = (Action.SUBSCRIBED, Action.CONFIRMED, Action.REJOINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchCriteria:
    """Whom to look at; what is None doesn't matter."""

    newsletter: str | None = None
    state: SubscriptionState | None = None
    """Of the subscription, or of any."""
    suppressed: bool | None = None
    """Whether the address is one that is not mailed."""
    tag: str | None = None
    segment: Criteria | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsletterCounts:
    """How many stand where with one newsletter; nobody is counted twice."""

    newsletter: str
    confirmed: int = 0
    pending: int = 0
    left: int = 0
    suppressed: int = 0
    """Who would get it, were their address one that is mailed."""
    never_joined: int = 0
    """Who left it elsewhere, before an import, or never confirmed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Who came to a newsletter, and who went, within a quarter of an hour."""

    at: datetime
    """When that began."""
    joined: int
    left: int


class SubscriberSearch:
    """Everybody that the store knows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, wanted: SearchCriteria, limit: int | None = None) -> Iterator[Subscriber]:
        """Iterate over people in the order they came, with the subscriptions that are wanted.

        They are read as they are asked for, never all at once.
        """
        query = self._filtered(people(), wanted)
        if limit is not None:
            first = self._filtered(_keys(), wanted).group_by(subscribers.c.key)
            first = first.order_by(subscribers.c.key).limit(limit)
            query = query.where(subscribers.c.key.in_(first))
        query = query.order_by(subscribers.c.key, subscriptions.c.newsletter)
        streamed = query.execution_options(yield_per=_AT_ONCE)
        yield from grouped(self._connection, self._connection.execute(streamed))

    def count(self, wanted: SearchCriteria) -> int:
        """Count the people that are wanted."""
        keys = self._filtered(_keys(), wanted).group_by(subscribers.c.key).subquery()
        query = select(func.count()).select_from(keys)
        return int(self._connection.execute(query).scalar_one())

    def unknown_suppressions(self) -> Iterator[tuple[str, str]]:
        """Iterate over addresses that are not mailed, and why, whose owners nobody knows."""
        query = (
            select(suppressions.c.address, suppressions.c.reason)
            .outerjoin(subscribers, subscribers.c.address == suppressions.c.address)
            .where(subscribers.c.key.is_(None))
            .order_by(suppressions.c.address)
            .execution_options(yield_per=_AT_ONCE)
        )
        rows = self._connection.execute(query)
        yield from ((row.address, row.reason) for row in rows)

    def field_names(self) -> list[str]:
        """Return the names of all own fields that somebody has, in their order."""
        if self._connection.dialect.name == "sqlite":
            each = func.json_each(subscribers.c.fields).table_valued("key")
        else:
            each = func.json_object_keys(subscribers.c.fields).table_valued("key").render_derived()
        names = select(each.c.key).select_from(subscribers.join(each, true()))
        query = names.where(cast(subscribers.c.fields, Text) != "{}").distinct()
        return sorted(self._connection.execute(query).scalars())

    def newsletter_counts(self) -> list[NewsletterCounts]:
        """Count every newsletter's readers by where they stand."""
        not_mailed = subscribers.c.address.in_(select(suppressions.c.address))
        confirmed = subscriptions.c.state == SubscriptionState.CONFIRMED
        left = subscriptions.c.state == SubscriptionState.LEFT
        never = exists().where(
            changes.c.subscriber == subscriptions.c.subscriber,
            changes.c.newsletter == subscriptions.c.newsletter,
            changes.c.action.in_((Action.LEFT_ELSEWHERE, Action.DECLINED)),
            changes.c.how == subscriptions.c.source,
        )
        stands = case(
            (confirmed & not_mailed, "suppressed"),
            (left & never, "never_joined"),
            else_=subscriptions.c.state,
        )
        each = (
            select(subscriptions.c.newsletter, stands.label("stands"))
            .join(subscribers, subscribers.c.key == subscriptions.c.subscriber)
            .subquery()
        )
        query = select(each.c.newsletter, each.c.stands, func.count()).group_by(
            each.c.newsletter, each.c.stands
        )
        counts: dict[str, dict[str, int]] = {}
        for newsletter, state, count in self._connection.execute(query):
            counts.setdefault(newsletter, {})[state] = count
        return [
            NewsletterCounts(newsletter=name, **found) for name, found in sorted(counts.items())
        ]

    def growth(self, newsletter: str | None, *, since: datetime) -> list[Growth]:
        """Count who came and who went since then, by the audit trail, in the order of time."""
        grain = literal(_GRAIN // timedelta(microseconds=1), BigInteger, literal_execute=True)
        quarter = (type_coerce(changes.c.at, BigInteger) // grain).label("quarter")
        joined = changes.c.action.in_(_JOINED)
        left = changes.c.action == Action.LEFT
        query = (
            select(quarter, _sum(joined), _sum(left))
            .where(changes.c.at >= since, joined | left)
            .group_by(quarter)
            .order_by(quarter)
        )
        if newsletter is not None:
            query = query.where(changes.c.newsletter == newsletter)
        return [
            Growth(at=EPOCH + number * _GRAIN, joined=came, left=went)
            for number, came, went in self._connection.execute(query)
        ]

    def _filtered(self, query: Select[Any], wanted: SearchCriteria) -> Select[Any]:
        if wanted.newsletter is not None:
            query = query.where(subscriptions.c.newsletter == wanted.newsletter)
        if wanted.state is not None:
            query = query.where(subscriptions.c.state == wanted.state)
        if wanted.suppressed is not None:
            query = query.where(suppressions.c.address.is_not(None) == wanted.suppressed)
        if wanted.tag is not None:
            tagged = select(subscriber_tags.c.subscriber).where(subscriber_tags.c.tag == wanted.tag)
            query = query.where(subscribers.c.key.in_(tagged))
        if wanted.segment is not None:
            query = query.where(
                condition(wanted.segment, self._connection.dialect.name, at=clock.now())
            )
        return query


def _keys() -> Select[Any]:
    return (
        select(subscribers.c.key)
        .outerjoin(subscriptions, subscriptions.c.subscriber == subscribers.c.key)
        .outerjoin(suppressions, suppressions.c.address == subscribers.c.address)
    )


def _sum(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((which, 1), else_=0))

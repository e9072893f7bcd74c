"""Finds and counts subscribers by filter, newsletter and segment, and builds them from rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from syndicate import clock
from syndicate.clock import EPOCH
from syndicate.config import Criteria
from syndicate.model.subscribers import (
    Action,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionKind,
)
from syndicate.store.audience.segments import condition, has, is_subscribed, takes_mail
from syndicate.store.database.repository import Condition, Repository, value_of
from syndicate.store.database.schema import changes, subscriber_tags, subscribers, subscriptions
from syndicate.store.database.schema_feedback import suppressions

_FETCH_SIZE = 1000
"""Rows per fetch."""
_BATCH = 500
"""People per query of tags."""
_INTERVAL = timedelta(minutes=15)
"""Days begin at a multiple of this in every time zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchCriteria:
    """Which subscribers to find; None means any."""

    newsletter: str | None = None
    state: SubscriptionState | None = None
    """The state of a subscription: that to `newsletter`, or any."""
    suppressed: bool | None = None
    """Whether the address is suppressed."""
    suppression: SuppressionKind | None = None
    """Of which kind that is."""
    tag: str | None = None
    segment: Criteria | None = None


EVERYBODY = SearchCriteria()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsletterCounts:
    """A newsletter's readers by state; each is counted once."""

    newsletter: str
    confirmed: int = 0
    pending: int = 0
    left: int = 0
    suppressed: int = 0
    """Confirmed, but the address is suppressed."""
    never_joined: int = 0
    """Left before an import, or declined to confirm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How many joined and left a newsletter within a quarter of an hour."""

    at: datetime
    """Its beginning."""
    joined: int
    left: int


class SubscriberSearch(Repository):
    """Finds and counts subscribers."""

    def find(
        self, criteria: SearchCriteria = EVERYBODY, limit: int | None = None
    ) -> Iterator[Subscriber]:
        """Iterate over people in the order they came, with the subscriptions that match.

        They are fetched in batches, never all at once.
        """
        query = self._filtered(select_people(), criteria)
        if limit is not None:
            first = self._keys(criteria).order_by(subscribers.c.key).limit(limit)
            query = query.where(subscribers.c.key.in_(first))
        query = query.order_by(subscribers.c.key, subscriptions.c.newsletter)
        streamed = query.execution_options(yield_per=_FETCH_SIZE)
        yield from subscribers_from(self._connection, self._execute(streamed))

    def count(self, criteria: SearchCriteria) -> int:
        """Count the people that match."""
        return self._count(self._keys(criteria).subquery())

    def unknown_suppressions(self, kind: SuppressionKind | None = None) -> Iterator[Suppression]:
        """Iterate over suppressed addresses that no subscriber has, those of a kind or all."""
        query = (
            sa.select(suppressions)
            .outerjoin(subscribers, subscribers.c.address == suppressions.c.address)
            .where(subscribers.c.key.is_(None))
            .order_by(suppressions.c.address)
            .execution_options(yield_per=_FETCH_SIZE)
        )
        if kind is not None:
            query = query.where(suppressions.c.kind == kind)
        for row in self._execute(query):
            yield value_of(Suppression, row)

    def field_names(self) -> list[str]:
        """Return the names of all custom fields, sorted."""
        if self._dialect == "sqlite":
            field = sa.func.json_each(subscribers.c.fields).table_valued("key")
        else:
            field = (
                sa.func.json_object_keys(subscribers.c.fields).table_valued("key").render_derived()
            )
        names = sa.select(field.c.key).select_from(subscribers.join(field, sa.true()))
        query = names.where(sa.cast(subscribers.c.fields, sa.Text) != "{}").distinct()
        return sorted(self._column(query))

    def newsletter_counts(self) -> list[NewsletterCounts]:
        """Count every newsletter's readers by state."""
        is_suppressed = subscribers.c.address.in_(sa.select(suppressions.c.address))
        confirmed = subscriptions.c.state == SubscriptionState.CONFIRMED
        left = subscriptions.c.state == SubscriptionState.LEFT
        never_joined = sa.exists().where(
            changes.c.subscriber == subscriptions.c.subscriber,
            changes.c.newsletter == subscriptions.c.newsletter,
            changes.c.action.in_((Action.LEFT_ELSEWHERE, Action.DECLINED)),
            changes.c.how == subscriptions.c.source,
        )
        state = sa.case(
            (confirmed & is_suppressed, "suppressed"),
            (left & never_joined, "never_joined"),
            else_=subscriptions.c.state,
        )
        readers = (
            sa.select(subscriptions.c.newsletter, state.label("counted_as"))
            .join(subscribers, subscribers.c.key == subscriptions.c.subscriber)
            .subquery()
        )
        columns = readers.c.newsletter, readers.c.counted_as
        query = sa.select(*columns, sa.func.count()).group_by(*columns)
        counts: dict[str, dict[str, int]] = {}
        for newsletter, state, count in self._execute(query):
            counts.setdefault(newsletter, {})[state] = count
        return [NewsletterCounts(newsletter=name, **counts[name]) for name in sorted(counts)]

    def growth(self, newsletter: str | None, *, since: datetime) -> list[Growth]:
        """Count who joined and left since `since`, by the audit log, oldest first."""
        interval = sa.literal(
            _INTERVAL // timedelta(microseconds=1), sa.BigInteger, literal_execute=True
        )
        quarter = (sa.type_coerce(changes.c.at, sa.BigInteger) // interval).label("quarter")
        joined = changes.c.action.in_((Action.SUBSCRIBED, Action.CONFIRMED, Action.REJOINED))
        left = changes.c.action == Action.LEFT
        sums = (sa.func.sum(sa.case((predicate, 1), else_=0)) for predicate in (joined, left))
        query = (
            sa.select(quarter, *sums)
            .where(changes.c.at >= since, joined | left)
            .group_by(quarter)
            .order_by(quarter)
        )
        if newsletter is not None:
            query = query.where(changes.c.newsletter == newsletter)
        return [
            Growth(at=EPOCH + number * _INTERVAL, joined=joined, left=left)
            for number, joined, left in self._execute(query)
        ]

    def count_segment(
        self, criteria: Criteria, newsletter: str | None = None, *, at: datetime
    ) -> int:
        """Count the people in a segment, or those who would get a newsletter's edition at `at`."""
        return self._count(subscribers, *self._in_segment(criteria, newsletter, at))

    def segment_addresses(
        self, criteria: Criteria, newsletter: str | None = None, *, at: datetime
    ) -> Iterator[str]:
        """Iterate over the addresses of the same people, in the order they came."""
        query = sa.select(subscribers.c.email).where(*self._in_segment(criteria, newsletter, at))
        streamed = query.order_by(subscribers.c.key).execution_options(yield_per=_FETCH_SIZE)
        yield from self._execute(streamed).scalars()

    def _in_segment(
        self, criteria: Criteria, newsletter: str | None, at: datetime
    ) -> Iterator[Condition]:
        yield condition(criteria, self._dialect, at=at)
        if newsletter is not None:
            yield is_subscribed([newsletter])
            yield ~subscribers.c.address.in_(sa.select(suppressions.c.address))
            yield takes_mail(at)

    def _filtered(self, query: sa.Select[Any], criteria: SearchCriteria) -> sa.Select[Any]:
        if criteria.newsletter is not None:
            query = query.where(subscriptions.c.newsletter == criteria.newsletter)
        if criteria.state is not None:
            query = query.where(subscriptions.c.state == criteria.state)
        if criteria.suppressed is not None:
            query = query.where(suppressions.c.address.is_not(None) == criteria.suppressed)
        if criteria.suppression is not None:
            query = query.where(suppressions.c.kind == criteria.suppression)
        if criteria.tag is not None:
            query = query.where(has(subscriber_tags, subscriber_tags.c.tag == criteria.tag))
        if criteria.segment is not None:
            query = query.where(condition(criteria.segment, self._dialect, at=clock.now()))
        return query

    def _keys(self, criteria: SearchCriteria) -> sa.Select[Any]:
        query = sa.select(subscribers.c.key).select_from(PEOPLE).group_by(subscribers.c.key)
        return self._filtered(query, criteria)


PEOPLE = subscribers.outerjoin(
    subscriptions, subscriptions.c.subscriber == subscribers.c.key
).outerjoin(suppressions, suppressions.c.address == subscribers.c.address)
"""Everybody, with one row per subscription."""


def select_people() -> sa.Select[Any]:
    """Select people, one row per subscription; `subscribers_from` puts them together."""
    names = ("newsletter", "state", "since", "at", "source")
    subscription = (subscriptions.c[name] for name in names)
    suppressed = suppressions.c.reason.label("suppressed"), suppressions.c.kind.label("suppression")
    return sa.select(subscribers, *subscription, *suppressed).select_from(PEOPLE)


def subscribers_from(
    connection: sa.Connection, rows: Iterable[sa.Row[Any]]
) -> Iterator[Subscriber]:
    """Build subscribers from rows of `select_people`, where a person's rows are adjacent."""
    people = (list(subscribed) for _, subscribed in groupby(rows, key=attrgetter("key")))
    while batch := list(islice(people, _BATCH)):
        query = sa.select(subscriber_tags.c.subscriber, subscriber_tags.c.tag).where(
            subscriber_tags.c.subscriber.in_([person[0].key for person in batch])
        )
        tags: dict[int, list[str]] = {}
        for key, tag in connection.execute(query.order_by(subscriber_tags.c.tag)):
            tags.setdefault(key, []).append(tag)
        for person in batch:
            subscribed = (row for row in person if row.newsletter is not None)
            yield value_of(
                Subscriber,
                person[0],
                fields=MappingProxyType(person[0].fields),
                tags=tuple(tags.get(person[0].key, ())),
                subscriptions=tuple(value_of(Subscription, row) for row in subscribed),
            )

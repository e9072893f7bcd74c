"""Builds subscribers, with subscriptions and tags, from rows."""

from collections.abc import Iterable, Iterator
from itertools import islice
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from syndicate.model.subscribers import Subscriber, Subscription, SubscriptionState
from syndicate.store.database.schema import (
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)

_BATCH = 500
"""People per query of tags."""


def select_people() -> Select[Any]:
    """Select people, one row per subscription; `subscribers_from` puts them together."""
    return (
        select(
            subscribers,
            subscriptions.c.newsletter,
            subscriptions.c.state,
            subscriptions.c.since,
            subscriptions.c.at,
            subscriptions.c.source,
            suppressions.c.reason,
        )
        .outerjoin(subscriptions, subscriptions.c.subscriber == subscribers.c.key)
        .outerjoin(suppressions, suppressions.c.address == subscribers.c.address)
    )


def subscribers_from(connection: Connection, rows: Iterable[Row[Any]]) -> Iterator[Subscriber]:
    """Build subscribers from rows of `select_people`, where a person's rows are adjacent."""
    people = _rows_by_person(rows)
    while batch := list(islice(people, _BATCH)):
        query = select(subscriber_tags.c.subscriber, subscriber_tags.c.tag).where(
            subscriber_tags.c.subscriber.in_([person[0].key for person in batch])
        )
        tags: dict[int, list[str]] = {}
        for key, tag in connection.execute(query.order_by(subscriber_tags.c.tag)):
            tags.setdefault(key, []).append(tag)
        for person in batch:
            yield _subscriber(person, tuple(tags.get(person[0].key, ())))


def _rows_by_person(rows: Iterable[Row[Any]]) -> Iterator[list[Row[Any]]]:
    gathered: list[Row[Any]] = []
    for row in rows:
        if gathered and gathered[0].key != row.key:
            yield gathered
            gathered = []
        gathered.append(row)
    if gathered:
        yield gathered


def _subscriber(rows: list[Row[Any]], tags: tuple[str, ...]) -> Subscriber:
    first = rows[0]
    return Subscriber(
        key=first.key,
        email=first.email,
        name=first.name,
        language=first.language,
        fields=MappingProxyType(dict(first.fields)),
        tags=tags,
        paused_until=first.paused_until,
        created_at=first.created_at,
        suppressed=first.reason,
        subscriptions=tuple(
            Subscription(
                newsletter=row.newsletter,
                state=SubscriptionState(row.state),
                since=row.since,
                at=row.at,
                source=row.source,
            )
            for row in rows
            if row.newsletter is not None
        ),
    )

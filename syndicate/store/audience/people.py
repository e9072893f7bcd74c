"""Builds subscribers, with subscriptions and tags, from rows."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from syndicate.model.subscribers import Subscriber, Subscription
from syndicate.store.database.schema import (
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)

_BATCH = 500
"""People per query of tags."""


PEOPLE = subscribers.outerjoin(
    subscriptions, subscriptions.c.subscriber == subscribers.c.key
).outerjoin(suppressions, suppressions.c.address == subscribers.c.address)
"""Everybody, with one row per subscription."""


def select_people() -> Select[Any]:
    """Select people, one row per subscription; `subscribers_from` puts them together."""
    names = ("newsletter", "state", "since", "at", "source")
    subscription = (subscriptions.c[name] for name in names)
    return select(subscribers, *subscription, suppressions.c.reason).select_from(PEOPLE)


def subscribers_from(connection: Connection, rows: Iterable[Row[Any]]) -> Iterator[Subscriber]:
    """Build subscribers from rows of `select_people`, where a person's rows are adjacent."""
    people = (list(subscribed) for _, subscribed in groupby(rows, key=attrgetter("key")))
    while batch := list(islice(people, _BATCH)):
        query = select(subscriber_tags.c.subscriber, subscriber_tags.c.tag).where(
            subscriber_tags.c.subscriber.in_([person[0].key for person in batch])
        )
        tags: dict[int, list[str]] = {}
        for key, tag in connection.execute(query.order_by(subscriber_tags.c.tag)):
            tags.setdefault(key, []).append(tag)
        for person in batch:
            first = person[0]
            yield Subscriber(
                key=first.key,
                email=first.email,
                name=first.name,
                language=first.language,
                fields=MappingProxyType(first.fields),
                tags=tuple(tags.get(first.key, ())),
                paused_until=first.paused_until,
                created_at=first.created_at,
                suppressed=first.reason,
                subscriptions=tuple(
                    Subscription(
                        newsletter=row.newsletter,
                        state=row.state,
                        since=row.since,
                        at=row.at,
                        source=row.source,
                    )
                    for row in person
                    if row.newsletter is not None
                ),
            )

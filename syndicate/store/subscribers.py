"""Subscribers, their subscriptions, and the addresses that are not mailed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, select, update

from syndicate.model.subscribers import (
    Subscribed,
    Subscriber,
    Subscription,
    SubscriptionState,
    normal_address,
)
from syndicate.store.articles import Articles
from syndicate.store.engine import insert_new
from syndicate.store.schema import subscribers, subscriptions, suppressions


class Subscribers:
    """The audience."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_email(self, email: str) -> Subscriber | None:
        """Find somebody by address, however it is written."""
        return self._one(subscribers.c.address == normal_address(email))

    def by_key(self, key: int) -> Subscriber | None:
        """Find somebody by the store's number."""
        return self._one(subscribers.c.key == key)

    def all(
        self, newsletter: str | None = None, state: SubscriptionState | None = None
    ) -> Iterator[Subscriber]:
        """Iterate over everybody, in the order they came, or those of a newsletter or state."""
        query = _people().order_by(subscribers.c.key, subscriptions.c.newsletter)
        if newsletter is not None:
            query = query.where(subscriptions.c.newsletter == newsletter)
        if state is not None:
            query = query.where(subscriptions.c.state == state)
        yield from _grouped(self._connection.execute(query))

    def subscribe(
        self,
        email: str,
        newsletter: str,
        *,
        name: str = "",
        source: str,
        state: SubscriptionState = SubscriptionState.CONFIRMED,
        at: datetime,
    ) -> Subscribed:
        """Subscribe an address; it never brings back somebody who left or is suppressed."""
        address = normal_address(email)
        if self._suppressed(address):
            return Subscribed.SUPPRESSED
        insert_new(
            self._connection,
            subscribers,
            {"address": address, "email": email.strip(), "name": name, "created_at": at},
        )
        who = select(subscribers.c.key).where(subscribers.c.address == address)
        key = self._connection.execute(who).scalar_one()
        fresh = {
            "subscriber": key,
            "newsletter": newsletter,
            "state": state,
            "since": Articles(self._connection).newest_number(),
            "at": at,
            "source": source,
        }
        if insert_new(self._connection, subscriptions, fresh):
            return Subscribed.NEW
        return self._meet_again(key, newsletter, state=state, source=source, at=at)

    def leave(self, key: int, newsletter: str, *, at: datetime, source: str) -> bool:
        """Unsubscribe somebody; False when there was nothing to leave."""
        return self._move(
            key, newsletter, to=SubscriptionState.LEFT, unless=True, source=source, at=at
        )

    def rejoin(self, key: int, newsletter: str, *, at: datetime, source: str) -> bool:
        """Undo an unsubscription, at the reader's own wish; False when they had not left."""
        return self._move(
            key, newsletter, to=SubscriptionState.CONFIRMED, unless=False, source=source, at=at
        )

    def suppress(self, email: str, reason: str, *, at: datetime) -> None:
        """Never mail an address again; the first reason stands."""
        row = {"address": normal_address(email), "reason": reason, "at": at}
        insert_new(self._connection, suppressions, row)

    # how

    def _suppressed(self, address: str) -> bool:
        query = select(suppressions.c.address).where(suppressions.c.address == address)
        return self._connection.execute(query).first() is not None

    def _meet_again(
        self, key: int, newsletter: str, *, state: SubscriptionState, source: str, at: datetime
    ) -> Subscribed:
        """Confirm a pending subscription where consent is there now; leave every other alone."""
        mine = and_(subscriptions.c.subscriber == key, subscriptions.c.newsletter == newsletter)
        now = self._connection.execute(select(subscriptions.c.state).where(mine)).scalar_one()
        if now == SubscriptionState.LEFT:
            return Subscribed.LEFT
        if now == SubscriptionState.PENDING and state == SubscriptionState.CONFIRMED:
            confirmed = {"state": state, "source": source, "at": at}
            self._connection.execute(update(subscriptions).where(mine), confirmed)
        return Subscribed.KNOWN

    def _move(
        self,
        key: int,
        newsletter: str,
        *,
        to: SubscriptionState,
        unless: bool,
        source: str,
        at: datetime,
    ) -> bool:
        """Set the state of a subscription that has left, or (`unless`) has not."""
        left = subscriptions.c.state == SubscriptionState.LEFT
        moved = self._connection.execute(
            update(subscriptions).where(
                subscriptions.c.subscriber == key,
                subscriptions.c.newsletter == newsletter,
                ~left if unless else left,
            ),
            {"state": to, "at": at, "source": source},
        )
        return moved.rowcount == 1

    def _one(self, condition: Any) -> Subscriber | None:
        query = _people().where(condition).order_by(subscriptions.c.newsletter)
        return next(_grouped(self._connection.execute(query)), None)


def _people() -> Select[Any]:
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


def _grouped(rows: Any) -> Iterator[Subscriber]:
    """Turn rows of one subscription each into people; a person's rows stand together."""
    gathered: list[Row[Any]] = []
    for row in rows:
        if gathered and gathered[0].key != row.key:
            yield _subscriber(gathered)
            gathered = []
        gathered.append(row)
    if gathered:
        yield _subscriber(gathered)


def _subscriber(rows: list[Row[Any]]) -> Subscriber:
    first = rows[0]
    return Subscriber(
        key=first.key,
        email=first.email,
        name=first.name,
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

"""Retention: what is forgotten because its time is over, in steps that keep nobody waiting."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
)

from syndicate.model.editions import EditionKind
from syndicate.model.subscribers import Action, Cause, SubscriptionState
from syndicate.store.audience.former_addresses import FormerAddresses
from syndicate.store.database.attempt_limits import AttemptLimits
from syndicate.store.database.locks import LOCK_AUDIENCE, lock
from syndicate.store.database.schema import (
    changes,
    clicks,
    deliveries,
    delivery_events,
    editions,
    private_feeds,
    requests,
    subscriber_tags,
    subscribers,
    subscriptions,
)

STEP = 1000
"""How many rows, or people, go in one transaction: others want to write as well."""
_ONCE = "retention"
_CONSENT = (
    *(Action.ASKED, Action.SUBSCRIBED, Action.CONFIRMED, Action.REJOINED),
    *(Action.DECLINED, Action.LEFT_ELSEWHERE),
)
_DAY = timedelta(days=1)


class RetentionStore:
    """What is too old to be kept."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start_daily_run(self, at: datetime) -> bool:
        """Whether it is to be done now; once a day it is, by one process."""
        return AttemptLimits(self._connection).once(_ONCE, per=_DAY, at=at)

    def ran_today(self, at: datetime) -> bool:
        """Whether somebody has seen to it today."""
        return AttemptLimits(self._connection).was_done(_ONCE, per=_DAY, at=at)

    def unconfirmed(self, before: datetime) -> list[int]:
        """Return who asked for something before then, and has confirmed nothing ever, by key."""
        query = select(subscribers.c.key).where(_unconfirmed(before)).order_by(subscribers.c.key)
        return list(self._connection.execute(query).scalars())

    def delete_unconfirmed(
        self, keys: Sequence[int], before: datetime, *, cause: Cause, at: datetime
    ) -> int:
        """Delete them, unless they have confirmed meanwhile; return how many.

        The audit trail keeps, by number alone, that it was done.
        """
        lock(self._connection, LOCK_AUDIENCE)
        query = select(subscribers.c.key).where(subscribers.c.key.in_(keys), _unconfirmed(before))
        keys = list(self._connection.execute(query).scalars())
        if not keys:
            return 0
        for table in (changes, requests, subscriber_tags, subscriptions):
            self._connection.execute(delete(table).where(table.c.subscriber.in_(keys)))
        FormerAddresses(self._connection).forget_all(*keys)
        self._connection.execute(delete(subscribers).where(subscribers.c.key.in_(keys)))
        noted = {"at": at, "action": Action.ERASED, "newsletter": None, "detail": ""}
        noted |= {"who": cause.who, "how": cause.how, "origin": cause.origin}
        self._connection.execute(insert(changes), [{"subscriber": key, **noted} for key in keys])
        return len(keys)

    def count_letters(self, before: datetime) -> int:
        """Count letters whose time was over before then."""
        query = select(func.count()).select_from(editions).where(_letters(before))
        return int(self._connection.execute(query).scalar_one())

    def delete_letters(self, before: datetime) -> int:
        """Delete some of them, with what they asked; return how many, 0 when none is left."""
        oldest = select(editions.c.key).where(_letters(before)).order_by(editions.c.key).limit(STEP)
        keys = list(self._connection.execute(oldest).scalars())
        for column in (requests.c.letter, deliveries.c.edition, delivery_events.c.edition):
            self._connection.execute(delete(column.table).where(column.in_(keys)))
        self._connection.execute(delete(editions).where(editions.c.key.in_(keys)))
        return len(keys)

    def count_events(self, before: datetime) -> int:
        """Count what servers answered, what changed about readers, and clicks, before then."""
        counts = (
            self._connection.execute(select(func.count()).select_from(table).where(old))
            for table, old in _events(before)
        )
        return sum(int(count.scalar_one()) for count in counts)

    def delete_events(self, before: datetime) -> int:
        """Delete some of that; return how many lines, 0 when none is left."""
        gone = 0
        for table, old in _events(before):
            oldest = select(table.c.key).where(old).order_by(table.c.key).limit(STEP)
            query = delete(table).where(table.c.key.in_(oldest))
            gone += self._connection.execute(query).rowcount
        return gone


def _letters(before: datetime) -> ColumnElement[bool]:
    return and_(editions.c.kind == EditionKind.LETTER, editions.c.expires_at < before)


def _unconfirmed(before: datetime) -> ColumnElement[bool]:
    """Whose every subscription waits since before then, if they have one at all.

    Who was given a private feed is somebody's reader, though no mail goes to them.
    """
    keeps = exists().where(
        subscriptions.c.subscriber == subscribers.c.key,
        or_(
            subscriptions.c.state != SubscriptionState.PENDING,
            subscriptions.c.at >= before,
        ),
    )
    asked = exists().where(requests.c.subscriber == subscribers.c.key, requests.c.at >= before)
    follows = exists().where(private_feeds.c.subscriber == subscribers.c.key)
    return and_(subscribers.c.created_at < before, ~keeps, ~asked, ~follows)


def _events(before: datetime) -> tuple[tuple[Table, ColumnElement[bool]], ...]:
    # by who was merged with whom, links in old mails still find their readers; and how
    # somebody came to what they still get is what the law may ask for
    consent = and_(
        changes.c.action.in_(_CONSENT),
        exists().where(
            subscriptions.c.subscriber == changes.c.subscriber,
            subscriptions.c.newsletter == changes.c.newsletter,
        ),
    )
    changed = and_(changes.c.at < before, changes.c.action != Action.MERGED, ~consent)
    return (
        (delivery_events, delivery_events.c.at < before),
        (changes, changed),
        (clicks, clicks.c.at < before),
    )

"""Heartbeats: when mail last moved, and when everything was last gone through."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from syndicate.model.deliveries import WAITING, DeliveryState
from syndicate.model.mail_flow import MailFlow
from syndicate.store.database.schema import deliveries, editions, subscribers
from syndicate.store.database.schema_delivery import heartbeats
from syndicate.store.database.sql_engine import insert_new
from syndicate.store.ledger.claims import domain_of, put_off_until
from syndicate.store.ledger.transitions import GOES_ON

_UNANSWERED = tuple(state for state in WAITING if state is not DeliveryState.DEFERRED)


class Heartbeat(StrEnum):
    """What is noted each time that it happens."""

    TICK = "tick"
    """Everything that is due was gone through."""
    ACCEPTED = "accepted"
    """A mail server accepted a message."""
    PROBE = "probe"
    """Somebody asked whether the store can be written."""


class Heartbeats:
    """When each of them last happened, and how mail moves by that and by the ledger."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, what: Heartbeat, at: datetime) -> None:
        """Note that it happened at `at`; what is noted already may be newer."""
        older = update(heartbeats).where(heartbeats.c.what == what, heartbeats.c.at < at)
        if not self._connection.execute(older.values(at=at)).rowcount:
            insert_new(self._connection, heartbeats, {"what": what, "at": at})

    def mail_flow(self, at: datetime) -> MailFlow:
        """Return how mail moves at `at`; stopped editions don't count as waiting."""
        last = {row.what: row.at for row in self._connection.execute(select(heartbeats))}
        due = deliveries.c.next_attempt_at
        put_off = select(func.min(due)).join(editions, editions.c.key == deliveries.c.edition)
        first_due = (
            self._oldest(*_UNANSWERED),
            self._connection.execute(put_off.where(GOES_ON, put_off_until(at))).scalar(),
        )
        return MailFlow(
            oldest=self._oldest(*WAITING),
            due_since=min(filter(None, first_due), default=None),
            last_accepted=last.get(Heartbeat.ACCEPTED),
            last_tick=last.get(Heartbeat.TICK),
        )

    def has_due_outside(self, at: datetime, without: frozenset[str]) -> bool:
        """Whether a message is due for a reader at another domain than those of `without`."""
        dialect = self._connection.dialect.name
        there = domain_of(subscribers.c.address, dialect).in_(sorted(without))
        query = (
            select(deliveries.c.edition)
            .join(editions, editions.c.key == deliveries.c.edition)
            .join(subscribers, subscribers.c.key == deliveries.c.subscriber)
            .where(GOES_ON, ~there, or_(deliveries.c.state.in_(_UNANSWERED), put_off_until(at)))
            .limit(1)
        )
        return self._connection.execute(query).first() is not None

    def _oldest(self, *states: DeliveryState) -> datetime | None:
        """Return when the oldest edition was made with a delivery in one of these states."""
        theirs = deliveries.c.edition == editions.c.key
        firsts = (
            # the first in a state is looked up in the index, and nothing is counted
            select(func.min(deliveries.c.subscriber)).where(theirs, deliveries.c.state == state)
            for state in states
        )
        some: list[ColumnElement[bool]] = [first.scalar_subquery().is_not(None) for first in firsts]
        query = select(func.min(editions.c.created_at)).where(GOES_ON, or_(*some))
        oldest: datetime | None = self._connection.execute(query).scalar()
        return oldest

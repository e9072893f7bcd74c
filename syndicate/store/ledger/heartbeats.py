"""Heartbeats: when mail was last accepted, and when the last tick ended."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, or_, select, update

from syndicate.model.deliveries import WAITING, DeliveryState
from syndicate.model.mail_flow import MailFlow
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import deliveries, editions, subscribers
from syndicate.store.database.schema_delivery import heartbeats
from syndicate.store.database.sql_engine import insert_new
from syndicate.store.ledger.claims import domain_of, is_deferred_until
from syndicate.store.ledger.transitions import IS_SENDING

_UNANSWERED = tuple(state for state in WAITING if state is not DeliveryState.DEFERRED)


class Heartbeat(StrEnum):
    """Events whose last time is kept."""

    TICK = "tick"
    """Everything that was due has been done."""
    ACCEPTED = "accepted"
    """A mail server accepted a message."""
    PROBE = "probe"
    """A check whether the store can be written."""


class Heartbeats(Repository):
    """The last time of each event, and the state of the mail flow."""

    def record(self, event: Heartbeat, at: datetime) -> None:
        """Record an event of `at`, unless a newer one is recorded."""
        older = update(heartbeats).where(heartbeats.c.what == event, heartbeats.c.at < at)
        if not self._execute(older.values(at=at)).rowcount:
            insert_new(self._connection, heartbeats, {"what": event, "at": at})

    def mail_flow(self, at: datetime) -> MailFlow:
        """Return the state of the mail flow at `at`; stopped editions don't count as waiting."""
        last = {row.what: row.at for row in self._execute(select(heartbeats))}
        due = deliveries.c.next_attempt_at
        deferred = select(func.min(due)).join(editions, editions.c.key == deliveries.c.edition)
        first_due = (
            self._oldest(*_UNANSWERED),
            self._execute(deferred.where(IS_SENDING, is_deferred_until(at))).scalar(),
        )
        return MailFlow(
            oldest=self._oldest(*WAITING),
            due_since=min(filter(None, first_due), default=None),
            last_accepted=last.get(Heartbeat.ACCEPTED),
            last_tick=last.get(Heartbeat.TICK),
        )

    def has_due_outside(self, at: datetime, without: frozenset[str]) -> bool:
        """Whether a message is due for a reader outside the domains of `without`."""
        dialect = self._connection.dialect.name
        excluded = domain_of(subscribers.c.address, dialect).in_(sorted(without))
        query = (
            select(deliveries.c.edition)
            .join(editions, editions.c.key == deliveries.c.edition)
            .join(subscribers, subscribers.c.key == deliveries.c.subscriber)
            .where(
                IS_SENDING,
                ~excluded,
                or_(deliveries.c.state.in_(_UNANSWERED), is_deferred_until(at)),
            )
            .limit(1)
        )
        return self._execute(query).first() is not None

    def _oldest(self, *states: DeliveryState) -> datetime | None:
        """Return when the oldest edition with a delivery in one of these states was created."""
        of_edition = deliveries.c.edition == editions.c.key
        firsts = (
            # only the first in a state is looked up in the index
            select(func.min(deliveries.c.subscriber)).where(of_edition, deliveries.c.state == state)
            for state in states
        )
        present: list[ColumnElement[bool]] = [
            first.scalar_subquery().is_not(None) for first in firsts
        ]
        query = select(func.min(editions.c.created_at)).where(IS_SENDING, or_(*present))
        oldest: datetime | None = self._execute(query).scalar()
        return oldest

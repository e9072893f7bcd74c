"""Signs of life: when mail was accepted, when a tick ended, and how fast each process sends."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, or_, select

from syndicate.model.deliveries import WAITING, DeliveryState
from syndicate.model.mail_flow import MailFlow, SendRate
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import deliveries, editions, subscribers
from syndicate.store.database.schema_delivery import heartbeats, send_rates
from syndicate.store.editions.editions import has_any
from syndicate.store.ledger.claims import domain_of, is_deferred_until
from syndicate.store.ledger.transitions import IS_SENDING

_KEPT_FOR = timedelta(days=1)
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
        self._save(heartbeats, {"what": event, "at": at}, where=heartbeats.c.at < at)

    def mail_flow(self, at: datetime) -> MailFlow:
        """Return the state of the mail flow at `at`; stopped editions don't count as waiting."""
        last = {row.what: row.at for row in self._execute(select(heartbeats))}
        due = deliveries.c.next_attempt_at
        deferred = select(func.min(due)).join(editions, editions.c.key == deliveries.c.edition)
        first_due = (
            self._oldest(_UNANSWERED),
            self._execute(deferred.where(IS_SENDING, is_deferred_until(at))).scalar(),
        )
        return MailFlow(
            oldest=self._oldest(WAITING),
            due_since=min(filter(None, first_due), default=None),
            last_accepted=last.get(Heartbeat.ACCEPTED),
            last_tick=last.get(Heartbeat.TICK),
        )

    def has_due_outside(self, at: datetime, without: frozenset[str]) -> bool:
        """Whether a message is due for a reader outside the domains of `without`."""
        excluded = domain_of(subscribers.c.address, self._dialect).in_(sorted(without))
        rows = deliveries.join(editions, editions.c.key == deliveries.c.edition)
        rows = rows.join(subscribers, subscribers.c.key == deliveries.c.subscriber)
        is_due = or_(deliveries.c.state.in_(_UNANSWERED), is_deferred_until(at))
        return self._exists(rows, IS_SENDING, ~excluded, is_due)

    def _oldest(self, states: Iterable[DeliveryState]) -> datetime | None:
        """Return when the oldest edition with a delivery in one of these states was created."""
        query = select(func.min(editions.c.created_at)).where(IS_SENDING, has_any(states))
        oldest: datetime | None = self._execute(query).scalar()
        return oldest


class SenderProgress(Repository):
    """The newest send rate of each process and relay."""

    def save(self, rate: SendRate) -> None:
        """Save a rate in place of the one before; a new process deletes those of old."""
        matches = send_rates.c.owner == rate.owner, send_rates.c.relay == rate.relay
        if not self._update(send_rates, *matches, **asdict(rate)):
            self._insert_new(send_rates, asdict(rate))
            self._delete(send_rates, send_rates.c.at < rate.at - _KEPT_FOR)

    def recent(self, since: datetime) -> list[SendRate]:
        """Return the rates of `since` or later, by relay."""
        query = (
            select(send_rates)
            .where(send_rates.c.at >= since)
            .order_by(send_rates.c.relay, send_rates.c.owner)
        )
        return self._values(SendRate, query)

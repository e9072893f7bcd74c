"""The flow of mail of all processes: quotas and holds limit it, heartbeats and rates show it.

Operators see from it which relays are on hold, how fast mail is sent, and whether it has stalled.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select, true

from syndicate.config.values import Rate
from syndicate.model.deliveries import WAITING, DeliveryState
from syndicate.model.editions import ControlAction
from syndicate.store.database.attempt_limits import window_start
from syndicate.store.database.repository import EVERY_EDITION, Repository, columns_of
from syndicate.store.database.schema import (
    counters,
    deliveries,
    editions,
    microseconds,
    subscribers,
)
from syndicate.store.database.schema_delivery import (
    control_records,
    heartbeats,
    holds,
    send_rates,
    token_buckets,
)
from syndicate.store.ledger.claims import domain_of, is_deferred_until
from syndicate.store.ledger.transitions import IS_SENDING

DURATIONS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 30))
"""How long a hold lasts, by how often in a row it was extended."""
_DAY = timedelta(days=1)
_KEPT_FOR = _DAY
"""How long ended holds and rates are kept."""
_CURRENT = select(holds).where(holds.c.until > bindparam("now")).order_by(holds.c.what)
_UNANSWERED = tuple(state for state in WAITING if state is not DeliveryState.DEFERRED)
_SECOND = 1_000_000_000
"""In nanoseconds: at a million messages a second, a microsecond is a long time."""
_MAX_CLOCK_SKEW = 60 * _SECOND
"""How far the clocks of two machines may differ; more is a clock that was set."""
_NEARLY_EMPTY = 3 * _SECOND // 10
"""A bucket is as good as empty when this little of its second is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFlow:
    """The mail flow at one time, of all processes."""

    oldest: datetime | None
    """When the oldest edition with waiting messages was created."""
    due_since: datetime | None
    """Since when the longest overdue message is due."""
    last_accepted: datetime | None
    """When a mail server last accepted a message."""
    last_tick: datetime | None
    """When `tick` or `run` last handled everything that is due."""

    @property
    def idle_since(self) -> datetime | None:
        """Since when mail is due and none is accepted; None while none is due."""
        if self.due_since is None:
            return None
        return max(self.due_since, self.last_accepted or self.due_since)

    def is_stalled(self, at: datetime, after: timedelta) -> bool:
        """Whether mail has been due for that long with none accepted."""
        since = self.idle_since
        return since is not None and at - since >= after


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHold:
    """A relay or destination that gets no mail until a certain time."""

    what: str
    """`relay:NAME` or `domain:gmail.com`."""
    until: datetime
    strikes: int
    """How many holds in a row."""
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRate:
    """How fast one process sends to a relay, as it last reported."""

    owner: str
    relay: str
    at: datetime
    sessions: int
    accepted: int
    deferred: int
    failed: int
    per_second: float
    note: str
    """Why the relay accepts nothing; empty while it does."""


class SendQuotas(Repository):
    """Token buckets by name, each refilled at a rate, and counters per day."""

    def take(self, name: str, rate: Rate, wanted: int, *, at: datetime) -> int:
        """Take up to `wanted` tokens from a bucket; return how many there were.

        A bucket holds what its rate gives in a second, and at least one. No moment gives
        tokens twice, even when a clock is set back.
        """
        now = microseconds(at) * 1000
        per_token = -(-(rate.per // timedelta(microseconds=1)) * 1000 // rate.count)
        by_name = token_buckets.c.name == name
        query = select(token_buckets.c.used_until).where(by_name).with_for_update()
        used_until = self._execute(query).scalar()
        if used_until is None:
            self._insert_new(token_buckets, {"name": name, "used_until": 0, "apiece": 0})
            used_until = self._execute(query).scalar_one()
        if used_until > now + _MAX_CLOCK_SKEW:
            used_until = now
        start = max(used_until, now - max(1, _SECOND // per_token) * per_token)
        taken = max(0, min(wanted, (now - start) // per_token))
        used_until = start + taken * per_token
        self._update(token_buckets, by_name, used_until=used_until, apiece=per_token)
        return taken

    def release(self, name: str, count: int) -> None:
        """Put back tokens that were not used."""
        used_until = token_buckets.c.used_until - count * token_buckets.c.apiece
        self._update(token_buckets, token_buckets.c.name == name, used_until=used_until)

    def take_daily(self, name: str, limit: int, wanted: int, *, at: datetime) -> int:
        """Take up to `wanted` of the `limit` there are per day (UTC); return how many."""
        self._insert_new(counters, {"name": name, "starts_at": window_start(at, _DAY), "count": 0})
        query = select(counters.c.count).where(_on_day(name, at)).with_for_update()
        before = int(self._execute(query).scalar_one())
        taken = max(0, min(wanted, limit - before))
        self._update(counters, _on_day(name, at), count=before + taken)
        return taken

    def release_daily(self, name: str, count: int, *, at: datetime) -> None:
        """Put back what was taken on the day of `at` and not used."""
        left = case((counters.c.count > count, counters.c.count - count), else_=0)
        self._update(counters, _on_day(name, at), count=left)

    def exhausted(self, *, at: datetime) -> frozenset[str]:
        """Return the buckets whose tokens are taken as soon as they are there."""
        now = microseconds(at) * 1000
        next_tokens = token_buckets.c.used_until + 2 * token_buckets.c.apiece
        query = select(token_buckets.c.name).where(
            or_(token_buckets.c.used_until > now - _NEARLY_EMPTY, next_tokens > now),
            token_buckets.c.used_until <= now + _MAX_CLOCK_SKEW,
        )
        return frozenset(self._column(query))

    def taken_today(self, name: str, *, at: datetime) -> int:
        """Return how many were taken on the day of `at` (UTC)."""
        return self._scalar(counters.c.count, _on_day(name, at)) or 0


def _on_day(name: str, at: datetime) -> ColumnElement[bool]:
    return and_(counters.c.name == name, counters.c.starts_at == window_start(at, _DAY))


class Holds(Repository):
    """Which relays and domains are on hold, until when and why."""

    def extend(self, what: str, *, reason: str, at: datetime) -> MailHold:
        """Put a relay or a domain on hold; each time in a row for longer.

        A current hold isn't changed. A hold that ended more than a day ago doesn't count.
        """
        self._delete(holds, holds.c.until < at - _KEPT_FOR)
        first = MailHold(what=what, until=at + DURATIONS[0], strikes=1, reason=reason, since=at)
        hold = None
        while hold is None:  # another process may lift it in between
            if self._insert_new(holds, columns_of(first)):
                return first
            query = select(holds).where(holds.c.what == what).with_for_update()
            hold = self._value(MailHold, query)
        if hold.until > at:
            return hold
        until = at + DURATIONS[min(hold.strikes, len(DURATIONS) - 1)]
        longer = replace(hold, until=until, strikes=hold.strikes + 1, reason=reason)
        self._update(holds, holds.c.what == what, **columns_of(longer))
        return longer

    def current(self, at: datetime) -> list[MailHold]:
        """Return the holds at `at`."""
        return self._values(MailHold, _CURRENT, {"now": at})

    def lift(self, what: str, *, over_by: datetime | None = None) -> None:
        """Delete a hold, since mail is accepted again.

        With `over_by`, only if it ends by then: the accepted message may have been sent before
        the server's reply led to a new hold.
        """
        over = true() if over_by is None else holds.c.until <= over_by
        self._delete(holds, holds.c.what == what, over)


@cache
def _has_open(states: tuple[DeliveryState, ...]) -> ColumnElement[bool]:
    """Match editions with a delivery in one of these states.

    They are found by jumping from one to the next in the index of states: nearly all editions,
    letters above all, are done, and asking each of a million would take seconds.
    """
    edition, found = deliveries.c.edition, []
    for state in states:
        of_state = select(func.min(edition).label("edition")).where(deliveries.c.state == state)
        first = of_state.cte(f"open_{state}", recursive=True)
        following = of_state.where(edition > first.c.edition).correlate(first).scalar_subquery()
        jump = select(following).where(first.c.edition.is_not(None))
        keys = first.union_all(jump)
        found.append(editions.c.key.in_(select(keys.c.edition).where(keys.c.edition.is_not(None))))
    return or_(*found)


def _later(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the later of two times; the other where one is null."""
    return case((one > other, one), else_=other)


class Heartbeat(StrEnum):
    """Events whose last time is kept."""

    TICK = "tick"
    """Everything that was due has been done."""
    ACCEPTED = "accepted"
    """A mail server accepted a message."""
    PROBE = "probe"
    """A check whether the store can be written."""


class Heartbeats(Repository):
    """The last time of each event, the state of the mail flow, and how fast processes send."""

    def record(self, event: Heartbeat, at: datetime) -> None:
        """Record an event of `at`, unless a newer one is recorded."""
        self._save(heartbeats, {"what": event, "at": at}, where=heartbeats.c.at < at)

    def last_tick(self) -> datetime | None:
        """Return when `tick` or `run` last handled everything that is due."""
        return self._scalar(heartbeats.c.at, heartbeats.c.what == Heartbeat.TICK)

    def mail_flow(self, at: datetime) -> MailFlow:
        """Return the state of the mail flow at `at`; stopped editions don't count as waiting."""
        last = {row.what: row.at for row in self._execute(select(heartbeats))}
        return MailFlow(
            oldest=self._scalar(func.min(editions.c.created_at), IS_SENDING, _has_open(WAITING)),
            due_since=self._due_since(at),
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

    def _due_since(self, at: datetime) -> datetime | None:
        """Return since when the longest overdue message is due; None for none.

        A message isn't due before its edition is released, nor while a person pauses it.
        """
        began = control_records.c.act.in_([ControlAction.RELEASED, ControlAction.RESUMED])
        newest = select(func.max(control_records.c.at))
        of_edition = control_records.c.edition == editions.c.key
        started = newest.where(of_edition, began).correlate(editions).scalar_subquery()
        created = _later(started, editions.c.created_at)
        deferred = (
            select(deliveries.c.edition, func.min(deliveries.c.next_attempt_at).label("due_at"))
            .join(editions, editions.c.key == deliveries.c.edition)
            .where(IS_SENDING, is_deferred_until(at))
            .group_by(deliveries.c.edition)
            .subquery()
        )
        again = select(func.min(_later(started, deferred.c.due_at)))
        again = again.select_from(editions).join(deferred, deferred.c.edition == editions.c.key)
        first = (
            self._scalar(func.min(created), IS_SENDING, _has_open(_UNANSWERED)),
            self._execute(again).scalar(),
        )
        since: datetime | None = min(filter(None, first), default=None)
        if since is None:
            return None
        resumed = self._scalar(
            func.max(control_records.c.at), control_records.c.edition == EVERY_EDITION, began
        )
        return max(since, resumed or since)

    def save_rate(self, rate: SendRate) -> None:
        """Save a rate in place of the one before, and delete those that are too old."""
        self._save(send_rates, columns_of(rate))
        self._delete(send_rates, send_rates.c.at < rate.at - _KEPT_FOR)

    def recent_rates(self, since: datetime) -> list[SendRate]:
        """Return the newest rate of each process and relay, if of `since` or later, by relay."""
        query = select(send_rates).where(send_rates.c.at >= since)
        return self._values(SendRate, query.order_by(send_rates.c.relay, send_rates.c.owner))

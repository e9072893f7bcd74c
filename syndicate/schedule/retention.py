"""Delete what is older than the retention rules allow: daily in small steps, or on demand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from syndicate import clock
from syndicate.config import Config
from syndicate.model.subscribers import Actor, Cause
from syndicate.store import Store, Transaction
from syndicate.store.audience.erasures import STEP

_DAY = timedelta(days=1)
_COUNTERS_KEPT = timedelta(days=2)
"""How long counters of attempt limits are kept; no limit looks further back."""


REPLAYS_KNOWN = timedelta(days=200)
"""How long a report that comes again is recognised by its digest alone: for longer than a complaint
counts, whatever [retention] says."""
EVENTS_KNOWN = timedelta(days=30)
"""How long a provider's event is recognised by its id; none repeats one for longer than days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionReport:
    """How many rows were deleted, or would be."""

    unconfirmed: int = 0
    """People who never confirmed a subscription."""
    letters: int = 0
    """Letters whose links have expired."""
    events: int = 0
    """Server replies, reports, audit log entries and clicks."""

    def __bool__(self) -> bool:
        return bool(self.unconfirmed or self.letters or self.events)

    def __str__(self) -> str:
        return (
            f"{self.unconfirmed} unconfirmed, {self.letters} letters, {self.events} events deleted"
        )


def purge_daily(
    store: Store, config: Config, *, at: datetime, stop: Event
) -> RetentionReport | None:
    """Delete what is due, once a day; None if that was already done today, by any process."""
    at = min(at, clock.now())  # a trial of the future deletes nothing before its day
    with store.write() as tx:
        if not tx.attempt_limits.once("retention", per=_DAY, at=at):
            return None
    return purge(store, config, at=at, stop=stop)


def purge(
    store: Store, config: Config, *, at: datetime, stop: Event | None = None
) -> RetentionReport:
    """Delete what is due in small transactions; once `stop` is set, leave the rest."""
    rule = config.retention
    before = at - rule.unconfirmed
    after = clock.format_duration(rule.unconfirmed)
    cause = Cause(who=Actor.RETENTION, how=f"nothing was confirmed within {after}", at=at)
    stop = stop or Event()

    unconfirmed = 0
    with store.write() as tx:
        tx.attempt_limits.delete_before(at - _COUNTERS_KEPT)
        keys = tx.erasures.unconfirmed(before)
    while keys and not stop.is_set():
        step, keys = keys[:STEP], keys[STEP:]
        with store.write() as tx:
            unconfirmed += tx.erasures.delete_unconfirmed(step, before, cause=cause)
    letters = _purge_in_steps(store, stop, lambda tx: tx.erasures.delete_letters(before))
    mail, hooks = at - REPLAYS_KNOWN, at - EVENTS_KNOWN
    _purge_in_steps(store, stop, lambda tx: tx.erasures.delete_processed(mail=mail, events=hooks))
    events, limit = 0, rule.events
    if limit:
        events = _purge_in_steps(store, stop, lambda tx: tx.erasures.delete_events(at - limit))
    return RetentionReport(unconfirmed=unconfirmed, letters=letters, events=events)


def _purge_in_steps(store: Store, stop: Event, delete_some: Callable[[Transaction], int]) -> int:
    """Delete a few rows per transaction until none is left; return how many."""
    total = 0
    while not stop.is_set():
        with store.write() as tx:
            deleted = delete_some(tx)
        if not deleted:
            break
        total += deleted
    return total


def count_purgeable(store: Store, config: Config, *, at: datetime) -> RetentionReport:
    """Count what `purge` would delete."""
    rule = config.retention
    with store.read() as tx:
        return RetentionReport(
            unconfirmed=len(tx.erasures.unconfirmed(at - rule.unconfirmed)),
            letters=tx.erasures.count_letters(at - rule.unconfirmed),
            events=tx.erasures.count_events(at - rule.events) if rule.events else 0,
        )

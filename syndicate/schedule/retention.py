"""Forgetting what is too old to be kept: once a day, in small steps, or by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from syndicate import clock
from syndicate.config import Config
from syndicate.model.subscribers import Actor, Cause
from syndicate.store import Store, Transaction
from syndicate.store.audience.retention import STEP

LIMITS_FOR = timedelta(days=2)
"""Counters of how often something happened; none of them looks further back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionReport:
    """What is gone, or would be."""

    unconfirmed: int = 0
    """People who confirmed nothing."""
    letters: int = 0
    """Letters whose links can't be used any more."""
    events: int = 0
    """Lines of what servers answered, of what changed about readers, and of clicks."""

    def __bool__(self) -> bool:
        return bool(self.unconfirmed or self.letters or self.events)

    def __str__(self) -> str:
        return (
            f"{self.unconfirmed} unconfirmed, {self.letters} letters, "
            f"{self.events} events forgotten"
        )


def forget_daily(
    store: Store, config: Config, *, at: datetime, stop: Event
) -> RetentionReport | None:
    """Forget what is due, if nobody has done so today; None when somebody has.

    A time to come is a trial's, for which nothing is deleted before its day.
    """
    at = min(at, clock.now())
    with store.read() as tx:
        if tx.retention.ran_today(at):
            return None
    with store.write() as tx:
        if not tx.retention.start_daily_run(at):
            return None
    return forget(store, config, at=at, stop=stop)


def forget(
    store: Store, config: Config, *, at: datetime, stop: Event | None = None
) -> RetentionReport:
    """Forget what is due, step by step; once `stop` is set, the rest is left for the next time."""
    rule = config.retention
    after = clock.format_duration(rule.unconfirmed)
    cause = Cause(who=Actor.RETENTION, how=f"nothing was confirmed within {after}")
    stop = stop or Event()

    unconfirmed = 0
    with store.write() as tx:
        tx.attempt_limits.delete_before(at - LIMITS_FOR)
    with store.read() as tx:
        keys = tx.retention.unconfirmed(at - rule.unconfirmed)
    while keys and not stop.is_set():
        step, keys = keys[:STEP], keys[STEP:]
        with store.write() as tx:
            unconfirmed += tx.retention.delete_unconfirmed(
                step, at - rule.unconfirmed, cause=cause, at=at
            )
    letters = _step_by_step(
        store, stop, lambda tx: tx.retention.delete_letters(at - rule.unconfirmed)
    )
    events, limit = 0, rule.events
    if limit:
        events = _step_by_step(store, stop, lambda tx: tx.retention.delete_events(at - limit))
    return RetentionReport(unconfirmed=unconfirmed, letters=letters, events=events)


def _step_by_step(store: Store, stop: Event, forget_some: Callable[[Transaction], int]) -> int:
    """Forget, some in each transaction, until none is left; return how many."""
    gone = 0
    while not stop.is_set():
        with store.write() as tx:
            some = forget_some(tx)
        gone += some
        if not some:
            break
    return gone


def forgettable(store: Store, config: Config, *, at: datetime) -> RetentionReport:
    """Count what would be forgotten."""
    rule = config.retention
    with store.read() as tx:
        return RetentionReport(
            unconfirmed=len(tx.retention.unconfirmed(at - rule.unconfirmed)),
            letters=tx.retention.count_letters(at - rule.unconfirmed),
            events=tx.retention.count_events(at - rule.events) if rule.events else 0,
        )

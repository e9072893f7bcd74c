"""The one way out: hand over everything that is due, over several connections.

`tick` and `run` call the same `drain`, as any further process does; the ledger
sees to it that each reader is served once.
"""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from syndicate.config import Config
from syndicate.deliver.connection import Connection, Course
from syndicate.deliver.ledger import Ledger
from syndicate.deliver.links import Links
from syndicate.deliver.mailings import Mailings
from syndicate.deliver.relay import Relay
from syndicate.deliver.transaction import data_timeout
from syndicate.model.deliveries import State
from syndicate.model.stops import Limit
from syndicate.store import Store

_log = structlog.get_logger(__name__)
_GRACE = 8.0
"""Seconds that a message in flight gets to be finished in after `stop`."""
_ABORTING = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What one pass did."""

    accepted: int = 0
    failed: int = 0
    deferred: int = 0
    skipped: int = 0
    """Held back by mail.only; who left since is skipped too, but not counted here."""
    unknown: int = 0
    expired: int = 0
    recovered: int = 0
    """Taken over from processes that died, and queued again."""
    paused: tuple[int, ...] = ()
    """Editions that were refused too often, and paused themselves."""
    unavailable: str = ""
    """Why the relay took nothing of what is still due; empty when nothing was in the way."""


def drain(
    store: Store,
    config: Config,
    relay: Relay,
    links: Links,
    *,
    at: datetime,
    stop: threading.Event,
) -> Drained:
    """Hand over everything that is due at `at`; return when nothing is, or soon after `stop`.

    Raise StoreError when the ledger can't be kept, and ConfigError, before anything is
    handed over, when a key that signs can't be read any more.
    """
    limit = Limit(share=config.mail.pause_at, after=config.mail.pause_after)
    ledger = Ledger(store, at=at, sending=_sending_lease(config), limit=limit)
    recovered = ledger.recover(relay, config, links)
    expired = ledger.expire()
    ledger.sweep()
    course = Course(stop)
    mailings = Mailings(store, config)
    while not stop.is_set() and ledger.open_editions():
        before = ledger.settled
        _pass(
            [
                Connection(ledger, relay, mailings, config=config, links=links, course=course)
                for _ in range(config.mail.connections)
            ],
            course,
        )
        if ledger.settled == before:
            break
    ledger.sweep()
    _tell(ledger)
    return _summary(ledger, course, recovered=recovered, expired=expired)


def _sending_lease(config: Config) -> timedelta:
    """How long a message may take from its intent to its verdict, and then some."""
    timeout = config.mail.timeout.total_seconds()
    return timedelta(seconds=data_timeout(timeout) + 2 * timeout + 60)


def _pass(connections: Sequence[Connection], course: Course) -> None:
    """Let connections work until each is done; raise what made one of them crash."""
    # daemons: one that can't be stopped, since it waits to be connected, holds nothing
    # that was handed over, and its claims are queued again when this process is gone
    ended = threading.Semaphore(0)

    def work(connection: Connection) -> None:
        try:
            connection.work()
        finally:
            ended.release()

    threads = [threading.Thread(target=work, args=[each], daemon=True) for each in connections]
    for thread in threads:
        thread.start()
    try:
        # no join() here: one that a signal breaks off takes a thread that works on for ended
        # (CPython before 3.13), and its message would be left without a verdict
        working = len(threads)
        while working and not course.over:
            working -= ended.acquire(timeout=0.1)
    except BaseException as interruption:
        course.crash = interruption
        raise
    finally:
        _finish(threads, connections)
    if course.crash is not None:
        raise course.crash


def _finish(threads: Sequence[threading.Thread], connections: Sequence[Connection]) -> None:
    """Wait for the messages in flight; break off those that the relay leaves hanging."""
    _join(threads, _GRACE)
    for thread, connection in zip(threads, connections, strict=True):
        if thread.is_alive():
            connection.abort()
    _join(threads, _ABORTING)


def _join(threads: Sequence[threading.Thread], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _tell(ledger: Ledger) -> None:
    for edition, count in sorted(ledger.counts.items()):
        _log.info(
            "edition accepted" if count[State.ACCEPTED] else "edition not accepted",
            edition=edition,
            recipients=count[State.ACCEPTED],
            refused=count[State.FAILED],
            **{s.value: count[s] for s in (State.DEFERRED, State.UNKNOWN) if count[s]},
        )


def _summary(ledger: Ledger, course: Course, *, recovered: int, expired: int) -> Drained:
    total: Counter[State] = sum(ledger.counts.values(), Counter())
    blocked = course.trouble if course.trouble and ledger.open_editions() else None
    return Drained(
        accepted=total[State.ACCEPTED],
        failed=total[State.FAILED],
        deferred=total[State.DEFERRED],
        skipped=total[State.SKIPPED],
        unknown=total[State.UNKNOWN],
        expired=expired,
        recovered=recovered,
        paused=ledger.paused,
        unavailable=str(blocked or ""),
    )

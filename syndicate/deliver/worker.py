"""The one way out: hand over everything that is due.

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
from syndicate.deliver.loop import claim_owner
from syndicate.deliver.loop.domain_throttle import DomainThrottle
from syndicate.deliver.loop.ledger import Ledger, LedgerBatch
from syndicate.deliver.loop.maintenance import Maintenance
from syndicate.deliver.loop.relay_pool import RelayPool
from syndicate.deliver.loop.send_loop import SendLoop
from syndicate.deliver.loop.send_queue import SendQueue
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.prepared import PreparedEditions
from syndicate.deliver.smtp.relay import Transport
from syndicate.deliver.smtp.session import data_timeout
from syndicate.errors import SecretUnreadable
from syndicate.model.deliveries import DeliveryState
from syndicate.model.edition_control import FailureThreshold
from syndicate.store import Store

_log = structlog.get_logger(__name__)
_ABORTING = 4.0
"""Seconds beyond `mail.stop_timeout` that it may take to record what came of a stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What one pass did."""

    accepted: int = 0
    failed: int = 0
    deferred: int = 0
    skipped: int = 0
    """Held back by mail.only; who left since is skipped too, but not counted here."""
    unknown: int = 0
    """May have arrived or not, of what this pass sent and of what a dead process left."""
    expired: int = 0
    recovered: int = 0
    """Taken over from processes that died, and queued again."""
    paused: tuple[int, ...] = ()
    """Editions that were refused too often, and paused themselves."""
    unavailable: tuple[str, ...] = ()
    """Why relays took nothing of what is still due, one by one; empty where they did."""


def drain(
    store: Store,
    config: Config,
    relays: Sequence[Transport],
    links: SignedLinks,
    *,
    at: datetime,
    stop: threading.Event,
) -> DeliveryReport:
    """Hand over everything that is due at `at`; return when nothing is, or soon after `stop`.

    While a key that signs can't be read, everything waits. Raise StoreError when the
    ledger can't be kept.
    """
    with claim_owner.life() as name:
        limit = FailureThreshold(share=config.mail.pause_at, after=config.mail.pause_after)
        ledger = Ledger(store, name=name, at=at, sending=_sending_lease(relays), limit=limit)
        upkeep = Maintenance(ledger, relays, config, links)
        upkeep.keep_up()
        fleet = RelayPool(relays, store)
        if ledger.open_editions():
            try:
                mailings = PreparedEditions(store, config)
            except SecretUnreadable as error:
                _wait(ledger, fleet, error)
            else:
                destinations = DomainThrottle(store, config.mail.limits)
                supply = SendQueue(ledger, mailings, links, destinations, only=config.mail.only)
                timeout = config.mail.stop_timeout.total_seconds()
                engine = SendLoop(ledger, fleet, supply, destinations, upkeep, stop_timeout=timeout)
                _run(engine, stop)
                store.sweep(ledger.moment)
        _tell(ledger)
        trouble = fleet.trouble(time.monotonic())
        blocked = trouble if trouble and ledger.open_editions() else ()
        return _summary(ledger, upkeep, blocked)


def _wait(ledger: Ledger, fleet: RelayPool, reason: SecretUnreadable) -> None:
    """Record for every relay why nothing leaves; the mail stays in the queue."""
    now = time.monotonic()
    for member in fleet.members:
        member.meet(reason, now)
    ledger.record(LedgerBatch(paces=fleet.paces(ledger.name, now, last=True)))


def _sending_lease(relays: Sequence[Transport]) -> timedelta:
    """How long a message may take from its intent to its verdict, and then some."""
    timeout = max(relay.settings.timeout.total_seconds() for relay in relays)
    return timedelta(seconds=data_timeout(timeout) + 2 * timeout + 60)


def _run(engine: SendLoop, stop: threading.Event) -> None:
    """Let the engine run in a thread of its own, and wait for its end; raise what ended it.

    A signal that breaks off this thread stops the engine as `stop` does: what is on
    its way gets its verdict.
    """
    halt = _EitherEvent(stop)
    ended = threading.Semaphore(0)
    crashes: list[BaseException] = []

    def work() -> None:
        try:
            engine.run(halt)
        except BaseException as crash:  # noqa: BLE001 - a thread's end: raised below
            crashes.append(crash)
        finally:
            ended.release()

    thread = threading.Thread(target=work, name="engine", daemon=True)
    try:
        thread.start()  # in here: it is at work before this returns
        # no join() here: one that a signal breaks off takes a thread that works on for ended
        # (CPython before 3.13), and its message would be left without a verdict
        while not ended.acquire(timeout=0.5):
            pass
    except BaseException:
        halt.set()
        ended.acquire(timeout=engine.stop_timeout + _ABORTING)
        raise
    if crashes:
        raise crashes[0]


class _EitherEvent(threading.Event):
    """Set when it was set itself, or another one was."""

    def __init__(self, other: threading.Event) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        """Whether either is."""
        return super().is_set() or self._other.is_set()


def _tell(ledger: Ledger) -> None:
    for edition, count in sorted(ledger.counts.items()):
        _log.info(
            "edition accepted" if count[DeliveryState.ACCEPTED] else "edition not accepted",
            edition=edition,
            recipients=count[DeliveryState.ACCEPTED],
            refused=count[DeliveryState.FAILED],
            **{
                s.value: count[s]
                for s in (DeliveryState.DEFERRED, DeliveryState.UNKNOWN)
                if count[s]
            },
        )


def _summary(ledger: Ledger, upkeep: Maintenance, blocked: tuple[str, ...]) -> DeliveryReport:
    total: Counter[DeliveryState] = sum(ledger.counts.values(), Counter())
    return DeliveryReport(
        accepted=total[DeliveryState.ACCEPTED],
        failed=total[DeliveryState.FAILED],
        deferred=total[DeliveryState.DEFERRED],
        skipped=total[DeliveryState.SKIPPED],
        unknown=total[DeliveryState.UNKNOWN] + upkeep.unknown,
        expired=upkeep.expired,
        recovered=upkeep.recovered,
        paused=ledger.paused,
        unavailable=blocked,
    )

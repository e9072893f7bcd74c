"""Sends everything that is due, by the transports that the config names: the one way for mail.

`tick` and `run` call the same `drain`, and several processes may at once: the ledger
makes sure that each reader gets one message.
"""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from syndicate.config import Config
from syndicate.deliver.loop import claim_owner
from syndicate.deliver.loop.ledger import Ledger, LedgerBatch
from syndicate.deliver.loop.maintenance import Maintenance
from syndicate.deliver.loop.relay_pool import RelayPool
from syndicate.deliver.loop.send_loop import SendLoop
from syndicate.deliver.loop.send_queue import SendQueue
from syndicate.deliver.loop.throttling import DomainThrottle
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.outgoing_message import PreparedEditions
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.smtp.session import BODY_TIMEOUTS
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.deliver.smtp.transport import Transport
from syndicate.errors import SecretUnreadable
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import FailureThreshold
from syndicate.model.subscribers import Cause
from syndicate.store import Store

_log = structlog.get_logger(__name__)
_RECORD_TIMEOUT = 4.0
"""Seconds beyond `mail.stop_timeout` to record the outcomes after a stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """The result of one pass."""

    accepted: int = 0
    failed: int = 0
    deferred: int = 0
    skipped: int = 0
    """Held back by mail.only; those who unsubscribed since are skipped, but not counted here."""
    unknown: int = 0
    """Messages of this pass, or of a dead process, that may or may not have arrived."""
    expired: int = 0
    recovered: int = 0
    """Taken over from dead processes, and queued again."""
    paused: tuple[int, ...] = ()
    """Editions that were paused because too much of them failed."""
    unavailable: tuple[str, ...] = ()
    """Why relays don't take the mail that is still due; empty if they do."""
    pause: Cause | None = None
    """Who has paused all mail; None while it may leave."""


def configured_transports(config: Config) -> tuple[Transport, ...]:
    """Return a transport for each relay, or the outbox; none is connected yet."""
    if config.mail.transport != "smtp":
        return (Outbox.of(config),)
    return tuple(
        SmtpTransport(
            server,
            partial(server.password, config.root),
            table=f"mail.relays.{server.name}" if config.mail.relays else "mail",
        )
        for server in config.mail.servers
    )


def drain(
    store: Store,
    config: Config,
    transports: Sequence[Transport],
    links: SignedLinks,
    *,
    at: datetime,
    stop: threading.Event,
) -> DeliveryReport:
    """Send everything that is due at `at`; return when nothing is, or soon after `stop`.

    While a signing key can't be read, and while all mail is paused, everything waits. Raise
    StoreError if the ledger can't be written.
    """
    with claim_owner.registered() as name:
        ledger = _ledger(store, config, transports, name=name, at=at)
        maintenance = Maintenance(ledger, transports, config, links)
        maintenance.run()
        relays = RelayPool(transports, store)
        if ledger.view().editions:
            try:
                prepared = PreparedEditions(store, config)
            except SecretUnreadable as error:
                _record_unreachable(ledger, relays, error)
            else:
                throttle = DomainThrottle(store, config.mail.limits)
                queue = SendQueue(ledger, prepared, links, throttle, only=config.mail.only)
                timeout = config.mail.stop_timeout.total_seconds()
                _run(SendLoop(ledger, relays, queue, throttle, maintenance, timeout), stop)
                store.sweep(ledger.current_time)
        now = time.monotonic()
        reasons = dict.fromkeys(relay.reason_unavailable(now) for relay in relays.relays)
        unavailable = tuple(filter(None, reasons))
        waiting = unavailable and ledger.view().editions
        with store.read() as tx:
            pause = tx.mail_pause.current()
        return _report(ledger, maintenance, unavailable if waiting else (), pause)


def _ledger(
    store: Store, config: Config, transports: Sequence[Transport], *, name: str, at: datetime
) -> Ledger:
    timeout = max(transport.settings.timeout.total_seconds() for transport in transports)
    return Ledger(
        store,
        name=name,
        at=at,
        # longer than a message can take from its intent to its outcome
        sending_lease=timedelta(seconds=timeout * (BODY_TIMEOUTS + 2) + 60),
        limit=FailureThreshold(share=config.mail.pause_at, after=config.mail.pause_after),
        bounces=config.bounces,
    )


def _record_unreachable(ledger: Ledger, relays: RelayPool, error: SecretUnreadable) -> None:
    """Record of every relay why nothing leaves by it; the mail stays queued."""
    now = time.monotonic()
    for relay in relays.relays:
        relay.mark_unreachable(error, now)
    ledger.record(LedgerBatch(rates=relays.rates(ledger.name, now, last=True)))


def _run(loop: SendLoop, stop: threading.Event) -> None:
    """Run the loop in a thread of its own, and wait for it; raise what ended it.

    An exception in this thread, such as from a signal, stops the loop as `stop` does: the
    messages in flight still get their outcome.
    """
    stop_loop = threading.Event()
    loop.should_stop = lambda: stop.is_set() or stop_loop.is_set()
    ended = threading.Semaphore(0)
    crashes: list[BaseException] = []

    def work() -> None:
        try:
            loop.run()
        except BaseException as crash:  # noqa: BLE001 - a thread's end: raised below
            crashes.append(crash)
        finally:
            ended.release()

    thread = threading.Thread(target=work, name="send-loop", daemon=True)
    try:
        thread.start()  # inside the try: it runs before this returns
        # no join(): before CPython 3.13, one that a signal interrupts takes a running thread
        # for ended, and the messages in flight would lose their outcome
        while not ended.acquire(timeout=0.5):
            pass
    except BaseException:
        stop_loop.set()
        ended.acquire(timeout=loop.stop_timeout + _RECORD_TIMEOUT)
        raise
    if crashes:
        raise crashes[0]


def _report(
    ledger: Ledger, maintenance: Maintenance, unavailable: Sequence[str], pause: Cause | None
) -> DeliveryReport:
    for edition, count in sorted(ledger.counts.items()):
        _log.info(
            "edition accepted" if count[DeliveryState.ACCEPTED] else "edition not accepted",
            edition=edition,
            recipients=count[DeliveryState.ACCEPTED],
            refused=count[DeliveryState.FAILED],
            **{
                state.value: count[state]
                for state in (DeliveryState.DEFERRED, DeliveryState.UNKNOWN)
                if count[state]
            },
        )
    total: Counter[DeliveryState] = sum(ledger.counts.values(), Counter())
    return DeliveryReport(
        accepted=total[DeliveryState.ACCEPTED],
        failed=total[DeliveryState.FAILED],
        deferred=total[DeliveryState.DEFERRED],
        skipped=total[DeliveryState.SKIPPED],
        unknown=total[DeliveryState.UNKNOWN] + maintenance.unknown,
        expired=maintenance.expired,
        recovered=maintenance.recovered,
        paused=tuple(ledger.paused),
        unavailable=tuple(unavailable),
        pause=pause,
    )

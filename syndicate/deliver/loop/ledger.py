"""This process's writes to the delivery ledger: each batch in one commit, and the totals.

An edition is paused when too large a share of it is refused for good, or bounces later.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from syndicate import clock
from syndicate.config.sections.feedback import BounceSettings
from syndicate.deliver.loop.refusals import RefusalRecorder
from syndicate.errors import StoreError, StoreTooNew
from syndicate.model.alarms import RelayCertificate
from syndicate.model.deliveries import (
    Claim,
    ClaimRequest,
    DeliveryOutcome,
    DeliveryState,
    Key,
    Lease,
)
from syndicate.model.editions import Edition, FailureThreshold
from syndicate.model.subscribers import Actor, Cause
from syndicate.store import Heartbeat, Store, Transaction
from syndicate.store.ledger.mail_flow import MailHold, SendRate

_log = structlog.get_logger(__name__)
_CLAIM_LEASE = timedelta(minutes=10)
"""How long a claim lasts if nobody can see whether its owner is dead."""
_HOLD_MEMORY = timedelta(days=1)
"""How long a hold that is over still counts as one to recover from."""
_STORE_TIMEOUT = 60.0
"""Seconds to retry a commit that has outcomes in it."""
_RETRY_INTERVAL = 1.0
"""Seconds between two such attempts."""
_HEARTBEAT_INTERVAL = 1.0
"""Seconds between heartbeats for accepted mail."""
_BOUNCE_INTERVAL = 5.0
"""Seconds between two counts of what bounced after it was accepted."""
_AFTER_BODY = frozenset({DeliveryState.ACCEPTED, DeliveryState.UNKNOWN})
"""The states that only a message whose body was sent can reach."""
_TRIED = (DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.UNKNOWN)


@dataclass(slots=True, kw_only=True)
class LedgerBatch:
    """What one iteration of the send loop records, all in one commit."""

    outcomes: list[DeliveryOutcome] = field(default_factory=list)
    intents: list[Claim] = field(default_factory=list)
    """The deliveries whose bodies are to be sent after the commit."""
    holds: dict[str, str] = field(default_factory=dict)
    """Relays and domains to put on hold, and their replies."""
    recovered: list[str] = field(default_factory=list)
    """Relays and domains that accept mail again."""
    rates: list[SendRate] = field(default_factory=list)
    certificates: list[RelayCertificate] = field(default_factory=list)
    """Those that relays showed when sessions were opened."""
    claim_request: ClaimRequest | None = None

    def __bool__(self) -> bool:
        lists = self.outcomes, self.intents, self.holds, self.recovered, self.rates
        return any(lists) or bool(self.certificates) or self.claim_request is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """The result of a batch, even if its commit was never confirmed."""

    moved: frozenset[Key]
    """The deliveries whose outcome was recorded."""
    may_send: frozenset[Key]
    """The only deliveries whose bodies may be sent."""
    claims: list[Claim]
    paused: bool = False
    """Whether an edition was paused because too much of it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerView:
    """The state of the ledger at one moment."""

    editions: list[Edition]
    """Those with deliveries that are due or claimed, the most urgent first."""
    holds: list[MailHold]
    """The relays and domains on hold."""
    lapsed: frozenset[str] = frozenset()
    """Those whose hold is over and that have accepted nothing since."""


@dataclass(slots=True)
class _EditionFailures:
    """What this process has counted of an edition since it last read the whole ledger."""

    tried: int = 0
    failed: int = 0
    tried_before: int = 0
    """How many all processes had tried by then."""
    bounced_before: int = 0
    """How many were reported by then to have bounced."""
    failures_until_check: int = 1


@dataclass(eq=False)
class Ledger:
    """Claims and records deliveries for this process; one thread uses it at a time.

    `name` is the owner of the claims, see `claim_owner`. What is due is judged by `at`,
    from which time goes on; leases and recorded times are by the real clock. After its
    intent, a delivery keeps its claim for `sending_lease`. An edition whose failures reach
    `limit` is paused; addresses are suppressed by the rules of `bounces`.
    """

    store: Store
    _: KW_ONLY
    name: str
    at: datetime
    sending_lease: timedelta
    limit: FailureThreshold = field(default_factory=FailureThreshold)
    bounces: BounceSettings = field(default_factory=BounceSettings)

    def __post_init__(self) -> None:
        self._refusals = RefusalRecorder(self.bounces)
        self._began = time.monotonic()
        self.counts: defaultdict[int, Counter[DeliveryState]] = defaultdict(Counter)
        """The outcomes recorded, by edition."""
        self.paused: list[int] = []
        """The editions that were paused because too much of them failed."""
        self._failures: dict[int, _EditionFailures] = {}
        self._next_heartbeat = self._next_bounce_check = 0.0

    @property
    def current_time(self) -> datetime:
        """The time by which deliveries are due."""
        return self.at + timedelta(seconds=time.monotonic() - self._began)

    def release(self, claims: Sequence[Claim]) -> None:
        """Release claims of which nothing was sent."""
        if claims:
            with self.store.write() as tx:
                tx.claims.release(claims, owner=self.name, at=clock.now())

    def view(self, claimed: Collection[int] = ()) -> LedgerView:
        """Return the state of the ledger; `claimed` are editions to list in any case."""
        now = clock.now()
        with self.store.read() as tx:
            holds = tx.holds.current(now - _HOLD_MEMORY)
            return LedgerView(
                editions=tx.deliveries.open_editions(self.current_time, claimed=claimed),
                holds=[hold for hold in holds if hold.until > now],
                lapsed=frozenset(hold.what for hold in holds if hold.until <= now),
            )

    def pause_bouncing(self, editions: Sequence[Edition]) -> bool:
        """Pause editions of which too much bounced after it was accepted; return if any was.

        It counts at most every few seconds. Raise StoreError.
        """
        if not editions or time.monotonic() < self._next_bounce_check:
            return False
        self._next_bounce_check = time.monotonic() + _BOUNCE_INTERVAL
        with self.store.read() as tx:
            reported = tx.control.count_bounce_reports([edition.key for edition in editions])
        paused_before = len(self.paused)
        for edition, count in reported.items():
            counted = self._failures.setdefault(edition, _EditionFailures())
            failed = counted.failed + count - counted.bounced_before
            if count > counted.bounced_before and failed >= counted.failures_until_check:
                self._check_failures(edition)
        return len(self.paused) > paused_before

    def record(self, batch: LedgerBatch) -> BatchResult:
        """Commit a batch; retry for a while if it has outcomes.

        Raise StoreError if that fails; then nothing of it is recorded, and the log has
        the outcomes.
        """
        until = time.monotonic() + (_STORE_TIMEOUT if batch.outcomes else 0)
        result: BatchResult | None = None
        while True:
            try:
                with self.store.write() as tx:
                    before, result = result, self._record(tx, batch)
                    if before is not None and _was_committed(batch, before, result):
                        result = before
                        tx.rollback()
            except StoreError as error:
                if isinstance(error, StoreTooNew) or time.monotonic() >= until:
                    self._log_unrecorded(batch)
                    raise
                time.sleep(_RETRY_INTERVAL)
            else:
                break
        paused_before = len(self.paused)
        self._count(batch.outcomes, result.moved)
        return replace(result, paused=len(self.paused) > paused_before)

    def _record(self, tx: Transaction, batch: LedgerBatch) -> BatchResult:
        now = clock.now()
        moved, may_send = tx.claims.settle_and_intend(
            self._refusals.record_outcomes(tx, batch.outcomes, now),
            batch.intents,
            Lease(self.name, now, now + self.sending_lease),
        )
        for name in sorted({*batch.holds, *batch.recovered}):  # sorted against deadlocks
            if name in batch.holds:
                tx.holds.extend(name, reason=batch.holds[name], at=now)
            else:
                tx.holds.lift(name, over_by=now)
        for rate in batch.rates:
            tx.heartbeats.save_rate(rate)
        for certificate in batch.certificates:
            tx.certificates.save(certificate)
        claims: list[Claim] = []
        if batch.claim_request is not None:
            lease = Lease(self.name, self.current_time, now + _CLAIM_LEASE)
            claims = tx.claims.claim(batch.claim_request, lease)
        if time.monotonic() >= self._next_heartbeat and any(map(_is_accepted, batch.outcomes)):
            # last: all processes write this row, so it is locked for the commit alone
            tx.heartbeats.record(Heartbeat.ACCEPTED, now)
            self._next_heartbeat = time.monotonic() + _HEARTBEAT_INTERVAL
        return BatchResult(moved=moved, may_send=may_send, claims=claims)

    def settle(
        self, tx: Transaction, outcomes: Sequence[DeliveryOutcome], now: datetime
    ) -> frozenset[Key]:
        """Record outcomes of deliveries in state unknown; return those that changed."""
        return tx.claims.settle(self._refusals.record_outcomes(tx, outcomes, now), at=now)

    def expire(self) -> int:
        """Expire deliveries that are past their edition's time; return how many."""
        with self.store.write() as tx:
            expired = tx.deliveries.expire_unanswered(self.current_time)
        while True:
            with self.store.write() as tx:
                batch = tx.deliveries.expire_answered(self.current_time)
                if not batch:
                    return expired
                self._refusals.record_expired(tx, batch, clock.now())
            expired += len(batch)

    def _count(self, outcomes: Sequence[DeliveryOutcome], moved: frozenset[Key]) -> None:
        counts: defaultdict[int, Counter[DeliveryState]] = defaultdict(Counter)
        for outcome in outcomes:
            if outcome.claim.key in moved:
                counts[outcome.claim.edition][outcome.state] += 1
        for edition, count in counts.items():
            self.counts[edition] += count
            try:
                self._count_failures(edition, count)
            except StoreError as error:
                # the bodies may be sent all the same; the next failure checks the limit again
                _log.warning("failures not checked", edition=edition, reason=str(error))

    def _count_failures(self, edition: int, states: Counter[DeliveryState]) -> None:
        """Add new outcomes; pause the edition if too many of all are failures.

        To count a whole edition takes a tenth of a second for a million readers, so that
        happens only when the limit may have been reached.
        """
        counted = self._failures.setdefault(edition, _EditionFailures())
        counted.tried += sum(states[state] for state in _TRIED)
        counted.failed += states[DeliveryState.FAILED]
        before = counted.tried_before
        first_check = before < self.limit.after <= before + counted.tried
        may_be_reached = first_check and counted.failed + before > 0
        if may_be_reached or counted.failed >= counted.failures_until_check:
            self._check_failures(edition)

    def _check_failures(self, edition: int) -> None:
        with self.store.read() as tx:
            results = tx.control.results_since_resume(edition)
            reported = tx.control.count_bounce_reports([edition])
        self._failures[edition] = _EditionFailures(
            tried_before=results.tried,
            bounced_before=reported.get(edition, 0),
            failures_until_check=self.limit.failures_left(results.tried, results.failed),
        )
        if not self.limit.is_reached(results.tried, results.failed):
            return
        with self.store.write() as tx:
            # again, since the edition may have been resumed meanwhile
            results = tx.control.results_since_resume(edition)
            if not self.limit.is_reached(results.tried, results.failed):
                return
            cause = Cause(who=Actor.SERVER, how=str(results), at=clock.now())
            decision = tx.control.pause(edition, cause)
        if decision.changed:
            self.paused.append(edition)
            _log.error(
                "edition paused itself",
                edition=edition,
                refused=results.refused,
                bounced=results.bounced,
                of=results.tried,
                held_back=decision.left.held_back,
                remedy=f"see `syndicate deliveries {edition}`; then resume, replace or cancel it",
            )

    def _log_unrecorded(self, batch: LedgerBatch) -> None:
        """Log the outcomes that can't be recorded, for an operator to settle by hand."""
        for outcome in batch.outcomes:
            _log.error(
                "outcome not recorded",
                edition=outcome.claim.edition,
                reader=outcome.claim.subscriber,
                outcome=outcome.state.value,
                code=outcome.code,
            )


def _was_committed(batch: LedgerBatch, before: BatchResult, again: BatchResult) -> bool:
    """Whether a batch was committed `before`, given its changes when it is recorded `again`.

    A server may commit and vanish before it confirms. While this process lives, no other
    records an outcome for a body that it sent: if such a row can't be changed now, this
    process changed it before.
    """
    sent = {outcome.claim.key for outcome in batch.outcomes if outcome.state in _AFTER_BODY}
    recorded = before.moved & sent
    return bool(recorded) and not recorded & again.moved


def _is_accepted(outcome: DeliveryOutcome) -> bool:
    return outcome.state is DeliveryState.ACCEPTED

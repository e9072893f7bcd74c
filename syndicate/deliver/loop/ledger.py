"""This process's hand in the ledger: its moves, committed together, and their count."""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from syndicate import clock
from syndicate.deliver.loop.failure_limit import FailureLimit
from syndicate.deliver.loop.reply_classifier import condemns
from syndicate.errors import StoreError, StoreTooNew
from syndicate.model.deliveries import Claim, DeliveryOutcome, DeliveryState, Key
from syndicate.model.edition_control import FailureThreshold
from syndicate.model.editions import Edition
from syndicate.model.relay_status import MailHold, SendRate
from syndicate.model.subscribers import Actor, Cause
from syndicate.store import Heartbeat, Store, Transaction

_log = structlog.get_logger(__name__)
_LEASE = timedelta(minutes=10)
"""How long a claim lasts where its owner can't be seen to have died."""
_REMEMBERED = timedelta(days=1)
"""How long it counts that somebody wanted less."""
_PATIENCE = 60.0
"""Seconds that verdicts are worth waiting for a store that can't be written."""
_BEAT = 1.0
"""Seconds between notes that mail is accepted."""
_LEFT = frozenset({DeliveryState.ACCEPTED, DeliveryState.UNKNOWN})
"""What can have become of those alone whose bodies left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """What is to be claimed: some more readers of an edition."""

    edition: int
    limit: int
    after: int
    """The subscriber after whom to look."""
    without: frozenset[str]
    """Domains that get nothing at the moment."""


@dataclass(slots=True, kw_only=True)
class LedgerBatch:
    """What one turn of the loop has to record, all of it in one commit."""

    verdicts: list[DeliveryOutcome] = field(default_factory=list)
    intents: list[Claim] = field(default_factory=list)
    """Whose bodies are to leave."""
    holds: dict[str, str] = field(default_factory=dict)
    """Who wants less for a while, and what they said."""
    eased: list[str] = field(default_factory=list)
    """Who takes mail again."""
    paces: list[SendRate] = field(default_factory=list)
    wanted: ClaimRequest | None = None

    def __bool__(self) -> bool:
        return any((self.verdicts, self.intents, self.holds, self.eased, self.paces, self.wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What came of a round."""

    may_leave: frozenset[Key]
    """Whose bodies may leave; of all others nothing may."""
    claims: list[Claim]
    paused: bool
    """Whether an edition paused itself by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerView:
    """How things stand in the store."""

    editions: list[Edition]
    """Those with something to hand over, what is claimed included; the most urgent first."""
    holds: list[MailHold]
    """Who wants less for a while."""
    lapsed: frozenset[str] = frozenset()
    """Who wanted less until some time ago, and took nothing since."""


class Ledger:
    """Moves deliveries on behalf of this process; one thread uses it at a time.

    `name` is what it writes into the rows that it claims, as `owner.life` gives it.
    What is due goes by `at`, from which time goes on; leases and the times that
    are recorded go by the real clock.
    """

    def __init__(
        self,
        store: Store,
        *,
        name: str,
        at: datetime,
        sending: timedelta,
        limit: FailureThreshold | None = None,
    ) -> None:
        self.store = store
        self._began = at, time.monotonic()
        self._sending = sending
        self.name = name
        self.counts: defaultdict[int, Counter[DeliveryState]] = defaultdict(Counter)
        """What was settled, by edition."""
        self._brake = FailureLimit(store, limit or FailureThreshold())
        self._next_beat = 0.0

    @property
    def moment(self) -> datetime:
        """The time it is for this pass."""
        at, began = self._began
        return at + timedelta(seconds=time.monotonic() - began)

    @property
    def paused(self) -> tuple[int, ...]:
        """The editions that paused themselves."""
        return tuple(self._brake.paused)

    def release(self, claims: Sequence[Claim]) -> None:
        """Give back what was not handed over."""
        if claims:
            with self.store.write() as tx:
                tx.claims.release(claims, owner=self.name, at=clock.now())

    # what there is

    def open_editions(self) -> list[Edition]:
        """Return the editions with something to hand over, the most urgent first."""
        with self.store.read() as tx:
            return tx.deliveries.open_editions(self.moment)

    def see(self, claimed: Collection[int]) -> LedgerView:
        """Look at how things stand, also for the editions of which something is claimed."""
        now = clock.now()
        with self.store.read() as tx:
            known = tx.holds.current(now - _REMEMBERED)
            return LedgerView(
                editions=tx.deliveries.open_editions(self.moment, claimed=claimed),
                holds=[hold for hold in known if hold.until > now],
                lapsed=frozenset(hold.what for hold in known if hold.until <= now),
            )

    # the moves

    def record(self, due: LedgerBatch) -> BatchResult:
        """Record a round; verdicts are worth some patience with the store.

        Raise StoreError when it can't be done; then nothing of it is recorded, and
        the log has what the verdicts were.
        """
        until = time.monotonic() + (_PATIENCE if due.verdicts else 0)
        done: _CommittedWork | None = None
        while True:
            try:
                with self.store.write() as tx:
                    before, done = done, self._record(tx, due)
                    if before is not None and before.stands(done):
                        done = before
                        tx.rollback()
            except StoreTooNew:
                self._lament(due)
                raise
            except StoreError:
                if time.monotonic() >= until:
                    self._lament(due)
                    raise
                time.sleep(1)
            else:
                break
        known = len(self._brake.paused)
        self._count(due.verdicts, done.moved)
        paused = len(self._brake.paused) > known
        return BatchResult(may_leave=done.may_leave, claims=done.claims, paused=paused)

    # how

    def _record(self, tx: Transaction, due: LedgerBatch) -> "_CommittedWork":
        now = clock.now()
        moved, may_leave = tx.claims.settle_and_intend(
            _suppressing(tx, due.verdicts, now),
            due.intents,
            owner=self.name,
            lease_until=now + self._sending,
            at=now,
        )
        for what in sorted({*due.holds, *due.eased}):  # in one order, whoever changes them
            if what in due.holds:
                tx.holds.extend(what, reason=due.holds[what], at=now)
            else:
                tx.holds.lift(what, over_by=now)
        for pace in due.paces:
            tx.sender_progress.save(pace)
        claims = self._claim(tx, due.wanted, now) if due.wanted else []
        if time.monotonic() >= self._next_beat and any(map(_is_accepted, due.verdicts)):
            # last: a lock on what all processes write is kept for the commit alone
            tx.heartbeats.record(Heartbeat.ACCEPTED, now)
            self._next_beat = time.monotonic() + _BEAT
        return _CommittedWork(
            verdicts=due.verdicts, moved=moved, may_leave=may_leave, claims=claims
        )

    def _claim(self, tx: Transaction, wanted: ClaimRequest, now: datetime) -> list[Claim]:
        return tx.claims.claim(
            wanted.edition,
            owner=self.name,
            lease_until=now + _LEASE,
            at=self.moment,
            limit=wanted.limit,
            after=wanted.after,
            without=wanted.without,
        )

    @staticmethod
    def settle(
        tx: Transaction, verdicts: Sequence[DeliveryOutcome], now: datetime
    ) -> frozenset[Key]:
        """Record what became of some; of who was erased meanwhile, nothing that names them."""
        return tx.claims.settle(_suppressing(tx, verdicts, now), at=now)

    def _count(self, verdicts: Sequence[DeliveryOutcome], moved: frozenset[Key]) -> None:
        counts: defaultdict[int, Counter[DeliveryState]] = defaultdict(Counter)
        for verdict in verdicts:
            if verdict.claim.key in moved:
                counts[verdict.claim.edition][verdict.state] += 1
        for edition, count in counts.items():
            self.counts[edition] += count
            try:
                self._brake.note(edition, count)
            except StoreError as error:
                # what was recorded may leave all the same; when more has failed, it looks again
                _log.warning("failures not looked at", edition=edition, reason=str(error))

    def _lament(self, due: LedgerBatch) -> None:
        """Tell what can't be recorded: an operator may settle it by hand."""
        for verdict in due.verdicts:
            _log.error(
                "verdict not recorded",
                edition=verdict.claim.edition,
                reader=verdict.claim.subscriber,
                verdict=verdict.state.value,
                code=verdict.code,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _CommittedWork:
    """What a transaction did, whether or not it was heard that it was committed."""

    verdicts: Sequence[DeliveryOutcome]
    moved: frozenset[Key]
    """Of whom a verdict counts."""
    may_leave: frozenset[Key]
    claims: list[Claim]

    @property
    def left(self) -> frozenset[Key]:
        """Those of whom a verdict counts and whose bodies had left."""
        return self.moved & {one.claim.key for one in self.verdicts if one.state in _LEFT}

    def stands(self, again: "_CommittedWork") -> bool:
        """Whether it was committed after all, as is seen when the same is done `again`.

        A server may commit and be gone before it says so. Of bodies that left, nobody
        else records anything while we live: only we can have moved those rows.
        """
        left = self.left
        return bool(left) and not left & again.moved


def _is_accepted(verdict: DeliveryOutcome) -> bool:
    return verdict.state is DeliveryState.ACCEPTED


def _suppressing(
    tx: Transaction, verdicts: Sequence[DeliveryOutcome], now: datetime
) -> Sequence[DeliveryOutcome]:
    """Let nobody be mailed again whom a verdict condemns; return what may be recorded."""
    if all(map(_is_accepted, verdicts)):
        return verdicts
    told = [one if one.state is DeliveryState.ACCEPTED else _discreet(tx, one) for one in verdicts]
    # in one order, whoever finds them out: two processes never wait for each other
    for verdict in sorted(filter(condemns, told), key=lambda one: one.claim.email):
        reason = f"{verdict.code} {verdict.reply}".strip()
        cause = Cause(who=Actor.SERVER, how=f"the answer to edition {verdict.claim.edition}")
        tx.subscribers.suppress(verdict.claim.email, reason, at=now, cause=cause)
    return told


def _discreet(tx: Transaction, verdict: DeliveryOutcome) -> DeliveryOutcome:
    holder = tx.merges.current_number(verdict.claim.subscriber)
    return verdict if tx.subscribers.by_key(holder) else replace(verdict, reply="")

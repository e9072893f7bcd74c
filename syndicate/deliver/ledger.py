"""This process's hand in the ledger: its moves, each committed by itself, and their count."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver import owner
from syndicate.deliver.brake import Brake
from syndicate.deliver.links import Links
from syndicate.deliver.message import Imprint
from syndicate.deliver.outcome import Outcome
from syndicate.deliver.relay import Relay
from syndicate.errors import StoreError, StoreTooNew
from syndicate.model.deliveries import Claim, State
from syndicate.model.editions import Edition, EditionState
from syndicate.model.stops import Limit
from syndicate.model.subscribers import Cause, Who
from syndicate.store import Store, Transaction

_LEASE = timedelta(minutes=10)
"""How long a claim lasts where its owner can't be seen to have died."""
_TRIES = 5


class Ledger:
    """Moves deliveries on behalf of this process; safe to share between threads.

    What is due goes by `at`, from which time goes on; leases and the times that
    are recorded go by the real clock. One thread writes at a time: SQLite
    lets only one, and waiting here is shorter than waiting there.
    """

    def __init__(
        self, store: Store, *, at: datetime, sending: timedelta, limit: Limit | None = None
    ) -> None:
        self._store = store
        self._began = at, time.monotonic()
        self._sending = sending
        self._writing = threading.Lock()
        self._owner = owner.identity()
        self.counts: defaultdict[int, Counter[State]] = defaultdict(Counter)
        """What was settled, by edition."""
        self._brake = Brake(store, limit or Limit())

    @property
    def moment(self) -> datetime:
        """The time it is for this pass."""
        at, began = self._began
        return at + timedelta(seconds=time.monotonic() - began)

    @property
    def settled(self) -> int:
        """How many deliveries were settled so far."""
        with self._writing:
            return sum(count.total() for count in self.counts.values())

    @property
    def paused(self) -> tuple[int, ...]:
        """The editions that paused themselves."""
        return tuple(self._brake.paused)

    def recover(self, relay: Relay, config: Config, links: Links) -> int:
        """Take over what dead processes held; return how much of it is queued again.

        What may have been sent is settled by the relay's evidence where it has
        any, in the same commit: a row is called unknown for good only when
        nothing can be known.
        """
        with self._writing, self._store.write() as tx:
            found = tx.deliveries.recover(now=clock.now(), dead=owner.dead)
            again = [c for c in found.unknown if self._look_up(tx, c, relay, config, links)]
            return found.requeued + len(again)

    def expire(self) -> int:
        """Give up what is past its edition's time; return how many."""
        with self._writing, self._store.write() as tx:
            return tx.deliveries.expire(self.moment)

    def sweep(self) -> None:
        """Let what was put off, or came back, follow what was decided about its edition."""
        swept = 1
        while swept:
            with self._writing, self._store.write() as tx:
                swept = tx.stops.sweep(self.moment)

    def goes_on(self, edition: Edition) -> bool:
        """Whether an edition may still be handed over, as far as its operators are concerned."""
        with self._store.read() as tx:
            found = tx.editions.by_key(edition.key)
        return found is not None and found.state is EditionState.SENDING

    def open_editions(self) -> list[Edition]:
        """Return the editions with something to hand over, the most urgent first."""
        with self._store.read() as tx:
            return tx.deliveries.open_editions(self.moment)

    def claim(self, edition: Edition, limit: int) -> list[Claim]:
        """Take up to `limit` deliveries of an edition for a while; none when none is due."""
        with self._writing, self._store.write() as tx:
            return tx.deliveries.claim(
                edition.key,
                owner=self._owner,
                lease_until=clock.now() + _LEASE,
                at=self.moment,
                limit=limit,
            )

    def release(self, claims: Collection[Claim]) -> None:
        """Give back what was not handed over."""
        if claims:
            with self._writing, self._store.write() as tx:
                tx.deliveries.release(list(claims), owner=self._owner, at=clock.now())

    def intend(self, claim: Claim) -> bool:
        """Record that the body is about to leave; False: it must not."""
        with self._writing, self._store.write() as tx:
            return tx.deliveries.intend(
                claim,
                owner=self._owner,
                lease_until=clock.now() + self._sending,
                at=clock.now(),
            )

    def settle(self, outcome: Outcome, *claims: Claim) -> None:
        """Record what became of deliveries; a verdict is worth several tries."""
        if not claims:
            return

        moved: list[Claim] = []

        def move(tx: Transaction) -> None:
            moved[:] = [claim for claim in claims if self._settle(tx, outcome, claim)]

        edition = claims[0].edition
        with self._writing:
            self._persist(move)
            self.counts[edition][outcome.state] += len(moved)
            self._brake.note(edition, Counter({outcome.state: len(moved)}))

    # how

    def _settle(self, tx: Transaction, outcome: Outcome, claim: Claim) -> bool:
        """Record what became of one; of who was erased meanwhile, nothing that names them.

        False where the row has moved on, as when its edition was cancelled.
        """
        accepted = outcome.state is State.ACCEPTED
        if not accepted and tx.subscribers.by_key(tx.mergers.holder(claim.subscriber)) is None:
            outcome = replace(outcome, reply="")
        moved = tx.deliveries.settle(
            claim,
            outcome.state,
            code=outcome.code,
            reply=outcome.reply,
            at=clock.now(),
            next_attempt_at=outcome.next_attempt_at,
        )
        if outcome.suppresses:
            reason = f"{outcome.code} {outcome.reply}".strip()
            cause = Cause(who=Who.SERVER, how=f"the answer to edition {claim.edition}")
            tx.subscribers.suppress(claim.email, reason, at=clock.now(), cause=cause)
        return moved

    def _persist(self, move: Callable[[Transaction], None]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                with self._store.write() as tx:
                    move(tx)
            except StoreTooNew:
                raise
            except StoreError:
                if not left:
                    raise
                time.sleep(1)
            else:
                return

    def _look_up(
        self, tx: Transaction, claim: Claim, relay: Relay, config: Config, links: Links
    ) -> bool:
        """Settle an unknown one by evidence or policy; True when it is queued again."""
        edition = tx.editions.by_key(claim.edition)
        if edition is None:
            return False
        domain = Imprint.of(edition, config).domain
        arrived = relay.arrived(links.message_id(claim.edition, claim.subscriber, domain))
        if arrived:
            self._settle(tx, Outcome(state=State.ACCEPTED, reply="found by its Message-ID"), claim)
            return False
        if arrived is None and edition.on_unknown != "resend":
            return False
        return tx.deliveries.resend(claim, at=clock.now())

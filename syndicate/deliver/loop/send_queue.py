"""What is to be handed over next: claimed in time, the most urgent edition first."""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from syndicate.deliver.loop import reply_classifier
from syndicate.deliver.loop.domain_throttle import DomainThrottle
from syndicate.deliver.loop.ledger import ClaimRequest, Ledger, LedgerView
from syndicate.deliver.loop.wakeup import Wakeup
from syndicate.deliver.message.dkim import BATCH
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.outgoing_message import OutgoingMessage, SigningPool
from syndicate.deliver.message.prepared import PreparedEditions
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim, DeliveryOutcome
from syndicate.model.editions import Edition, EditionKind

_FEWEST, _MOST = 25, 250
"""Rows in a claim: enough to make its commit cheap, and no more than leave within two seconds."""
_MEASURED = 0.1
"""Seconds after which it is looked again how many left."""
_AHEAD = 64
"""Copies that are written before their turn where threads sign, so that it is done by then."""
_AGAIN = 10.0
"""Seconds until an edition is looked through again of which only closed domains were left."""
_STALE = 120.0
"""Seconds after which what was claimed and didn't get its turn goes back, for others."""


class SendQueue:
    """Copies for whoever has a session free; used by the loop alone.

    A few readers are claimed ahead, so that no session waits for the ledger. An
    edition that is more urgent than what was claimed goes before it.
    """

    def __init__(
        self,
        ledger: Ledger,
        mailings: PreparedEditions,
        links: SignedLinks,
        destinations: DomainThrottle,
        *,
        only: tuple[str, ...],
    ) -> None:
        self._ledger = ledger
        self._mailings = mailings
        self._workshop = SigningPool(links)
        self._destinations = destinations
        self._only = only
        self._editions: list[Edition] = []
        self._queues: dict[int, deque[OutgoingMessage]] = {}
        self._after: dict[int, int] = {}
        self._exhausted: dict[int, tuple[frozenset[str], float]] = {}
        """Editions with nothing left at the domains that were open, and when that was seen."""
        self._refused: Collection[int] = ()
        self._back: list[Claim] = []
        self._appetite = _FEWEST
        self._handed_out = 0
        """How many since it was measured."""
        self._measured = 0.0
        self._oldest = 0.0
        self.waiting = 0
        """How many copies are claimed and wait for a session."""
        self.fruitless = False
        """Whether the last claim gave nothing: another edition is to be looked through at once."""

    @property
    def bell(self) -> Wakeup:
        """What rings when a copy can leave that could not before."""
        return self._workshop.bell

    @property
    def claimed(self) -> list[int]:
        """The editions of which copies wait for a session."""
        return [key for key, queue in self._queues.items() if queue]

    def look(
        self,
        sight: LedgerView,
        now: float,
        *,
        passed_over: Collection[int],
        refused: Collection[int],
    ) -> None:
        """Take note of how things stand, about once a second; raise StoreError.

        `passed_over` are editions that no relay takes anything of; `refused` those of
        which one doesn't, so that it is free for others.
        """
        self._refused = refused
        self._editions = [each for each in sight.editions if each.key not in passed_over]
        going_on = {each.key for each in self._editions}
        for edition in self._queues.keys() - going_on:
            self._return(self._queues.pop(edition))
        for edition in self._after.keys() - going_on:
            del self._after[edition]
        if self.waiting and now - self._oldest > _STALE:
            self._empty()
        closed = self._destinations.closed(now)
        # to find nothing but held domains takes a look at each of their readers
        self._exhausted = {
            key: (without, since)
            for key, (without, since) in self._exhausted.items()
            if without and without == closed and now - since < _AGAIN
        }
        if not (self._editions or self.waiting or self._back):
            # who waited for a limit was cancelled meanwhile, or others have them in hand
            self._destinations.sated(())
        self._ledger.release(self._returned())

    def wanted(self, sessions: int, now: float) -> ClaimRequest | None:
        """Say what to claim with the next commit, for so many sessions; None: enough is there."""
        self.fruitless = False
        self._measure(now)
        for edition in self._editions:
            if len(self._queues.get(edition.key, ())) > 2 * sessions:
                if edition.key in self._refused:
                    continue
                return None
            if not self._is_exhausted(edition.key, now):
                return ClaimRequest(
                    edition=edition.key,
                    limit=self._appetite,
                    after=self._after.get(edition.key, 0),
                    without=self._destinations.closed(now),
                )
        return None

    def take_in(
        self, wanted: ClaimRequest, claims: Sequence[Claim], now: float
    ) -> list[DeliveryOutcome]:
        """Take what was claimed; return what becomes of those who get nothing."""
        # on to the end, also where some were skipped: what lies behind may be held, and much
        self._after[wanted.edition] = claims[-1].subscriber if claims else 0
        self.fruitless = not claims and not self._back
        if not claims:
            if not wanted.after and not self._back:
                self._exhausted[wanted.edition] = wanted.without, now
                self._destinations.sated(wanted.without)
            return []
        edition = self._edition(wanted.edition)
        if edition.kind is EditionKind.LETTER:  # its one reader has it
            self._exhausted[wanted.edition] = frozenset(), now
        let_out: list[Claim] = []
        kept_in: list[DeliveryOutcome] = []
        for claim in claims:
            if reply_classifier.let_out(claim.email, self._only):
                let_out.append(claim)
            else:
                kept_in.append(reply_classifier.held_back(claim))
        try:
            mailing = self._mailings.get(edition)
        except Refused as refusal:
            return [*kept_in, *(reply_classifier.not_made(claim, refusal) for claim in let_out)]
        except BaseException:
            self._back += claims
            raise
        if not self.waiting:
            self._oldest = now
        queue = self._queues.setdefault(edition.key, deque())
        queue.extend(OutgoingMessage(claim, edition, mailing) for claim in let_out)
        self.waiting += len(let_out)
        return kept_in

    def prepare(self, count: int) -> None:
        """Write so many of the most urgent copies before their turn, or a few more."""
        urgent = (self._queues.get(edition.key) for edition in self._editions)
        queue = next(filter(None, urgent), None)
        if queue is not None:
            self._begin(queue, count)

    def next(self, now: float, *, refused: Collection[int]) -> OutgoingMessage | None:
        """Return the next copy, made, but for editions that are `refused`.

        None when none waits, or the next isn't signed yet: then the bell rings for it.
        """
        for edition in self._editions:
            queue = self._queues.get(edition.key)
            while queue and edition.key not in refused:
                if self._workshop.awaited:
                    return None
                domain = queue[0].domain
                if not self._destinations.draw(domain, now):
                    self._return([queue.popleft()])
                    continue
                if not queue[0].begun:
                    self._begin(queue, 1)
                if not self._workshop.finish(queue[0]):
                    self._destinations.undraw(domain)
                    return None
                self.waiting -= 1
                self._handed_out += 1
                return queue.popleft()
        return None

    def put_back(self, copy: OutgoingMessage) -> None:
        """Take back what was not handed over; it is the next of its edition again."""
        self._queues.setdefault(copy.edition.key, deque()).appendleft(copy)
        self.waiting += 1

    def give_up(self, copy: OutgoingMessage) -> None:
        """Let a claim go whose copy must not leave; what became of it, the ledger knows."""
        self._back.append(copy.claim)

    def exhausted(self, now: float) -> bool:
        """Whether nothing more is to be had for now: nothing is due, or soon will be."""
        done = all(self._is_exhausted(edition.key, now) for edition in self._editions)
        held_up = self.waiting or self._back or self._destinations.soon(now)
        return done and not held_up

    def give_back(self) -> None:
        """Give back all that was claimed, at the end; raise StoreError."""
        self._workshop.close()
        self._empty()
        self._ledger.release(self._returned())

    # how

    def _measure(self, now: float) -> None:
        """Want as many at once as leave within two seconds."""
        seconds = now - self._measured
        if seconds >= _MEASURED:
            leave = int(2 * self._handed_out / seconds)
            self._appetite = min(_MOST, max(_FEWEST, leave))
            self._handed_out, self._measured = 0, now

    def _begin(self, queue: deque[OutgoingMessage], count: int) -> None:
        """Write so many, and more where signing takes long, as many together as are best signed."""
        ahead = max(count, _AHEAD) if queue[0].mailing.slow else count
        first = next((n for n, copy in enumerate(queue) if not copy.begun), ahead)
        for start in range(first, min(ahead, len(queue)), BATCH):
            self._workshop.begin(islice(queue, start, start + BATCH))

    def _is_exhausted(self, edition: int, now: float) -> bool:
        """Whether nothing was left of it where mail goes now: a domain may have opened since."""
        without, _ = self._exhausted.get(edition, (None, 0.0))
        return without is not None and without <= self._destinations.closed(now)

    def _edition(self, key: int) -> Edition:
        return next(edition for edition in self._editions if edition.key == key)

    def _empty(self) -> None:
        for queue in self._queues.values():
            self._return(queue)
        self._queues.clear()

    def _return(self, copies: Iterable[OutgoingMessage]) -> None:
        for copy in copies:
            self.waiting -= 1
            self._back.append(copy.claim)

    def _returned(self) -> list[Claim]:
        returned, self._back = self._back, []
        return returned

"""The queue of claimed messages: filled ahead of need, the most urgent edition first.

Its messages are rendered and signed ahead: at once, or by threads where a signature takes long.
"""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue

from syndicate.deliver.loop.ledger import Ledger, LedgerView
from syndicate.deliver.loop.outcomes import is_allowed, not_rendered
from syndicate.deliver.loop.sessions import Wakeup
from syndicate.deliver.loop.throttling import DomainThrottle
from syndicate.deliver.message.dkim import BATCH_SIZE, sign_batch
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.outgoing_message import OutgoingMessage, PreparedEditions
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim, ClaimRequest, DeliveryOutcome, DeliveryState
from syndicate.model.editions import Edition, EditionKind

_MIN_CLAIM, _MAX_CLAIM = 25, 250
"""Rows in a claim: enough to make its commit cheap, and no more than leave within two seconds."""
_RATE_WINDOW = 0.1
"""Seconds over which the sending rate is measured."""
_SIGN_AHEAD = 64
"""Messages that are rendered before their turn where threads sign, to be signed in time."""
_RESCAN_INTERVAL = 10.0
"""Seconds until an edition is read again of which only readers at blocked domains were left."""
_MAX_WAIT = 120.0
"""Seconds after which claims whose turn never came are released, for other processes."""

_MAX_THREADS = os.cpu_count() or 1


@dataclass(eq=False)
class SendQueue:
    """Messages for sessions that are free; only the send loop uses it.

    Readers are claimed ahead, so that no session waits for the ledger. An edition that
    is more urgent than those already claimed goes before them.
    """

    ledger: Ledger
    prepared: PreparedEditions
    links: SignedLinks
    throttle: DomainThrottle
    only: tuple[str, ...]
    """`mail.only`."""

    def __post_init__(self) -> None:
        self._signing_pool = SigningPool(self.links)
        self.wakeup = self._signing_pool.wakeup
        """Notified when a message is signed that the loop had to wait for."""
        self._editions: list[Edition] = []
        self._queues: dict[int, deque[OutgoingMessage]] = {}
        self._after: dict[int, int] = {}
        """By edition, the subscriber after whom to claim next."""
        self._exhausted: dict[int, tuple[frozenset[str], float]] = {}
        """Editions with no reader left but at these domains, and when that was found."""
        self._refused: Collection[int] = ()
        self._released: list[Claim] = []
        """To be released in the ledger with the next `update`."""
        self._claim_size = _MIN_CLAIM
        self._popped = 0
        """Messages since `_measured_at`."""
        self._measured_at = 0.0
        self._oldest_claim_at = 0.0
        self.waiting = 0
        """How many claimed messages wait for a session."""
        self.last_claim_empty = False
        """Whether the last claim found nobody, so that the next edition is to be tried at once."""

    @property
    def claimed_editions(self) -> list[int]:
        """The editions of which messages wait for a session."""
        return [key for key, queue in self._queues.items() if queue]

    def update(
        self, view: LedgerView, now: float, *, blocked: Collection[int], refused: Collection[int]
    ) -> None:
        """Take over a view of the ledger, about once a second; raise StoreError.

        No relay takes the `blocked` editions; at least one doesn't take the `refused`
        ones, so that it is free for others.
        """
        self._refused = refused
        self._editions = [edition for edition in view.editions if edition.key not in blocked]
        open_keys = {edition.key for edition in self._editions}
        too_old = self.waiting > 0 and now - self._oldest_claim_at > _MAX_WAIT
        for key in list(self._queues) if too_old else self._queues.keys() - open_keys:
            self._release_queue(key)
        for key in self._after.keys() - open_keys:
            del self._after[key]
        domains = self.throttle.blocked_domains(now)
        # a claim that finds only blocked domains has read every reader of the edition
        self._exhausted = {
            key: (excluded, since)
            for key, (excluded, since) in self._exhausted.items()
            if excluded and excluded == domains and now - since < _RESCAN_INTERVAL
        }
        if not (self._editions or self.waiting or self._released):
            # the messages that waited for a limit are cancelled, or claimed by other processes
            self.throttle.forget_denials()
        self._release_claims()

    def claim_request(self, sessions: int, now: float) -> ClaimRequest | None:
        """Return what to claim next, if anything: as many readers as leave within two seconds."""
        self.last_claim_empty = False
        seconds = now - self._measured_at
        if seconds >= _RATE_WINDOW:
            in_two_seconds = int(2 * self._popped / seconds)
            self._claim_size = min(_MAX_CLAIM, max(_MIN_CLAIM, in_two_seconds))
            self._popped, self._measured_at = 0, now
        for edition in self._editions:
            if len(self._queues.get(edition.key, ())) > 2 * sessions:
                if edition.key in self._refused:
                    continue
                return None
            if not self._is_exhausted(edition.key, now):
                return ClaimRequest(
                    edition=edition.key,
                    limit=self._claim_size,
                    after=self._after.get(edition.key, 0),
                    excluded_domains=self.throttle.blocked_domains(now),
                )
        return None

    def add(
        self, request: ClaimRequest, claims: Sequence[Claim], now: float
    ) -> list[DeliveryOutcome]:
        """Queue what was claimed; return the outcomes of those who get nothing."""
        # up to the last reader before starting over, even if others were passed over: they may
        # be at blocked domains, and many
        self._after[request.edition] = claims[-1].subscriber if claims else 0
        self.last_claim_empty = not claims and not self._released
        if not claims:
            if not request.after and not self._released:
                self._exhausted[request.edition] = request.excluded_domains, now
                self.throttle.forget_denials(but=request.excluded_domains)
            return []
        edition = next(edition for edition in self._editions if edition.key == request.edition)
        if edition.kind is EditionKind.LETTER:  # it has only this reader
            self._exhausted[request.edition] = frozenset(), now
        allowed = [claim for claim in claims if is_allowed(claim.email, self.only)]
        skipped, reply = DeliveryState.SKIPPED, "held back by mail.only"
        outcomes = [
            DeliveryOutcome(claim=claim, state=skipped, reply=reply)
            for claim in claims
            if not is_allowed(claim.email, self.only)
        ]
        try:
            prepared = self.prepared.get(edition)
        except Refused as refusal:
            return outcomes + [not_rendered(claim, refusal) for claim in allowed]
        except BaseException:
            self._released += claims
            raise
        if not self.waiting:
            self._oldest_claim_at = now
        queue = self._queues.setdefault(edition.key, deque())
        queue.extend(OutgoingMessage(claim, edition, prepared) for claim in allowed)
        self.waiting += len(allowed)
        return outcomes

    def prepare(self, count: int) -> None:
        """Render about this many of the most urgent messages before their turn."""
        urgent = (self._queues.get(edition.key) for edition in self._editions)
        if queue := next(filter(None, urgent), None):
            self._render(queue, count)

    def pop(self, now: float, *, refused: Collection[int]) -> OutgoingMessage | None:
        """Return the next message, rendered and signed, skipping the `refused` editions.

        None if none waits, or if the next isn't signed yet; then `wakeup` is notified.
        """
        for edition in self._editions:
            queue = self._queues.get(edition.key)
            while queue and edition.key not in refused:
                if self._signing_pool.waiting:
                    return None
                domain = queue[0].domain
                if not self.throttle.take_token(domain, now):
                    self.release(queue.popleft())
                    self.waiting -= 1
                    continue
                if not queue[0].rendered:
                    self._render(queue, 1)
                if not self._signing_pool.finish(queue[0]):
                    self.throttle.undo_take(domain)
                    return None
                self.waiting -= 1
                self._popped += 1
                return queue.popleft()
        return None

    def requeue(self, message: OutgoingMessage) -> None:
        """Put a message that was not sent before all others of its edition."""
        self._queues.setdefault(message.edition.key, deque()).appendleft(message)
        self.waiting += 1

    def release(self, message: OutgoingMessage) -> None:
        """Release the claim of a message that must not be sent."""
        self._released.append(message.claim)

    def exhausted(self, now: float) -> bool:
        """Whether nothing is due, nor will be within the minute."""
        done = all(self._is_exhausted(edition.key, now) for edition in self._editions)
        return done and not (self.waiting or self._released or self.throttle.opens_soon(now))

    def close(self) -> None:
        """Release all claims; raise StoreError."""
        self._signing_pool.close()
        for key in list(self._queues):
            self._release_queue(key)
        self._release_claims()

    def _render(self, queue: deque[OutgoingMessage], count: int) -> None:
        """Render this many messages, more if signing takes long, in batches that sign fastest."""
        ahead = max(count, _SIGN_AHEAD) if queue[0].prepared.slow else count
        first = next((n for n, message in enumerate(queue) if not message.rendered), ahead)
        for start in range(first, min(ahead, len(queue)), BATCH_SIZE):
            self._signing_pool.render(islice(queue, start, start + BATCH_SIZE))

    def _is_exhausted(self, edition: int, now: float) -> bool:
        """Whether no reader was left but at domains that are blocked now, too."""
        excluded, _ = self._exhausted.get(edition, (None, 0.0))
        return excluded is not None and excluded <= self.throttle.blocked_domains(now)

    def _release_queue(self, edition: int) -> None:
        queue = self._queues.pop(edition)
        self.waiting -= len(queue)
        self._released += [message.claim for message in queue]

    def _release_claims(self) -> None:
        released, self._released = self._released, []
        self.ledger.release(released)


class SigningPool:
    """Renders messages a little ahead, in batches; threads sign them where that takes long.

    A thread only signs, which releases the interpreter lock: each time that threads take
    the lock from each other costs both of them. So a second thread starts only when the
    loop has to wait for a signature.
    """

    def __init__(self, links: SignedLinks) -> None:
        self._links = links
        self._batches: SimpleQueue[list[OutgoingMessage] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.waiting = False
        """Whether the next message isn't signed yet; `wakeup` reports when it is."""
        self.wakeup = Wakeup()

    def render(self, messages: Iterable[OutgoingMessage]) -> None:
        """Render up to BATCH_SIZE messages of one edition, and sign them if there is a key."""
        batch = [
            message for message in messages if not message.rendered and message.render(self._links)
        ]
        if batch and batch[0].prepared.slow:
            self._batches.put(batch)
            if not self._threads:
                self._start_thread()
        elif batch:
            _sign(batch)

    def finish(self, message: OutgoingMessage) -> bool:
        """Complete a rendered message; False where it isn't signed yet, see `waiting`."""
        if not message.ready:
            self.waiting = True
            if not message.ready:  # again: a thread may have signed it since
                if len(self._threads) < _MAX_THREADS:
                    with contextlib.suppress(RuntimeError):  # no more threads: those at work sign
                        self._start_thread()
                return False
            self.waiting = False
        message.finish()
        return True

    def close(self) -> None:
        """End each thread once the batches before are signed."""
        self.wakeup.close()
        for _ in self._threads:
            self._batches.put(None)

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._sign_batches, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _sign_batches(self) -> None:
        while (batch := self._batches.get()) is not None:
            _sign(batch)
            if self.waiting:
                self.waiting = False
                self.wakeup.notify()


def _sign(messages: Sequence[OutgoingMessage]) -> None:
    """Sign rendered messages of one edition; one that can't be signed doesn't affect the others."""
    try:
        signatures = sign_batch([m.unsigned for m in messages if m.unsigned is not None])
    except Exception as error:  # noqa: BLE001 - one bad message never stops the others
        if len(messages) == 1:
            messages[0].refusal, messages[0].signatures = Refused(str(error)), ()
        else:
            for message in messages:
                _sign([message])
    else:
        for message, of_message in zip(messages, signatures, strict=True):
            message.signatures = of_message

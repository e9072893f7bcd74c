"""One reader's copy on its way, and who makes it: the loop itself, or threads beside it."""

import contextlib
import os
import threading
from collections.abc import Iterable, Sequence
from queue import SimpleQueue

import idna

from syndicate.deliver.loop.wakeup import Wakeup
from syndicate.deliver.message.dkim import UnsignedMessage, sealed
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.message import Message
from syndicate.deliver.message.prepared import PreparedEdition, refusing
from syndicate.deliver.smtp.relay import Envelope
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Edition

_sealed = refusing(sealed)
_WRONG_TURNS = 3
"""How often a session may end under a message that was only offered, before it counts."""
_HANDS = os.cpu_count() or 1
"""The most threads that sign; as long as nothing waits for them, one does."""


class OutgoingMessage:
    """A claimed delivery with its message, which is made when it is needed."""

    __slots__ = (
        "_wrong_turns", "claim", "edition", "envelope", "mailing", "message", "refusal",
        "signatures", "unsigned",
    )  # fmt: skip

    envelope: Envelope
    message: Message

    def __init__(self, claim: Claim, edition: Edition, mailing: PreparedEdition) -> None:
        self.claim = claim
        self.edition = edition
        self.mailing = mailing
        self.refusal: Refused | None = None
        """Why it could not be made; then it has neither envelope nor message."""
        self.unsigned: UnsignedMessage | None = None
        """What was begun, until it is whole."""
        self.signatures: Sequence[bytes] | None = None
        """What it is to be signed with, when that is made; it may be in another thread."""
        self._wrong_turns = 0

    @property
    def domain(self) -> str:
        """The reader's mail domain, in ASCII and small letters; as it is where it is none."""
        domain = self.claim.email.rpartition("@")[2].lower()
        if domain.isascii():
            return domain
        try:
            return idna.encode(domain, uts46=True).decode()
        except idna.IDNAError:
            return domain

    def wrong_turn(self) -> bool:
        """Note that its session ended before its turn; False when that was once too often."""
        self._wrong_turns += 1
        return self._wrong_turns <= _WRONG_TURNS

    @property
    def begun(self) -> bool:
        """Whether it was written, signed or not, or could not be."""
        return hasattr(self, "envelope") or self.refusal is not None

    @property
    def ready(self) -> bool:
        """Whether it can be finished."""
        return self.signatures is not None or self.unsigned is None

    def begin(self, links: SignedLinks) -> bool:
        """Write the message; True when its signatures are still to be made."""
        try:
            self.envelope, copy = self.mailing.copy(self.claim, links)
        except Refused as refusal:
            self.refusal = refusal
            return False
        if isinstance(copy, Message):
            self.message = copy
            return False
        self.unsigned = copy
        return True

    def finish(self) -> None:
        """Make it whole; of no use before it is ready."""
        unsigned, self.unsigned = self.unsigned, None
        if unsigned is not None and self.signatures:
            self.message = unsigned.signed(self.signatures)


def _seal(copies: Sequence[OutgoingMessage]) -> None:
    """Make the signatures of copies of one edition that were begun."""
    try:
        signatures = _sealed([copy.unsigned for copy in copies if copy.unsigned is not None])
    except Refused as refusal:
        if len(copies) == 1:
            copies[0].refusal, copies[0].signatures = refusal, ()
        else:  # none has to suffer for another
            for copy in copies:
                _seal([copy])
    else:
        for copy, of_copy in zip(copies, signatures, strict=True):
            copy.signatures = of_copy


class SigningPool:
    """Writes copies a little ahead, several together; threads sign them where that takes long.

    Signing lets go of Python's lock, and nothing else is done there: each time that
    threads take the lock from each other costs both of them.
    """

    def __init__(self, links: SignedLinks) -> None:
        self._links = links
        self._orders: SimpleQueue[list[OutgoingMessage] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.awaited = False
        """Whether the next copy isn't signed yet: nothing is to be had until the bell rings."""
        self.bell = Wakeup()
        """Rings when a copy is signed, while one is waited for."""

    def begin(self, copies: Iterable[OutgoingMessage]) -> None:
        """Write copies of one edition, up to BATCH, and have them signed where they are to be."""
        order = [copy for copy in copies if not copy.begun and copy.begin(self._links)]
        if order and order[0].mailing.slow:
            self._orders.put(order)
            if not self._threads:
                self._hire()
        elif order:
            _seal(order)

    def finish(self, copy: OutgoingMessage) -> bool:
        """Make a copy whole; where it isn't signed yet, return False: the bell rings for it."""
        if not copy.ready:
            self.awaited = True
            if not copy.ready:  # nor signed meanwhile
                if len(self._threads) < _HANDS:
                    with contextlib.suppress(RuntimeError):  # no room for another: one signs
                        self._hire()
                return False
            self.awaited = False
        copy.finish()
        return True

    def close(self) -> None:
        """Send the threads home, when they have signed what they were given."""
        self.bell.close()
        for _ in self._threads:
            self._orders.put(None)

    def _hire(self) -> None:
        """Have one more thread sign: who takes the lock from the loop often costs it much."""
        thread = threading.Thread(target=self._work, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            _seal(order)
            if self.awaited:
                self.awaited = False
                self.bell.ring()

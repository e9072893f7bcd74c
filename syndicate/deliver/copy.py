"""One reader's copy on its way, and who makes it: the loop itself, or threads beside it."""

import os
import threading
from queue import SimpleQueue

import idna

from syndicate.deliver.bell import Bell
from syndicate.deliver.dkim import Unsigned
from syndicate.deliver.links import Links
from syndicate.deliver.mailings import Mailing, refusing
from syndicate.deliver.message import Message
from syndicate.deliver.relay import Envelope
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Edition

_sealed = refusing(Unsigned.sealed)
_WRONG_TURNS = 3
"""How often a session may end under a message that was only offered, before it counts."""


class Copy:
    """A claimed delivery with its message, which is made when it is needed."""

    __slots__ = (
        "_signatures", "_unsigned", "_wrong_turns", "claim", "edition", "envelope", "mailing",
        "message", "refusal",
    )  # fmt: skip

    envelope: Envelope
    message: Message

    def __init__(self, claim: Claim, edition: Edition, mailing: Mailing) -> None:
        self.claim = claim
        self.edition = edition
        self.mailing = mailing
        self.refusal: Refused | None = None
        """Why it could not be made; then it has neither envelope nor message."""
        self._unsigned: Unsigned | None = None
        self._signatures: list[bytes] | None = None
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
        return self._signatures is not None or self._unsigned is None

    def begin(self, links: Links) -> bool:
        """Write the message; True when its signatures take long: `seal`, in any thread."""
        try:
            self.envelope, copy = self.mailing.copy(self.claim, links)
        except Refused as refusal:
            self.refusal = refusal
            return False
        if isinstance(copy, Message):
            self.message = copy
            return False
        self._unsigned = copy
        if copy.slow:
            return True
        self.seal()
        self.finish()
        return False

    def seal(self) -> None:
        """Make the signatures of what was begun."""
        assert self._unsigned is not None
        try:
            self._signatures = _sealed(self._unsigned)
        except Refused as refusal:
            self.refusal = refusal
            self._signatures = []

    def finish(self) -> None:
        """Make it whole; of no use before it is ready."""
        unsigned, self._unsigned = self._unsigned, None
        if unsigned is not None and self._signatures:
            self.message = unsigned.signed(self._signatures)


class Workshop:
    """Writes copies a little ahead; threads sign them where that takes long.

    Signing lets go of Python's lock, and nothing else is done there: each time that
    threads take the lock from each other costs both of them.
    """

    def __init__(self, links: Links) -> None:
        self._links = links
        self._orders: SimpleQueue[Copy | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.awaited = False
        """Whether the next copy isn't signed yet: nothing is to be had until the bell rings."""
        self.bell = Bell()
        """Rings when a copy is signed, while one is waited for."""

    def begin(self, copy: Copy) -> None:
        """Write a copy, unless that was done, and have it signed where it is to be."""
        if not copy.begun and copy.begin(self._links):
            if not self._threads:
                self._hire()
            self._orders.put(copy)

    def finish(self, copy: Copy) -> bool:
        """Make a copy whole; where it isn't signed yet, return False: the bell rings for it."""
        if not copy.ready:
            self.awaited = True
            if not copy.ready:  # nor signed meanwhile
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
        hands = os.cpu_count() or 1
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(hands)]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        while (copy := self._orders.get()) is not None:
            copy.seal()
            if self.awaited:
                self.awaited = False
                self.bell.ring()

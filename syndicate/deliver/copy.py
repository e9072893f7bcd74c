"""One reader's copy on its way, and who makes it: the loop itself, or threads beside it."""

import os
import threading
from queue import SimpleQueue

import idna

from syndicate.deliver.bell import Bell
from syndicate.deliver.dkim import Unsigned
from syndicate.deliver.links import Links
from syndicate.deliver.mailings import Mailing, refused
from syndicate.deliver.relay import Envelope
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Edition

_WRONG_TURNS = 3
"""How often a session may end under a message that was only offered, before it counts."""


class Copy:
    """A claimed delivery with its message, which is made when it is needed."""

    __slots__ = (
        "_unsigned", "_wrong_turns", "claim", "edition", "envelope", "mailing", "message",
        "refusal",
    )  # fmt: skip

    envelope: Envelope
    message: bytes

    def __init__(self, claim: Claim, edition: Edition, mailing: Mailing) -> None:
        self.claim = claim
        self.edition = edition
        self.mailing = mailing
        self.refusal: Refused | None = None
        """Why it could not be made; then it has neither envelope nor message."""
        self._unsigned: Unsigned | None = None
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
        """Whether it can leave, or never will."""
        return hasattr(self, "message") or self.refusal is not None

    def begin(self, links: Links) -> bool:
        """Write the message; True when it is to be signed, by `sign`, in any thread."""
        try:
            self.envelope, copy = self.mailing.copy(self.claim, links)
        except Refused as refusal:
            self.refusal = refusal
            return False
        if isinstance(copy, Unsigned):
            self._unsigned = copy
            return True
        self.message = bytes(copy)
        return False

    def sign(self) -> None:
        """Sign what was begun."""
        unsigned, self._unsigned = self._unsigned, None
        assert unsigned is not None
        try:
            with refused():
                self.message = bytes(unsigned.signed())
        except Refused as refusal:
            self.refusal = refusal


class Workshop:
    """Writes copies a little ahead; threads sign them, since signing lets go of Python's lock."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._orders: SimpleQueue[Copy | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._awaited = False
        self.bell = Bell()
        """Rings when a copy is signed that was waited for."""

    def begin(self, copy: Copy) -> None:
        """Write a copy, unless that was done, and have it signed where it is to be."""
        if not copy.begun and copy.begin(self._links):
            if not self._threads:
                self._hire()
            self._orders.put(copy)

    def ready(self, copy: Copy) -> bool:
        """Whether a copy can leave; where not yet, the bell rings when one can."""
        if copy.ready:
            return True
        self._awaited = True
        return copy.ready

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
            copy.sign()
            if self._awaited:
                self._awaited = False
                self.bell.ring()

"""One reader's copy on its way, and who makes it: the loop itself, or threads beside it."""

import os
import threading
from queue import SimpleQueue

import idna

from syndicate.deliver.links import Links
from syndicate.deliver.mailings import Mailing
from syndicate.deliver.relay import Envelope
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Edition

_WRONG_TURNS = 3
"""How often a session may end under a message that was only offered, before it counts."""


class Copy:
    """A claimed delivery with its message, which is made when it is needed."""

    __slots__ = (
        "_being_made", "_wrong_turns", "claim", "edition", "envelope", "mailing", "message",
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
        self._being_made: threading.Lock | None = None
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

    def make(self, links: Links) -> None:
        """Make the message, unless that was done; wait for it where it is being made."""
        if self._being_made is not None:
            with self._being_made:
                return
        if self.refusal is None and not hasattr(self, "message"):
            self._make(links)

    def begin(self) -> None:
        """Say that another thread makes it, until `finish`."""
        self._being_made = threading.Lock()
        self._being_made.acquire()

    def finish(self, links: Links) -> None:
        """Make it, in the thread that was told to."""
        assert self._being_made is not None
        try:
            self._make(links)
        finally:
            self._being_made.release()

    def _make(self, links: Links) -> None:
        try:
            envelope, message = self.mailing.copy(self.claim, links)
        except Refused as refusal:
            self.refusal = refusal
        else:
            self.envelope, self.message = envelope, bytes(message)


class Workshop:
    """Threads that make copies ahead, where they are signed: signing lets go of the GIL."""

    def __init__(self, links: Links) -> None:
        self.links = links
        self._orders: SimpleQueue[Copy | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def order(self, copy: Copy) -> None:
        """Have a copy made beside, where that is worth it."""
        if copy.mailing.signer is None:
            return
        if not self._threads:
            self._hire()
        copy.begin()
        self._orders.put(copy)

    def close(self) -> None:
        """Send the threads home, when they have made what was ordered."""
        for _ in self._threads:
            self._orders.put(None)

    def _hire(self) -> None:
        hands = os.cpu_count() or 1
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(hands)]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        while (copy := self._orders.get()) is not None:
            copy.finish(self.links)

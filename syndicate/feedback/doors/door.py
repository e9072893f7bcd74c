"""What the mailbox and the Maildir have in common: each hands what arrived to one function."""

from collections.abc import Callable
from enum import Enum, auto
from threading import Event
from typing import Protocol

READ_BYTES = 256 * 1024
"""Bytes of a message that are read: what a report says is in its first parts, and what follows
is the message that it is about."""


class Disposal(Enum):
    """What becomes of a message once its effect is committed."""

    DONE = auto()
    FOR_A_PERSON = auto()
    """It is not understood, or matched by an address alone."""
    KEEP = auto()
    """It could not be recorded, and stays where it is."""


Take = Callable[[bytes], Disposal]
"""Records a message, cut off after READ_BYTES, and commits; may raise StoreError."""


class ReportDoor(Protocol):
    """A place that reports arrive in."""

    name: str
    """ "imap" or "maildir": the source of what comes in by it."""

    def read(self, take: Take, stop: Event) -> None:
        """Hand everything that has arrived to `take`, and put it away; return when `stop` is set.

        What disappears meanwhile was read by another process. Raise DoorUnavailable with the
        remedy where something can't be read or put away, after all that could be.
        """
        ...

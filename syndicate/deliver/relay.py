"""What a way out is: sessions in which a message is offered, then handed over.

The two steps stand apart because the intent is committed between them: until
`hand_over` begins, nothing can have been taken, and the ledger can say so.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who a message is from and for, as the relay is told."""

    sender: str
    recipient: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered (RFC 5321, 4.2)."""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        """Whether it says yes (2xx)."""
        return self.code // 100 == 2  # noqa: PLR2004 - the first digit is the meaning, 4.2.1

    @property
    def temporary(self) -> bool:
        """Whether it says not now (4xx)."""
        return self.code // 100 == 4  # noqa: PLR2004 - as above

    @property
    def permanent(self) -> bool:
        """Whether it says never (5xx)."""
        return self.code // 100 == 5  # noqa: PLR2004 - as above

    @property
    def negative(self) -> bool:
        """Whether it refuses, now or for good."""
        return self.temporary or self.permanent

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


class Session(Protocol):
    """One conversation with a relay; used by one thread, ended by any."""

    @property
    def spent(self) -> bool:
        """Whether it can take no more messages: ended, or as many as allowed."""

    @property
    def taken(self) -> int:
        """How many messages were handed over in it."""

    def offer(self, envelope: Envelope) -> None:
        """Announce one message, up to the point where its body is asked for.

        Raise TemporaryFailure or PermanentFailure for this reader, and
        RelayUnavailable where the relay takes nothing from this sender.
        """

    def hand_over(self, body: bytes) -> Reply:
        """Hand over the message that was offered: complete, with CRLF line ends.

        Raise TemporaryFailure, PermanentFailure, or NoVerdict when it may have
        been taken.
        """

    def close(self) -> None:
        """Say goodbye; never raises."""

    def abort(self) -> None:
        """End it at once, from any thread, whatever it waits for; never raises."""


class Relay(Protocol):
    """Where messages are handed over."""

    def open(self) -> Session:
        """Begin a session; raise RelayUnavailable with what to do about it."""

    def arrived(self, message_id: str) -> bool | None:
        """Whether a message without a verdict arrived; None where that can't be known."""

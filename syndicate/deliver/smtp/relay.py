"""What a way out is: sessions in which messages are offered, then handed over.

The two steps stand apart because the intent is committed between them: until
`hand_over` begins, nothing can have been taken, and the ledger can say so.

Nothing in a session waits: it is told what to do, writes and reads what the moment
allows, and tells by events what came of it. Who drives it waits, for many at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from syndicate.config import RelaySettings
from syndicate.errors import DeliveryError


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who a message is from and for, as the relay is told."""

    sender: str
    recipient: str
    message_id: str


@dataclass(frozen=True, slots=True)
class SmtpReply:
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


@dataclass(frozen=True, slots=True)
class BodyInvited:
    """The body of the message that was offered is awaited."""


@dataclass(frozen=True, slots=True)
class MessageDeclined:
    """The message that was offered is not wanted.

    RelayUnavailable: nothing of this sender is, whoever it is for.
    """

    error: DeliveryError
    of_reader: bool = True
    """Whether it was said when the reader was known: to MAIL it is about the sender alone."""


@dataclass(frozen=True, slots=True)
class MessageAnswered:
    """The message that was handed over has its verdict: a reply, or what is as good as none."""

    reply: SmtpReply
    error: DeliveryError | None = None
    """What the reply means where it isn't a yes."""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over. What was handed over and not answered has no verdict any more."""

    error: DeliveryError
    """Why: TemporaryFailure, with the code where the server gave one (421)."""
    of_reader: bool = False
    """Whether the server left after a 421 to the RCPT or DATA of the message that is offered."""


Event: TypeAlias = BodyInvited | MessageDeclined | MessageAnswered | SessionEnded


class TransportSession(Protocol):
    """One conversation with a relay: at most one message on its way, and one offered behind it."""

    @property
    def spent(self) -> bool:
        """Whether nothing more can be offered in it: it is over, or had as much as allowed."""

    @property
    def taken(self) -> int:
        """How many messages were answered in it."""

    @property
    def handed(self) -> bool:
        """Whether the last body has left whole, so that it may have been taken."""

    @property
    def stuck(self) -> bool:
        """Whether there is something left to write, as soon as it can be."""

    def fileno(self) -> int:
        """Return what to wait for; -1 where there is nothing to wait for."""

    def offer(self, envelope: Envelope, size: int) -> None:
        """Announce a message of `size` bytes; raise PermanentFailure where it can't be."""

    def hand_over(self, *message: bytes, tame: bool = False) -> None:
        """Hand over the message that was invited: in pieces, complete, with CRLF line ends.

        `tame`: none of its lines begins with a dot, so that none is to be doubled;
        to look for them takes as long as to send them.
        """

    def move(self, now: float, *, readable: bool = True) -> Sequence[Event]:
        """Write and read what is possible now, and return what came of it.

        `readable`: whether there may be something to read. `now` is `time.monotonic()`:
        what was waited for too long ends the session.
        """

    def close(self) -> None:
        """Say goodbye where that is possible, and be gone; never raises, never waits."""


class Transport(Protocol):
    """Where messages are handed over."""

    settings: RelaySettings
    """Its name, and how much it takes."""

    def open(self) -> TransportSession:
        """Begin a session, and wait for it; raise RelayUnavailable with what to do about it."""

    def arrived(self, message_id: str) -> bool | None:
        """Whether a message without a verdict arrived; None where that can't be known."""

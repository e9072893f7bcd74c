"""What every transport has to offer: sessions that take envelopes, then bodies.

The two steps are separate because the ledger commits the intent between them: before
`send_body` no message can have been accepted.

A session never blocks: `send_envelope` and `send_body` queue what is to be written, and
`poll` writes and reads what the socket allows and returns events. The caller waits, for
many sessions at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from syndicate.config import RelaySettings
from syndicate.errors import DeliveryError, PermanentFailure, TemporaryFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The addresses of a message as the server gets them."""

    sender: str
    recipient: str
    message_id: str
    return_path: str = ""
    """A sender of this message alone, for servers that take one (VERP); empty where there is none.
    """

    def mail_from(self, *, verp: bool) -> str:
        """Return the sender for a server that does or doesn't take one for each message."""
        return (verp and self.return_path) or self.sender

    @property
    def envelope_id(self) -> str:
        """What reports name the message by (RFC 3461, 4.4): the Message-ID before its @."""
        return self.message_id.strip("<>").partition("@")[0]


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """A server's reply (RFC 5321, 4.2)."""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        """Whether it is a 2xx."""
        return self.code // 100 == 2  # noqa: PLR2004 - the first digit is the meaning, 4.2.1

    @property
    def negative(self) -> bool:
        """Whether it is a refusal, for now or for good."""
        return self.code // 100 in (4, 5)

    @property
    def failure(self) -> DeliveryError:
        """What it means for a message if it is not positive."""
        failure = PermanentFailure if self.code // 100 == 5 else TemporaryFailure  # noqa: PLR2004
        return failure(str(self), self.code)

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


@dataclass(frozen=True, slots=True)
class ReadyForBody:
    """The server accepted the envelope and waits for the body (354)."""


@dataclass(frozen=True, slots=True)
class EnvelopeRefused:
    """The server refused the envelope."""

    error: DeliveryError
    """RelayUnavailable if it refuses this sender for all recipients."""
    about_recipient: bool = True
    """False for a reply to MAIL: that concerns only the sender."""


@dataclass(frozen=True, slots=True)
class MessageAnswered:
    """The server replied to the body; that settles the message."""

    reply: SmtpReply
    error: DeliveryError | None = None
    """What the reply means if it is not 2xx."""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over. A body without a reply stays without one."""

    error: DeliveryError
    """Why: a TemporaryFailure, with the code if the server sent one (421)."""
    about_recipient: bool = False
    """Whether the server closed it after a 421 to RCPT or DATA of the last envelope."""


Event: TypeAlias = ReadyForBody | EnvelopeRefused | MessageAnswered | SessionEnded


class TransportSession(Protocol):
    """An open session: at most one body in flight, and one envelope behind it."""

    answered: int
    """How many bodies were replied to."""

    @property
    def exhausted(self) -> bool:
        """Whether it takes no more envelopes: it is over, or has taken as many as allowed."""

    @property
    def body_sent(self) -> bool:
        """Whether the last body was written completely, so that it may have been accepted."""

    @property
    def wants_write(self) -> bool:
        """Whether there is something left to write."""

    def fileno(self) -> int:
        """Return the descriptor for a selector; -1 if there is nothing to wait for."""

    def send_envelope(self, envelope: Envelope, size: int) -> None:
        """Offer a message of `size` bytes; raise PermanentFailure if that is impossible."""

    def send_body(self, *message: bytes, dot_free: bool = False) -> None:
        """Send the whole message, in pieces, with CRLF line ends; after ReadyForBody only.

        `dot_free`: no line begins with a dot, so none has to be doubled. Searching for
        them takes as long as sending.
        """

    def poll(self, now: float, *, readable: bool = True) -> Sequence[Event]:
        """Write and read what is possible now, and return the events.

        `readable`: whether there may be something to read. `now` is `time.monotonic()`;
        a deadline that has passed ends the session.
        """

    def close(self) -> None:
        """Close it, with QUIT if possible; never blocks, never raises."""


class Transport(Protocol):
    """Something that takes messages: a mail server, or a folder."""

    settings: RelaySettings
    """Its name and its limits."""

    def open(self) -> TransportSession:
        """Open a session; this blocks. Raise RelayUnavailable with the remedy."""

    def arrived(self, message_id: str) -> bool | None:
        """Return whether a message without a reply arrived; None if that can't be known."""

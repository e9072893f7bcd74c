"""Feedback: what servers, providers and readers report about a message after it was sent.

A report names its delivery by one or more references, the safest first. What it says is
judged by `bounces` before it changes anything.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class FeedbackKind(StrEnum):
    """What is reported of a message."""

    DELIVERED = "delivered"
    """The reader's own server has it."""
    HARD_BOUNCE = "hard bounce"
    """The address can't receive mail."""
    SOFT_BOUNCE = "soft bounce"
    """It was not delivered, but the next one may be."""
    BLOCKED = "blocked"
    """It was refused because of the sender or the content, which is never the reader's fault."""
    COMPLAINT = "complaint"
    """The reader called it spam."""
    UNSUBSCRIBED = "unsubscribed"
    """The reader unsubscribed by mail, or at the provider."""


class MatchedBy(StrEnum):
    """How a report was matched with its delivery; only an address alone changes nothing."""

    HAND_OVER = "hand-over"
    """The server answered so when the message was handed over."""
    RETURN_PATH = "return path"
    """The signed token in the address that the report was sent to (VERP)."""
    ENVELOPE_ID = "envelope id"
    """The Original-Envelope-Id (RFC 3461, 4.4)."""
    MESSAGE_ID = "message id"
    """Our Message-ID in the returned message, or in a provider's event."""
    UNSUBSCRIBE_LINK = "unsubscribe link"
    """The signed link in the List-Unsubscribe of the returned message."""
    PROVIDER_ID = "provider id"
    """The id that the provider gave the message when it accepted it."""
    ADDRESS = "address"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReference:
    """Everything in a report that may name its delivery; nothing of it is verified yet."""

    tokens: tuple[str, ...] = ()
    """What followed the "+" in the addresses that the report was sent to."""
    envelope_ids: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    """Message-IDs of the returned message, as found, perhaps in angle brackets."""
    unsubscribe_urls: tuple[str, ...] = ()
    provider_ids: tuple[str, ...] = ()
    recipient: str = ""
    """The address that the report is about; empty where it names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One thing that is reported about one message."""

    kind: FeedbackKind
    reference: DeliveryReference
    at: datetime | None = None
    """When it happened, as reported."""
    code: int = 0
    """The SMTP reply code; 0 where none is known."""
    status: str = ""
    """The enhanced status code (RFC 3463) such as 5.1.1; empty where none is known."""
    text: str = ""
    """What the server said, or the kind of complaint, in one line."""
    host: str = ""
    """The mail server that said so."""
    event_id: str = ""
    """The id of a provider's event; empty for a report by mail."""


class ReportOutcome(StrEnum):
    """What a message is that arrived at the bounce address."""

    FEEDBACK = "feedback"
    DELAYED = "delayed"
    """The server is still trying, or has relayed it: nothing to record."""
    AUTO_REPLY = "auto-reply"
    """Such as a vacation notice; it is dropped."""
    UNREADABLE = "not understood"
    """It is kept for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedReport:
    """A message that arrived at the bounce address, as it is understood."""

    outcome: ReportOutcome
    feedback: tuple[Feedback, ...] = ()
    reason: str = ""
    """Why it is not understood, in words for an operator."""
    subject: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRecord:
    """Feedback about one delivery, as stored: the first of its kind."""

    edition: int
    subscriber: int
    kind: FeedbackKind
    code: int = 0
    status: str = ""
    text: str = ""
    host: str = ""
    domain: str = ""
    """The reader's mail domain, in lower-case ASCII."""
    source: str
    """The door that it came by: "smtp", "imap", "maildir", "pipe", or "hook NAME"."""
    matched_by: MatchedBy
    at: datetime
    """When it happened."""
    received_at: datetime

    @property
    def answer(self) -> str:
        """Code, status and text in one line: `550 5.1.1 no such user`."""
        status = "" if self.status and self.text.startswith(self.status) else self.status
        return " ".join(filter(None, (str(self.code or ""), status, self.text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReport:
    """A report that is kept for a person: not understood, or matched by an address alone."""

    key: int = 0
    source: str
    received_at: datetime
    reason: str
    """Why a person has to read it."""
    sender: str = ""
    subject: str = ""
    recipient: str = ""
    """The address that it seems to be about, normalised; empty where it names none."""
    raw: bytes = field(repr=False)
    """The message, cut off after 256 KiB."""

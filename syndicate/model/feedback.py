"""Feedback: what servers, providers and readers report about a message after it was sent.

A report names its delivery by one or more references, the safest first. What it says is
judged by `bounces` before it changes anything.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from syndicate.text import count_of

HOOK_SOURCE = "hook "
"""How the sources of providers' events begin; the name of the hook follows."""


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


BOUNCES = (FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.BLOCKED)
"""The kinds that say that a message was not delivered; the first one is the one that counts."""


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

    @property
    def answer(self) -> str:
        """Code, status and text in one line: `550 5.1.1 no such user`."""
        return format_answer(self.code, self.status, self.text)


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


def format_answer(code: int, status: str, text: str) -> str:
    """Join a server's answer in one line: `550 5.1.1 no such user`."""
    numbers = " ".join(filter(None, (str(code or ""), status)))
    if re.search(rf"(?<![\d.]){re.escape(numbers)}(?![\d.])", text):
        return text
    status = "" if text.startswith(status) else status
    return " ".join(filter(None, (str(code or ""), status, text)))


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
        return format_answer(self.code, self.status, self.text)

    def evidence(self, accepted_at: datetime | None = None) -> str:
        """Describe it as evidence: what was reported by whom, about which edition, and when.

        "550 5.1.1 by mx.example.net for edition 41, 12 minutes after it was accepted".
        `accepted_at` is when its message was accepted, where that is known.
        """
        codes = " ".join(filter(None, (str(self.code or ""), self.status)))
        what = codes or self.kind.value
        preposition = "about" if self.kind is FeedbackKind.COMPLAINT else "for"
        by = f" by {self.host}" if self.host else ""
        when = ""
        if self.matched_by is MatchedBy.HAND_OVER:
            when = " when it was handed over"
        elif accepted_at is not None and self.at >= accepted_at:
            when = f", {_in_words(self.at - accepted_at)} after it was accepted"
        return f"{what}{by} {preposition} edition {self.edition}{when}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReport:
    """What is kept for a person: not understood, or matched by an address alone."""

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
    """The message, cut off after 256 KiB, or a provider's event in JSON."""

    @property
    def is_event(self) -> bool:
        """Whether it is the event of a provider."""
        return self.source.startswith(HOOK_SOURCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCount:
    """How many reports, events or calls came by a door, of those with the same outcome."""

    source: str
    outcome: str
    """What became of a report, or why a call was refused."""
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackTotals:
    """What came back about an edition after servers had accepted it; a delivery bounces once.

    What a server refused at hand-over is `failed` or `expired` in the ledger, and is not in here.
    """

    hard: int = 0
    soft: int = 0
    blocked: int = 0
    complained: int = 0
    delivered: int = 0
    """How many messages a server reported to be delivered: most servers report nothing."""
    unsubscribed: int = 0
    """Who unsubscribed by mail, or at the provider."""

    @property
    def bounced(self) -> int:
        """Messages that were accepted, and came back."""
        return self.hard + self.soft + self.blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackGroup:
    """Reports about an edition of the same kind, mail domain and code, by the same relay."""

    kind: FeedbackKind
    domain: str
    code: int
    status: str
    at_hand_over: bool
    """Whether the messages were refused, so that the ledger counts them as failed or expired."""
    relay: str
    """The host of the relay that refused them; empty for what came back later."""
    count: int
    text: str
    """What one of them says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRate:
    """How much of a newsletter's recent mail readers called spam."""

    newsletter: str
    complaints: int
    readers: int
    """How many complained: one may do so about each message of a week."""
    accepted: int
    edition: int
    """The edition with most complaints."""

    @property
    def share(self) -> float:
        """The share of complaints in what was accepted, from 0 to 1."""
        return min(1.0, self.complaints / max(1, self.accepted))


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRefusals:
    """How much of an edition's mail to a domain was refused because of the sender or content."""

    edition: int
    domain: str
    refused: int
    tried: int
    """Messages to the domain that a server has answered."""
    answer: str
    """The newest refusal."""


_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def _in_words(time: timedelta) -> str:
    """Write a time in the largest unit that it has two of: "12 minutes", "90 minutes"."""
    seconds = int(time.total_seconds())
    if not seconds:
        return "less than a second"
    name, length = next(
        (name, length) for name, length in _UNITS if seconds >= 2 * length or length == 1
    )
    return count_of(seconds // length, name)

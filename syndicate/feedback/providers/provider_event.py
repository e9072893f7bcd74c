"""What a provider reports, in one vocabulary for all, and as the feedback that it is."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from syndicate.errors import WebhookMalformed
from syndicate.model.bounces import find_status, judge
from syndicate.model.feedback import DeliveryReference, Feedback, FeedbackKind
from syndicate.text import shorten

_MAX_TEXT = 500
"""Characters of what a server said."""
_CODE = re.compile(r"(?:^|[:;])\s*([245]\d\d)(?=[\s-])")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_SMTP_CODES = range(200, 600)
"""Numbers beyond are a provider's own: Mailgun's 605 is an address that bounced before."""


class EventKind(StrEnum):
    """What happened to a message."""

    QUEUED = "queued"
    """The provider has it."""
    SENT = "sent"
    """The provider hands it over."""
    REJECTED = "rejected"
    """The provider doesn't send it."""
    FAILED = "failed"
    """The provider couldn't make a message of it."""
    BOUNCED = "bounced"
    """The reader's server has finally refused it."""
    DEFERRED = "deferred"
    """The provider will try again."""
    DELIVERED = "delivered"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    OTHER = "other"
    """Such as opened, or one that we don't know."""


_FEEDBACK = {
    EventKind.REJECTED: FeedbackKind.BLOCKED,
    EventKind.FAILED: FeedbackKind.BLOCKED,
    EventKind.DELIVERED: FeedbackKind.DELIVERED,
    EventKind.COMPLAINED: FeedbackKind.COMPLAINT,
    EventKind.UNSUBSCRIBED: FeedbackKind.UNSUBSCRIBED,
}
"""What the kinds are that need no judgement; those that are missing here change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """One event of a provider; texts are on one line."""

    id: str
    """The same whenever this event is sent again, and of no other event of this hook."""
    kind: EventKind
    reference: DeliveryReference
    at: datetime | None = None
    code: int = 0
    status: str = ""
    """The enhanced status code, perhaps among other words."""
    text: str = ""
    """What the reader's server said, or else the provider's reason."""
    host: str = ""
    """The reader's mail server."""
    verdict: FeedbackKind = FeedbackKind.SOFT_BOUNCE
    """What the provider takes a bounce for; it counts only without the server's own code."""
    fields: Mapping[str, object] = field(default_factory=dict, repr=False)
    """The event as the provider sent it, without its proof: the evidence for a person."""

    @property
    def feedback(self) -> Feedback | None:
        """What is to be recorded; None where the event changes nothing."""
        if self.kind is not EventKind.BOUNCED and self.kind not in _FEEDBACK:
            return None
        status = match[0] if (match := _STATUS.search(self.status)) else find_status(self.text)
        code = self.code if self.code in _SMTP_CODES else find_code(self.text)
        kind = _FEEDBACK.get(self.kind, self.verdict)
        if self.kind is EventKind.BOUNCED and (code or status):
            kind = judge(code, status, self.text)
        return Feedback(
            kind=kind,
            reference=self.reference,
            at=self.at,
            code=code,
            status=status,
            text=shorten(self.text.removeprefix("smtp;"), _MAX_TEXT),
            host=self.host,
            event_id=self.id,
        )


def digest_of(fields: Mapping[str, object]) -> str:
    """Return the id of an event that has none of its own: the digest of its content.

    Raise WebhookMalformed for one that is nested too deeply.
    """
    try:
        content = json.dumps(fields, sort_keys=True)
    except RecursionError as error:
        raise WebhookMalformed("the JSON is nested too deeply") from error
    return hashlib.sha256(content.encode()).hexdigest()


def find_code(text: str) -> int:
    """Return the first SMTP reply code in a text such as `smtp; 550 5.1.1 …`; 0 without one."""
    match = _CODE.search(text)
    return int(match[1]) if match else 0

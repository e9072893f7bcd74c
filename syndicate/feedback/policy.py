"""Whether feedback about a delivery may change anything: decided from values alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syndicate.clock import format_duration
from syndicate.model.deliveries import Delivery
from syndicate.model.editions import Edition
from syndicate.model.feedback import FeedbackKind
from syndicate.model.subscribers import Action, Actor, Subscriber, SubscriberChange

BOUNCE_LIMIT = timedelta(days=30)
"""How long after it was accepted a message may bounce; servers give up after five days."""
COMPLAINT_LIMIT = timedelta(days=180)
"""How long after it was accepted a reader may call a message spam."""
_IN_FLIGHT = timedelta(minutes=10)
"""How long before its acceptance a message may have been addressed (the lease of a claim)."""


class Objection(StrEnum):
    """Why feedback changes nothing, in words for an operator."""

    UNKNOWN = "the store has no such delivery"
    NEVER_SENT = "that message was never handed over, as far as this store knows"
    ERASED = "the reader was erased"
    MERGED = "it is about an address that the reader no longer has"
    PUT_RIGHT = "the address was put right after that message"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedDelivery:
    """What the store knows about a delivery that something is reported about."""

    edition: Edition | None
    delivery: Delivery | None
    reader: Subscriber | None
    """As they are today; None once erased."""
    changes: tuple[SubscriberChange, ...] = ()
    """The reader's changes since shortly before the delivery."""
    at: datetime
    """When the report came in."""
    kept_for: timedelta | None = None
    """How long changes are kept: what happened before nobody knows."""

    @property
    def accepted_at(self) -> datetime | None:
        """When the message was accepted, or its delivery came to its end."""
        return None if self.delivery is None else min(self.delivery.at, self.at)

    @property
    def was_sent(self) -> bool:
        """Whether a server was ever asked to take the message."""
        return self.delivery is not None and self.delivery.attempt > 0

    @property
    def is_current(self) -> bool:
        """Whether it was sent to the address that the reader still has."""
        if self.delivery is None or self.reader is None:
            return False
        moved = any(change.action is Action.MOVED for change in self.changes)
        return self.reader.key == self.delivery.subscriber and not moved


def since(delivery: Delivery) -> datetime:
    """Return since when changes of a reader matter for what is reported about a delivery."""
    return delivery.at - _IN_FLIGHT


def find_objection(case: ReportedDelivery, kind: FeedbackKind) -> str:
    """Return why a bounce of, or a complaint about, a sent message changes nothing; or ""."""
    assert case.delivery is not None
    if case.reader is None:
        return Objection.ERASED
    complains = kind is FeedbackKind.COMPLAINT
    limit = COMPLAINT_LIMIT if complains else BOUNCE_LIMIT
    limit = min(limit, case.kept_for or limit)
    if case.at - case.delivery.at > limit:
        return f"that message was accepted more than {format_duration(limit)} ago"
    if not case.is_current:
        return Objection.MERGED
    later = (change for change in case.changes if change.cause.at > case.delivery.at)
    if any(_puts_right(change, complains=complains) for change in later):
        return Objection.PUT_RIGHT
    return ""


def _puts_right(change: SubscriberChange, *, complains: bool) -> bool:
    """Whether a change shows that mail to the address is wanted, or that it arrives."""
    if change.action is Action.UNSUPPRESSED:
        return True
    by_letter = change.action is Action.CONFIRMED and change.cause.who is Actor.READER
    return by_letter and not complains

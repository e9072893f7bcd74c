"""Deliveries: the ledger row of one edition for one subscriber, and what can become of it.

    queued ─claim─► claimed ─intent─► sending ─2xx─► accepted
      ▲        └ left, suppressed ─► skipped  ├─4xx─► deferred ─► (due again) | expired
      └─ lease over, never handed over        ├─5xx─► failed
                                              └─no verdict─► unknown

Every move is a compare-and-set on (edition, subscriber, state, attempt).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    FAILED = "failed"
    EXPIRED = "expired"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


WAITING = (
    DeliveryState.QUEUED,
    DeliveryState.CLAIMED,
    DeliveryState.SENDING,
    DeliveryState.DEFERRED,
)
"""Where a delivery stands of which something is still to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row of the ledger, with the address it is for."""

    edition: int
    subscriber: int
    email: str
    state: DeliveryState
    attempt: int = 0
    """How often a server was asked to take it."""
    code: int = 0
    reply: str = ""
    """The server's last word, or why it was skipped."""
    at: datetime
    """When it came into this state."""
    next_attempt_at: datetime | None = None


Key: TypeAlias = tuple[int, int]
"""What tells a delivery from all others: its edition and its subscriber."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that this worker holds and may hand over."""

    edition: int
    subscriber: int
    email: str
    name: str
    newsletter: str
    attempt: int

    @property
    def key(self) -> Key:
        """What tells it from all others."""
        return self.edition, self.subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOutcome:
    """What became of a claimed delivery, to be recorded."""

    claim: Claim
    state: DeliveryState
    code: int = 0
    """The server's reply code; 0 where none was asked, or none answered."""
    reply: str = ""
    next_attempt_at: datetime | None = None
    """When it is due again, where it was put off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTotals:
    """How many readers of an edition stand where; `audience` is always their sum."""

    queued: int = 0
    """Claimed ones included."""
    sending: int = 0
    accepted: int = 0
    deferred: int = 0
    failed: int = 0
    expired: int = 0
    skipped: int = 0
    unknown: int = 0

    @property
    def waiting(self) -> int:
        """Those of whom something is still to come."""
        return self.queued + self.sending + self.deferred

    @property
    def audience(self) -> int:
        """Everybody the edition was frozen for."""
        return (
            self.accepted + self.failed + self.expired + self.skipped + self.unknown + self.waiting
        )

    @property
    def tried(self) -> int:
        """Those whom a server was asked to take, with an end, whichever."""
        return self.accepted + self.failed + self.unknown


BAD_ADDRESS_CODES = ("5.1.1", "5.1.2", "5.1.10")
"""Enhanced status codes (RFC 3463) that say the address itself is no good."""


def is_bad_address(reply: str) -> bool:
    """Whether a permanent refusal means that the address is never to be tried again."""
    return any(word in BAD_ADDRESS_CODES for word in reply.replace("-", " ").split())

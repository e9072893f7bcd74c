"""Deliveries: the ledger row of one edition for one subscriber, and its possible states.

    queued ─claim─► claimed ─intent─► sending ─2xx─► accepted
      ▲        └ left, suppressed ─► skipped  ├─4xx─► deferred ─► (due again) | expired
      └─ lease over, never handed over        ├─5xx─► failed
                                              └─no verdict─► unknown

Every move is a compare-and-set on (edition, subscriber, state, attempt).
"""

import hashlib
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias


class DeliveryState(StrEnum):
    """The state of a delivery."""

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
"""The states that are not final."""
NEVER_LEFT = (DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.SKIPPED)
"""The states in which the reader provably hasn't got it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row of the ledger, with the address it is for."""

    edition: int
    subscriber: int
    email: str
    state: DeliveryState
    attempt: int = 0
    """How many attempts were made."""
    code: int = 0
    reply: str = ""
    """The server's last reply, or why the delivery was skipped."""
    at: datetime
    """When it entered this state."""
    next_attempt_at: datetime | None = None


Key: TypeAlias = tuple[int, int]
"""Edition and subscriber: the identity of a delivery."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker has claimed and may send."""

    edition: int
    subscriber: int
    email: str
    name: str
    newsletter: str
    attempt: int

    @property
    def key(self) -> Key:
        """The identity of the delivery."""
        return self.edition, self.subscriber


@dataclass(frozen=True, slots=True)
class Lease:
    """Who claims deliveries, and from when until when nobody else can."""

    owner: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """Which readers of an edition to claim."""

    edition: int
    limit: int = 100
    after: int = 0
    """Only subscribers with a greater key."""
    excluded_domains: frozenset[str] = frozenset()
    """In lower-case ASCII."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOutcome:
    """The outcome of a claimed delivery, to be recorded."""

    claim: Claim
    state: DeliveryState
    code: int = 0
    """The server's reply code; 0 where there was no reply."""
    reply: str = ""
    next_attempt_at: datetime | None = None
    """When it is due again, if it was deferred."""
    host: str = ""
    """The server that replied, as far as it matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTotals:
    """How many deliveries of an edition are in each state; `audience` is always their sum."""

    queued: int = 0
    """Including claimed ones."""
    sending: int = 0
    accepted: int = 0
    deferred: int = 0
    failed: int = 0
    expired: int = 0
    skipped: int = 0
    unknown: int = 0

    @property
    def waiting(self) -> int:
        """Those that are not final."""
        return self.queued + self.sending + self.deferred

    @property
    def audience(self) -> int:
        """Everybody the edition was frozen for."""
        return sum(getattr(self, field.name) for field in fields(self))

    @property
    def tried(self) -> int:
        """Those with a final answer from a server, or none to the message."""
        return self.accepted + self.failed + self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionResults:
    """What became of the deliveries of an edition that were tried."""

    tried: int
    refused: int
    """Those that a server refused for good at hand-over."""
    bounced: int = 0
    """Those that bounced for good or were blocked after a server had accepted them."""

    @property
    def failed(self) -> int:
        """Those that count for the failure limit."""
        return self.refused + self.bounced

    def __str__(self) -> str:
        if not self.bounced:
            return f"{self.refused} of {self.tried} were refused for good"
        refused = f"{self.refused} refused for good, {self.bounced} bounced later"
        return f"{self.failed} of {self.tried} failed: {refused}"


RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))
"""Before the next attempt at a delivery that a mail server deferred."""
_JITTER = 0.2
"""The largest share of a delay that is added to it, so that retries don't all come at once."""


def next_attempt(edition: int, subscriber: int, attempt: int, at: datetime) -> datetime:
    """Return when a delivery is due again that was deferred at `at`, on its `attempt`th attempt.

    The jitter follows from the arguments: the same delivery always gets the same time.
    """
    delay = RETRY_DELAYS[min(attempt, len(RETRY_DELAYS)) - 1]
    digest = hashlib.sha256(f"{edition}.{subscriber}.{attempt}".encode()).digest()
    return at + delay * (1 + _JITTER * int.from_bytes(digest[:4]) / 2**32)

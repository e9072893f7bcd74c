"""What operators see of relays and destinations: holds, and rates of sending."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHold:
    """A relay or destination that gets no mail until a certain time."""

    what: str
    """`relay:NAME` or `domain:gmail.com`."""
    until: datetime
    strikes: int
    """How many holds in a row."""
    reason: str
    """Its reply."""
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRate:
    """How fast one process sends to a relay, as it last reported."""

    owner: str
    relay: str
    at: datetime
    sessions: int
    accepted: int
    deferred: int
    failed: int
    per_second: float
    note: str
    """Why the relay accepts nothing; empty while it does."""

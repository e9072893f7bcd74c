"""Who wants less mail for a while, and how fast it goes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHold:
    """A relay or a destination that wants nothing until a certain time."""

    what: str
    """`relay:NAME` or `domain:gmail.com`."""
    until: datetime
    strikes: int
    """How often in a row."""
    reason: str
    """What it said."""
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRate:
    """What a process hands over to a relay, as of its last word about it."""

    owner: str
    relay: str
    at: datetime
    sessions: int
    accepted: int
    deferred: int
    failed: int
    per_second: float
    note: str
    """Why it takes nothing; empty where it does."""

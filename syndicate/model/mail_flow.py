"""What operators see of mail: holds, rates of sending, and whether it has stalled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

STALLED_AFTER = timedelta(minutes=5)
"""How long mail may be due with none accepted: `run` and cron try every minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFlow:
    """The mail flow at one time, of all processes."""

    oldest: datetime | None
    """When the oldest edition with waiting messages was created."""
    due_since: datetime | None
    """Since when the longest overdue message is due."""
    last_accepted: datetime | None
    """When a mail server last accepted a message."""
    last_tick: datetime | None
    """When `tick` or `run` last handled everything that is due."""

    @property
    def idle_since(self) -> datetime | None:
        """Since when mail is due and none is accepted; None while none is due."""
        if self.due_since is None:
            return None
        return max(self.due_since, self.last_accepted or self.due_since)

    def is_stalled(self, at: datetime) -> bool:
        """Whether mail has been due for `STALLED_AFTER` with none accepted."""
        since = self.idle_since
        return since is not None and at - since >= STALLED_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHold:
    """A relay or destination that gets no mail until a certain time."""

    what: str
    """`relay:NAME` or `domain:gmail.com`."""
    until: datetime
    strikes: int
    """How many holds in a row."""
    reason: str
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

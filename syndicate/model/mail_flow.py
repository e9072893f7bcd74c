"""Whether mail moves: what waits, and when something last happened to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

STALLED_AFTER = timedelta(minutes=5)
"""How long mail may be due without any being accepted: `run` and cron try every minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFlow:
    """How mail moves at one time, whichever processes deliver it."""

    oldest: datetime | None
    """When the edition was made of which a message waits, put off or not; the oldest of them."""
    due_since: datetime | None
    """Since when a message is due and not answered; the longest of them."""
    last_accepted: datetime | None
    """When a mail server last accepted a message."""
    last_tick: datetime | None
    """When `tick` or `run` last went through everything that is due."""

    @property
    def idle_since(self) -> datetime | None:
        """Since when nothing was accepted while mail is due; None while none is due."""
        if self.due_since is None:
            return None
        return max(self.due_since, self.last_accepted or self.due_since)

    def is_stalled(self, at: datetime) -> bool:
        """Whether nothing has been accepted for so long that somebody has to look."""
        since = self.idle_since
        return since is not None and at - since >= STALLED_AFTER

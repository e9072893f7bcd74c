"""The time of one run: it ends before another process may take over its work."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event

from syndicate.errors import Problem

DEFAULT_SECONDS = 240.0
"""The next run sends what is left after this."""
_CLAIM_TIME = timedelta(minutes=10)
"""How long a claim lasts; longer than any run."""


@dataclass(slots=True)
class SendReport:
    """What a run sent to hubs, or to a search engine."""

    sent: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TimeBudget:
    """The time of a run, and when it ends."""

    at: datetime
    stop: Event
    seconds: float = DEFAULT_SECONDS
    _started: float = field(default_factory=time.monotonic)

    @property
    def claimed_until(self) -> datetime:
        """When claims expire; a process that still has work claimed then has died."""
        return self.at + _CLAIM_TIME

    @property
    def is_over(self) -> bool:
        """Whether no further call may begin."""
        return self.stop.is_set() or time.monotonic() >= self._started + self.seconds

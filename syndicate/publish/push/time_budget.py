"""A shift: one round of telling, which ends in time for another process to take over."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event

LASTS = 240.0
"""In seconds; what isn't done by then, the next one does."""
_LEASE = timedelta(minutes=10)
"""How long what was claimed is ours: longer than any shift."""


@dataclass(frozen=True, slots=True)
class TimeBudget:
    """The time of a round, and its end."""

    at: datetime
    stop: Event
    lasts: float = LASTS
    """In seconds, at most."""
    _began: float = field(default_factory=time.monotonic)

    @property
    def until(self) -> datetime:
        """Until when what is claimed is ours: who finds it due then, finds that we died."""
        return self.at + _LEASE

    @property
    def is_over(self) -> bool:
        """Whether nothing more is begun."""
        return self.stop.is_set() or time.monotonic() >= self._began + self.lasts

"""The progress of an edition: share done, speed, and time left."""

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.editions import Edition, EditionState

RATE_WINDOW = 10.0
"""Seconds over which a rate is measured."""


class CountRate:
    """The rate of a growing count, over `RATE_WINDOW` or the last two samples."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, now: float, count: int) -> None:
        """Add a sample; `now` is in seconds of a monotonic clock."""
        self._samples.append((now, count))
        while len(self._samples) > 2 and now - self._samples[1][0] >= RATE_WINDOW:  # noqa: PLR2004
            self._samples.popleft()

    @property
    def per_second(self) -> float | None:
        """The rate, never below 0; None before the second sample."""
        if len(self._samples) < 2:  # noqa: PLR2004 - a rate needs two samples
            return None
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        return max(0.0, (after - before) / (end - start)) if end > start else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionProgress:
    """The progress of one edition."""

    edition: Edition
    totals: DeliveryTotals
    per_second: float = 0.0
    """Deliveries that leave the queue in a second, whatever their outcome."""
    next_attempt_at: datetime | None = None
    """When the first deferred delivery is due again."""

    @property
    def share(self) -> float:
        """The share of deliveries that are final, from 0 to 1."""
        audience = self.totals.audience
        return 1 - self.totals.waiting / audience if audience else 1.0

    @property
    def left(self) -> timedelta | None:
        """The time until each delivery was attempted once; None if unknown."""
        untried = self.totals.queued + self.totals.sending
        if not untried or not self.per_second or self.edition.state is not EditionState.SENDING:
            return None
        return timedelta(seconds=math.ceil(untried / self.per_second))

"""How far an edition is, how fast it goes, and when it will be done."""

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.editions import Edition, EditionState

WINDOW = 10.0
"""Seconds over which a speed is measured."""


class CountRate:
    """How fast a count grows: over ten seconds, or two looks where they lie further apart."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, now: float, count: int) -> None:
        """Take note of a count; `now` in seconds of a clock that only goes forward."""
        self._seen.append((now, count))
        while len(self._seen) > 2 and now - self._seen[1][0] >= WINDOW:  # noqa: PLR2004 - a distance has two ends
            self._seen.popleft()

    @property
    def per_second(self) -> float | None:
        """Return the speed, never below 0; None before the second look."""
        if len(self._seen) < 2:  # noqa: PLR2004 - a distance has two ends
            return None
        (began, before), (ended, after) = self._seen[0], self._seen[-1]
        return max(0.0, (after - before) / (ended - began)) if ended > began else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionProgress:
    """How far one edition is."""

    edition: Edition
    totals: DeliveryTotals
    per_second: float = 0.0
    """How many leave the queue in a second, whatever becomes of them."""
    next_attempt_at: datetime | None = None
    """When the first of those that were put off is due again."""

    @property
    def share(self) -> float:
        """How much of it is over, from 0 to 1."""
        audience = self.totals.audience
        return 1 - self.totals.waiting / audience if audience else 1.0

    @property
    def left(self) -> timedelta | None:
        """How long it will take until all were tried; None where nobody can tell.

        Those that were put off come later.
        """
        untried = self.totals.queued + self.totals.sending
        if not untried or not self.per_second or self.edition.state is not EditionState.SENDING:
            return None
        return timedelta(seconds=math.ceil(untried / self.per_second))

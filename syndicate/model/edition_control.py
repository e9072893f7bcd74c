"""Control of an edition: pause, cancel or replace it, and when failures pause it automatically."""

import math
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from syndicate.model.editions import EditionState
from syndicate.model.subscribers import Cause

CANCELLED = "cancelled"
"""The reason recorded for skipped readers of a cancelled edition."""


def replaced_by(edition: int) -> str:
    """Return the reason recorded for skipped readers who get a corrected edition instead."""
    return f"replaced by edition {edition}"


class ControlAction(StrEnum):
    """What an operator, or a limit, did to an edition."""

    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    RESENT = "sent again"
    """Another edition went to those who didn't get it."""
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """One action on an edition: what, when and by whom."""

    at: datetime
    act: ControlAction
    cause: Cause
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """How many deliveries were in which state when an edition was acted on."""

    accepted: int
    in_flight: int
    """Being sent: these may still be accepted."""
    held_back: int
    failed: int
    expired: int
    skipped: int
    unknown: int

    @property
    def audience(self) -> int:
        """All readers of the edition."""
        return sum(getattr(self, field.name) for field in fields(self))

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to send."""
        return not self.in_flight and not self.held_back

    def __str__(self) -> str:
        return self.summary(pending="held back")

    def summary(self, *, pending: str) -> str:
        """Write the counts, calling those not begun `pending`: "812 accepted, 184 waiting"."""
        counts = f"{self.accepted} accepted, {self.in_flight} in flight, {self.held_back} {pending}"
        for name in ("failed", "expired", "skipped", "unknown"):
            if count := getattr(self, name):
                counts += f", {count} {name}"
        return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlOutcome:
    """The outcome of an action on an edition."""

    changed: bool
    """False if the edition was in that state already, or complete."""
    before: EditionState
    left: Remaining


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionWait:
    """What an edition, or an operator, waits for."""

    paused: ControlRecord | None = None
    put_off: int = 0
    """How many deliveries wait for their next attempt."""
    next_attempt_at: datetime | None = None
    """When the first of them is due."""
    reply: str = ""
    """The reply that deferred most of them."""
    unsettled: int = 0
    """How many unknown deliveries are not settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureThreshold:
    """How many permanent failures pause an edition automatically."""

    share: float = 0.05
    """The share of failures among those tried, from 0 to 1."""
    after: int = 200
    """The number tried from which the share counts."""

    def is_reached(self, tried: int, failed: int) -> bool:
        """Whether enough of those tried failed to pause the edition."""
        return tried >= self.after and failed >= self.share * tried and failed > 0

    def failures_left(self, tried: int, failed: int) -> int:
        """Return the fewest further failures that can reach the threshold.

        With `x` more failures, the share is reached at the earliest where
        `failed + x >= share * max(tried + x, after)`.
        """
        soonest = self.share * self.after - failed
        if self.share < 1:
            soonest = max(soonest, (self.share * tried - failed) / (1 - self.share))
        return max(1, math.ceil(soonest))

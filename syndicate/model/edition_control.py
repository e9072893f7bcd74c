"""Stopping an edition: what was decided, how far it had got, and when it stops by itself."""

import math
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from syndicate.model.editions import EditionState
from syndicate.model.subscribers import Cause

CANCELLED = "cancelled"
"""Why a reader of a cancelled edition was skipped."""


def replaced_by(edition: int) -> str:
    """Say why a reader was skipped who gets a corrected edition in its place."""
    return f"replaced by edition {edition}"


class ControlAction(StrEnum):
    """What was decided about an edition."""

    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    """It was replaced by another."""
    RESENT = "sent again"
    """Another one went to those who didn't get it."""
    SETTLED = "settled"
    """What was unknown of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """One decision about an edition: what, when, by whom, and how far it had got."""

    at: datetime
    act: ControlAction
    cause: Cause
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """How far an edition had got when somebody decided about it; the sum is its audience."""

    accepted: int
    in_flight: int
    """Being handed over: these may still be accepted."""
    held_back: int
    """Not handed over, and not begun."""
    failed: int
    expired: int
    skipped: int
    unknown: int

    @property
    def audience(self) -> int:
        """Everybody the edition was frozen for."""
        return sum(getattr(self, field.name) for field in fields(self))

    @property
    def over(self) -> bool:
        """Whether nothing is left to stop."""
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
    """What came of a decision about an edition."""

    changed: bool
    """False where it had been decided before, or nothing was left to decide."""
    before: EditionState
    left: Remaining
    """How far the edition had got."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionWait:
    """What an edition waits for, and somebody."""

    paused: ControlRecord | None = None
    """The decision that paused it."""
    put_off: int = 0
    """How many wait for their next attempt."""
    next_attempt_at: datetime | None = None
    """When the first of them is due again."""
    reply: str = ""
    """Why most of them were put off."""
    unsettled: int = 0
    """How many are unknown that nobody has settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureThreshold:
    """How many refusals for good stop an edition by themselves."""

    share: float = 0.05
    """Of those whom a server was asked to take, from 0 to 1."""
    after: int = 200
    """So many have to be settled before the share says anything."""

    def reached(self, tried: int, failed: int) -> bool:
        """Whether so many failed of so many tried that it has to stop."""
        return tried >= self.after and failed >= self.share * tried and failed > 0

    def bearable(self, tried: int, failed: int) -> int:
        """Return how many more may fail, if all do, before it is worth looking again.

        With `x` more, the share is reached at the earliest where
        `failed + x >= share * max(tried + x, after)`.
        """
        soonest = self.share * self.after - failed
        if self.share < 1:
            soonest = max(soonest, (self.share * tried - failed) / (1 - self.share))
        return max(1, math.ceil(soonest))

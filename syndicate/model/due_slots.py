"""The timetable: which slots of a schedule are due, and what to do with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger

from syndicate.clock import format_duration
from syndicate.config import Schedule
from syndicate.config.cron import parse
from syndicate.model.schedule_slots import CronCalendar, FixedInterval, Slot

__all__ = [
    "DueSlots",
    "SkippedSlot",
    "Slot",
    "SlotDecision",
    "SlotTrigger",
    "Timing",
    "decide",
    "schedule_timing",
]

LIMIT = 100
"""How many missed slots are recorded one by one after a long absence."""
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSlots:
    """The slots in a span of time: the newest, and those before it in their order."""

    newest: Slot | None
    missed: tuple[Slot, ...]
    older: int
    """How many older ones there were still, left out for their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedSlot:
    """A slot that nothing is sent for, and why, in words for people."""

    slot: Slot
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotDecision:
    """What to do with a schedule's due slots."""

    slot: Slot | None
    """The one to deal with."""
    skipped: tuple[SkippedSlot, ...]
    """Those to record as skipped, oldest first."""
    older: int
    """How many still older ones were passed over without a record."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a schedule's slots come, and in which zone they are read."""

    pattern: FixedInterval | CronCalendar
    zone: ZoneInfo

    @property
    def fingerprint(self) -> str:
        """Tell this timing from another one; the same however it was written."""
        return str(self.pattern)

    def upcoming(self, after: datetime, count: int) -> list[Slot]:
        """List the next slots later than `after`; fewer only at the end of time."""
        return list(islice(self.pattern.forwards(after), count))

    def latest(self, until: datetime) -> Slot | None:
        """Find the newest slot at or before `until`."""
        return next(self.pattern.backwards(until), None)

    def due(self, after: datetime, until: datetime, limit: int = LIMIT) -> DueSlots:
        """Find the slots later than `after`, up to and with `until`.

        At most the newest `limit` missed ones are listed, so that a year away
        costs no more than an hour.
        """
        newest_first = takewhile(lambda slot: slot.due_at > after, self.pattern.backwards(until))
        found = list(islice(newest_first, limit + 2))
        missed = tuple(reversed(found[1 : limit + 1]))
        older = self.pattern.count(after, missed[0].due_at) - 1 if len(found) > limit + 1 else 0
        return DueSlots(newest=found[0] if found else None, missed=missed, older=older)

    def trigger(self) -> BaseTrigger:
        """Return the trigger of APScheduler's that wakes at each slot."""
        return SlotTrigger(self)

    def label(self, slot: Slot, beside: Slot) -> str:
        """Name a slot for people beside another one: by its time, or with its date too."""
        due_at, other = (at.due_at.astimezone(self.zone) for at in (slot, beside))
        written = due_at.strftime("%H:%M:%S" if due_at.second else "%H:%M")
        return written if due_at.date() == other.date() else f"{due_at:%Y-%m-%d} {written}"


class SlotTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no type hints
    """Wakes APScheduler at each slot; those that it slept through are left to `decide`."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """Return the next slot at or after `now`, and after the one before it."""
        after = max(now - _INSTANT, previous_fire_time or now - _INSTANT)
        upcoming = self._timing.upcoming(after, 1)
        return upcoming[0].due_at if upcoming else None

    def __str__(self) -> str:
        return self._timing.fingerprint


def schedule_timing(schedule: Schedule, zone: ZoneInfo) -> Timing:
    """Read the timing of a schedule; `zone` is where its hours of the clock are."""
    if schedule.every is not None:
        return Timing(FixedInterval(schedule.every), zone)
    assert schedule.cron is not None, "the configuration has one of the two"
    return Timing(CronCalendar(parse(schedule.cron), zone), zone)


def decide(
    timing: Timing,
    *,
    last: datetime | None,
    since: datetime,
    now: datetime,
    max_late: timedelta | None,
    limit: int = LIMIT,
) -> SlotDecision:
    """Say which slot of a schedule to deal with now, and which to record as skipped.

    `last` is when the newest slot was due that was dealt with or skipped, None
    where there was none yet; `since` is when this timing was first seen. Of
    several due slots only the newest is dealt with. The first slot of a schedule
    is never too late, and with a steady beat it is the newest at or before `now`,
    so that a new publication speaks at once. A timing that was changed begins at
    the change.
    """
    if last is None and isinstance(timing.pattern, FixedInterval):
        return SlotDecision(slot=timing.latest(now), skipped=(), older=0)
    after = last if last is not None and last >= since else since - _INSTANT
    due = timing.due(after, now, limit)
    if due.newest is None:
        return SlotDecision(slot=None, skipped=(), older=0)
    late = now - due.newest.due_at
    if last is not None and max_late is not None and late > max_late:
        skipped = tuple(_too_late((*due.missed, due.newest), now, max_late))
        return SlotDecision(slot=None, skipped=skipped, older=due.older)
    skipped = tuple(
        SkippedSlot(slot=slot, reason=f"covered by {timing.label(due.newest, slot)}")
        for slot in due.missed
    )
    return SlotDecision(slot=due.newest, skipped=skipped, older=due.older)


def _too_late(slots: tuple[Slot, ...], now: datetime, max_late: timedelta) -> Iterator[SkippedSlot]:
    for slot in slots:
        late = format_duration(now - slot.due_at)
        yield SkippedSlot(slot=slot, reason=f"{late} late, limit {format_duration(max_late)}")

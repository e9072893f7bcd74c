"""Which slots of a schedule are due, and which of them fire or are skipped."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger

from syndicate.clock import format_duration
from syndicate.config import Schedule
from syndicate.config.cron import parse
from syndicate.model.schedule_slots import CronCalendar, FixedInterval, Slot

MAX_RECORDED = 100
"""How many missed slots are recorded individually after a long absence."""
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSlots:
    """The slots in a period: the newest, and the missed ones before it in order."""

    newest: Slot | None
    missed: tuple[Slot, ...]
    older: int
    """How many still older ones are not listed."""


@dataclass(frozen=True, slots=True)
class SkippedSlot:
    """A slot for which nothing is sent, and the reason for operators."""

    slot: Slot
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotDecision:
    """What to do with a schedule's due slots."""

    slot: Slot | None
    """The slot that fires."""
    skipped: tuple[SkippedSlot, ...]
    """The slots to record as skipped, oldest first."""
    older: int
    """How many still older ones are skipped without a record."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The pattern of a schedule's slots, and the time zone in which they are shown."""

    pattern: FixedInterval | CronCalendar
    zone: ZoneInfo

    @property
    def fingerprint(self) -> str:
        """The identity of this timing, however the configuration expresses it."""
        return str(self.pattern)

    def upcoming(self, after: datetime, count: int) -> list[Slot]:
        """Return the next `count` slots after `after`; fewer only at the end of time."""
        return list(islice(self.pattern.forwards(after), count))

    def latest(self, until: datetime) -> Slot | None:
        """Return the newest slot at or before `until`."""
        return next(self.pattern.backwards(until), None)

    def due(self, after: datetime, until: datetime, limit: int = MAX_RECORDED) -> DueSlots:
        """Return the slots later than `after`, up to and including `until`.

        At most the newest `limit` missed ones are listed, so that a year of absence costs no
        more than an hour.
        """
        newest_first = takewhile(lambda slot: slot.due_at > after, self.pattern.backwards(until))
        slots = list(islice(newest_first, limit + 2))
        missed = tuple(reversed(slots[1 : limit + 1]))
        older = self.pattern.count(after, missed[0].due_at) - 1 if len(slots) > limit + 1 else 0
        return DueSlots(newest=slots[0] if slots else None, missed=missed, older=older)

    def label(self, slot: Slot, beside: Slot) -> str:
        """Format a slot's time for operators, with its date unless `beside` has the same."""
        due_at, other = (at.due_at.astimezone(self.zone) for at in (slot, beside))
        written = due_at.strftime("%H:%M:%S" if due_at.second else "%H:%M")
        return written if due_at.date() == other.date() else f"{due_at:%Y-%m-%d} {written}"


class SlotTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no type hints
    """Fires APScheduler at each slot; slots that it missed are left to `decide`."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """Return the next slot at or after `now`, and after the previous one."""
        after = max(now - _INSTANT, previous_fire_time or now - _INSTANT)
        upcoming = self._timing.upcoming(after, 1)
        return upcoming[0].due_at if upcoming else None

    def __str__(self) -> str:
        return self._timing.fingerprint


def schedule_timing(schedule: Schedule, zone: ZoneInfo) -> Timing:
    """Return the timing of a schedule, whose hours are in `zone`."""
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
    limit: int = MAX_RECORDED,
) -> SlotDecision:
    """Decide which slot of a schedule fires now, and which to record as skipped.

    `last` is when the newest slot was due that fired or was skipped, None for none;
    `since` is when this timing was first seen. Of several due slots only the newest fires.
    The first slot of a schedule is never too late; with a fixed interval it is the newest at
    or before `now`, so that a new publication sends at once. A changed timing starts at the
    change.
    """
    if last is None and isinstance(timing.pattern, FixedInterval):
        return SlotDecision(slot=timing.latest(now), skipped=(), older=0)
    after = last if last is not None and last >= since else since - _INSTANT
    due = timing.due(after, now, limit)
    if due.newest is None:
        return SlotDecision(slot=None, skipped=(), older=0)
    late = now - due.newest.due_at
    if last is not None and max_late is not None and late > max_late:
        allowed = format_duration(max_late)
        skipped = tuple(
            SkippedSlot(slot, f"{format_duration(now - slot.due_at)} late, limit {allowed}")
            for slot in (*due.missed, due.newest)
        )
        return SlotDecision(slot=None, skipped=skipped, older=due.older)
    skipped = tuple(
        SkippedSlot(slot, f"covered by {timing.label(due.newest, slot)}") for slot in due.missed
    )
    return SlotDecision(slot=due.newest, skipped=skipped, older=due.older)

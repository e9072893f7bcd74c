"""The slots of a schedule, its nominal times: which are due, and which of them fire or are skipped.

A pattern, a fixed interval or a cron calendar, goes forwards or backwards from any time. It
depends on the time alone: a restart or another machine finds the same slots.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import count, islice, takewhile
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger

from syndicate.clock import EPOCH, format_duration
from syndicate.config import Schedule
from syndicate.config.cron import Cron, parse

MAX_RECORDED = 100
"""How many missed slots are recorded individually after a long absence."""
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_LATE = " late, limit "
_HORIZON = 8 * 366
"""Days within which every date occurs: years such as 1900 have no 29 February."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One nominal time of a schedule.

    `key` is its permanent name: the wall-clock time and zone for schedules at fixed hours, so
    that no slot occurs twice when clocks go back; the instant for intervals and hourly ones.
    """

    key: str
    due_at: datetime


class FireOutcome(StrEnum):
    """The outcome of a slot."""

    EDITION = "edition"
    SKIPPED = "skipped"
    FAILED = "failed"
    """It is retried until it is too late."""


@dataclass(frozen=True, slots=True)
class FixedInterval:
    """A fixed interval, counted from the Unix epoch: a restart never shifts it."""

    every: timedelta

    def __str__(self) -> str:
        return f"every {self.every.total_seconds():.0f}s"

    def forwards(self, after: datetime) -> Iterator[Slot]:
        """Yield the slots later than `after`."""
        first = (after - EPOCH) // self.every + 1
        return (self._slot(number) for number in count(first))

    def backwards(self, until: datetime) -> Iterator[Slot]:
        """Yield the slots at or before `until`, newest first."""
        last = (until - EPOCH) // self.every
        return (self._slot(number) for number in count(last, -1))

    def count(self, after: datetime, until: datetime) -> int:
        """Return how many slots are later than `after`, up to and including `until`."""
        return max(0, (until - EPOCH) // self.every - (after - EPOCH) // self.every)

    def _slot(self, number: int) -> Slot:
        return _by_instant(EPOCH + number * self.every)


@dataclass(frozen=True, slots=True)
class CronCalendar:
    """A cron expression in a time zone, with its changes of daylight saving time.

    At fixed hours (`30 2 * * *`) a time that clocks skip moves to the same interval after
    the gap, and a time that occurs twice is the first. Through the day (`*/30 * * * *`) there
    is a slot for each time that occurs.
    """

    cron: Cron
    zone: ZoneInfo

    def __str__(self) -> str:
        return f"cron {self.cron} {self.zone.key}"

    def forwards(self, after: datetime) -> Iterator[Slot]:
        """Yield the slots later than `after`."""
        first = after.astimezone(self.zone).date()
        return (slot for slot in self._days(first, _DAY) if slot.due_at > after)

    def backwards(self, until: datetime) -> Iterator[Slot]:
        """Yield the slots at or before `until`, newest first."""
        last = until.astimezone(self.zone).date()
        return (slot for slot in self._days(last, -_DAY) if slot.due_at <= until)

    def count(self, after: datetime, until: datetime) -> int:
        """Return how many slots are later than `after`, up to and including `until`.

        Days are counted as a whole, except the first and last and those near a clock change.
        """
        first, last = (at.astimezone(self.zone).date() for at in (after, until))
        count = 0
        for day in (first + number * _DAY for number in range((last - first).days + 1)):
            if first < day < last and not self._clocks_change(day):
                allowed = self._allows(day)
                count += len(self.cron.hours) * len(self.cron.minutes) if allowed else 0
            else:
                count += sum(after < slot.due_at <= until for slot in self._slots_on(day))
        return count

    def _clocks_change(self, day: date) -> bool:
        """Whether the clocks change on a day or on the day before it."""
        ends = (datetime.combine(day + n * _DAY, time(), tzinfo=self.zone) for n in (-1, 0, 1))
        return len({at.utcoffset() for at in ends}) > 1

    def _days(self, day: date, step: timedelta) -> Iterator[Slot]:
        """Yield the slots of day after day, until there are none for `_HORIZON`."""
        idle = 0
        while idle < _HORIZON:
            slots = self._slots_on(day)
            yield from slots if step > timedelta() else reversed(slots)
            idle = 0 if slots else idle + 1
            day += step

    def _slots_on(self, day: date) -> list[Slot]:
        """Return the slots on a local day, in order.

        Those of the day before count too: clocks may go forward at midnight. A skipped time
        that moves to another slot's time is that slot.
        """
        slots = {
            slot.due_at: slot
            for wall in (*self._wall_times(day - _DAY), *self._wall_times(day))
            for slot in self._slots_at(wall)
            if slot.due_at.astimezone(self.zone).date() == day
        }
        return [slots[due_at] for due_at in sorted(slots)]

    def _wall_times(self, day: date) -> Iterator[datetime]:
        """Yield the wall-clock times of the expression on a day."""
        if self._allows(day):
            for hour in sorted(self.cron.hours):
                for minute in sorted(self.cron.minutes):
                    yield datetime.combine(day, time(hour, minute), tzinfo=self.zone)

    def _allows(self, day: date) -> bool:
        cron, weekday = self.cron, day.isoweekday() % 7
        return day.month in cron.months and day.day in cron.days and weekday in cron.weekdays

    def _slots_at(self, wall: datetime) -> Iterator[Slot]:
        if not self.cron.hourly:
            key = f"{wall.replace(tzinfo=None).isoformat(timespec='minutes')}[{self.zone.key}]"
            yield Slot(key, wall.astimezone(UTC))
            return
        for instant in {wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)}:
            if instant.astimezone(self.zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
                yield _by_instant(instant)


def _by_instant(due_at: datetime) -> Slot:
    return Slot(due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), due_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotDecision:
    """What to do with a schedule's due slots."""

    slot: Slot | None = None
    """The slot that fires."""
    skipped: tuple[tuple[Slot, str], ...] = ()
    """The slots to record as skipped, oldest first, and the reasons for operators."""
    older: int = 0
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

    def due(
        self, after: datetime, until: datetime, limit: int = MAX_RECORDED
    ) -> tuple[list[Slot], int]:
        """Return the slots later than `after`, up to and including `until`, oldest first.

        Before the newest, at most `limit` missed ones are listed, so that a year of absence
        costs no more than an hour. The number is how many still older ones are not listed.
        """
        newest_first = takewhile(lambda slot: slot.due_at > after, self.pattern.backwards(until))
        found = list(islice(newest_first, limit + 2))
        slots = found[limit::-1]
        older = self.pattern.count(after, slots[0].due_at) - 1 if len(found) > len(slots) else 0
        return slots, older

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
        return SlotDecision(slot=timing.latest(now))
    after = last if last is not None and last >= since else since - _INSTANT
    slots, older = timing.due(after, now, limit)
    if not slots:
        return SlotDecision()
    newest = slots[-1]
    if last is not None and max_late is not None and now - newest.due_at > max_late:
        allowed = format_duration(max_late)
        late = ((slot, f"{format_duration(now - slot.due_at)}{_LATE}{allowed}") for slot in slots)
        return SlotDecision(skipped=tuple(late), older=older)
    covered = ((slot, f"covered by {timing.label(newest, slot)}") for slot in slots[:-1])
    return SlotDecision(slot=newest, skipped=tuple(covered), older=older)


def is_too_late(outcome: FireOutcome, reason: str) -> bool:
    """Whether a slot was skipped because nothing fired it in time."""
    return outcome is FireOutcome.SKIPPED and _LATE in reason


def overdue(
    timing: Timing, *, last: datetime | None, since: datetime, now: datetime
) -> Slot | None:
    """Return the oldest slot that should have been dealt with by `now`; None for none.

    The arguments are those of `decide`.
    """
    if since > now:
        return None
    decision = decide(timing, last=last, since=since, now=now, max_late=None)
    return decision.skipped[0][0] if decision.skipped else decision.slot

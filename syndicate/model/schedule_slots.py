"""Computes the slots of a schedule, its nominal times: by fixed interval or by cron calendar.

Both patterns go forwards or backwards from any time. They depend on the time alone: a
restart or another machine finds the same slots.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from syndicate.clock import EPOCH
from syndicate.config.cron import Cron

_DAY = timedelta(days=1)
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

"""Find the schedule and the slot that an edition file is about, by the file's name.

`2026-12-01-briefing.md` is about the slot of the schedule `briefing` on that day in the schedule's
zone, `2026-12-01-0700-briefing.md` about the one at that time, `next-briefing.md` about the next.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import takewhile

from syndicate.clock import to_utc
from syndicate.config import Config, Schedule
from syndicate.config.cron import parse
from syndicate.errors import Refused
from syndicate.model.schedule_slots import Slot, Timing, schedule_timing
from syndicate.text import closest_match

NEXT = "next-"
_DATED = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})-(.+)")
_TIMED = re.compile(r"(\d{4})-(.+)")
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_YEARS = range(1970, 3000)
"""Near the ends of the calendar no slots can be computed."""
_NAMED = 5
"""Slots of a day that a message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSlot:
    """What the name of an edition file is about."""

    schedule: Schedule
    starts_at: datetime | None
    ends_at: datetime | None
    """As in `EditionFile`."""
    mistake: str = ""
    """Why its slot isn't known; empty where it is."""


def find_named_slot(stem: str, config: Config, *, at: datetime) -> NamedSlot:
    """Return the slot that a file is about, `next-` from `at` on.

    Raise Refused for a name without a date, or without a schedule of the configuration.
    """
    if stem.startswith(NEXT) and stem != NEXT:
        return _next_slot(_schedule(stem.removeprefix(NEXT), config), config, at)
    dated = _DATED.fullmatch(stem)
    if dated is None:
        raise Refused(
            "expected a name such as 2026-12-01-briefing.md, 2026-12-01-0700-briefing.md or "
            "next-briefing.md, which ends in the name of a schedule"
        )
    day = _day(dated[1])
    names, timed = {schedule.name for schedule in config.schedules}, _TIMED.fullmatch(dated[2])
    if timed is None or dated[2] in names:
        return _on_day(_schedule(dated[2], config), config, day, None)
    return _on_day(_schedule(timed[2], config), config, day, timed[1])


def _day(written: str) -> date:
    """Parse a date; raise Refused."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        day = date.min
    if day.year not in _YEARS:
        raise Refused(f"{written} is not a date; expected one such as 2026-12-01")
    return day


def _schedule(name: str, config: Config) -> Schedule:
    if (schedule := config.schedule(name)) is not None:
        return schedule
    names = [schedule.name for schedule in config.schedules]
    match = closest_match(name, names)
    known = f"did you mean {match}?" if match else f"there are {', '.join(names) or 'none'}"
    raise Refused(f"no schedule is called {name}; {known}")


def _next_slot(schedule: Schedule, config: Config, at: datetime) -> NamedSlot:
    slots = _timing(schedule, config).upcoming(at - _INSTANT, 1)
    if slots:
        return _exactly(schedule, slots[0])
    mistake = "its schedule has no slot"
    return NamedSlot(schedule=schedule, starts_at=None, ends_at=None, mistake=mistake)


def _on_day(schedule: Schedule, config: Config, day: date, written: str | None) -> NamedSlot:
    """Return the slot of a day: the only one, or the one at a time written as `0700`."""
    timing = _timing(schedule, config)
    slots = slots_of_day(timing, day)
    found = slots if written is None else [s for s in slots if written in _times(s, timing)]
    if len(found) == 1 or (found and written is not None):
        return _exactly(schedule, found[0])
    times = [f"{slot.due_at.astimezone(timing.zone):%H:%M}" for slot in slots]
    named = ", ".join(times[:_NAMED]) + (f" and {len(times) - _NAMED} more" * (len(times) > _NAMED))
    if not slots:
        mistake = f"{schedule.name} has no slot on {day}; the next is {_next(timing, day)}"
    elif written is None:
        example = f"{day}-{times[0].replace(':', '')}-{schedule.name}.md"
        mistake = f"{schedule.name} has {len(slots)} slots on {day} ({named}): name it {example}"
    else:
        mistake = (
            f"{schedule.name} has no slot at {written[:2]}:{written[2:]} on {day}, only {named}"
        )
    if schedule.cron is None or parse(schedule.cron).hourly:
        return NamedSlot(schedule=schedule, starts_at=None, ends_at=None, mistake=mistake)
    starts_at, ends_at = _bounds(day, timing)
    return NamedSlot(schedule=schedule, starts_at=starts_at, ends_at=ends_at, mistake=mistake)


def slots_of_day(timing: Timing, day: date) -> list[Slot]:
    """Return the slots of a local day."""
    starts_at, ends_at = _bounds(day, timing)
    following = timing.pattern.forwards(starts_at - _INSTANT)
    return list(takewhile(lambda slot: slot.due_at < ends_at, following))


def is_slot(at: datetime, schedule: Schedule, config: Config) -> bool:
    """Whether a schedule has a slot at a time."""
    following = _timing(schedule, config).upcoming(at - _INSTANT, 1)
    return bool(following) and following[0].due_at == at


def _times(slot: Slot, timing: Timing) -> set[str]:
    """Return the times that a slot may be called by; a time that clocks skip is still its name."""
    local = f"{slot.due_at.astimezone(timing.zone):%H%M}"
    return {local, slot.key[11:16].replace(":", "")} if "[" in slot.key else {local}


def _bounds(day: date, timing: Timing) -> tuple[datetime, datetime]:
    midnights = (datetime.combine(d, time(), tzinfo=timing.zone) for d in (day, day + _DAY))
    starts_at, ends_at = map(to_utc, midnights)
    return starts_at, ends_at


def _next(timing: Timing, day: date) -> str:
    slots = timing.upcoming(_bounds(day, timing)[1] - _INSTANT, 1)
    return f"{slots[0].due_at.astimezone(timing.zone):%Y-%m-%d %H:%M}" if slots else "never"


def _exactly(schedule: Schedule, slot: Slot) -> NamedSlot:
    return NamedSlot(schedule=schedule, starts_at=slot.due_at, ends_at=slot.due_at + _INSTANT)


def _timing(schedule: Schedule, config: Config) -> Timing:
    return schedule_timing(schedule, config.zone(schedule))

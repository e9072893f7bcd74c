"""The schedules of a simulation: which slots they have, and which stories they take."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation import events
from tests.simulation.predictions import Story

DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass
class Rule:
    """A schedule."""

    name: str
    table: dict[str, Any]
    zone: ZoneInfo
    began_at: datetime | None = None
    began_after: int = 0
    last_slot: datetime | None = None
    """The newest one that was dealt with; a slot that failed isn't."""

    def duration(self, key: str) -> timedelta | None:
        return duration(self.table[key]) if key in self.table else None

    def slots(self, after: datetime, until: datetime) -> list[datetime]:
        """All slots later than `after`, up to and including `until`."""
        if every := self.duration("every"):
            numbers = range((after - EPOCH) // every, (until - EPOCH) // every + 1)
            found = {EPOCH + number * every for number in numbers}
        else:
            found = set(cron_times(self.table["cron"], self.zone, after, until))
        return sorted(slot for slot in found if after < slot <= until)

    def due(self, at: datetime) -> list[datetime]:
        """The slots since the last one; with an interval, a new schedule has the one before it."""
        if self.last_slot is None and (every := self.duration("every")):
            return self.slots(at - 2 * every, at)[-1:]
        began = (self.began_at or at) - timedelta.resolution
        return self.slots(self.last_slot or began, at)

    def slots_of_day(self, day: date) -> list[datetime]:
        midnights = [wall(one, 0, 0, self.zone) for one in (day, day + DAY)]
        begin, end = midnights[0] - timedelta.resolution, midnights[1] - timedelta.resolution
        return self.slots(begin, end)

    def is_about(self, plan: events.Planned, slot: datetime) -> bool:
        """Whether an editor's file is about a slot, or about one of its day and nobody knows which."""
        found = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:-(\d{4}))?-([a-z]+)\.md", plan.name)
        assert found is not None
        is_of_day = found[1] == f"{slot.astimezone(self.zone):%Y-%m-%d}"
        if found[3] != self.name or not is_of_day:
            return False
        return found[2] in {None, self.clock(slot)} or self.is_misnamed(plan, slot)

    def is_misnamed(self, plan: events.Planned, slot: datetime) -> bool:
        """Whether a file of the day of a slot doesn't name one of its slots."""
        slots = self.slots_of_day(slot.astimezone(self.zone).date())
        written = re.search(r"-(\d{4})-[a-z]", plan.name)
        return len(slots) != 1 if written is None else written[1] not in map(self.clock, slots)

    def clock(self, slot: datetime) -> str:
        return f"{slot.astimezone(self.zone):%H%M}"

    def selects(self, story: Story) -> bool:
        select = self.table.get("select", {})
        wanted_tags = set(select.get("tags", story.file.tags or ["none"]))
        return (
            select.get("breaking", story.file.breaking) == story.file.breaking
            and ("sections" not in select or story.file.section in select["sections"])
            and ("tags" not in select or bool(wanted_tags & set(story.file.tags)))
        )


def select(rule: Rule, new: list[Story], at: datetime) -> list[Story]:
    """What a schedule takes of what is new, newest first."""
    wanted = rule.table.get("select", {})
    max_age = duration(wanted["max_age"]) if "max_age" in wanted else None
    taken = [
        story
        for story in new
        if rule.selects(story) and (max_age is None or story.published >= at - max_age)
    ]
    taken.sort(key=lambda one: one.slug)
    taken.sort(key=lambda one: one.published, reverse=True)
    return taken


def duration(text: Any) -> timedelta:
    """Read "1h30m"."""
    return sum(
        (
            timedelta(**{UNITS[unit]: int(count)})
            for count, unit in re.findall(r"(\d+)([dhms])", text)
        ),
        timedelta(),
    )


def cron_times(
    expression: str, zone: ZoneInfo, after: datetime, until: datetime
) -> Iterator[datetime]:
    """Yield the times of a cron expression without days and months, some before `after` too."""
    minutes, hours, days, months, weekdays = expression.split()
    assert (days, months) == ("*", "*")
    allowed = cron_field(minutes, 0, 59), cron_field(hours, 0, 23), cron_field(weekdays, 0, 6)
    if hours.startswith("*"):  # it keeps its intervals: every minute that shows such a time
        at = after.replace(second=0, microsecond=0)
        while at <= until:
            local = at.astimezone(zone)
            if (
                local.minute in allowed[0]
                and local.hour in allowed[1]
                and local.isoweekday() % 7 in allowed[2]
            ):
                yield at
            at += timedelta(minutes=1)
        return
    day = after.astimezone(zone).date() - DAY
    while day <= until.astimezone(zone).date():
        if day.isoweekday() % 7 in allowed[2]:
            yield from (wall(day, h, m, zone) for h in allowed[1] for m in allowed[0])
        day += DAY


def wall(day: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    """The first instant at which a clock shows a time; where it is skipped, as long after the gap."""
    return datetime.combine(day, time(hour, minute), tzinfo=zone).astimezone(UTC)


def cron_field(text: str, first: int, last: int) -> set[int]:
    """The values that a field allows."""
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        ends = [cron_value(end) for end in span.split("-")] if span != "*" else [first, last]
        values |= set(range(ends[0], ends[-1] + 1, int(step or 1)))
    return values


def cron_value(text: str) -> int:
    return WEEKDAYS.index(text) if text in WEEKDAYS else int(text)

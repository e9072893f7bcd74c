"""A history: what editors, readers, reviewers and machines do in some weeks, drawn by a seed.

It doesn't look at what the newsroom makes of it: an approval is of whatever waits at that time.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation import events
from tests.simulation.rules import Rule, duration

ARTICLES_A_DAY = 40
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
SECTIONS = ("City", "World", "Sport", "Culture")
TAGS = ("climate", "harbour", "tram", "election")
READERS = 30
NEWSLETTERS = ("flash", "briefing", "pulse")
TIMETABLE = events.Timetable(
    zone="Europe/Berlin",
    segments={"members": "member"},
    schedules=[
        {
            "name": "flash",
            "newsletter": "flash",
            "every": "1h",
            "select": {"breaking": True, "max": 5, "max_age": "24h"},
            "begin_with": "24h",
            "max_late": "90m",
        },
        {
            "name": "night",
            "newsletter": "briefing",
            "cron": "30 2 * * *",
            "approve": True,
            "approve_by": "3h",
            "hold": "5m",
            "select": {"sections": ["City", "World"], "max": 4, "max_age": "24h"},
        },
        {
            "name": "members",
            "newsletter": "briefing",
            "cron": "0 7,18 * * mon-fri",
            "timezone": "America/New_York",
            "segment": "members",
            "max_late": "2h",
        },
        {
            "name": "climate",
            "newsletter": "pulse",
            "cron": "15 */2 * * *",
            "hold": "10m",
            "select": {"tags": ["climate"], "max": 3},
            "begin_with": "all",
        },
        {
            "name": "calm",
            "newsletter": "pulse",
            "cron": "0,45 1-3,12 * * *",
            "approve": True,
            "hold": "1m",
            "select": {"breaking": False, "sections": ["Sport", "Culture"], "max_age": "12h"},
        },
    ],
)
"""Five schedules of three newsletters, in two zones whose clocks change on different days."""


def draw_history(seed: int, start: datetime, days: int) -> list[events.Event]:
    """Return everything that happens from `start` on, in order of time."""
    chance = Random(seed)
    end = start + days * DAY
    drawn = [
        *_first_readers(chance, start),
        *(event for day in range(days) for event in _articles(chance, start + day * DAY)),
        *(event for day in range(days) for event in _readers(chance, start + day * DAY)),
        *_decisions(chance, start, end),
        *_passes(chance, start, end),
    ]
    filed = [event for event in drawn if isinstance(event, events.Filed)]
    drawn += _plans(chance, start, end, filed)
    # two things never happen at the same moment, but for passes
    drawn.sort(key=lambda event: event.at)
    moments = count()
    return [replace(event, at=event.at + next(moments) * timedelta.resolution) for event in drawn]


def _moment(chance: Random, day: datetime, within: timedelta = DAY) -> datetime:
    return (day + within * chance.random()).replace(microsecond=0)


def _articles(chance: Random, day: datetime) -> Iterator[events.Event]:
    for number in range(ARTICLES_A_DAY):
        at = _moment(chance, day)
        story = events.Filed(
            at=at,
            slug=f"s{day:%y%m%d}-{number:02}",
            title=f"Story {number}",
            date=_date(chance, at),
            section=chance.choice((*SECTIONS, None)),
            tags=tuple(tag for tag in TAGS if chance.random() < 0.15),
            breaking=chance.random() < 0.12,
            draft=chance.random() < 0.1,
        )
        yield story
        yield from _later(chance, story)


def _date(chance: Random, at: datetime) -> datetime | None:
    """Mostly none; else an embargo, or a date in the past."""
    drawn = chance.random()
    if drawn < 0.6:
        return None
    if drawn < 0.85:  # an embargo, often until a full hour
        until = at + 30 * HOUR * chance.random()
        return until if chance.random() < 0.5 else until.replace(minute=0, second=0)
    return at - 50 * HOUR * chance.random() ** 2


def _later(chance: Random, story: events.Filed) -> Iterator[events.Event]:
    """What happens to an article after it was filed."""
    at = story.at
    while chance.random() < 0.3 or story.draft:
        at = _moment(chance, at + MINUTE, chance.choice((20 * MINUTE, 3 * HOUR, DAY)))
        changes: list[dict[str, object]] = [
            {"title": f"{story.title} again"},
            {"breaking": not story.breaking},
            {"section": chance.choice(SECTIONS)},
            {"date": at + 8 * HOUR * chance.random()},
            {"date": at - HOUR},
            {"corrections": (*story.corrections, at)},
            {"corrections": (*story.corrections, at)},
        ]
        story = replace(story, at=at, draft=False, **chance.choice(changes))  # type: ignore[arg-type]
        yield story
    if chance.random() < 0.06:
        at = _moment(chance, at + MINUTE, DAY)
        yield events.Retracted(at=at, slug=story.slug)
        if chance.random() < 0.5:
            yield events.Restored(at=_moment(chance, at + MINUTE, 5 * HOUR), slug=story.slug)
    if chance.random() < 0.05:
        lost = _moment(chance, story.at, 3 * HOUR)
        yield events.PageLost(at=lost, slug=story.slug)
        mended = _moment(chance, lost + MINUTE, 3 * HOUR)
        yield events.PageMended(at=mended, slug=story.slug)


def _plans(
    chance: Random, start: datetime, end: datetime, filed: list[events.Filed]
) -> Iterator[events.Event]:
    """Files about editions: in time, late, drafts, with mistakes, about slots that don't exist.

    Old ones are put away.
    """
    for table, slot in _slots(start, end):
        if table["name"] not in {"night", "members"} or chance.random() < 0.2:
            continue
        local = slot.astimezone(ZoneInfo(str(table.get("timezone", TIMETABLE.zone))))
        hour = "" if table["name"] == "night" else f"-{local:%H%M}"
        if chance.random() < 0.12:
            hour = chance.choice(("", "-0931"))
        at = slot + (chance.random() * 13 - 10) * HOUR
        known = [story.slug for story in filed if at - 2 * DAY < story.at < at] or ["none"]
        plan = events.Planned(
            at=at,
            name=f"{local:%Y-%m-%d}{hour}-{table['name']}.md",
            draft=chance.random() < 0.25,
            misspelt=chance.random() < 0.1,
        )
        kind = chance.choice(("stories", "stories", "leave_out", "words"))
        if kind != "words":
            slugs = tuple(dict.fromkeys(chance.choices(known, k=3)))
            unknown = ("no-such-story",) if chance.random() < 0.2 else ()
            named: dict[str, Any] = {kind: (*slugs, *unknown)}
            plan = replace(plan, **named)
        yield plan
        if chance.random() < 0.6:
            later = _moment(chance, at + MINUTE, 4 * HOUR)
            yield replace(plan, at=later, draft=False, misspelt=chance.random() < 0.1)
        if table["name"] == "members" and chance.random() < 0.4:
            approved = slot + 2.2 * HOUR * chance.random()
            yield events.Approved(at=approved, schedule="members")
            yield events.Passed(at=approved, processes=(1,))
        if chance.random() < 0.1:
            yield events.PlanDropped(at=_moment(chance, at + MINUTE, 8 * HOUR), name=plan.name)
        yield events.PlanDropped(at=slot + 4 * DAY, name=plan.name)


def _first_readers(chance: Random, start: datetime) -> Iterator[events.Event]:
    for number in range(READERS // 2):
        at = start + number * timedelta(seconds=1)
        for newsletter in NEWSLETTERS:
            if chance.random() < 0.7:
                yield events.Joined(at=at, reader=_name(number), newsletter=newsletter)
        yield events.Tagged(at=at, reader=_name(number), member=chance.random() < 0.4)


def _readers(chance: Random, day: datetime) -> Iterator[events.Event]:
    for _ in range(12):
        at, reader = _moment(chance, day), _name(chance.randrange(READERS))
        newsletter = chance.choice(NEWSLETTERS)
        kind = chance.choice((events.Joined, events.Joined, events.Left, events.Returned))
        yield kind(at=at, reader=reader, newsletter=newsletter)
        if kind is events.Left and chance.random() < 0.3:
            undone = at + 3 * MINUTE * chance.random()
            yield events.Undone(at=undone, reader=reader, newsletter=newsletter)
    at, reader = _moment(chance, day), _name(chance.randrange(READERS))
    yield events.Rested(at=at, reader=reader, until=at + 5 * DAY * chance.random())
    at, reader = _moment(chance, day), _name(chance.randrange(READERS))
    yield events.Tagged(at=at, reader=reader, member=chance.random() < 0.6)
    if chance.random() < 0.1:
        yield events.Suppressed(at=_moment(chance, day), reader=_name(chance.randrange(READERS)))


def _name(number: int) -> str:
    return f"reader{number:02}@example.org"


def _slots(start: datetime, end: datetime) -> Iterator[tuple[dict[str, object], datetime]]:
    for table in TIMETABLE.schedules:
        zone = ZoneInfo(str(table.get("timezone", TIMETABLE.zone)))
        for slot in Rule(str(table["name"]), table, zone).slots(start, end):
            yield table, slot


def _decisions(chance: Random, start: datetime, end: datetime) -> Iterator[events.Event]:
    """Approvals in time, late and twice; some editions are dropped, some forgotten."""
    for table, slot in _slots(start, end):
        if "hold" not in table and "approve" not in table:
            continue
        name, drawn = str(table["name"]), chance.random()
        if not table.get("approve"):
            if drawn < 0.15:
                yield events.Rejected(at=slot + 12 * MINUTE * chance.random(), schedule=name)
            continue
        deadline = duration(table.get("approve_by", "2h"))
        if drawn < 0.65:
            at = slot + 0.8 * deadline * chance.random()
            yield events.Approved(at=at, schedule=name)
            if chance.random() < 0.3:
                again = at + 4 * MINUTE * chance.random()
                yield events.Approved(at=again, schedule=name)
                yield events.Passed(at=again, processes=(0,))  # `run` sends it within a second
        elif drawn < 0.75:
            yield events.Approved(at=slot + deadline + HOUR * chance.random(), schedule=name)
        elif drawn < 0.85:
            yield events.Rejected(at=slot + 12 * MINUTE * chance.random(), schedule=name)


def _passes(chance: Random, start: datetime, end: datetime) -> Iterator[events.Event]:
    """Soon after each slot and in between; not while both processes are down."""
    down = [
        (begin, begin + length)
        for begin, length in (
            (
                _moment(chance, start, end - start),
                chance.choice((HOUR, 3 * HOUR, 9 * HOUR, 30 * HOUR)),
            )
            for _ in range(max(3, (end - start) // (4 * DAY)))
        )
    ]
    times = {
        slot + chance.choice((0, 1, 20, 90)) * timedelta(seconds=1)
        for _, slot in _slots(start, end)
    }
    times |= {_moment(chance, start, end - start) for _ in range(12 * ((end - start) // DAY))}
    yield events.Passed(at=start + MINUTE, processes=(0,))
    for at in times:
        if any(begin <= at < until for begin, until in down):
            continue
        processes = chance.choice(((0,), (1,), (0,), (1,), (0,), (1,), (0, 1)))
        yield events.Passed(at=at, processes=processes)
        if chance.random() < 0.03:
            yield events.Restarted(at=at + 10 * timedelta(seconds=1), process=chance.choice((0, 1)))

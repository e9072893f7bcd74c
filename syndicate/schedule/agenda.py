"""The agenda: what waits and leaves now, and the slots and embargoes of the coming days."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from syndicate.config import Config, Schedule
from syndicate.model.articles import Article
from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.editions import Edition, WaitingEdition
from syndicate.model.schedule_slots import FixedInterval, Slot, schedule_timing
from syndicate.model.subscribers import Cause
from syndicate.schedule.alarms.reputation import find_complaints
from syndicate.store import Store

MAX_SLOTS = 4
"""How many slots a day a schedule may have to be listed by time; one with more is a line."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequentSchedule:
    """A schedule with an interval, or with many slots on a day."""

    schedule: Schedule
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaDay:
    """A day in the publication's zone."""

    day: date
    slots: tuple[tuple[datetime, Schedule], ...]
    """In order of time."""
    articles: tuple[Article, ...]
    """Those that become public on that day, in order of time."""
    clock_change: timedelta
    """By how much the clocks go forward on that day; negative if back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What waits and leaves now, and what the coming days bring."""

    start: datetime
    until: datetime
    pause: Cause | None
    """Who paused all mail; None where it isn't paused."""
    waiting: tuple[WaitingEdition, ...]
    under_way: tuple[tuple[Edition, DeliveryTotals], ...]
    """Editions with deliveries that are not done."""
    complaints: Mapping[str, str]
    """Why the coming editions of a newsletter wait for a person, by its name, where they do."""
    frequent: tuple[FrequentSchedule, ...]
    days: tuple[AgendaDay, ...]


def load_agenda(store: Store, config: Config, *, at: datetime, days: int) -> Agenda:
    """Load the agenda from `at` to the end of the day that is `days` later; raise StoreError."""
    zone = config.publication.timezone
    first = at.astimezone(zone).date()
    until = datetime.combine(first + (days + 1) * _DAY, time(), tzinfo=zone).astimezone(at.tzinfo)
    with store.read() as tx:
        pause, waiting = tx.mail_pause.current(), tuple(tx.waiting.all())
        under_way = [
            (edition, tx.deliveries.totals(edition.key)) for edition in tx.editions.unfinished()
        ]
        articles = tx.articles.embargoed(at, until)
        complaints = {
            newsletter.name: "; ".join(found)
            for newsletter in config.newsletters
            if (found := find_complaints(tx, config, newsletter.name, at))
        }
    frequent: list[FrequentSchedule] = []
    slots: list[tuple[datetime, Schedule]] = []
    for schedule in config.schedules:
        times = [slot.due_at for slot in _slots(schedule, config, at, until)]
        if _is_frequent(schedule, times, config.zone(schedule)):
            frequent.append(FrequentSchedule(schedule=schedule, next_at=times[0]))
        else:
            slots += [(due_at, schedule) for due_at in times]
    slots.sort(key=lambda slot: slot[0])  # at the same time, in the order of the configuration
    return Agenda(
        start=at,
        until=until,
        pause=pause,
        waiting=waiting,
        under_way=tuple(under_way),
        complaints=complaints,
        frequent=tuple(frequent),
        days=tuple(_days(slots, articles, first, days, zone)),
    )


def _slots(schedule: Schedule, config: Config, after: datetime, until: datetime) -> Iterator[Slot]:
    timing = schedule_timing(schedule, config.zone(schedule))
    if isinstance(timing.pattern, FixedInterval):
        return iter(timing.upcoming(after, 1))
    return takewhile(lambda slot: slot.due_at < until, timing.pattern.forwards(after))


def _is_frequent(schedule: Schedule, times: list[datetime], zone: ZoneInfo) -> bool:
    if schedule.every is not None:
        return True
    by_day = [at.astimezone(zone).date() for at in times]
    return any(by_day.count(day) > MAX_SLOTS for day in set(by_day))


def _days(
    slots: list[tuple[datetime, Schedule]],
    articles: list[Article],
    first: date,
    days: int,
    zone: ZoneInfo,
) -> Iterator[AgendaDay]:
    for day in (first + number * _DAY for number in range(days + 1)):
        before = datetime.combine(day, time(), tzinfo=zone).utcoffset()
        after = datetime.combine(day + _DAY, time(), tzinfo=zone).utcoffset()
        yield AgendaDay(
            day=day,
            slots=tuple(slot for slot in slots if slot[0].astimezone(zone).date() == day),
            articles=tuple(
                article for article in articles if article.published.astimezone(zone).date() == day
            ),
            clock_change=(after or timedelta()) - (before or timedelta()),
        )

"""Where a schedule begins, and since when its timing is known: a new one sends no old slots."""

from datetime import datetime

from syndicate import clock
from syndicate.config import Config, Schedule
from syndicate.model.article_selection import ScheduleStart
from syndicate.model.schedule_slots import schedule_timing
from syndicate.store import Transaction


def schedule_start(tx: Transaction, name: str, *, at: datetime, keep: bool) -> ScheduleStart:
    """Return a schedule's stored start position, or the one of a schedule first seen at `at`.

    With `keep`, store it; trials of another time and previews don't. If two processes see a
    new schedule at once, the second one waits for the lock and then loads what the first one
    has stored.
    """
    if (stored := tx.schedules.start(name)) is not None:
        return stored
    if not keep:
        return ScheduleStart(number=tx.articles.newest_number(at), at=at)
    tx.articles.assign_numbers(at)  # takes the lock
    if (stored := tx.schedules.start(name)) is not None:
        return stored
    last = tx.editions.newest_of(name)
    number = tx.articles.newest_number() if last is None else last.upto
    start = ScheduleStart(number=number, at=at)
    tx.schedules.save_start(name, start)
    return start


def first_seen(tx: Transaction, schedule: Schedule, config: Config, *, at: datetime) -> datetime:
    """Return when a schedule's timing was first seen; store `at` if the timing is new."""
    times = schedule_timing(schedule, config.zone(schedule))
    name, newsletter = schedule.name, schedule.newsletter
    return tx.schedules.first_seen(
        name, times.fingerprint, at, newsletter=newsletter, now=clock.now()
    )

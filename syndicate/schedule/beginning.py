"""Where a schedule begins: found out when it is first seen, and kept from then on."""

from datetime import datetime

from syndicate import clock
from syndicate.config import Config, Schedule
from syndicate.model.article_window import ScheduleStart
from syndicate.model.due_slots import schedule_timing
from syndicate.store import Transaction


def begin(tx: Transaction, name: str, *, at: datetime) -> ScheduleStart:
    """Return where a schedule begins, and keep that if it is seen for the first time.

    Public numbers are given first. Of two processes that see a schedule at once,
    the second waits for the lock and finds what the first has kept.
    """
    kept = tx.schedules.start(name)
    if kept is not None:
        return kept
    tx.articles.assign_numbers(at)  # it takes the lock
    kept = tx.schedules.start(name)
    if kept is not None:
        return kept
    last = tx.editions.newest_of(name)
    number = tx.articles.newest_number() if last is None else last.upto
    beginning = ScheduleStart(number=number, at=at)
    tx.schedules.save_start(name, beginning)
    return beginning


def beginning_there_would_be(tx: Transaction, name: str, *, at: datetime) -> ScheduleStart:
    """Return where a schedule begins, or would if it were first seen at `at`.

    Nothing is kept: this is for trials of another time, and for what is only shown.
    """
    kept = tx.schedules.start(name)
    return kept or ScheduleStart(number=tx.articles.newest_public_number(at), at=at)


def seen_since(tx: Transaction, schedule: Schedule, config: Config, *, at: datetime) -> datetime:
    """Return when the timing of a schedule was first seen, and keep that if it is new."""
    times = schedule_timing(schedule, config.zone(schedule))
    return tx.schedules.first_seen(
        schedule.name,
        times.fingerprint,
        at,
        newsletter=schedule.newsletter,
        now=clock.now(),
    )

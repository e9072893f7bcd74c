"""Where a schedule begins, since when its timing is known, and what is new to it at a slot.

A new one sends no old slots.
"""

from dataclasses import dataclass
from datetime import datetime

from syndicate import clock
from syndicate.config import Config, Newsletter, Schedule
from syndicate.model.article_selection import ArticleWindow, ScheduleStart
from syndicate.model.articles import Article
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRequest:
    """A request for what a schedule would send at a slot."""

    newsletter: Newsletter
    schedule: Schedule
    start: ScheduleStart
    slot_at: datetime
    at: datetime
    """When it is composed."""
    segment: str | None = None
    """The audience, in place of the schedule's segment or of all readers."""
    preview_after: datetime | None = None
    """Of a preview: an earlier slot takes what is public by then. Articles count that would have
    their number and their page by `at`."""

    @property
    def is_preview(self) -> bool:
        """Whether it is about a time to come."""
        return self.preview_after is not None

    def window(self, tx: Transaction) -> ArticleWindow:
        """Return the numbers above the schedule's last edition, and none from before its start."""
        last = tx.editions.newest_of(self.schedule.name)
        upto = last.upto if last is not None else None
        return ArticleWindow.of(self.start, self.schedule.begin_with, last=upto)

    def candidates(self, tx: Transaction, window: ArticleWindow) -> list[Article]:
        """Return the public articles in a window that the newsletter hasn't had."""
        found = tx.articles.candidates(
            self.newsletter.name,
            window,
            self.at,
            schedule=self.schedule.name,
            unnumbered=self.is_preview,
        )
        after = self.preview_after
        return found if after is None else [a for a in found if a.published > after]

"""Records when each schedule began, and the outcome of each of its slots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from syndicate.model.article_selection import ScheduleStart
from syndicate.model.editions import NEVER_SENT
from syndicate.model.schedule_slots import FireOutcome
from syndicate.store.database.repository import Repository, columns_of
from syndicate.store.database.schema import editions, fires, schedules


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """The record of a slot and its outcome."""

    schedule: str
    slot: str
    due_at: datetime
    outcome: FireOutcome
    reason: str
    node: str
    """The process that handled it."""
    at: datetime
    left_out: tuple[str, ...] = ()
    """The slugs of the new articles that were left out, newest first."""
    older: int = 0
    """How many slots before this one were missed without a record; stored in `reason` alone."""

    def __str__(self) -> str:
        outcome = "" if self.outcome is FireOutcome.EDITION else f"{self.outcome}: "
        return f"{outcome}{self.reason}{_named(self.left_out)}"


_NAMED = 5
"""How many articles that were left out are named for people; JSON has all."""


def _named(slugs: Sequence[str]) -> str:
    """Name articles that were left out: "; left out: ferry, tram and 3 more"."""
    if not slugs:
        return ""
    rest = len(slugs) - _NAMED
    return f"; left out: {', '.join(slugs[:_NAMED])}{f' and {rest} more' if rest > 0 else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSchedule:
    """A schedule that has begun, whether or not it is still in the configuration."""

    name: str
    newsletter: str
    upto: int
    """The public number that its last edition went up to; without one, where it began."""
    has_editions: bool
    last_slot: datetime | None
    """When its newest recorded slot was due."""


class Schedules(Repository):
    """When each schedule's timing was first seen, and where the schedule began."""

    def first_seen(
        self, name: str, fingerprint: str, at: datetime, *, newsletter: str, now: datetime
    ) -> datetime:
        """Return when a schedule's timing was first seen: `at`, if it is new or has changed.

        It is `at`, too, if the stored time is later than both `at` and the real clock
        (`now`): it comes from a trial, which must not delay anything.
        """
        row = {"name": name, "fingerprint": fingerprint, "since": at, "newsletter": newsletter}
        if self._insert_new(schedules, row):
            return at
        by_name = schedules.c.name == name
        outdated = or_(schedules.c.fingerprint != fingerprint, schedules.c.since > max(at, now))
        self._update(schedules, by_name, outdated, fingerprint=fingerprint, since=at)
        moved = schedules.c.newsletter.is_distinct_from(newsletter)
        self._update(schedules, by_name, moved, newsletter=newsletter)
        since: datetime = self._execute(select(schedules.c.since).where(by_name)).scalar_one()
        return since

    def timing_since(self, name: str, fingerprint: str) -> datetime | None:
        """Return when a schedule's timing was first seen; None where it is new or has changed."""
        known = schedules.c.name == name, schedules.c.fingerprint == fingerprint
        return self._scalar(schedules.c.since, *known)

    def all(self) -> list[KnownSchedule]:
        """Return the schedules that have begun, by name."""
        last_edition = select(editions.c.upto).where(
            editions.c.schedule == schedules.c.name, editions.c.state.not_in(NEVER_SENT)
        )
        upto = last_edition.order_by(editions.c.key.desc()).limit(1)
        slot = select(func.max(fires.c.due_at)).where(fires.c.schedule == schedules.c.name)
        last = upto.scalar_subquery()
        query = select(
            schedules.c.name,
            schedules.c.newsletter,
            func.coalesce(last, schedules.c.begins_after).label("upto"),
            last.is_not(None).label("has_editions"),
            slot.scalar_subquery().label("last_slot"),
        ).where(schedules.c.begun_at.is_not(None), schedules.c.newsletter.is_not(None))
        return self._values(KnownSchedule, query.order_by(schedules.c.name))

    def start(self, name: str) -> ScheduleStart | None:
        """Return where a schedule began; None where it was seen only in trials."""
        query = select(schedules.c.begins_after.label("number"), schedules.c.begun_at.label("at"))
        begun = schedules.c.name == name, schedules.c.begun_at.is_not(None)
        return self._value(ScheduleStart, query.where(*begun))

    def save_start(self, name: str, start: ScheduleStart) -> None:
        """Save where a schedule begins, unless it has begun."""
        not_yet = schedules.c.name == name, schedules.c.begun_at.is_(None)
        self._update(schedules, *not_yet, begins_after=start.number, begun_at=start.at)


class Fires(Repository):
    """Fires by schedule and slot."""

    def last(self, schedule: str, at: datetime) -> datetime | None:
        """Return when the newest slot up to `at` was due, failed ones left out."""
        not_failed = fires.c.outcome != FireOutcome.FAILED
        due_at = fires.c.due_at
        return self._scalar(
            func.max(due_at), fires.c.schedule == schedule, not_failed, due_at <= at
        )

    def newest(self, schedule: str, at: datetime) -> Fire | None:
        """Return the record of the newest slot up to `at`, failed or not."""
        query = select(fires).where(fires.c.schedule == schedule, fires.c.due_at <= at)
        return self._value(_fire, query.order_by(fires.c.due_at.desc()).limit(1))

    def record(self, fire: Fire) -> bool:
        """Record a slot's outcome; return False when another process has handled it.

        A failed slot is retried, so a later outcome replaces it.
        """
        return self._save(fires, _row(fire), where=fires.c.outcome == FireOutcome.FAILED)

    def record_missed(self, fire: Fire) -> bool:
        """Record a slot that nothing is sent for; return False when it has a record."""
        return self._insert_new(fires, _row(fire)) == 1

    def amend(
        self,
        schedule: str,
        due_at: datetime,
        outcome: FireOutcome,
        reason: str,
        left_out: Sequence[str] | None = None,
    ) -> None:
        """Record what became of the edition of a slot, and what it left out where that changed."""
        slot = fires.c.schedule == schedule, fires.c.due_at == due_at
        values = {} if left_out is None else {"left_out": list(left_out)}
        self._update(fires, *slot, outcome=outcome, reason=reason, **values)

    def recent(self, schedule: str, limit: int = 10) -> list[Fire]:
        """Return the newest fires of a schedule, newest first."""
        query = select(fires).where(fires.c.schedule == schedule)
        return self._values(_fire, query.order_by(fires.c.due_at.desc()).limit(limit))


def _fire(*, left_out: Iterable[str], **row: Any) -> Fire:
    """Make a fire of its stored fields."""
    return Fire(**row, left_out=tuple(left_out))


def _row(fire: Fire) -> dict[str, Any]:
    row = columns_of(fire)
    del row["older"]
    return row

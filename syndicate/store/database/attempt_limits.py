"""Limits: how often something may happen in a while, kept where all processes see it."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, delete, select, update

from syndicate.clock import EPOCH
from syndicate.store.database.schema import limits
from syndicate.store.database.sql_engine import insert_new

_SLICES = 12
"""A window is counted in so many parts."""


class AttemptLimits:
    """Counters by name, each over a sliding window.

    A window is counted in slices, each of them until its last moment is out of the
    window: in no stretch of time as long as the window is there more than allowed, and a
    name may have to wait for up to one slice longer than the window.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, name: str, *, most: int, per: timedelta, at: datetime) -> bool:
        """Count one more; False where that is more than `most` within `per`.

        What is refused isn't counted.
        """
        slice_ = _start(at, per / _SLICES)
        mine = (limits.c.name == name) & (limits.c.starts_at == slice_)
        insert_new(self._connection, limits, {"name": name, "starts_at": slice_, "count": 0})
        counted = self._connection.execute(_counted(name, per, at).with_for_update())
        if sum(row.times for row in counted) >= most:
            return False
        self._connection.execute(update(limits).where(mine).values(count=limits.c.count + 1))
        return True

    def wait(self, name: str, *, most: int, per: timedelta, at: datetime) -> timedelta:
        """Return how long it takes until `take` counts one more."""
        counted = self._connection.execute(_counted(name, per, at)).all()
        left, free = sum(row.times for row in counted), at
        for row in counted:
            if left < most:
                break
            left -= row.times
            free = row.starts_at + per + per / _SLICES
        return max(free - at, timedelta(0))

    def once(self, name: str, *, per: timedelta, at: datetime) -> bool:
        """Count the first one of a calendar window, such as a day in UTC; False for the others."""
        row = {"name": name, "starts_at": _start(at, per), "count": 1}
        return insert_new(self._connection, limits, row) == 1

    def was_done(self, name: str, *, per: timedelta, at: datetime) -> bool:
        """Whether `once` has counted one in the calendar window of this time."""
        mine = (limits.c.name == name) & (limits.c.starts_at == _start(at, per))
        return self._connection.execute(select(limits.c.count).where(mine)).first() is not None

    def delete_before(self, before: datetime) -> int:
        """Drop counts that began before then; return how many."""
        return self._connection.execute(delete(limits).where(limits.c.starts_at < before)).rowcount


def _counted(name: str, per: timedelta, at: datetime) -> Select[tuple[datetime, int]]:
    """Select the slices that count at this time, oldest first."""
    recent = (limits.c.starts_at > at - per - per / _SLICES) & (limits.c.starts_at <= at)
    mine = select(limits.c.starts_at, limits.c.count.label("times")).where(
        limits.c.name == name, recent
    )
    return mine.order_by(limits.c.starts_at)


def _start(at: datetime, length: timedelta) -> datetime:
    """Return when the window of this length began that a time is in."""
    return EPOCH + (at - EPOCH) // length * length

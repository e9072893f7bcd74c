"""Limits on how often something may happen, counted in the store: all processes share them."""

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select

from syndicate.clock import EPOCH
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import counters

_SLICES = 12
"""Slices per window."""
MONTHLY = "monthly "
"""How the names of counters begin whose window may be as long as a month."""
_MONTHLY_KEPT = timedelta(days=35)
"""How long those are kept: a month, and some slices."""


class AttemptLimits(Repository):
    """Counters by name, each over a sliding window.

    A window is counted in slices, and a slice counts until its last moment is out of the
    window. So no period as long as the window ever has more than the limit, and a name may
    have to wait for up to one slice longer than the window.
    """

    def take(self, name: str, *, limit: int, per: timedelta, at: datetime) -> timedelta | None:
        """Count one more, or return how long to wait where that is more than `limit` within `per`.

        What is refused isn't counted.
        """
        length = per / _SLICES
        slice_ = window_start(at, length)
        self._insert_new(counters, {"name": name, "starts_at": slice_, "count": 0})
        is_named, starts_at = counters.c.name == name, counters.c.starts_at
        recent = (starts_at > at - per - length) & (starts_at <= at)
        query = select(starts_at, counters.c.count.label("times")).where(is_named, recent)
        counted = self._execute(query.order_by(starts_at).with_for_update()).all()
        left, free = sum(row.times for row in counted), at
        if left < limit:
            self._update(counters, is_named, starts_at == slice_, count=counters.c.count + 1)
            return None
        for row in counted:
            if left < limit:
                break
            left -= row.times
            free = row.starts_at + per + length
        return max(free - at, timedelta(0))

    def once(self, name: str, *, per: timedelta, at: datetime) -> bool:
        """Return True for the first call in a calendar window, such as a day in UTC."""
        row = {"name": name, "starts_at": window_start(at, per), "count": 1}
        return self._insert_new(counters, row) == 1

    def delete_before(self, before: datetime) -> int:
        """Delete counts that began before then, monthly ones later; return how many."""
        is_monthly = counters.c.name.startswith(MONTHLY)
        return self._delete(
            counters,
            or_(
                and_(counters.c.starts_at < before, ~is_monthly),
                counters.c.starts_at < before - _MONTHLY_KEPT,
            ),
        )


def window_start(at: datetime, length: timedelta) -> datetime:
    """Return when the calendar window of `at` begins; a day's begins at midnight in UTC."""
    return EPOCH + (at - EPOCH) // length * length

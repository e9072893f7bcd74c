"""Limits: how often something may happen in a while, kept where all processes see it."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from syndicate.clock import EPOCH
from syndicate.store.engine import insert_new
from syndicate.store.schema import limits


class Limits:
    """Counters by name, each of a window of time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, name: str, *, most: int, per: timedelta, at: datetime) -> bool:
        """Count one more; False where that is more than `most` in this window of `per`.

        What was refused isn't counted. Windows begin at multiples of `per`.
        """
        starts_at = EPOCH + (at - EPOCH) // per * per
        mine = (limits.c.name == name) & (limits.c.starts_at == starts_at)
        insert_new(self._connection, limits, {"name": name, "starts_at": starts_at, "count": 0})
        taken = self._connection.execute(
            update(limits).where(mine, limits.c.count < most).values(count=limits.c.count + 1)
        )
        return taken.rowcount == 1

    def taken(self, name: str, *, per: timedelta, at: datetime) -> int:
        """Return how often it happened in the window of `per` that `at` is in."""
        starts_at = EPOCH + (at - EPOCH) // per * per
        query = select(limits.c.count).where(limits.c.name == name, limits.c.starts_at == starts_at)
        return self._connection.execute(query).scalar() or 0

    def forget(self, before: datetime) -> int:
        """Drop windows that began before then; return how many."""
        return self._connection.execute(delete(limits).where(limits.c.starts_at < before)).rowcount

"""Allowances: how much mail may leave, by a rate or in a day, shared by all processes."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, case, or_, select, update

from syndicate.config.values import Rate
from syndicate.store.database.schema import limits, microseconds
from syndicate.store.database.schema_delivery import allowances
from syndicate.store.database.sql_engine import insert_new

_SECOND = 1_000_000_000
"""In nanoseconds, in which a rate is reckoned: a microsecond is long at a million a second."""
_SKEW = 60 * _SECOND
"""By so much the clocks of two machines may differ; more is a clock that was set."""
_LATELY = 3 * _SECOND // 10
"""A bucket holds a second's worth: one that is used up to here is as good as empty."""


class SendQuotas:
    """Buckets by name, each filled at a rate, and counters of days."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, name: str, rate: Rate, want: int, *, at: datetime) -> int:
        """Take up to `want` out of a bucket; return how many there were.

        A bucket holds what its rate gives in a second, and at least one. Nothing is given
        twice for the same time, also when a clock is set back.
        """
        now = microseconds(at) * 1000
        apiece = -(-(rate.per // timedelta(microseconds=1)) * 1000 // rate.count)
        used_until = self._used_until(name)
        if used_until > now + _SKEW:
            used_until = now
        begins = max(used_until, now - max(1, _SECOND // apiece) * apiece)
        granted = max(0, min(want, (now - begins) // apiece))
        self._connection.execute(
            update(allowances)
            .where(allowances.c.name == name)
            .values(used_until=begins + granted * apiece, apiece=apiece)
        )
        return granted

    def release(self, name: str, count: int) -> None:
        """Put back what was taken and not used."""
        used_until = allowances.c.used_until - count * allowances.c.apiece
        back = update(allowances).where(allowances.c.name == name)
        self._connection.execute(back.values(used_until=used_until))

    def take_daily(self, name: str, most: int, want: int, *, at: datetime) -> int:
        """Take up to `want` of the `most` there are in this day of UTC; return how many."""
        midnight = _midnight(at)
        row = {"name": name, "starts_at": midnight, "count": 0}
        insert_new(self._connection, limits, row)
        mine = (limits.c.name == name) & (limits.c.starts_at == midnight)
        query = select(limits.c.count).where(mine).with_for_update()
        taken = int(self._connection.execute(query).scalar_one())
        granted = max(0, min(want, most - taken))
        self._connection.execute(update(limits).where(mine).values(count=taken + granted))
        return granted

    def release_daily(self, name: str, count: int, *, at: datetime) -> None:
        """Put back what was taken on the day of `at` and not used."""
        mine = (limits.c.name == name) & (limits.c.starts_at == _midnight(at))
        left = case((limits.c.count > count, limits.c.count - count), else_=0)
        self._connection.execute(update(limits).where(mine).values(count=left))

    def exhausted(self, *, at: datetime) -> frozenset[str]:
        """Return the buckets of which everything is taken as soon as it is there."""
        now = microseconds(at) * 1000
        nearly = allowances.c.used_until + 2 * allowances.c.apiece
        query = select(allowances.c.name).where(
            or_(allowances.c.used_until > now - _LATELY, nearly > now),
            allowances.c.used_until <= now + _SKEW,
        )
        return frozenset(self._connection.execute(query).scalars())

    def taken_today(self, name: str, *, at: datetime) -> int:
        """Return how many were taken of a day's number, in the day of `at` in UTC."""
        mine = (limits.c.name == name) & (limits.c.starts_at == _midnight(at))
        return self._connection.execute(select(limits.c.count).where(mine)).scalar() or 0

    def _used_until(self, name: str) -> int:
        """Return until when a bucket is used up; nobody else takes from it meanwhile."""
        query = select(allowances.c.used_until).where(allowances.c.name == name).with_for_update()
        found = self._connection.execute(query).scalar()
        if found is None:
            insert_new(self._connection, allowances, {"name": name, "used_until": 0, "apiece": 0})
            found = self._connection.execute(query).scalar_one()
        return int(found)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

"""What limits the mail of all processes: quotas by a rate or in a day, and holds after failures."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, case, or_, select, true

from syndicate.config.values import Rate
from syndicate.model.mail_flow import MailHold
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import counters, microseconds
from syndicate.store.database.schema_delivery import holds, token_buckets

_SECOND = 1_000_000_000
"""In nanoseconds: at a million messages a second, a microsecond is a long time."""
_MAX_CLOCK_SKEW = 60 * _SECOND
"""How far the clocks of two machines may differ; more is a clock that was set."""
_NEARLY_EMPTY = 3 * _SECOND // 10
"""A bucket is as good as empty when this little of its second is left."""


class SendQuotas(Repository):
    """Token buckets by name, each refilled at a rate, and counters per day."""

    def take(self, name: str, rate: Rate, wanted: int, *, at: datetime) -> int:
        """Take up to `wanted` tokens from a bucket; return how many there were.

        A bucket holds what its rate gives in a second, and at least one. No moment gives
        tokens twice, even when a clock is set back.
        """
        now = microseconds(at) * 1000
        per_token = -(-(rate.per // timedelta(microseconds=1)) * 1000 // rate.count)
        query = (
            select(token_buckets.c.used_until).where(token_buckets.c.name == name).with_for_update()
        )
        used_until = self._execute(query).scalar()
        if used_until is None:
            self._insert_new(token_buckets, {"name": name, "used_until": 0, "apiece": 0})
            used_until = self._execute(query).scalar_one()
        if used_until > now + _MAX_CLOCK_SKEW:
            used_until = now
        start = max(used_until, now - max(1, _SECOND // per_token) * per_token)
        taken = max(0, min(wanted, (now - start) // per_token))
        values = {"used_until": start + taken * per_token, "apiece": per_token}
        self._update(token_buckets, token_buckets.c.name == name, **values)
        return taken

    def release(self, name: str, count: int) -> None:
        """Put back tokens that were not used."""
        used_until = token_buckets.c.used_until - count * token_buckets.c.apiece
        self._update(token_buckets, token_buckets.c.name == name, used_until=used_until)

    def take_daily(self, name: str, limit: int, wanted: int, *, at: datetime) -> int:
        """Take up to `wanted` of the `limit` there are per day (UTC); return how many."""
        self._insert_new(counters, {"name": name, "starts_at": _midnight(at), "count": 0})
        query = select(counters.c.count).where(_on_day(name, at)).with_for_update()
        before = int(self._execute(query).scalar_one())
        taken = max(0, min(wanted, limit - before))
        self._update(counters, _on_day(name, at), count=before + taken)
        return taken

    def release_daily(self, name: str, count: int, *, at: datetime) -> None:
        """Put back what was taken on the day of `at` and not used."""
        left = case((counters.c.count > count, counters.c.count - count), else_=0)
        self._update(counters, _on_day(name, at), count=left)

    def exhausted(self, *, at: datetime) -> frozenset[str]:
        """Return the buckets whose tokens are taken as soon as they are there."""
        now = microseconds(at) * 1000
        next_tokens = token_buckets.c.used_until + 2 * token_buckets.c.apiece
        query = select(token_buckets.c.name).where(
            or_(token_buckets.c.used_until > now - _NEARLY_EMPTY, next_tokens > now),
            token_buckets.c.used_until <= now + _MAX_CLOCK_SKEW,
        )
        return frozenset(self._execute(query).scalars())

    def taken_today(self, name: str, *, at: datetime) -> int:
        """Return how many were taken on the day of `at` (UTC)."""
        return self._execute(select(counters.c.count).where(_on_day(name, at))).scalar() or 0


def _on_day(name: str, at: datetime) -> ColumnElement[bool]:
    return and_(counters.c.name == name, counters.c.starts_at == _midnight(at))


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


DURATIONS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 30))
"""How long a hold lasts, by how often in a row it was extended."""
_KEPT_FOR = timedelta(days=1)
_CURRENT = select(holds).where(holds.c.until > bindparam("now")).order_by(holds.c.what)


class Holds(Repository):
    """Which relays and domains are on hold, until when and why."""

    def extend(self, what: str, *, reason: str, at: datetime) -> MailHold:
        """Put a relay or a domain on hold; each time in a row for longer.

        A current hold isn't changed. A hold that ended more than a day ago doesn't count.
        """
        self._delete(holds, holds.c.until < at - _KEPT_FOR)
        first = MailHold(what=what, until=at + DURATIONS[0], strikes=1, reason=reason, since=at)
        hold = None
        while hold is None:  # another process may lift it in between
            if self._insert_new(holds, asdict(first)):
                return first
            query = select(holds).where(holds.c.what == what).with_for_update()
            hold = self._value(MailHold, query)
        if hold.until > at:
            return hold
        until = at + DURATIONS[min(hold.strikes, len(DURATIONS) - 1)]
        longer = replace(hold, until=until, strikes=hold.strikes + 1, reason=reason)
        self._update(holds, holds.c.what == what, **asdict(longer))
        return longer

    def current(self, at: datetime) -> list[MailHold]:
        """Return the holds at `at`."""
        return self._values(MailHold, _CURRENT, {"now": at})

    def lift(self, what: str, *, over_by: datetime | None = None) -> None:
        """Delete a hold, since mail is accepted again.

        With `over_by`, only if it ends by then: the accepted message may have been sent before
        the server's reply led to a new hold.
        """
        over = true() if over_by is None else holds.c.until <= over_by
        self._delete(holds, holds.c.what == what, over)

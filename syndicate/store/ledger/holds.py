"""Holds: relays and domains that get no mail for a while, from any process."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, true, update

from syndicate.model.mail_flow import MailHold
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema_delivery import holds
from syndicate.store.database.sql_engine import insert_new

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
        self._execute(delete(holds).where(holds.c.until < at - _KEPT_FOR))
        first = MailHold(what=what, until=at + DURATIONS[0], strikes=1, reason=reason, since=at)
        row = None
        while row is None:  # another process may lift it in between
            if insert_new(self._connection, holds, asdict(first)):
                return first
            query = select(holds).where(holds.c.what == what).with_for_update()
            row = self._execute(query).one_or_none()
        hold = _hold(row)
        if hold.until > at:
            return hold
        until = at + DURATIONS[min(hold.strikes, len(DURATIONS) - 1)]
        longer = replace(hold, until=until, strikes=hold.strikes + 1, reason=reason)
        self._execute(update(holds).where(holds.c.what == what).values(asdict(longer)))
        return longer

    def current(self, at: datetime) -> list[MailHold]:
        """Return the holds at `at`."""
        return [_hold(row) for row in self._execute(_CURRENT, {"now": at})]

    def lift(self, what: str, *, over_by: datetime | None = None) -> None:
        """Delete a hold, since mail is accepted again.

        With `over_by`, only if it ends by then: the accepted message may have been sent before
        the server's reply led to a new hold.
        """
        over = true() if over_by is None else holds.c.until <= over_by
        self._execute(delete(holds).where(holds.c.what == what, over))


def _hold(row: Row[Any]) -> MailHold:
    return MailHold(
        what=row.what, until=row.until, strikes=row.strikes, reason=row.reason, since=row.since
    )

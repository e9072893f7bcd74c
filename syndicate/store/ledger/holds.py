"""Holds: relays and destinations that want no mail for a while, whoever would bring it."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, true, update

from syndicate.model.relay_status import MailHold
from syndicate.store.database.schema_delivery import holds
from syndicate.store.database.sql_engine import insert_new

LADDER = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 30))
"""How long a hold lasts, by how often in a row it was asked for."""
_FORGOTTEN = timedelta(days=1)
_CURRENT = select(holds).where(holds.c.until > bindparam("now")).order_by(holds.c.what)


class Holds:
    """Who is left alone, until when and why."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def extend(self, what: str, *, reason: str, at: datetime) -> MailHold:
        """Leave a relay or a destination alone for a while; each time in a row for longer.

        One that is left alone already stays as it is. What was said more than a day
        ago doesn't count any more.
        """
        self._connection.execute(delete(holds).where(holds.c.until < at - _FORGOTTEN))
        first = MailHold(what=what, until=at + LADDER[0], strikes=1, reason=reason, since=at)
        known = None
        while known is None:  # who eases it at the same moment may take it away in between
            if insert_new(self._connection, holds, asdict(first)):
                return first
            query = select(holds).where(holds.c.what == what).with_for_update()
            known = self._connection.execute(query).one_or_none()
        hold = _hold(known)
        if hold.until > at:
            return hold
        until = at + LADDER[min(hold.strikes, len(LADDER) - 1)]
        longer = replace(hold, until=until, strikes=hold.strikes + 1, reason=reason)
        self._connection.execute(update(holds).where(holds.c.what == what).values(asdict(longer)))
        return longer

    def current(self, at: datetime) -> list[MailHold]:
        """Return who is left alone at `at`."""
        return [_hold(row) for row in self._connection.execute(_CURRENT, {"now": at})]

    def lift(self, what: str, *, over_by: datetime | None = None) -> None:
        """Forget what somebody said, since they take mail again.

        `over_by`: only where that is over by then. What was taken may have been on its
        way when they said it anew, to us or to another process.
        """
        said = holds.c.what == what
        over = true() if over_by is None else holds.c.until <= over_by
        self._connection.execute(delete(holds).where(said, over))


def _hold(row: Row[Any]) -> MailHold:
    return MailHold(
        what=row.what, until=row.until, strikes=row.strikes, reason=row.reason, since=row.since
    )

"""Paces: what each process that delivers says of its relays while it works, for whoever looks."""

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from syndicate.model.relay_status import SendRate
from syndicate.store.database.schema_delivery import paces
from syndicate.store.database.sql_engine import insert_new

_FORGOTTEN = timedelta(days=1)


class SenderProgress:
    """The last word of each process about each relay."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, pace: SendRate) -> None:
        """Write down how it goes now, in the place of what was there; forget words of old."""
        row = asdict(pace)
        mine = (paces.c.owner == pace.owner) & (paces.c.relay == pace.relay)
        if not self._connection.execute(update(paces).where(mine).values(row)).rowcount:
            insert_new(self._connection, paces, row)
            self._connection.execute(delete(paces).where(paces.c.at < pace.at - _FORGOTTEN))

    def recent(self, since: datetime) -> list[SendRate]:
        """Return what was said at `since` or later, by relay."""
        query = select(paces).where(paces.c.at >= since).order_by(paces.c.relay, paces.c.owner)
        return [SendRate(**row._mapping) for row in self._connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name for it

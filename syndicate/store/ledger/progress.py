"""Sender progress: how fast each process delivers through each relay, for `status`."""

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from syndicate.model.mail_flow import SendRate
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema_delivery import paces
from syndicate.store.database.sql_engine import insert_new

_KEPT_FOR = timedelta(days=1)


class SenderProgress(Repository):
    """The newest send rate of each process and relay."""

    def save(self, rate: SendRate) -> None:
        """Save a rate in place of the one before; a new process deletes those of old."""
        row = asdict(rate)
        matches = (paces.c.owner == rate.owner) & (paces.c.relay == rate.relay)
        if not self._execute(update(paces).where(matches).values(row)).rowcount:
            insert_new(self._connection, paces, row)
            self._execute(delete(paces).where(paces.c.at < rate.at - _KEPT_FOR))

    def recent(self, since: datetime) -> list[SendRate]:
        """Return the rates of `since` or later, by relay."""
        query = select(paces).where(paces.c.at >= since).order_by(paces.c.relay, paces.c.owner)
        return [SendRate(**row._mapping) for row in self._execute(query)]  # noqa: SLF001 - SQLAlchemy's public name for it

"""Servers that no process calls for a while."""

from datetime import datetime

from sqlalchemy import delete, select, update

from syndicate.store.database.repository import Repository
from syndicate.store.database.schema_push import pauses
from syndicate.store.database.sql_engine import insert_new


class EndpointBackoff(Repository):
    """Servers, and until when they are not called."""

    def until(self, server: str) -> datetime | None:
        """Return until when a server is paused, which may be in the past; None: it never was."""
        query = select(pauses.c.until).where(pauses.c.server == server)
        return self._execute(query).scalar_one_or_none()

    def pause(self, server: str, until: datetime) -> None:
        """Don't call a server until then, or for longer where it is paused for longer."""
        if not insert_new(self._connection, pauses, {"server": server, "until": until}):
            shorter = update(pauses).where(pauses.c.server == server, pauses.c.until < until)
            self._execute(shorter.values(until=until))

    def clear(self) -> None:
        """End all pauses."""
        self._execute(delete(pauses))

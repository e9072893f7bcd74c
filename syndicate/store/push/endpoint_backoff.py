"""Pauses: servers that are left alone for a while, by whichever process would call them."""

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from syndicate.store.database.schema_push import pauses
from syndicate.store.database.sql_engine import insert_new


class EndpointBackoff:
    """Who is left alone, and until when."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def until(self, server: str) -> datetime | None:
        """Return until when a server is left alone, be it long ago; None: it never was."""
        query = select(pauses.c.until).where(pauses.c.server == server)
        return self._connection.execute(query).scalar_one_or_none()

    def pause(self, server: str, until: datetime) -> None:
        """Leave a server alone until then, or longer where that was said before."""
        if not insert_new(self._connection, pauses, {"server": server, "until": until}):
            shorter = update(pauses).where(pauses.c.server == server, pauses.c.until < until)
            self._connection.execute(shorter.values(until=until))

    def clear(self) -> None:
        """Leave nobody alone any more."""
        self._connection.execute(delete(pauses))

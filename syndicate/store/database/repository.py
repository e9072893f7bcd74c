"""The base of the classes that read and write tables."""

from sqlalchemy import ColumnElement, Connection, Table, func, select


class Repository:
    """Reads and writes some tables, in the transaction of a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._execute = connection.execute

    def _count(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(table).where(*conditions)
        return int(self._execute(query).scalar_one())

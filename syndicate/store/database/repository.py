"""The base of the classes that read and write tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Table,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

Value = TypeVar("Value")


class Repository:
    """Reads and writes some tables, in the transaction of a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._dialect = connection.dialect.name

    def _values(
        self,
        kind: Callable[..., Value],
        query: Executable,
        parameters: Mapping[str, Any] | None = None,
    ) -> list[Value]:
        """Return a query's rows as values; its columns have the names of their fields."""
        return [kind(**row) for row in self._execute(query, parameters).mappings()]

    def _value(self, kind: Callable[..., Value], query: Executable) -> Value | None:
        """Return the first row of a query as a value; None where there is none."""
        row = self._execute(query).mappings().first()
        return None if row is None else kind(**row)

    def _exists(self, table: FromClause, *conditions: ColumnElement[bool]) -> bool:
        """Whether any row matches."""
        query = select(1).select_from(table).where(*conditions).limit(1)
        return self._execute(query).first() is not None

    def _count(self, table: FromClause, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(table).where(*conditions)
        return int(self._execute(query).scalar_one())

    def _insert_into(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Return an INSERT of the database's own kind, which knows ON CONFLICT."""
        return sqlite.insert(table) if self._dialect == "sqlite" else postgresql.insert(table)

    def _insert_new(
        self, table: Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> int:
        """Insert rows that are not there yet, by any unique column; return how many were new."""
        statement = self._insert_into(table).on_conflict_do_nothing()
        return self._execute(statement, rows, execution_options=COUNTED).rowcount if rows else 0

    def _save(
        self, table: Table, row: Mapping[str, Any], *, where: ColumnElement[bool] | None = None
    ) -> bool:
        """Insert a row, or update the one with its key, if that is `where`; return if either."""
        keys = table.primary_key.columns
        inserted = self._insert_into(table)
        saved = inserted.on_conflict_do_update(
            index_elements=list(keys),
            set_={name: inserted.excluded[name] for name in row if name not in keys},
            where=where,
        )
        return self._execute(saved, row, execution_options=COUNTED).rowcount == 1

    def _update(self, table: Table, *conditions: ColumnElement[bool], **values: Any) -> int:
        """Update the rows that match; return how many."""
        return self._execute(update(table).where(*conditions).values(values)).rowcount

    def _delete(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        """Delete the rows that match; return how many."""
        return self._execute(delete(table).where(*conditions)).rowcount


COUNTED = {"preserve_rowcount": True}
"""Without it SQLAlchemy forgets the count of an INSERT, and -1 reads as "yes"."""

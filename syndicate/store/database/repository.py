"""The base of the classes that read and write tables, and the locks that they take.

Locks are advisory, and kept until the transaction ends; SQLite needs none: it has one writer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Condition: TypeAlias = sa.ColumnElement[bool]
Value = TypeVar("Value")
COUNTED = {"preserve_rowcount": True}
"""Without it SQLAlchemy forgets the count of an INSERT, and -1 reads as "yes"."""
LOCK_NUMBERS = 7_370_001
"""Needed to store articles, assign public numbers and freeze editions."""
LOCK_MIGRATION = 7_370_002
LOCK_AUDIENCE = 7_370_003
"""Under it readers are added, merged and erased, and feedback about them is recorded: none of that
may miss what the other does."""
_EDITIONS = 7_370_004
"""The first of the two numbers of an edition's lock; the second is the edition's own."""
EVERY_EDITION = 0
"""The number, of no edition, of the lock that moving any delivery shares."""


class Repository:
    """Reads and writes some tables, in the transaction of a connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._dialect = connection.dialect.name

    def _values(
        self,
        kind: Callable[..., Value],
        query: sa.Executable,
        parameters: Mapping[str, Any] | None = None,
    ) -> list[Value]:
        """Return a query's rows as values; its columns have the names of their fields."""
        return [kind(**row) for row in self._execute(query, parameters).mappings()]

    def _value(self, kind: Callable[..., Value], query: sa.Executable) -> Value | None:
        """Return the first row of a query as a value; None where there is none."""
        row = self._execute(query).mappings().first()
        return None if row is None else kind(**row)

    def _exists(self, table: sa.FromClause, *conditions: Condition) -> bool:
        query = sa.select(1).select_from(table).where(*conditions).limit(1)
        return self._execute(query).first() is not None

    def _count(self, table: sa.FromClause, *conditions: Condition) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(*conditions)
        return int(self._execute(query).scalar_one())

    def _scalar(self, column: sa.ColumnElement[Any], *conditions: Condition) -> Any | None:
        """Return a column of the first row that matches; None where there is none."""
        return self._execute(sa.select(column).where(*conditions)).scalar()

    def _column(self, query: sa.Executable) -> list[Any]:
        """Return the first value of each row of a query."""
        return list(self._execute(query).scalars())

    def _insert(
        self, table: sa.Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> None:
        """Insert a row, or some rows if there are any."""
        self._run_each(sa.insert(table), rows)

    def _run_each(self, statement: sa.Executable, rows: Any) -> None:
        """Run a statement with the parameters of each row, if there are any."""
        if rows:
            self._execute(statement, rows)

    def _insert_into(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        """Return an INSERT of the database's own kind, which knows ON CONFLICT."""
        return sqlite.insert(table) if self._dialect == "sqlite" else postgresql.insert(table)

    def _insert_new(
        self, table: sa.Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> int:
        """Insert rows that are not there yet, by any unique column; return how many were new."""
        statement = self._insert_into(table).on_conflict_do_nothing()
        return self._execute(statement, rows, execution_options=COUNTED).rowcount if rows else 0

    def _save(
        self, table: sa.Table, row: Mapping[str, Any], *, where: Condition | None = None
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

    def _update(self, table: sa.Table, *conditions: Condition, **values: Any) -> int:
        """Update the rows that match; return how many."""
        return self._execute(sa.update(table).where(*conditions).values(values)).rowcount

    def _delete(self, table: sa.Table, *conditions: Condition) -> int:
        """Delete the rows that match; return how many."""
        return self._execute(sa.delete(table).where(*conditions)).rowcount


def value_of(kind: Callable[..., Value], row: sa.Row[Any], **others: Any) -> Value:
    """Make a value of some fields, and of the columns with the names of all others."""
    named = {name: getattr(row, name) for name in _names(kind) if name not in others}
    return kind(**named, **others)


def columns_of(value: Any) -> dict[str, Any]:
    """Return a value's fields by name; `asdict` copies them, and takes ten times as long."""
    return {name: getattr(value, name) for name in _names(value.__class__)}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def lock(connection: sa.Connection, number: int) -> None:
    """Wait for one of the locks above."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def lock_editions_shared(connection: sa.Connection, editions: Sequence[int]) -> None:
    """Lock editions against being stopped; other senders can have the lock at the same time.

    The next statement's snapshot is taken when nobody can stop the editions any more.
    """
    if connection.dialect.name == "postgresql":
        shared = "SELECT pg_advisory_xact_lock_shared(%s, e) FROM unnest(%s::int[]) AS e"
        # not through SQLAlchemy, so that a pipeline sends it together with what follows
        connection.connection.cursor().execute(shared, (_EDITIONS, sorted(editions)))


def lock_edition(connection: sa.Connection, edition: int) -> None:
    """Keep everybody else from moving deliveries of an edition."""
    if connection.dialect.name == "postgresql":
        exclusive = sa.text("SELECT pg_advisory_xact_lock(:all, :edition)")
        connection.execute(exclusive, {"all": _EDITIONS, "edition": edition})

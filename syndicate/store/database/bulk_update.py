"""One change to many rows of a table, each row a compare-and-set of its own.

It reports row by row what changed, in the fastest way that each database has: SQLite
runs a prepared statement per row, in its own process; PostgreSQL runs one statement for
all rows, since every statement is a round trip.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Text,
    Update,
    bindparam,
    column,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.types import TypeEngine

Parameters: TypeAlias = Mapping[str, ColumnElement[Any]]
"""The parameters of an update by name: those of each row, and those shared by all rows."""
RowValues: TypeAlias = tuple[Any, ...]
"""The values of one row: whole numbers, text, None; no instants, no enums."""
ParameterTypes: TypeAlias = dict[str, TypeEngine[Any]]
Changed: TypeAlias = Callable[[], list[bool]]
"""Returns which rows changed, in their order."""
INTEGER: TypeEngine[Any] = BigInteger()
TEXT: TypeEngine[Any] = Text()


def text_literal(word: str) -> ColumnElement[str]:
    """Return a word of ours as a literal in the SQL itself."""
    return literal_column(f"'{word}'", TEXT)


def pipeline(connection: Connection) -> AbstractContextManager[Any]:
    """Send PostgreSQL everything that begins inside in one round trip; it answers at the end."""
    if connection.dialect.name == "sqlite":
        return nullcontext()
    driver: Any = connection.connection.driver_connection
    opened: AbstractContextManager[Any] = driver.pipeline()
    return opened


class BulkUpdate:
    """A change to the rows of a table that are named by their first `keys` values."""

    def __init__(
        self,
        build: Callable[[Parameters], Update],
        *,
        per_row: ParameterTypes,
        shared: ParameterTypes,
        keys: int = 2,
    ) -> None:
        self._build = build
        self._per_row = per_row
        self._shared = shared
        self._keys = keys
        self._compiled: dict[str, _CompiledUpdate] = {}

    def run(self, connection: Connection, rows: Sequence[RowValues], *shared: Any) -> list[bool]:
        """Update rows, each with its values in the order of `per_row`; return which changed.

        A row may be named twice: then it changes twice, if it may.
        """
        return self.begin(connection, rows, *shared)()

    def begin(self, connection: Connection, rows: Sequence[RowValues], *shared: Any) -> Changed:
        """Update rows in a `pipeline`; call the result after the pipeline to get which changed."""
        if not rows:
            return list
        if connection.dialect.name == "sqlite":
            changed = self._row_by_row(connection, rows, shared)
            return lambda: changed
        chunks = self._chunks(rows)
        cursors = [self._at_once(connection, chunk, shared) for chunk in chunks]
        return lambda: self._changed(rows, chunks, [set(cursor.fetchall()) for cursor in cursors])

    def run_all(self, connection: Connection, rows: Sequence[RowValues], *shared: Any) -> None:
        """Update rows without reporting which changed: faster on SQLite."""
        if rows and connection.dialect.name == "sqlite":
            compiled = self._compile(connection.dialect)
            shared = (*shared, *compiled.constants)
            values = [compiled.arrange(row + shared) for row in rows]
            connection.connection.cursor().executemany(compiled.sql, values)
        else:
            self.run(connection, rows, *shared)

    def _row_by_row(
        self, connection: Connection, rows: Sequence[RowValues], shared: RowValues
    ) -> list[bool]:
        compiled = self._compile(connection.dialect)
        sql, arrange, shared = compiled.sql, compiled.arrange, (*shared, *compiled.constants)
        execute = connection.connection.cursor().execute
        return [execute(sql, arrange(row + shared)).rowcount == 1 for row in rows]

    def _at_once(
        self, connection: Connection, rows: Sequence[RowValues], shared: RowValues
    ) -> DBAPICursor:
        compiled = self._compile(connection.dialect)
        # always in the same order, so that two processes never deadlock
        columns = zip(*sorted(rows, key=itemgetter(slice(self._keys))), strict=True)
        values = dict(zip(self._per_row, map(_array, columns), strict=True))
        values |= {**dict(zip(self._shared, shared, strict=True)), **compiled.named}
        cursor = connection.connection.cursor()
        cursor.execute(compiled.sql, values)
        return cursor

    def _changed(
        self,
        rows: Sequence[RowValues],
        chunks: Sequence[Sequence[RowValues]],
        changed: Sequence[set[RowValues]],
    ) -> list[bool]:
        if len(changed) == 1:
            return [row[: self._keys] in changed[0] for row in rows]
        chunk_of = {id(row): number for number, chunk in enumerate(chunks) for row in chunk}
        return [row[: self._keys] in changed[chunk_of[id(row)]] for row in rows]

    def _chunks(self, rows: Sequence[RowValues]) -> list[list[RowValues]]:
        """Split rows so that none is in a chunk twice; later chunks keep their order."""
        chunks: list[dict[RowValues, RowValues]] = [{}]
        for row in rows:
            key = row[: self._keys]
            chunk = next((chunk for chunk in chunks if key not in chunk), None)
            if chunk is None:
                chunks.append(chunk := {})
            chunk[key] = row
        return [list(chunk.values()) for chunk in chunks]

    def _compile(self, dialect: Dialect) -> "_CompiledUpdate":
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            many = dialect.name != "sqlite"
            compiled = self._compiled[dialect.name] = self._compile_new(dialect, many=many)
        return compiled

    def _compile_new(self, dialect: Dialect, *, many: bool) -> "_CompiledUpdate":
        shared = {name: bindparam(name, type_=type_) for name, type_ in self._shared.items()}
        if many:
            arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in self._per_row.items()]
            columns = [column(name, type_) for name, type_ in self._per_row.items()]
            table = func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
            statement = self._build({**dict(table.c.items()), **shared})
            statement = statement.returning(*list(table.c)[: self._keys])
        else:
            per_row = {name: bindparam(name, type_=type_) for name, type_ in self._per_row.items()}
            statement = self._build({**per_row, **shared})
        compiled = statement.compile(dialect=dialect)
        named = {
            name: getattr(value, "value", value)
            for name, value in compiled.params.items()
            if name not in {*self._per_row, *self._shared}
        }
        order = [*self._per_row, *self._shared, *named]
        places = [order.index(name) for name in compiled.positiontup or ()]
        arrange = itemgetter(*places) if places else tuple
        return _CompiledUpdate(str(compiled), arrange, tuple(named.values()), named)


@dataclass(frozen=True, slots=True)
class _CompiledUpdate:
    """An update as the SQL of one database."""

    sql: str
    arrange: Callable[[RowValues], RowValues]
    """Puts the values of the row, the shared ones and the constants in the order of the SQL."""
    constants: RowValues
    named: Mapping[str, Any]


def _array(values: Sequence[Any]) -> str:
    """Write an array as PostgreSQL reads it (8.15.2): psycopg takes several times as long."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: int | str | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)

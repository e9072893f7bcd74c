"""One change to many rows of a table, each row a compare-and-set of its own.

It reports row by row what changed, in the fastest way that each database has: SQLite
runs a prepared statement per row, in its own process; PostgreSQL runs one statement for
all rows, since every statement is a round trip.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import BindParameter, Connection, Dialect, Update, bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.visitors import replacement_traverse

Row = TypeVar("Row")
RowValues: TypeAlias = tuple[Any, ...]
"""The values of one row: whole numbers, text, None; no instants, no enums."""
Changed: TypeAlias = Callable[[], list[bool]]
"""Returns which rows changed, in their order."""
_KEYS = 2
"""How many values name a row."""


def split_by_occurrence(rows: Iterable[Row], *, key: Callable[[Row], Any]) -> list[list[Row]]:
    """Split rows so that none in a chunk has the key of another; later chunks keep their order."""
    chunks: list[list[Row]] = []
    seen: Counter[Any] = Counter()
    for row in rows:
        name = key(row)
        if seen[name] == len(chunks):
            chunks.append([])
        chunks[seen[name]].append(row)
        seen[name] += 1
    return chunks


def pipeline(connection: Connection) -> AbstractContextManager[Any]:
    """Send PostgreSQL everything that begins inside in one round trip; it answers at the end."""
    if connection.dialect.name == "sqlite":
        return nullcontext()
    driver: Any = connection.connection.driver_connection
    opened: AbstractContextManager[Any] = driver.pipeline()
    return opened


@dataclass(frozen=True, slots=True)
class BulkUpdate:
    """A change to the rows of a table that are named by their first two values."""

    statement: Update
    per_row: Sequence[BindParameter[Any]]
    """The parameters of a row."""
    shared: Sequence[BindParameter[Any]]
    """Those that all rows share."""
    _compiled: dict[str, "_CompiledUpdate"] = field(default_factory=dict)

    def begin(self, connection: Connection, rows: Sequence[RowValues], *shared: Any) -> Changed:
        """Update rows, each with its values in the order of `per_row`.

        Call the result to get which changed: after the `pipeline`, if it is in one. A row may
        be named twice: then it changes twice, if it may.
        """
        if not rows:
            return list
        if connection.dialect.name == "sqlite":
            compiled = self._compile(connection.dialect)
            sql, arrange, shared = compiled.sql, compiled.arrange, (*shared, *compiled.constants)
            execute = connection.connection.cursor().execute
            changed = [execute(sql, arrange(row + shared)).rowcount == 1 for row in rows]
            return lambda: changed
        # none is in a chunk twice
        chunks = split_by_occurrence(rows, key=itemgetter(slice(_KEYS)))
        cursors = [self._at_once(connection, chunk, shared) for chunk in chunks]

        def fetch() -> list[bool]:
            done = [set(cursor.fetchall()) for cursor in cursors]
            if len(done) == 1:
                return [row[:_KEYS] in done[0] for row in rows]
            chunk_of = {id(row): number for number, chunk in enumerate(chunks) for row in chunk}
            return [row[:_KEYS] in done[chunk_of[id(row)]] for row in rows]

        return fetch

    def run_all(self, connection: Connection, rows: Sequence[RowValues], *shared: Any) -> None:
        """Update rows without reporting which changed: faster on SQLite."""
        if rows and connection.dialect.name == "sqlite":
            compiled = self._compile(connection.dialect)
            shared = (*shared, *compiled.constants)
            values = [compiled.arrange(row + shared) for row in rows]
            connection.connection.cursor().executemany(compiled.sql, values)
        else:
            self.begin(connection, rows, *shared)

    def _at_once(
        self, connection: Connection, rows: Sequence[RowValues], shared: RowValues
    ) -> DBAPICursor:
        compiled = self._compile(connection.dialect)
        # always in the same order, so that two processes never deadlock
        columns = zip(*sorted(rows, key=itemgetter(slice(_KEYS))), strict=True)
        parameters = (*self.per_row, *self.shared)
        values = zip(parameters, (*map(_array, columns), *shared), strict=True)
        named = {**{parameter.key: value for parameter, value in values}, **compiled.named}
        cursor = connection.connection.cursor()
        cursor.execute(compiled.sql, named)
        return cursor

    def _compile(self, dialect: Dialect) -> "_CompiledUpdate":
        if dialect.name in self._compiled:
            return self._compiled[dialect.name]
        statement: Any = self.statement
        if dialect.name != "sqlite":
            arrays = [bindparam(value.key, type_=ARRAY(value.type)) for value in self.per_row]
            columns = [column(value.key, value.type) for value in self.per_row]
            given = func.unnest(*arrays).table_valued(*columns, name="given").render_derived()

            def replace(element: Any, **_: Any) -> Any:
                is_parameter = isinstance(element, BindParameter)
                return given.c.get(element.key) if is_parameter else None

            statement = replacement_traverse(statement, {}, replace)
            statement = statement.returning(*list(given.c)[:_KEYS])
        compiled = statement.compile(dialect=dialect)
        parameters = [parameter.key for parameter in (*self.per_row, *self.shared)]
        named = {
            name: getattr(value, "value", value)
            for name, value in compiled.params.items()
            if name not in parameters
        }
        order = [*parameters, *named]
        places = [order.index(name) for name in compiled.positiontup or ()]
        arrange = itemgetter(*places) if places else tuple
        result = _CompiledUpdate(str(compiled), arrange, tuple(named.values()), named)
        self._compiled[dialect.name] = result
        return result


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

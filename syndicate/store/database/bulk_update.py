"""Moves: one kind of change made to many rows of a table, each a compare-and-set of its own.

What moved is known row by row, by the fastest way that each database has: SQLite
runs a prepared statement once a row, in its own process; PostgreSQL runs one
statement for all rows, since every statement is a journey there.
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

Values: TypeAlias = Mapping[str, ColumnElement[Any]]
"""What a move is told, by name: of each row, and of all rows alike."""
Told: TypeAlias = tuple[Any, ...]
"""What a move is told of one row: whole numbers, text, None; no instants, no enums."""
Kinds: TypeAlias = dict[str, TypeEngine[Any]]
"""The kinds of such values, by name."""
Moved: TypeAlias = Callable[[], list[bool]]
"""Tells which rows moved, in their order."""
INTEGER: TypeEngine[Any] = BigInteger()
TEXT: TypeEngine[Any] = Text()


def fixed(word: str) -> ColumnElement[str]:
    """Return a word of ours as it stands in SQL."""
    return literal_column(f"'{word}'", TEXT)


def journey(connection: Connection) -> AbstractContextManager[Any]:
    """Have all that begins inside be asked of PostgreSQL at once: it answers at the end."""
    if connection.dialect.name == "sqlite":
        return nullcontext()
    driver: Any = connection.connection.driver_connection
    pipeline: AbstractContextManager[Any] = driver.pipeline()
    return pipeline


class BulkUpdate:
    """A change to the rows of a table that are named by their first `keys` values."""

    def __init__(
        self,
        build: Callable[[Values], Update],
        *,
        each: Kinds,
        alike: Kinds,
        keys: int = 2,
    ) -> None:
        self._build = build
        self._each = each
        self._alike = alike
        self._keys = keys
        self._ready: dict[str, _CompiledUpdate] = {}

    def run(self, connection: Connection, rows: Sequence[Told], *alike: Any) -> list[bool]:
        """Move rows, each told in the order of `each`; return which of them moved.

        A row may be named twice: then it moves twice, if it may.
        """
        return self.begin(connection, rows, *alike)()

    def begin(self, connection: Connection, rows: Sequence[Told], *alike: Any) -> Moved:
        """Move rows in a `journey`; what is returned tells behind it which of them moved."""
        if not rows:
            return list
        if connection.dialect.name == "sqlite":
            moved = self._one_by_one(connection, rows, alike)
            return lambda: moved
        waves = self._waves(rows)
        asked = [self._at_once(connection, wave, alike) for wave in waves]
        return lambda: self._moved(rows, waves, [set(cursor.fetchall()) for cursor in asked])

    def run_all(self, connection: Connection, rows: Sequence[Told], *alike: Any) -> None:
        """Move rows, where nobody asks which of them did: faster on SQLite."""
        if rows and connection.dialect.name == "sqlite":
            ready = self._made_ready(connection.dialect)
            alike = (*alike, *ready.constants)
            told = [ready.arranged(row + alike) for row in rows]
            connection.connection.cursor().executemany(ready.sql, told)
        else:
            self.run(connection, rows, *alike)

    # how

    def _one_by_one(self, connection: Connection, rows: Sequence[Told], alike: Told) -> list[bool]:
        ready = self._made_ready(connection.dialect)
        sql, arranged, alike = ready.sql, ready.arranged, (*alike, *ready.constants)
        execute = connection.connection.cursor().execute
        return [execute(sql, arranged(row + alike)).rowcount == 1 for row in rows]

    def _at_once(self, connection: Connection, rows: Sequence[Told], alike: Told) -> DBAPICursor:
        ready = self._made_ready(connection.dialect)
        # in one order, whoever moves them: so that two never wait for each other
        columns = zip(*sorted(rows, key=itemgetter(slice(self._keys))), strict=True)
        values = dict(zip(self._each, map(_array, columns), strict=True))
        values |= {**dict(zip(self._alike, alike, strict=True)), **ready.named}
        cursor = connection.connection.cursor()
        cursor.execute(ready.sql, values)
        return cursor

    def _moved(
        self, rows: Sequence[Told], waves: Sequence[Sequence[Told]], moved: Sequence[set[Told]]
    ) -> list[bool]:
        if len(moved) == 1:
            return [row[: self._keys] in moved[0] for row in rows]
        places = {id(row): number for number, wave in enumerate(waves) for row in wave}
        return [row[: self._keys] in moved[places[id(row)]] for row in rows]

    def _waves(self, rows: Sequence[Told]) -> list[list[Told]]:
        """Part rows so that none is in a wave twice; their order is kept from wave to wave."""
        waves: list[dict[Told, Told]] = [{}]
        for row in rows:
            key = row[: self._keys]
            wave = next((wave for wave in waves if key not in wave), None)
            if wave is None:
                waves.append(wave := {})
            wave[key] = row
        return [list(wave.values()) for wave in waves]

    def _made_ready(self, dialect: Dialect) -> "_CompiledUpdate":
        ready = self._ready.get(dialect.name)
        if ready is None:
            many = dialect.name != "sqlite"
            ready = self._ready[dialect.name] = self._compiled(dialect, many=many)
        return ready

    def _compiled(self, dialect: Dialect, *, many: bool) -> "_CompiledUpdate":
        alike = {name: bindparam(name, type_=kind) for name, kind in self._alike.items()}
        if many:
            arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in self._each.items()]
            columns = [column(name, kind) for name, kind in self._each.items()]
            told = func.unnest(*arrays).table_valued(*columns, name="told").render_derived()
            each = dict(told.c.items())
            statement = self._build({**each, **alike})
            statement = statement.returning(*list(told.c)[: self._keys])
        else:
            each = {name: bindparam(name, type_=kind) for name, kind in self._each.items()}
            statement = self._build({**each, **alike})
        compiled = statement.compile(dialect=dialect)
        named = {
            name: getattr(value, "value", value)
            for name, value in compiled.params.items()
            if name not in {*self._each, *self._alike}
        }
        order = [*self._each, *self._alike, *named]
        places = [order.index(name) for name in compiled.positiontup or ()]
        arranged = itemgetter(*places) if places else tuple
        return _CompiledUpdate(str(compiled), arranged, tuple(named.values()), named)


@dataclass(frozen=True, slots=True)
class _CompiledUpdate:
    """A move as SQL of one database."""

    sql: str
    arranged: Callable[[Told], Told]
    """Puts what a row, all rows and the statement itself say in the order of the SQL."""
    constants: Told
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

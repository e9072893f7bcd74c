"""The two databases: how they are opened, and the differences that the store owns.

SQLite: every transaction begins by our own hand, `BEGIN IMMEDIATE` for writers
(a deferred one that turns writer fails at once with SQLITE_BUSY_SNAPSHOT, and
busy_timeout does not help). PostgreSQL: readers see a snapshot.
"""

import os
import select
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    InvalidatePoolError,
    NoSuchModuleError,
)
from sqlalchemy.pool import ConnectionPoolEntry

from syndicate.config.secret import mask_secrets
from syndicate.errors import (
    ConfigError,
    Refused,
    StoreError,
    StoreLocked,
    StoreUnreachable,
    SyndicateError,
)
from syndicate.private_file import create_private

LOCK_NUMBERS = 7_370_001
"""The advisory lock under which public numbers are given and editions frozen."""
LOCK_MIGRATION = 7_370_002
LOCK_AUDIENCE = 7_370_003
"""Held by who brings readers in, or erases them: neither may overlook the other."""
_EDITIONS = 7_370_004
"""The first of two numbers of the advisory lock that each edition has; its own is the second."""
BUSY_MS = 5_000
_BACKENDS = frozenset({"sqlite", "postgresql"})
_AGAIN = "was changed by another process at the same moment; try again"
_UNUSABLE = "can't be used: {said}; look at store.url"
_FAULTS: tuple[tuple[type[StoreError], str, tuple[str, ...]], ...] = (
    (
        StoreLocked,
        f"is held by another process for more than {BUSY_MS // 1000} s; try again when it is done",
        ("database is locked", "database table is locked"),
    ),
    (StoreLocked, _AGAIN, ("deadlock detected", "40P01", "40001")),
    (
        StoreLocked,
        "took too long: {said}; try again when less is going on there",
        ("locking protocol", "57014", "55P03"),
    ),
    (
        StoreError,
        "has no room left: {said}; make room and try again, it goes on where it stopped",
        ("disk is full", "No space left", "53100"),
    ),
    (
        StoreUnreachable,
        "is not a SQLite database; move it away, or mend store.url",
        ("not a database",),
    ),
    (
        StoreUnreachable,
        "is damaged: {said}; put a backup in its place",
        ("malformed", "XX001", "XX002"),
    ),
    (
        StoreUnreachable,
        "can't be used: {said}; look at its disk (is it full, over a quota, broken?)",
        ("disk I/O", "58030"),
    ),
    (
        StoreUnreachable,
        "can't be used: {said}; look at store.url, and at who may write there",
        ("unable to open", "readonly", "read-only", "permission denied", "25006", "42501"),
    ),
    (
        StoreUnreachable,
        _UNUSABLE,
        (
            "connection", "resolve host", "authentication", "53000", "53200", "53300", "53400",
        ),
    ),
)  # fmt: skip
"""What an operator can mend: the kind of error, how it is told, and how each database puts it.

PostgreSQL has codes as well, since it speaks the language of its operator.
"""
_SILENCE = {
    "connect_timeout": 10,
    "tcp_user_timeout": 30_000,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""As libpq calls it: 10 s for a connection, about half a minute for a sign of life.

The system's own patience with a machine that is gone without a word is up to two hours.
What a URL says itself counts before this.
"""
_READ_ONLY = "read-only"
_RESTS_SINCE = "rests since"
_REST = 5.0
"""Seconds in the pool after which a connection is asked whether it is alive."""


def open_engine(url: str) -> Engine:
    """Return an engine for a database URL; raise ConfigError for any other text."""
    try:
        # errors end up in logs, and values may be secrets of readers: they stay out of there
        known = _backend(url) in _BACKENDS
        engine = create_engine(url, hide_parameters=True, **_precautions(url)) if known else None
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise _not_a_store(url) from error
    if engine is None:
        raise _not_a_store(url)
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            file = _DatabaseFile(Path(engine.url.database))
            if engine.url.database != ":memory:" and "uri" not in engine.url.query:
                event.listen(engine, "do_connect", lambda *_: file.create())
                event.listen(engine, "do_connect", file.open_read_only)
                event.listen(engine, "checkout", file.reopen_once_writable)
            file.watch_over(engine)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "checkin", _lay_down)
        event.listen(engine, "checkout", partial(_take_up, engine))
    return engine


def sqlite_file(url: str) -> str | None:
    """Return the file that a URL names, or None for a server's database or no file."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _not_a_store(url) from error
    return parsed.database or None if parsed.get_backend_name() == "sqlite" else None


def sqlite_url(file: Path) -> str:
    """Return the URL that names a SQLite file, whatever characters its path has."""
    return "sqlite:///" + str(file).replace("%", "%25").replace("?", "%3F")


def _backend(url: str) -> str:
    return make_url(url).get_backend_name()


def _precautions(url: str) -> dict[str, Any]:
    """Return how to find out in time that a server is gone."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        return {}
    unsaid = {name: value for name, value in _SILENCE.items() if name not in parsed.query}
    return {"connect_args": unsaid}


def _not_a_store(url: str) -> ConfigError:
    """Say what a store's URL has to look like."""
    return ConfigError(
        f"store.url = {mask_secrets(url)!r} — expected sqlite:///FILE or postgresql://USER@HOST/DATABASE"
    )


class _DatabaseFile:
    """The file of a SQLite database, which has to stay the one that was opened.

    SQLite goes on writing to a file that was deleted, or makes a new one: nobody
    would ever find what is recorded there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._opened: tuple[int, int] | None = None

    def watch_over(self, engine: Engine) -> None:
        """Look at it before each connection, and each transaction."""
        event.listen(engine, "do_connect", lambda *_: self._compare())
        event.listen(engine, "begin", lambda _: self._look())

    def create(self) -> None:
        """Make the file for nobody else to read, before SQLite makes it for everybody.

        SQLite gives its log and its index the mode of the database.
        """
        if self._opened is None:
            with suppress(OSError):  # SQLite fails in the same way, and its error is reported
                create_private(self._path)

    def open_read_only(
        self, _: Any, record: ConnectionPoolEntry, __: Any, options: dict[str, Any]
    ) -> Any | None:
        """Open it where nothing can be written beside it; None to open it as ever.

        SQLite wants an index beside its log, and gives up where it can't make one. Where
        there is no log, nobody writes, so it does without.
        """
        if not self._path.is_file() or self._has_room():
            return None
        record.info[_READ_ONLY] = True
        if self._path.with_name(f"{self._path.name}-wal").exists():
            return None
        uri = f"file:{quote(str(self._path))}?immutable=1"
        return sqlite3.connect(uri, uri=True, **options)

    def reopen_once_writable(self, _: Any, record: ConnectionPoolEntry, __: Any) -> None:
        """Give up connections that can't write once others can: some believe nobody does."""
        if record.info.get(_READ_ONLY) and self._has_room():
            raise InvalidatePoolError

    def _has_room(self) -> bool:
        return os.access(self._path.parent, os.W_OK)

    def _look(self) -> None:
        # not before the first connection: to open a file for writing may make another one of it
        self._opened = self._opened or self._seen()
        self._compare()

    def _compare(self) -> None:
        if self._opened is not None and self._seen() != self._opened:
            raise StoreUnreachable(
                f"{self._path} was moved, deleted or replaced while it was in use; put it back, "
                "or stop every process that uses it before another takes its place"
            )

    def _seen(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    _keep_a_log(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Write ahead into a log; several may want to be the first to say so of a new file.

    SQLite doesn't wait for those who change the mode at the same time, as it does for writers.
    """
    until = monotonic() + BUSY_MS / 1000
    while not _changed(connection, last=monotonic() > until):
        sleep(0.01)


def _changed(connection: sqlite3.Connection, *, last: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or last:
            raise
        return False
    return True


def _lay_down(_: Any, record: ConnectionPoolEntry) -> None:
    record.info[_RESTS_SINCE] = monotonic()


def _take_up(engine: Engine, connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
    """Ask a server for a sign of life where it may have closed a connection that waited.

    Not each time: who hands mail over comes again a hundred times a second.
    """
    rests_since = record.info.get(_RESTS_SINCE)
    if rests_since is None:  # it was just made
        return
    if monotonic() - rests_since > _REST or _spoke(connection):
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _spoke(connection: Any) -> bool:
    """Whether a server said something unasked: mostly that it closes."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    # by itself: a sender begins hundreds a second, and an execution of SQLAlchemy's takes longer
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


@contextmanager
def mapped_errors(engine: Engine, url: str) -> Iterator[None]:
    """Turn the database's own errors into ours, which an operator can act on."""
    plain = engine.dialect.loaded_dbapi.Error
    try:
        yield
    except (DBAPIError, UnicodeEncodeError, plain) as error:
        known = DBAPIError.instance(None, None, error, plain) if isinstance(error, plain) else error
        ours = _our_error(url, known)
        if ours is None:
            raise
        raise ours from error


def _our_error(url: str, error: BaseException) -> SyndicateError | None:
    match error:
        case IntegrityError():
            return StoreLocked(f"{mask_secrets(url)} {_AGAIN}")
        case DataError(orig=said) | (UnicodeEncodeError() as said):
            return Refused(f"{mask_secrets(url)} can't hold a value: {str(said).splitlines()[0]}")
        case DBAPIError():
            return _store_error(url, error)
    return None


def _store_error(url: str, error: DBAPIError) -> StoreError | None:
    """Say in an operator's words what happened; None for a mistake of ours."""
    said = str(error.orig).strip().partition("\n")[0]
    code = getattr(error.orig, "sqlstate", None)
    for kind, told, words in _FAULTS:
        if code in words or any(word in said for word in words):
            return kind(f"{mask_secrets(url)} {told.format(said=said)}")
    if error.connection_invalidated:
        return StoreUnreachable(f"{mask_secrets(url)} {_UNUSABLE.format(said=said)}")
    return None


def lock(connection: Connection, number: int) -> None:
    """Hold a named lock until the transaction ends; SQLite's writers are alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def share_editions(connection: Connection, editions: Sequence[int]) -> None:
    """Move deliveries of editions beside others who do, until the transaction ends.

    The snapshot of what follows is taken when nobody can stop the editions any more.
    """
    if connection.dialect.name == "postgresql":
        shared = "SELECT pg_advisory_xact_lock_shared(%s, e) FROM unnest(%s::int[]) AS e"
        # by itself, so that it is on its way with what follows
        connection.connection.cursor().execute(shared, (_EDITIONS, sorted(editions)))


def own_edition(connection: Connection, edition: int) -> None:
    """Decide about an edition while nobody moves its deliveries, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        alone = text("SELECT pg_advisory_xact_lock(:all, :edition)")
        connection.execute(alone, {"all": _EDITIONS, "edition": edition})


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT of the database's own kind, which knows ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_new(
    connection: Connection, table: Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> int:
    """Insert what is not there yet, by any unique column; return how many rows were new."""
    if not rows:
        return 0
    statement = insert_into(connection, table).on_conflict_do_nothing()
    # without the option SQLAlchemy forgets the count of an INSERT, and -1 reads as "yes"
    options = {"preserve_rowcount": True}
    return connection.execute(statement, rows, execution_options=options).rowcount

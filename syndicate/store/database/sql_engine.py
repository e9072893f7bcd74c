"""SQLAlchemy engines for the two databases, with the differences that the store handles.

SQLite: we begin every transaction ourselves, with `BEGIN IMMEDIATE` for writers (a
deferred one that turns writer fails at once with SQLITE_BUSY_SNAPSHOT, and busy_timeout
does not help), and its file is watched. PostgreSQL: readers see a snapshot. The errors of
either become ours, which say what an operator can do.
"""

import os
import select
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from syndicate.config.secret import mask_secrets
from syndicate.errors import (
    ConfigError,
    Refused,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreUnreachable,
)
from syndicate.private_file import create_private

BUSY_TIMEOUT = 5_000
"""Milliseconds for which SQLite waits for a lock."""
_BACKENDS = frozenset({"sqlite", "postgresql"})
_CONNECTION_TIMEOUTS = {
    "connect_timeout": 10,
    "tcp_user_timeout": 30_000,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""libpq's options: 10 s for a connection, about half a minute for a sign of life.

By default the system waits up to two hours for a machine that is gone without a word.
What a URL sets itself comes first.
"""
_READ_ONLY = "read-only"
_IDLE_SINCE = "idle since"
_PING_AFTER = 5.0
"""Seconds in the pool after which a connection is pinged before its next use."""


def open_engine(url: str) -> Engine:
    """Return an engine for a database URL; raise ConfigError for any other text."""
    parsed = _parsed(url)
    options: dict[str, Any] = {}
    if parsed.get_backend_name() == "postgresql":
        timeouts = {k: value for k, value in _CONNECTION_TIMEOUTS.items() if k not in parsed.query}
        options = {"connect_args": timeouts}
    try:
        # errors end up in logs, and values may be secrets of readers: keep them out
        engine = create_engine(url, hide_parameters=True, **options)
    except (exc.ArgumentError, exc.NoSuchModuleError, ValueError) as error:
        raise _not_a_store(url) from error
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            owned = engine.url.database != ":memory:" and "uri" not in engine.url.query
            DatabaseFile(Path(engine.url.database)).watch(engine, owned=owned)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "checkin", _check_in)
        event.listen(engine, "checkout", partial(_check_out, engine))
    return engine


def sqlite_path(url: str) -> str | None:
    """Return the file that a URL names, or None for a server's database or no file."""
    parsed = _parsed(url)
    return parsed.database or None if parsed.get_backend_name() == "sqlite" else None


def sqlite_url(file: Path) -> str:
    """Return the URL that names a SQLite file, whatever characters its path has."""
    return "sqlite:///" + str(file).replace("%", "%25").replace("?", "%3F")


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() in _BACKENDS:
            return parsed
    except (exc.ArgumentError, ValueError) as error:
        raise _not_a_store(url) from error
    raise _not_a_store(url)


def _not_a_store(url: str) -> ConfigError:
    return ConfigError(
        f"store.url = {mask_secrets(url)!r} — expected sqlite:///FILE or postgresql://USER@HOST/DATABASE"
    )


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
    # SQLite waits for writers, but not for those who change the journal mode of a new file
    until = monotonic() + BUSY_TIMEOUT / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
        sleep(0.01)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _check_in(_: Any, record: ConnectionPoolEntry) -> None:
    record.info[_IDLE_SINCE] = monotonic()


def _check_out(engine: Engine, connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
    """Ping a server that may have closed a connection while it was idle.

    Not each time: a sender uses a connection a hundred times a second.
    """
    idle_since = record.info.get(_IDLE_SINCE)
    if idle_since is None:  # it is new
        return
    if monotonic() - idle_since > _PING_AFTER or _has_input(connection):
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise exc.InvalidatePoolError from error


def _has_input(connection: Any) -> bool:
    """Whether a server sent something unasked: mostly that it closes."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    # not through SQLAlchemy, which takes longer: a sender begins hundreds a second
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


class DatabaseFile:
    """Watches the file of a SQLite database.

    SQLite keeps writing to a deleted file, or creates a new one: either way the data is lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._opened: tuple[int, int] | None = None

    def watch(self, engine: Engine, *, owned: bool) -> None:
        """Check the file before each connection and each transaction; create an `owned` one."""
        if owned:
            event.listen(engine, "do_connect", lambda *_: self._create())
            event.listen(engine, "do_connect", self._open_read_only)
            event.listen(engine, "checkout", self._reopen_once_writable)
        event.listen(engine, "do_connect", lambda *_: self._check())
        event.listen(engine, "begin", lambda _: self._check_at_begin())

    def _create(self) -> None:
        """Create the file for its owner alone, before SQLite creates it for everybody.

        SQLite gives its -wal and -shm files the mode of the database.
        """
        if self._opened is None:
            with suppress(OSError):  # SQLite fails in the same way, and its error is reported
                create_private(self._path)

    def _open_read_only(
        self, _: Any, record: ConnectionPoolEntry, __: Any, options: dict[str, Any]
    ) -> Any | None:
        """Open the file where its folder is read-only; return None to open it as usual.

        SQLite fails where it can't create its -shm file. Without a -wal file nobody writes, so
        the database can be opened as immutable, which needs neither.
        """
        if not self._path.is_file() or self._folder_is_writable():
            return None
        record.info[_READ_ONLY] = True
        if self._path.with_name(f"{self._path.name}-wal").exists():
            return None
        uri = f"file:{quote(str(self._path))}?immutable=1"
        return sqlite3.connect(uri, uri=True, **options)

    def _reopen_once_writable(self, _: Any, record: ConnectionPoolEntry, __: Any) -> None:
        """Drop read-only connections once others can write: immutable ones miss changes."""
        if record.info.get(_READ_ONLY) and self._folder_is_writable():
            raise exc.InvalidatePoolError

    def _folder_is_writable(self) -> bool:
        return os.access(self._path.parent, os.W_OK)

    def _check_at_begin(self) -> None:
        # not before the first connection: opening a file for writing may replace it
        self._opened = self._opened or self._identity()
        self._check()

    def _check(self) -> None:
        if self._opened is not None and self._identity() != self._opened:
            raise StoreUnreachable(
                f"{self._path} was moved, deleted or replaced while it was in use; put it back, "
                "or stop every process that uses it before another takes its place"
            )

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino


_TRY_AGAIN = "was changed by another process at the same moment; try again"
_UNUSABLE = "can't be used: {reason}; check store.url"
_ERRORS: tuple[tuple[type[StoreError], str, tuple[str, ...]], ...] = (
    (
        StoreLocked,
        f"has been locked by another process for over {BUSY_TIMEOUT // 1000} s; try again later",
        ("database is locked", "database table is locked"),
    ),
    (StoreLocked, _TRY_AGAIN, ("deadlock detected", "40P01", "40001")),
    (
        StoreLocked,
        "took too long: {reason}; try again when it is less busy",
        ("locking protocol", "57014", "55P03"),
    ),
    (
        StoreFull,
        "is out of space: {reason}; free some and try again, work resumes where it stopped",
        ("disk is full", "No space left", "53100"),
    ),
    (
        StoreUnreachable,
        "is not a SQLite database; move it away, or correct store.url",
        ("not a database",),
    ),
    (StoreUnreachable, "is damaged: {reason}; restore a backup", ("malformed", "XX001", "XX002")),
    (
        StoreUnreachable,
        "can't be used: {reason}; check its disk (is it full, over a quota, broken?)",
        ("disk I/O", "58030"),
    ),
    (
        StoreUnreachable,
        "can't be used: {reason}; check store.url, and who may write there",
        ("unable to open", "readonly", "read-only", "permission denied", "25006", "42501"),
    ),
    (
        StoreUnreachable,
        _UNUSABLE,
        ("connection", "resolve host", "authentication", "53000", "53200", "53300", "53400"),
    ),
)
"""Our error, its message, and what marks it: SQLite's words, PostgreSQL's words or codes.

The codes are there since PostgreSQL speaks the language of its operator.
"""


@contextmanager
def mapped_errors(engine: Engine, url: str) -> Iterator[None]:
    """Raise our errors in place of the database's; our own errors pass through."""
    plain = engine.dialect.loaded_dbapi.Error
    try:
        yield
    except (exc.DBAPIError, UnicodeEncodeError, plain) as error:
        wrapped = (
            exc.DBAPIError.instance(None, None, error, plain) if isinstance(error, plain) else error
        )
        mapped = _mapped(url, wrapped)
        if mapped is None:
            raise
        raise mapped from error


def _mapped(url: str, error: BaseException) -> StoreError | Refused | None:
    store = mask_secrets(url)
    match error:
        case exc.IntegrityError():
            return StoreLocked(f"{store} {_TRY_AGAIN}")
        case exc.DataError(orig=cause) | (UnicodeEncodeError() as cause):
            return Refused(f"{store} can't hold a value: {str(cause).splitlines()[0]}")
        case exc.DBAPIError():
            reason = str(error.orig).strip().partition("\n")[0]
            code = getattr(error.orig, "sqlstate", None)
            for kind, message, marks in _ERRORS:
                if code in marks or any(mark in reason for mark in marks):
                    return kind(f"{store} {message.format(reason=reason)}")
            if error.connection_invalidated:
                return StoreUnreachable(f"{store} {_UNUSABLE.format(reason=reason)}")
    return None

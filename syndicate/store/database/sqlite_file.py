"""The file of a SQLite database: created for its owner alone, and checked for replacement."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from syndicate.errors import StoreUnreachable
from syndicate.private_file import create_private

_READ_ONLY = "read-only"


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
            raise InvalidatePoolError

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

"""A publication's database: opened, migrated, read and written in transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Self

from sqlalchemy import Engine

from syndicate.config import Config
from syndicate.errors import StoreUnreachable
from syndicate.store.database.error_mapping import mapped_errors
from syndicate.store.database.keys import new_secret
from syndicate.store.database.migrate import migrate
from syndicate.store.database.sql_engine import open_engine, sqlite_path, sqlite_url
from syndicate.store.ledger.heartbeats import Heartbeat
from syndicate.store.transaction import Transaction


class Store:
    """A publication's database."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writes=True)
        self._url = url
        self.migrations: list[str] = []
        """The migrations that ran when the store was opened."""

    @classmethod
    def open(cls, url: str) -> Self:
        """Open a store and migrate its schema.

        Raise ConfigError for an invalid URL, StoreUnreachable, StoreLocked or StoreTooNew.
        """
        store = cls(open_engine(url), url)
        try:
            with mapped_errors(store._engine, url):
                store.migrations = migrate(store._engine)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def of(cls, config: Config) -> Self:
        """Open the store of a publication; a SQLite file is relative to its config."""
        file = sqlite_path(config.store.url)
        if file is None:
            return cls.open(config.store.url)
        path = config.path(file)
        if not path.parent.is_dir():
            raise StoreUnreachable(f"store.url: there is no folder {path.parent}; create it first")
        return cls.open(sqlite_url(path))

    @classmethod
    def exists(cls, config: Config) -> bool:
        """Whether the store exists; a server's is assumed to."""
        file = sqlite_path(config.store.url)
        return file is None or config.path(file).is_file()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Read from one snapshot."""
        with (
            mapped_errors(self._engine, self._url),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            yield Transaction(connection)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Write in one transaction; an exception that leaves the block undoes it."""
        with (
            mapped_errors(self._engine, self._url),
            self._writing.connect() as connection,
            connection.begin() as begun,
        ):
            transaction = Transaction(connection)
            yield transaction
            if transaction.rolled_back:
                begun.rollback()

    def require_writable(self, at: datetime) -> None:
        """Raise StoreUnreachable where the store can't be written, as on a read-only disk."""
        with self.write() as tx:
            tx.heartbeats.record(Heartbeat.PROBE, at)
            tx.rollback()

    def secret(self, name: str) -> bytes:
        """Return a secret of the publication, made at its first use.

        Where none can be stored, as on a read-only disk, it is valid in this process alone:
        nothing that it signs can be stored either.
        """
        with self.read() as tx:
            secret = tx.keys.find(name)
        if secret is not None:
            return secret
        try:
            with self.write() as tx:
                return tx.keys.secret(name)
        except StoreUnreachable:
            return new_secret()

    def sweep(self, at: datetime) -> None:
        """Update the deliveries of stopped editions, in batches, so that senders get their turn."""
        swept = 1
        while swept:
            with self.write() as tx:
                swept = tx.control.sweep(at)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

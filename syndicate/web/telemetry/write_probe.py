"""Whether this process can write where it has to: found out by writing."""

import errno
import tempfile
from collections.abc import Iterator
from pathlib import Path

from syndicate import clock
from syndicate.config import Config, TransportKind
from syndicate.errors import StoreError, StoreLocked
from syndicate.store import Heartbeat, Store
from syndicate.store.database.sql_engine import sqlite_path

_SIZE = 256 * 1024
"""Bytes that have to find room: a log that SQLite made before takes a few without any."""


def find_write_errors(store: Store, config: Config) -> Iterator[tuple[str, str]]:
    """Write a little wherever something is written; yield what failed, and why."""
    for name, folder in _folders(config):
        try:
            _write_into(folder)
        except OSError as error:
            yield name, f"{folder}: {error.strerror or error}"
    try:
        with store.write() as tx:
            tx.heartbeats.record(Heartbeat.PROBE, clock.now())
    except StoreLocked:
        return  # somebody else writes
    except StoreError as error:
        yield "the store", str(error)


def _folders(config: Config) -> Iterator[tuple[str, Path]]:
    file = sqlite_path(config.store.url)
    if file is not None:
        yield "the store", config.path(file).parent
    yield "the output", config.output
    if config.mail.transport is TransportKind.OUTBOX:
        yield "the outbox", config.path(config.mail.outbox)


def _write_into(folder: Path) -> None:
    """Write a file that has no name; raise OSError where there is no room, or no leave to."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            written = file.write(bytes(_SIZE))
            if written < _SIZE:
                raise OSError(errno.ENOSPC, "No space left on device")
    except FileNotFoundError:
        return  # it is made when it is needed

"""Tests by writing whether this process can write to disks and store."""

import errno
import tempfile
from collections.abc import Iterator
from pathlib import Path

from syndicate import clock
from syndicate.config import Config, TransportKind
from syndicate.errors import StoreError, StoreLocked
from syndicate.store import Heartbeat, Store
from syndicate.store.database.sql_engine import sqlite_path

_PROBE_SIZE = 256 * 1024
"""Bytes that are written: a few would fit into a full disk's last block, or SQLite's log."""


def find_write_errors(store: Store, config: Config) -> Iterator[tuple[str, str]]:
    """Write something in each place; yield the places that failed, with the error."""
    for name, folder in _folders(config):
        try:
            _write_into(folder)
        except OSError as error:
            yield name, f"{folder}: {error.strerror or error}"
    try:
        with store.write() as tx:
            tx.heartbeats.record(Heartbeat.PROBE, clock.now())
    except StoreLocked:
        return  # another process is writing
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
    """Write a file without a name; raise OSError when the disk is full or it isn't permitted."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            written = file.write(bytes(_PROBE_SIZE))
            if written < _PROBE_SIZE:
                raise OSError(errno.ENOSPC, "No space left on device")
    except FileNotFoundError:
        return  # it is created when it is needed

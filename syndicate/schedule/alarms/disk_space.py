"""Finds the disks of this machine that are nearly full."""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from syndicate.config import Config
from syndicate.model.alarms import AlarmCause, AlarmKind
from syndicate.store.database.sql_engine import sqlite_path
from syndicate.store.push.alarms import THIS_MACHINE

_MIN_SHARE = 0.05
"""The share of a disk that has to be free; on a large disk less will do."""
_MIN_BYTES = 2_000_000_000
"""The bytes that are enough on any disk."""
_RECOVERY = 1.5
"""How many times as much has to be free until an alarm is over, so that it doesn't flap."""
_GIGABYTE = 1_000_000_000


def written_folders(config: Config) -> Iterator[tuple[str, Path]]:
    """Yield the places that have to be writable, by name; not all of them exist yet."""
    file = sqlite_path(config.store.url)
    if file is not None:
        yield "the store", config.path(file).parent
    yield "the output", config.output
    if config.mail.transport == "outbox":
        yield "the outbox", config.path(config.mail.outbox)


def find_full_disks(config: Config, alarmed: Collection[str]) -> Iterator[AlarmCause]:
    """Yield the disks that are nearly full; `alarmed` are the subjects that were before."""
    by_device: dict[int, tuple[Path, list[str]]] = {}
    for name, folder in written_folders(config):
        with suppress(OSError):  # reported as unwritable
            existing = next(path for path in (folder, *folder.parents) if path.exists())
            _, names = by_device.setdefault(existing.stat().st_dev, (existing, []))
            names.append(name)
    for folder, names in by_device.values():
        subject = names[0].removeprefix("the ")
        with suppress(OSError):
            shortage = _shortage(os.statvfs(folder), was_short=subject in alarmed)
            if shortage:
                yield AlarmCause(
                    kind=AlarmKind.DISK,
                    subject=subject,
                    machine=THIS_MACHINE,
                    text=f"the disk of {_joined(names)} on {THIS_MACHINE} has {shortage} left",
                    remedy=f"free some space on the disk of {folder}, as `df -h {folder}` shows it",
                )


def _shortage(disk: os.statvfs_result, *, was_short: bool) -> str:
    """Return how little of a disk is left; empty if that is enough."""
    factor = _RECOVERY if was_short else 1.0
    size, free = disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize
    if free < factor * min(_MIN_SHARE * size, _MIN_BYTES):
        return f"{free / _GIGABYTE:.1f} GB ({free / size:.0%})"
    if disk.f_files and disk.f_favail < factor * _MIN_SHARE * disk.f_files:
        return f"{disk.f_favail:,} files ({disk.f_favail / disk.f_files:.0%} of its inodes)"
    return ""


def _joined(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last

"""What `check` reports of files about readers that others on the machine can read."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate.private_file import GROUP_AND_OTHERS
from syndicate.store.database.sql_engine import sqlite_path

if TYPE_CHECKING:  # start-up
    from syndicate.config import Config


def find_readable_by_others(config: "Config") -> Iterator[str]:
    """Say which files are open to others, what is in them, and how to close them."""
    yield from _files(_store(config), "readers and the key of their links")
    yield from _files(sorted(config.root.glob("*.refused.csv")), "readers' addresses")
    outbox = config.path(config.mail.outbox)
    if mode := _open_to_others(outbox):
        yield (
            f"{_near(outbox)}: others on this machine may look into it (its mode is {mode}), and "
            f"mail to readers is in it: chmod -R go= {shlex.quote(str(_near(outbox)))}"
        )


def _store(config: "Config") -> list[Path]:
    name = sqlite_path(config.store.url)
    if name is None:
        return []
    file = config.path(name)
    return [file, *(file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm", "-journal"))]


def _files(paths: Iterable[Path], content: str) -> Iterator[str]:
    wide = {_near(path): mode for path in paths if (mode := _open_to_others(path))}
    if not wide:
        return
    names = ", ".join(map(str, wide))
    may = "may read it (its mode is" if len(wide) == 1 else "may read them (their mode is"
    modes = ", ".join(sorted(set(wide.values())))
    yield (
        f"{names}: others on this machine {may} {modes}), and {content} are in there: "
        f"chmod 600 {shlex.join(map(str, wide))}"
    )


def _open_to_others(path: Path) -> str | None:
    """Return the mode of what is open to others, as chmod writes it."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    return f"{mode & 0o7777:04o}" if mode & GROUP_AND_OTHERS else None


def _near(path: Path) -> Path:
    """Name a file from where the operator is, if it is below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path

"""Find files with readers' data that other users of the machine can read, for `check`."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate.private_file import GROUP_AND_OTHERS
from syndicate.store.database.sql_engine import sqlite_path

if TYPE_CHECKING:  # start-up
    from syndicate.config import Config


def find_readable_by_others(config: "Config") -> Iterator[str]:
    """Report each file that others can read, what is in it, and how to protect it."""
    if (name := sqlite_path(config.store.url)) is not None:
        store = config.path(name)
        beside = (store.with_name(f"{store.name}{end}") for end in ("-wal", "-shm", "-journal"))
        yield from _check_files((store, *beside), "readers and the key for their links")
    yield from _check_files(sorted(config.root.glob("*.refused.csv")), "readers' addresses")
    outbox = config.path(config.mail.outbox)
    if mode := _open_to_others(outbox):
        yield (
            f"{_shorten(outbox)}: others on this machine may read it (its mode is {mode}); it "
            f"contains mail to readers: chmod -R go= {shlex.quote(str(_shorten(outbox)))}"
        )


def _check_files(paths: Iterable[Path], content: str) -> Iterator[str]:
    exposed = {_shorten(path): mode for path in paths if (mode := _open_to_others(path))}
    if not exposed:
        return
    names = ", ".join(map(str, exposed))
    modes = ", ".join(sorted(set(exposed.values())))
    verbs = (
        f"read it (its mode is {modes}); it contains"
        if len(exposed) == 1
        else f"read them (their mode is {modes}); they contain"
    )
    yield (
        f"{names}: others on this machine may {verbs} {content}: "
        f"chmod 600 {shlex.join(map(str, exposed))}"
    )


def _open_to_others(path: Path) -> str | None:
    """Return a file's mode, in octal, if others can read or change it."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    return f"{mode & 0o7777:04o}" if mode & GROUP_AND_OTHERS else None


def _shorten(path: Path) -> Path:
    """Return a path relative to the working directory, if it is below."""
    cwd = Path.cwd()
    return path.relative_to(cwd) if path.is_relative_to(cwd) else path

"""The output folder: each file is written at once, and only where its bytes are other ones.

Paths that a build names are its own: what lies there is replaced. Everything
else in the folder is the operator's, and stays.
"""

# Every file of a build comes through here, and pathlib takes twice as long as os:
# ruff: noqa: PTH102, PTH103, PTH105, PTH120, PTH123

import fcntl
import hashlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from syndicate.errors import SyndicateError
from syndicate.publish.output.journal import Journal
from syndicate.publish.output.manifest import safe

LOCK = ".lock"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_REMEMBERED = 2000
"""Folders that are known to be there; each article has two of its own."""


@dataclass(frozen=True, slots=True)
class WriteOutcome:
    """What became of a file."""

    changed: bool
    sha256: str
    size: int


@contextmanager
def held(folder: Path, name: str = LOCK) -> Iterator[None]:
    """Hold a folder, which is made where it isn't there; wait for another build to end.

    What holds it by another `name` takes turns with its own kind alone.

    Raise SyndicateError where the folder can't be written to.
    """
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / name).open("a")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Tell plainly why a folder can't be written to."""
    try:
        yield
    except OSError as error:
        raise SyndicateError(f"{folder}: {error.strerror or error}") from error
    except sqlite3.OperationalError as error:
        raise SyndicateError(f"{folder}: the manifest: {error}") from error


class OutputFolder:
    """The files of a folder that a build holds; several processes of it may write."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._journal = Journal(root)
        self._made: set[str] = set()

    def put(self, path: str, data: bytes) -> WriteOutcome:
        """See to it that a file holds exactly these bytes.

        Raise SyndicateError for a path that leads out of the folder, OSError where
        the file can't be written.
        """
        place, there = self._find(path)
        changed = not (there and _holds(place, data))
        if changed:
            self._journal.announce(path)
            if not there:
                self._make(os.path.dirname(place))
            _replace(place, data)
        return WriteOutcome(changed, hashlib.sha256(data).hexdigest(), len(data))

    def has(self, path: str) -> bool:
        """Whether there is a plain file at a path."""
        try:
            place = self.place(path)
            return place.is_file() and not place.is_symlink()
        except (SyndicateError, OSError):  # OSError: a name that no file can have
            return False

    def delete(self, path: str) -> bool:
        """Delete a file, and folders that are empty then; return whether there was one."""
        try:
            place = self.place(path)
            if place.is_file() or place.is_symlink():
                self._journal.announce(path)
            place.unlink()
        except (SyndicateError, OSError):  # gone already, or a folder of the operator's by now
            return False
        for folder in place.parents:
            self._made.discard(str(folder))
            if folder == self._root or not _remove_empty(folder):
                break
        return True

    def left_behind(self) -> frozenset[str]:
        """Return what a build that died had begun, and remove the halves of it."""
        left_behind = Journal(self._root).left_behind
        for path in left_behind:
            try:
                place = self.place(path)
            except SyndicateError:
                continue
            for half in place.parent.glob(f".{place.name}.*.new"):
                half.unlink(missing_ok=True)
        return left_behind

    def close(self) -> None:
        """Leave the journal as it is; until the next build anybody may change the folders."""
        self._made.clear()
        self._journal.close()

    def clear(self) -> None:
        """Forget what was begun: the manifest says it now."""
        self._journal.clear()

    def place(self, path: str) -> Path:
        """Return where a path lies, following no link out of the folder."""
        return Path(self._find(path)[0])

    def _find(self, path: str) -> tuple[str, bool]:
        """Return where a path lies, and whether there is a folder for it."""
        if not safe(path):
            raise SyndicateError(f"{path!r} is no path inside {self._root}")
        *folders, name = path.split("/")
        place, there = str(self._root), True
        for folder in folders:
            place = f"{place}/{folder}"
            there = there and (place in self._made or self._is_folder(place))
        return f"{place}/{name}", there

    def _is_folder(self, place: str) -> bool:
        try:
            mode = os.lstat(place).st_mode
        except (OSError, ValueError):  # ValueError: a name that no file can have
            return False
        if stat.S_ISLNK(mode):
            raise SyndicateError(f"{place} is a link; builds write only inside {self._root}")
        return stat.S_ISDIR(mode)

    def _make(self, folder: str) -> None:
        try:
            os.mkdir(folder)
        except (FileExistsError, FileNotFoundError):  # made by another, or what it lies in isn't
            os.makedirs(folder, exist_ok=True)
        if len(self._made) >= _REMEMBERED:
            self._made.clear()
        self._made.add(folder)


def _holds(place: str, data: bytes) -> bool:
    """Whether a plain file holds exactly these bytes."""
    try:
        there = os.lstat(place)
        if not stat.S_ISREG(there.st_mode) or there.st_size != len(data):
            return False
        with open(place, "rb") as file:
            return file.read() == data
    except OSError:
        return False


def _replace(place: str, data: bytes) -> None:
    """Write a file so that whoever opens it sees the old bytes or the new, never a part."""
    folder, name = os.path.split(place)
    half = f"{folder}/.{name}.{os.getpid()}.new"
    try:
        _write(half, data)
        os.replace(half, place)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise


def _write(place: str, data: bytes) -> None:
    file = os.open(place, _NEW, 0o666)
    try:
        rest = memoryview(data)
        while rest:  # the system may take less than it is offered
            rest = rest[os.write(file, rest) :]
    finally:
        os.close(file)


def _remove_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True

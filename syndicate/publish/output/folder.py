"""The output folder: each file is replaced atomically, and only where its bytes change.

A build owns the paths that it writes and replaces what is there. Everything else in
the folder is the operator's and stays.

The journal lists the paths that a build is about to write, so that a crash orphans no file:
the manifest is committed last, so the files of a build that dies before that are in no
manifest, but in the journal, and the next build takes them over.
"""

# Every file of a build is written here, and pathlib takes twice as long as os:
# ruff: noqa: PTH102, PTH103, PTH105, PTH120, PTH123

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from syndicate.errors import SyndicateError

LOCK = ".lock"
_JOURNAL_NAME = ".manifest.journal"
_OPEN_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_KNOWN_FOLDERS = 2000
"""Folders whose existence is remembered; each article has two of its own."""


@contextmanager
def locked(folder: Path, name: str = LOCK) -> Iterator[None]:
    """Create a folder if needed and lock it, waiting for any other process that has it locked.

    Locks of different `name`s are independent. Raise SyndicateError where the folder
    can't be written to.
    """
    with write_errors_reported(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / name).open("a")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def write_errors_reported(folder: Path) -> Iterator[None]:
    """Raise SyndicateError with the reason where a folder can't be written to."""
    try:
        yield
    except OSError as error:
        raise SyndicateError(f"{folder}: {error.strerror or error}") from error


class OutputFolder:
    """The files of a folder that a build has locked; several of its processes may write."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._journal_file = root / _JOURNAL_NAME
        self._journal: TextIO | None = None
        self._known_folders: set[str] = set()

    def put(self, path: str, data: bytes) -> bool:
        """Write a file unless it already has exactly these bytes; return whether it changed.

        Raise SyndicateError for a path that leads out of the folder, OSError where
        the file can't be written.
        """
        file, folder_exists = self._find(path)
        changed = not (folder_exists and _has_content(file, data))
        if changed:
            self._journal_path(path)
            if not folder_exists:
                self._create_folder(os.path.dirname(file))
            _replace(file, data)
        return changed

    def has(self, path: str) -> bool:
        """Whether there is a regular file at a path."""
        try:
            file = self.locate(path)
            return file.is_file() and not file.is_symlink()
        except (SyndicateError, OSError):  # OSError: the name is impossible for a file
            return False

    def delete(self, path: str) -> bool:
        """Delete a file and the folders that it leaves empty; return whether it existed."""
        try:
            file = self.locate(path)
            if file.is_file() or file.is_symlink():
                self._journal_path(path)
            file.unlink()
        except (SyndicateError, OSError):  # deleted already, or replaced by an operator's folder
            return False
        with suppress(OSError):  # a folder isn't empty
            for folder in file.parents:
                self._known_folders.discard(str(folder))
                if folder == self._root:
                    break
                folder.rmdir()
        return True

    def clean_up(self) -> frozenset[str]:
        """Remove partial files of a build that died; return the paths that it was writing."""
        unfinished = _read_journal(self._journal_file)
        for path in unfinished:
            try:
                file = self.locate(path)
            except SyndicateError:
                continue
            for partial_file in file.parent.glob(f".{file.name}.*.new"):
                partial_file.unlink(missing_ok=True)
        return unfinished

    def close(self) -> None:
        """Close the journal, which keeps its entries; forget which folders exist."""
        self._known_folders.clear()
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def clear_journal(self) -> None:
        """Delete the journal, once the manifest is committed."""
        self.close()
        self._journal_file.unlink(missing_ok=True)

    def locate(self, path: str) -> Path:
        """Return the file of a path; raise SyndicateError where a link leads out of the folder."""
        return Path(self._find(path)[0])

    def _journal_path(self, path: str) -> None:
        """Record a path before it is written."""
        if self._journal is None:
            self._journal = self._journal_file.open("a", encoding="utf-8")
        self._journal.write(f"{json.dumps(path)}\n")
        self._journal.flush()

    def _find(self, path: str) -> tuple[str, bool]:
        """Return the file of a path, and whether its folder exists."""
        if not _is_safe_path(path):
            raise SyndicateError(f"{path!r} is not a path inside {self._root}")
        *folders, name = path.split("/")
        location, exists = str(self._root), True
        for folder in folders:
            location = f"{location}/{folder}"
            exists = exists and (location in self._known_folders or self._is_folder(location))
        return f"{location}/{name}", exists

    def _is_folder(self, location: str) -> bool:
        try:
            mode = os.lstat(location).st_mode
        except (OSError, ValueError):  # ValueError: the name is impossible for a file
            return False
        if stat.S_ISLNK(mode):
            raise SyndicateError(f"{location} is a link; builds write only inside {self._root}")
        return stat.S_ISDIR(mode)

    def _create_folder(self, folder: str) -> None:
        try:
            os.mkdir(folder)
        except (FileExistsError, FileNotFoundError):
            # another process made it, or its parent is missing
            os.makedirs(folder, exist_ok=True)
        if len(self._known_folders) >= _MAX_KNOWN_FOLDERS:
            self._known_folders.clear()
        self._known_folders.add(folder)


def _has_content(file: str, data: bytes) -> bool:
    try:
        status = os.lstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_size != len(data):
            return False
        with open(file, "rb") as opened:
            return opened.read() == data
    except OSError:
        return False


def _replace(file: str, data: bytes) -> None:
    """Write a file so that readers see either the old bytes or the new, never part of them."""
    folder, name = os.path.split(file)
    partial_file = f"{folder}/.{name}.{os.getpid()}.new"
    try:
        descriptor = os.open(partial_file, _OPEN_FLAGS, 0o666)
        try:
            unwritten = memoryview(data)
            while unwritten:  # the system may write less than it is given
                unwritten = unwritten[os.write(descriptor, unwritten) :]
        finally:
            os.close(descriptor)
        os.replace(partial_file, file)
    except BaseException:
        Path(partial_file).unlink(missing_ok=True)
        raise


def _read_journal(file: Path) -> frozenset[str]:
    try:
        lines = file.read_text("utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    paths = []
    for line in lines:
        with suppress(ValueError):  # the line is incomplete, so its file was never begun
            paths.append(json.loads(line))
    return frozenset(path for path in paths if isinstance(path, str) and _is_safe_path(path))


def _is_safe_path(path: str) -> bool:
    """Whether a path is inside the folder and may belong to a build.

    Names with a leading dot are this package's own, or the operator's.
    """
    return "\0" not in path and all(part and not part.startswith(".") for part in path.split("/"))

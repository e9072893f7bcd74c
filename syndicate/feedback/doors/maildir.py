"""The Maildir that a mail server fills with reports (maildir(5)).

A file is removed only after its effect is committed. Where the process ends in between, the
file is read once more, recognised, and removed.
"""

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from threading import Event

import structlog

from syndicate.errors import DoorUnavailable
from syndicate.feedback.doors.door import READ_BYTES, Disposal, Take

_FOLDERS = ("new", "cur")
"""`tmp` has what is still being written."""
_BATCH = 1000
"""Files whose names are read at once."""
_log = structlog.get_logger(__name__)


class Maildir:
    """A folder of reports, one file each."""

    name = "maildir"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reported: set[str] = set()
        """What was logged: a Maildir that doesn't exist yet, and what is no file in it."""

    def read(self, take: Take, stop: Event) -> None:
        """Hand on each file, and remove it; see `ReportDoor`.

        What is no regular file, such as a folder or a symbolic link, stays.
        """
        failures: list[str] = []
        for name in _FOLDERS:
            folder = self._path / name
            try:
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except FileNotFoundError:
                self._check_parent()
                self._report_once(folder, "isn't there yet: the mail server makes it")
                continue
            except OSError as error:
                raise _unavailable(folder, error) from error
            try:
                failures += self._read_folder(folder, descriptor, take, stop)
            finally:
                os.close(descriptor)
        if failures:
            more = f", and {len(failures) - 1} more" if len(failures) > 1 else ""
            raise DoorUnavailable(
                f"{failures[0]}{more}; the user that Syndicate runs as needs to read and delete "
                f"the files of {self._path}"
            )

    def _check_parent(self) -> None:
        """Raise DoorUnavailable where not even its parent exists: a typo, or no disk."""
        if not self._path.parent.is_dir():
            raise DoorUnavailable(
                f"there is no folder {self._path.parent}, in which bounces.maildir names a "
                "Maildir; mount it, or correct bounces.maildir"
            )

    def _read_folder(self, folder: Path, descriptor: int, take: Take, stop: Event) -> Iterator[str]:
        """Read a folder's files in batches; yield what can't be read or deleted."""
        left: set[str] = set()
        while not stop.is_set():
            try:
                batch = _names(descriptor, left)
            except OSError as error:
                raise _unavailable(folder, error) from error
            for name in batch:
                if stop.is_set():
                    return
                try:
                    removed = self._read_file(folder, descriptor, name, take)
                except FileNotFoundError:  # another process was faster
                    removed = True
                except OSError as error:
                    yield f"{folder / name}: {error.strerror}"
                    removed = False
                if not removed:
                    left.add(name)
            if len(batch) < _BATCH:
                return

    def _read_file(self, folder: Path, descriptor: int, name: str, take: Take) -> bool:
        """Hand a file on and remove it; return whether it is gone. Raise OSError."""
        raw = self._content(folder, descriptor, name)
        if raw is None or take(raw) is Disposal.KEEP:
            return False
        os.unlink(name, dir_fd=descriptor)
        return True

    def _content(self, folder: Path, descriptor: int, name: str) -> bytes | None:
        """Return the beginning of a file; None for what is no regular file. Raise OSError."""
        if not stat.S_ISREG(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
            self._report_once(folder / name, "is no file with a message, and stays there")
            return None
        # it may have been replaced by a pipe or a link since
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, dir_fd=descriptor), "rb") as file:
            return file.read(READ_BYTES) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None

    def _report_once(self, path: Path, what: str) -> None:
        if str(path) not in self._reported:
            self._reported.add(str(path))
            _log.warning("maildir", path=str(path), reason=f"it {what}")


def _names(descriptor: int, left: set[str]) -> list[str]:
    """Return the names of some files, the oldest first, without those that are left there.

    The name of a file begins with when it was delivered.
    """
    with os.scandir(descriptor) as entries:
        found = (entry.name for entry in entries)
        wanted = (name for name in found if not name.startswith(".") and name not in left)
        return sorted(islice(wanted, _BATCH))


def _unavailable(folder: Path, error: OSError) -> DoorUnavailable:
    return DoorUnavailable(
        f"{folder}: {error.strerror}; bounces.maildir names a Maildir, which the user that "
        "Syndicate runs as needs to read and to delete files of"
    )

"""The output folder while a build holds it: only what changed is written, each file at once.

Paths that a build names are its own: what lies there is replaced. Everything
else in the folder is the operator's, and stays.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from syndicate.errors import SyndicateError
from syndicate.publish import manifest
from syndicate.publish.journal import Journal
from syndicate.publish.manifest import Manifest, Published, safe

LOCK = ".lock"


class Output:
    """The output folder, held by one build; others wait.

    `put` and `keep` say what is to be there; `finish` deletes what no longer is.
    A build that dies leaves every file whole, and the next one knows all of them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = Manifest.load(folder)
        self._journal = Journal(folder)
        self._now: dict[str, Published] = {}
        self._sweep()

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator[Self]:
        """Hold a folder, which is made where it isn't there; wait for another build to end.

        Raise SyndicateError where the folder can't be written to.
        """
        with _told(folder):
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / LOCK).open("a")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            output = cls(folder)
            try:
                yield output
            finally:
                output._journal.close()

    def has(self, path: str, made_of: str) -> bool:
        """Whether a file is there as it would be made again, and then leave it as it is.

        One that was changed by hand is not.
        """
        before = self._before.entry(path)
        if before is None or before.made_of != made_of or not self._there(path):
            return False
        if hashlib.sha256(self._place(path).read_bytes()).hexdigest() != before.sha256:
            return False
        self._now[path] = before
        return True

    def put(
        self,
        path: str,
        data: bytes,
        *,
        status: int = 200,
        location: str | None = None,
        made_of: str | None = None,
    ) -> bool:
        """See to it that a file holds exactly these bytes; return whether it had to be written.

        Raise SyndicateError for a path that leads out of the folder, OSError where
        the file can't be written.
        """
        place = self._place(path)
        changed = not _holds(place, data)
        if changed:
            self._journal.announce(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            _replace(place, data)
        self._now[path] = Published(
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            status=status,
            location=location,
            made_of=made_of,
        )
        return changed

    def keep(self, path: str, *, status: int = 200) -> bool:
        """Leave a file as the last build left it; return whether there is one.

        One that was served otherwise is not kept: a withdrawn article does not stay.
        """
        before = self._before.entry(path)
        if before is None or before.status != status or not self._there(path):
            return False
        self._now[path] = before
        return True

    def finish(self) -> list[str]:
        """Delete what earlier builds wrote and this one did not name; return those paths.

        Raise SyndicateError where the manifest can't be written.
        """
        ours = {*self._before.files, *self._journal.left_behind}
        deleted = [path for path in sorted(ours - self._now.keys()) if self._delete(path)]
        place, data = self._folder / manifest.NAME, Manifest(self._now).to_bytes()
        with _told(self._folder):
            if not _holds(place, data):
                _replace(place, data)
            self._journal.clear()
        return deleted

    def _delete(self, path: str) -> bool:
        try:
            place = self._place(path)
            place.unlink()
        except (SyndicateError, OSError):  # gone already, or a folder of the operator's by now
            return False
        for folder in place.parents:
            if folder == self._folder or not _remove_empty(folder):
                break
        return True

    def _sweep(self) -> None:
        """Remove the halves of files that a build which died has left."""
        for path in self._journal.left_behind:
            try:
                _half(self._place(path)).unlink()
            except (SyndicateError, OSError):
                continue

    def _there(self, path: str) -> bool:
        try:
            return self._place(path).is_file()
        except SyndicateError:
            return False

    def _place(self, path: str) -> Path:
        """Return where a path lies, following no link out of the folder."""
        if not safe(path):
            raise SyndicateError(f"{path!r} is no path inside {self._folder}")
        *folders, name = path.split("/")
        place = self._folder
        for folder in folders:
            place /= folder
            if place.is_symlink():
                raise SyndicateError(f"{place} is a link; builds write only inside {self._folder}")
        return place / name


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Tell plainly why a folder can't be written to."""
    try:
        yield
    except OSError as error:
        raise SyndicateError(f"{folder}: {error.strerror or error}") from error


def _holds(place: Path, data: bytes) -> bool:
    """Whether a plain file holds exactly these bytes."""
    try:
        if place.is_symlink() or place.stat().st_size != len(data):
            return False
        return place.read_bytes() == data
    except OSError:
        return False


def _replace(place: Path, data: bytes) -> None:
    """Write a file so that whoever opens it sees the old bytes or the new, never a part."""
    half = _half(place)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(half, flags, 0o666), "wb") as file:
            file.write(data)
        half.replace(place)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def _half(place: Path) -> Path:
    """Return where a file is written before it takes its place; one build holds the folder."""
    return place.with_name(f".{place.name}.new")


def _remove_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True

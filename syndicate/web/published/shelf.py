"""The published folder, read safely: no request gets at anything that is not published.

What was read is kept in memory until its file changes: hashed once, gzipped once.
"""

import gzip
import hashlib
import os
import stat
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from syndicate.publish.formats import Format, format_of

MEMORY = 64 * 1024 * 1024
"""How many bytes are kept."""
_WORTH_PACKING = 512
"""Below this many bytes gzip gains nothing on the wire."""


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one state of a file from the next; a new inode where it was replaced."""

    inode: int
    modified_ns: int
    size: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Version":
        """Return the version that a file's status describes."""
        return cls(status.st_ino, status.st_mtime_ns, status.st_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One version of a published file: its bytes, and what HTTP says about them."""

    path: str
    """Relative to the folder."""
    version: Version
    format: Format
    body: bytes
    packed: bytes | None
    """The same, gzipped; None where that gains nothing."""
    digest: str

    @property
    def tag(self) -> str:
        """The strong validator of the bytes."""
        return f'"{self.digest}"'

    @property
    def packed_tag(self) -> str:
        """The strong validator of the gzipped bytes."""
        return f'"{self.digest}-gzip"'

    @property
    def modified(self) -> datetime:
        """When the file was last written."""
        return datetime.fromtimestamp(self.version.modified_ns // 10**9, UTC)

    @property
    def weight(self) -> int:
        """How many bytes it takes up in memory."""
        return len(self.body) + len(self.packed or b"")


class Shelf:
    """The files of one folder."""

    def __init__(self, folder: Path, *, memory: int = MEMORY) -> None:
        self.folder = folder
        self._memory = memory
        self._kept: OrderedDict[Path, File] = OrderedDict()
        self._weight = 0

    def has_page(self, path: str) -> bool:
        """Tell whether `path` is a folder with a page of its own."""
        return self._find(f"{path}/index.html") is not None

    def read(self, path: str) -> File | None:
        """Return the file at a path relative to the folder, as it is now; None if there is none."""
        file = self._find(path)
        if file is None:
            return None
        try:
            version = Version.of(file.stat())
            kept = self._kept.get(file)
            if kept is not None and kept.version == version:
                self._kept.move_to_end(file)
                return kept
            return self._keep(file, _load(file, path))
        except OSError:  # it went away between two looks at it
            return None

    def _find(self, path: str) -> Path | None:
        """Return the regular file behind a path, or None where nothing is published."""
        segments = path.split("/")
        if not all(_is_plain(segment) for segment in segments):
            return None
        folder = self.folder.resolve()
        try:
            file = folder.joinpath(*segments).resolve()
            inside = file.relative_to(folder).parts if file.is_relative_to(folder) else ()
            published = bool(inside) and all(_is_plain(segment) for segment in inside)
            return file if published and stat.S_ISREG(file.stat().st_mode) else None
        except (OSError, RuntimeError):  # no such file, a name too long, links in a ring
            return None

    def _keep(self, file: Path, read: File) -> File:
        """Keep what was read instead of its last version; let go of what nobody asked for."""
        if (last := self._kept.pop(file, None)) is not None:
            self._weight -= last.weight
        self._kept[file] = read
        self._weight += read.weight
        while self._weight > self._memory:
            _, oldest = self._kept.popitem(last=False)
            self._weight -= oldest.weight
        return read


def _is_plain(segment: str) -> bool:
    """Tell whether a segment names a file that may be published: no `..`, no dotfile."""
    return bool(segment) and not segment.startswith(".") and not set(segment) & {"\0", "\\", "/"}


def _load(file: Path, path: str) -> File:
    """Read one version of a file, whole: files are replaced, never rewritten in place."""
    with file.open("rb") as opened:
        version = Version.of(os.fstat(opened.fileno()))
        body = opened.read()
    form = format_of(file.name)
    packed = None
    if form.text and len(body) >= _WORTH_PACKING:
        packed = gzip.compress(body, compresslevel=6, mtime=0)
    return File(
        path=path,
        version=version,
        format=form,
        body=body,
        packed=packed,
        digest=hashlib.sha256(body).hexdigest()[:32],
    )

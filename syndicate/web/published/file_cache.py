"""The published folder, read safely: no request gets at anything that is not published.

What was read is kept in memory until its file changes: hashed once, coded once.
"""

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from syndicate.publish.output.formats import FileFormat, format_of
from syndicate.publish.output.manifest import PublishedFile
from syndicate.web.published.byte_cache import ByteCache
from syndicate.web.published.content_codings import ALL_CODINGS, IDENTITY_ONLY, ContentCoding
from syndicate.web.server.responses import FileRange, HttpResponse, OpenFile

MEMORY = 64 * 1024 * 1024
"""How many bytes are kept."""
MAX_CACHED_MEDIA = 1024 * 1024
"""From this many bytes on a recording or picture is read while it is sent, and not kept."""
_LARGEST = 16 * MAX_CACHED_MEDIA
"""Text is compressed, so it is kept up to here."""
_WORTH_CODING = 512
"""Below this many bytes compression gains nothing on the wire."""


class FileVersion(NamedTuple):
    """What tells one state of a file from the next; a new inode where it was replaced."""

    inode: int
    modified_ns: int
    size: int

    @classmethod
    def of(cls, status: os.stat_result) -> "FileVersion":
        """Return the version that a file's status describes."""
        return cls(status.st_ino, status.st_mtime_ns, status.st_size)


@dataclass(frozen=True, kw_only=True)
class CachedFile:
    """One version of a published file, and what the manifest says of it."""

    path: str
    """Relative to the folder."""
    place: str
    """Where it lies; links on the way are followed at each look."""
    version: FileVersion
    format: FileFormat
    digest: str
    """Names its bytes: what is coded otherwise is told by a suffix."""
    body: bytes | OpenFile
    """Stored is what is too large to be kept in memory."""
    modified: datetime | None
    """To the second; None in the second it was written in, when it may be written again."""
    entry: PublishedFile | None
    """What the build noted of these very bytes; None of a file that is not its own."""
    coded: dict[ContentCoding, bytes] = field(default_factory=dict)
    answers: dict[str, HttpResponse] = field(default_factory=dict, init=False)
    """What was put together of all this: the answer in a coding, the 304 for a tag."""

    @cached_property
    def codings(self) -> tuple[ContentCoding, ...]:
        """The codings that it is there in."""
        small = isinstance(self.body, OpenFile) or len(self.body) < _WORTH_CODING
        return IDENTITY_ONLY if small or not self.format.text else ALL_CODINGS

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The strong validators of its bytes, in each of these codings."""
        return tuple(self.tag(coding) for coding in self.codings)

    def tag(self, coding: ContentCoding) -> str:
        """Return the strong validator of its bytes in a coding."""
        return coding.tag(self.digest)

    def body_in(self, coding: ContentCoding) -> bytes | FileRange:
        """Return its bytes in a coding, made once."""
        if isinstance(self.body, OpenFile):
            return FileRange(self.body, 0, len(self.body))
        if coding is ContentCoding.IDENTITY:
            return self.body
        if coding not in self.coded:
            self.coded[coding] = coding.applied_to(self.body)
        return self.coded[coding]

    @property
    def status(self) -> int:
        """What the build means it for: to be read (200), to lead away (301), to be missed (410)."""
        return HTTPStatus.OK if self.entry is None else self.entry.status

    def is_there(self) -> bool:
        """Tell whether this version still lies in its place."""
        try:
            now = os.stat(self.place)  # noqa: PTH116 - each request comes through here
        except OSError:
            return False
        return self.version == (now.st_ino, now.st_mtime_ns, now.st_size)

    @property
    def settled(self) -> bool:
        """Whether what is said of it will be said the next time, too."""
        return self.modified is not None and self.entry is not None

    @property
    def weight(self) -> int:
        """About how many bytes it takes up in memory, when it was asked for in every coding.

        What is stored takes none, but each holds a file open.
        """
        return MAX_CACHED_MEDIA if isinstance(self.body, OpenFile) else 1024 + 2 * len(self.body)


class FileCache:
    """The files of one folder; `noted` finds what the manifest says of a path."""

    def __init__(
        self, folder: Path, noted: Callable[[str], PublishedFile | None], *, memory: int = MEMORY
    ) -> None:
        self.folder = folder
        self._noted = noted
        self._kept: ByteCache[str, CachedFile] = ByteCache(memory)

    def has(self, path: str) -> bool:
        """Tell whether there is a file at a path."""
        return self._find(path) is not None

    def read(self, path: str, at: datetime) -> CachedFile | None:
        """Return the file at a path relative to the folder, as it is `at` now; None without one."""
        kept = self._kept.get(path)
        try:
            if kept is not None and kept.is_there():
                return kept if kept.settled else self._keep(self._told(kept, at))
            found = self._find(path)
            if found is None:
                return None
            return self._keep(self._told(_load(found, path, f"{self.folder}/{path}"), at))
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

    def _told(self, file: CachedFile, at: datetime) -> CachedFile:
        """Return a file with what the manifest says of it, unless it speaks of other bytes."""
        seconds = file.version.modified_ns // 10**9
        modified = datetime.fromtimestamp(seconds, UTC) if seconds < int(at.timestamp()) else None
        entry = self._noted(file.path)
        digest = file.digest
        stored = isinstance(file.body, OpenFile)
        if entry is not None and stored and entry.size == file.version.size:
            digest = entry.sha256[: len(digest)]
        if entry is not None and entry.sha256[: len(digest)] != digest:
            entry = None  # a build has written it, and notes it at its end
        if (modified, entry, digest) == (file.modified, file.entry, file.digest):
            return file
        return replace(file, modified=modified, entry=entry, digest=digest)

    def _keep(self, read: CachedFile) -> CachedFile:
        self._kept.put(read.path, read, read.weight)
        return read


def _is_plain(segment: str) -> bool:
    """Tell whether a segment names a file that may be published: no `..`, no dotfile."""
    return bool(segment) and not segment.startswith(".") and not set(segment) & {"\0", "\\", "/"}


def _load(found: Path, path: str, place: str) -> CachedFile:
    """Read one version of a file, whole: files are replaced, never rewritten in place."""
    form = format_of(found.name)
    with found.open("rb") as opened:
        version = FileVersion.of(os.fstat(opened.fileno()))
        if version.size < (_LARGEST if form.text else MAX_CACHED_MEDIA):
            body: bytes | OpenFile = opened.read()
        else:
            body = OpenFile(os.dup(opened.fileno()), version.size)
    named = repr(version).encode() if isinstance(body, OpenFile) else body
    return CachedFile(
        path=path,
        place=place,
        version=version,
        format=form,
        digest=hashlib.sha256(named).hexdigest()[:32],
        body=body,
        modified=None,
        entry=None,
    )

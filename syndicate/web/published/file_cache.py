"""The published folder, read safely: no request reaches a file that is not published.

A file is kept in memory until it changes, so that it is hashed and compressed once.
"""

import hashlib
import os
import stat
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from cachetools import LRUCache

from syndicate.publish.output.formats import FileFormat, format_of
from syndicate.publish.records.manifest import MANIFEST_NAME, Manifest, PublishedFile
from syndicate.web.published.request_headers import ALL_CODINGS, IDENTITY_ONLY, ContentCoding
from syndicate.web.server.responses import FileRange, HttpResponse, OpenFile

_MAX_BYTES = 64 * 1024 * 1024
"""Bytes of files in memory."""
MAX_CACHED_MEDIA = 1024 * 1024
"""Bytes from which a recording or picture is not cached, but read while it is sent."""
_MAX_CACHED_TEXT = 16 * MAX_CACHED_MEDIA
"""The same for text, which is compressed."""
_MIN_COMPRESSED = 512
"""Bytes below which compression gains nothing on the wire."""


class FileVersion(NamedTuple):
    """Identifies one state of a file: a replaced file has a new inode."""

    inode: int
    modified_ns: int
    size: int


@dataclass(frozen=True, kw_only=True)
class CachedFile:
    """One version of a published file, with its entry in the manifest."""

    path: str
    """Relative to the folder."""
    full_path: str
    """With the folder; symbolic links in it are followed each time."""
    version: FileVersion
    format: FileFormat
    digest: str
    """Of the uncoded bytes; an ETag adds the coding."""
    body: bytes | OpenFile
    """An open file if it is too large to be cached."""
    modified: datetime | None = None
    """To the second; None during the second of writing, when it may be written again."""
    entry: PublishedFile | None = None
    """What the build recorded of these bytes; None for a file that it didn't write."""
    compressed: dict[ContentCoding, bytes] = field(default_factory=dict)
    responses: dict[str, HttpResponse] = field(default_factory=dict, init=False)
    """Built responses: the 200 by coding, the 304 by ETag."""

    @cached_property
    def codings(self) -> tuple[ContentCoding, ...]:
        """The codings that it is offered in."""
        small = isinstance(self.body, OpenFile) or len(self.body) < _MIN_COMPRESSED
        return IDENTITY_ONLY if small or not self.format.text else ALL_CODINGS

    @cached_property
    def etags(self) -> tuple[str, ...]:
        """The strong ETags in each of these codings."""
        return tuple(self.etag(coding) for coding in self.codings)

    def etag(self, coding: ContentCoding) -> str:
        """Return the strong ETag of its bytes in a coding."""
        return coding.etag(self.digest)

    def encoded_body(self, coding: ContentCoding) -> bytes | FileRange:
        """Return its bytes in a coding, compressed once."""
        if isinstance(self.body, OpenFile):
            return FileRange(self.body, 0, len(self.body))
        if coding is ContentCoding.IDENTITY:
            return self.body
        if coding not in self.compressed:
            self.compressed[coding] = coding.compress(self.body)
        return self.compressed[coding]

    @property
    def status(self) -> int:
        """The status that the build chose: 200, 301 for a redirect, 410 for a deleted article."""
        return HTTPStatus.OK if self.entry is None else self.entry.status

    def is_current(self) -> bool:
        """Return whether the file on disk is still this version."""
        try:
            now = os.stat(self.full_path)  # noqa: PTH116 - each request comes through here
        except OSError:
            return False
        return self.version == (now.st_ino, now.st_mtime_ns, now.st_size)


class FileCache:
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifest: Manifest | None = None
        self._manifest_file: tuple[int, int] | None = None
        self._cache: LRUCache[str, CachedFile] = LRUCache(_MAX_BYTES, _memory_size)

    def exists(self, path: str) -> bool:
        """Return whether there is a published file at a path."""
        return self._find(path) is not None

    def get(self, path: str, at: datetime) -> CachedFile | None:
        """Return the current file at a path relative to the folder, or None."""
        file = self._cache.get(path)
        try:
            if file is not None and file.is_current():
                is_final = file.modified is not None and file.entry is not None
                return file if is_final else self._put(self._with_entry(file, at))
            location = self._find(path)
            if location is None:
                return None
            return self._put(self._with_entry(_load(location, path, f"{self.folder}/{path}"), at))
        except OSError:  # it was deleted in the meantime
            return None

    def _find(self, path: str) -> Path | None:
        """Return the regular file behind a path, or None if none is published."""
        segments = path.split("/")
        if not all(_is_plain(segment) for segment in segments):
            return None
        folder = self.folder.resolve()
        try:
            file = folder.joinpath(*segments).resolve()
            inside = file.relative_to(folder).parts if file.is_relative_to(folder) else ()
            published = bool(inside) and all(_is_plain(segment) for segment in inside)
            return file if published and stat.S_ISREG(file.stat().st_mode) else None
        except (OSError, RuntimeError):  # no such file, a name too long, a loop of links
            return None

    def _with_entry(self, file: CachedFile, at: datetime) -> CachedFile:
        """Return a file with its entry in the manifest, unless that describes other bytes."""
        seconds = file.version.modified_ns // 10**9
        modified = datetime.fromtimestamp(seconds, UTC) if seconds < int(at.timestamp()) else None
        entry = self._recorded(file.path)
        digest = file.digest
        is_open = isinstance(file.body, OpenFile)
        if entry is not None and is_open and entry.size == file.version.size:
            digest = entry.sha256[: len(digest)]
        if entry is not None and entry.sha256[: len(digest)] != digest:
            entry = None  # a build has written it, and will record it when it ends
        if (modified, entry, digest) == (file.modified, file.entry, file.digest):
            return file
        return replace(file, modified=modified, entry=entry, digest=digest)

    def _recorded(self, path: str) -> PublishedFile | None:
        """Return the manifest's entry of a file; the manifest is opened again when replaced."""
        try:
            status = (self.folder / MANIFEST_NAME).stat()
        except OSError:
            return None
        if self._manifest_file != (status.st_dev, status.st_ino):
            self._manifest = Manifest.open_read_only(self.folder)
            # a build may be about to create its tables: try again until it can be read
            self._manifest_file = (status.st_dev, status.st_ino) if self._manifest else None
        return self._manifest.entry(path) if self._manifest else None

    def _put(self, file: CachedFile) -> CachedFile:
        self._cache[file.path] = file
        return file


def _memory_size(file: CachedFile) -> int:
    """Return about how many bytes a file takes up in memory in all codings.

    An open file takes few, but counts as many, since each keeps a descriptor open.
    """
    return MAX_CACHED_MEDIA if isinstance(file.body, OpenFile) else 1024 + 2 * len(file.body)


def _is_plain(segment: str) -> bool:
    """Return whether a segment of a path may be published: no `..`, no dotfile."""
    return bool(segment) and not segment.startswith(".") and not set(segment) & {"\0", "\\", "/"}


def content_digest(content: bytes) -> str:
    """Return what the ETag of a document is made from."""
    return hashlib.sha256(content).hexdigest()[:32]


def _load(file: Path, path: str, full_path: str) -> CachedFile:
    """Read one version of a file, whole: files are replaced, never rewritten in place."""
    form = format_of(file.name)
    with file.open("rb") as opened:
        status = os.fstat(opened.fileno())
        version = FileVersion(status.st_ino, status.st_mtime_ns, status.st_size)
        if version.size < (_MAX_CACHED_TEXT if form.text else MAX_CACHED_MEDIA):
            body: bytes | OpenFile = opened.read()
        else:
            body = OpenFile(os.dup(opened.fileno()), version.size)
    hashed = repr(version).encode() if isinstance(body, OpenFile) else body
    return CachedFile(
        path=path,
        full_path=full_path,
        version=version,
        format=form,
        digest=content_digest(hashed),
        body=body,
    )

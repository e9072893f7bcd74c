"""The mirror: a copy of the output in storage that a CDN serves from.

It runs after builds and never delays them. Only changed files are uploaded, feeds last,
and files that no longer exist are deleted at the end. Uploads are committed in batches,
so that an interrupted run continues where it stopped.

No other module uses fsspec. It and its protocols are the extra `s3`, imported only where a
mirror is configured. fsspec finds credentials by itself, as the tools of each storage do: for
S3 in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, partial
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from syndicate.config import Config
from syndicate.errors import ConfigError, Problem, SyndicateError
from syndicate.publish.output.folder import locked
from syndicate.publish.output.formats import cache_control, format_of, is_subscription_document
from syndicate.publish.records.manifest import MANIFEST_NAME
from syndicate.publish.records.uploaded_files import PendingUpload, UploadedFiles
from syndicate.render import addresses
from syndicate.text import one_line

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

LOCK = ".mirror.lock"
MAX_UPLOADS = 16
"""Files uploaded at the same time."""
COMMIT_EVERY = 100
"""Files uploaded between two commits."""
MAX_FAILURES = 20
"""After this many errors, the storage itself is at fault and the run stops."""
_LOCAL = {"file", "local"}
_S3_NAMES = {
    "content-type": "ContentType",
    "cache-control": "CacheControl",
    "location": "WebsiteRedirectLocation",
}
"""S3's names of HTTP headers."""


class UploadStage(IntEnum):
    """The order of uploads: no file is linked before it exists."""

    MEDIA = 0
    """Pictures, recordings, style sheets: the files that pages load."""
    PAGES = 1
    LISTS = 2
    SITEMAPS = 3
    HISTORY = 4
    """Archives of feeds, and the index of sitemaps."""
    FEEDS = 5
    """Last, because readers poll them."""


@dataclass(slots=True, kw_only=True)
class MirrorReport:
    """The result of an update."""

    uploaded: int = 0
    deleted: int = 0
    skipped: int = 0
    """Files that differ from the build: changed by hand, or by a build that is running."""
    failed: list[Problem] = field(default_factory=list)
    """One for each error of the storage; the next update retries."""


class Mirror:
    """A publication's mirror."""

    def __init__(self, config: Config, url: str) -> None:
        self._config = config
        self._url = url
        options = config.publish.mirror_options
        self._target = json.dumps([url.rstrip("/"), options], sort_keys=True, default=str)
        self._current_build: object = None
        """The build that the mirror has completely."""

    @classmethod
    def of(cls, config: Config) -> Self | None:
        """Return the mirror, if one is configured; raise ConfigError for an unknown protocol."""
        url = config.publish.mirror
        if url is None:
            return None
        _check_installed(url)
        return cls(config, url)

    def update(self, stop: Event | None = None) -> MirrorReport:
        """Upload and delete what the last build changed; stop early once `stop` is set.

        Failures are returned and retried the next time. Raise SyndicateError where the
        output can't be read.
        """
        folder = self._config.output
        if not (folder / MANIFEST_NAME).is_file():
            return MirrorReport()
        with locked(folder, LOCK), UploadedFiles.opened(folder, self._target) as uploads:
            build = uploads.last_build()
            if build is None or build == self._current_build:
                return MirrorReport()
            run = _MirrorRun(self._config, uploads, self._storage, stop or Event())
            complete = run.upload(check_headers=self._current_build is None)
        if complete:
            self._current_build = build
        run.report.failed += run.problems(self._url)
        return run.report

    def uploaded_versions(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Return which of these files (path and digest) the mirror has.

        Raise SyndicateError where its list of uploads can't be read.
        """
        with UploadedFiles.opened(self._config.output, self._target) as uploads:
            return uploads.uploaded_versions(versions)

    @cached_property
    def _storage(self) -> "Storage":
        """The storage, opened once.

        Never before a build: connections have a thread, and with threads a build can't fork.
        """
        return Storage.open(self._url, self._config.publish.mirror_options)


@dataclass(slots=True)
class _MirrorRun:
    config: Config
    uploads: UploadedFiles
    storage: "Storage"
    stop: Event
    report: MirrorReport = field(default_factory=MirrorReport)
    _failures: list[tuple[str, str]] = field(default_factory=list)
    """The path of each file that failed, and the storage's error."""

    def upload(self, *, check_headers: bool) -> bool:
        """Upload and delete; return whether nothing is left to do.

        After a stage with a failure no other begins, since its files link to what failed.
        """
        self.uploads.compare(stage=_stage_of, headers=self._digest, check_headers=check_headers)
        with ThreadPoolExecutor(MAX_UPLOADS, thread_name_prefix="mirror") as pool:
            for stage in UploadStage:
                self._upload(pool, stage)
                if self._failures or self.stop.is_set():
                    return False
            self._delete(pool)
        return not (self._failures or self.report.skipped or self.stop.is_set())

    def problems(self, url: str) -> Iterator[Problem]:
        """Return the failures: each reason once, however many files it affected."""
        by_reason: dict[str, list[str]] = {}
        for path, reason in sorted(self._failures):
            by_reason.setdefault(reason, []).append(path)
        for reason, paths in by_reason.items():
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            yield Problem(url, f"{reason} ({paths[0]}{more})")

    @property
    def _is_over(self) -> bool:
        return self.stop.is_set() or len(self._failures) >= MAX_FAILURES

    def _upload(self, pool: ThreadPoolExecutor, stage: UploadStage) -> None:
        pending = self.uploads.pending(stage)
        while not self._is_over and (batch := list(islice(pending, COMMIT_EVERY))):
            paths = [file.path for file in batch]
            results = list(pool.map(partial(self._attempt, self._put), paths, batch))
            uploaded = [file for file, result in zip(batch, results, strict=True) if result]
            self.uploads.put(uploaded)
            self.report.uploaded += len(uploaded)
            self.report.skipped += results.count(False)

    def _delete(self, pool: ThreadPoolExecutor) -> None:
        paths = iter(self.uploads.deleted())
        while not self._is_over and (batch := list(islice(paths, COMMIT_EVERY))):
            results = pool.map(partial(self._attempt, self.storage.delete), batch)
            deleted = [path for path, result in zip(batch, results, strict=True) if result]
            self.uploads.remove(deleted)
            self.report.deleted += len(deleted)

    def _attempt(self, action: Callable[..., bool], path: str, *args: object) -> bool | None:
        """Return what an action does with a path; None where it failed, or the run is over."""
        if self._is_over:
            return None
        try:
            return action(path, *args)
        except SyndicateError as error:
            self._failures.append((path, str(error)))
            return None

    def _put(self, path: str, pending: PendingUpload) -> bool:
        """Upload a file, unless it differs from the build; return whether it was uploaded.

        A build that runs meanwhile may have written a feed with pages that aren't
        uploaded yet.
        """
        file = self.config.output / path
        try:
            with file.open("rb") as opened:
                if hashlib.file_digest(opened, "sha256").hexdigest() != pending.sha256:
                    return False
        except OSError:
            return False
        headers = self._headers(path, pending.status, pending.location, pending.settled)
        self.storage.put(file, path, headers)
        return True

    def _headers(
        self, path: str, status: int, location: str | None, settled: bool
    ) -> Mapping[str, str]:
        """Return the headers of a file, by lower-case name, as our own server sends them."""
        headers = {
            "content-type": format_of(path.rpartition("/")[2]).media_type,
            "cache-control": cache_control(path, self.config, status=status, settled=settled),
        }
        if status == HTTPStatus.MOVED_PERMANENTLY and location is not None:
            headers["location"] = addresses.absolute(quote(location, safe="/%"), self.config)
        return headers

    def _digest(self, *about: Any) -> str:
        return hashlib.sha256(repr(self._headers(*about)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Storage:
    """A folder in some storage; safe for several threads."""

    filesystem: "AbstractFileSystem"
    root: str

    @classmethod
    def open(cls, url: str, options: Mapping[str, Any]) -> Self:
        """Open a storage; raise SyndicateError where it refuses these options."""
        from fsspec.core import url_to_fs  # noqa: PLC0415 - only with a mirror

        defaults = {"auto_mkdir": True} if _protocol(url) in _LOCAL else {}
        try:
            # A cached instance would keep using credentials that have changed.
            filesystem, root = url_to_fs(url, skip_instance_cache=True, **defaults, **options)
        except Exception as error:
            raise SyndicateError(f"{url}: can't be opened: {_error_text(error)}") from error
        return cls(filesystem, root.rstrip("/"))

    def put(self, file: Path, path: str, headers: Mapping[str, str]) -> None:
        """Upload a file to a path; raise SyndicateError with the storage's error.

        Only S3 gets the headers.
        """
        is_s3 = "s3" in self.filesystem.protocol
        metadata = {_S3_NAMES[name]: value for name, value in headers.items() if is_s3}
        try:
            self.filesystem.put_file(str(file), f"{self.root}/{path}", **metadata)
        except Exception as error:
            raise SyndicateError(_error_text(error, path)) from error

    def delete(self, path: str) -> bool:
        """Make sure that there is no file at a path, and return True; raise as `put` does."""
        try:
            self.filesystem.rm_file(f"{self.root}/{path}")
        except FileNotFoundError:
            return True
        except Exception as error:
            raise SyndicateError(_error_text(error, path)) from error
        return True


def _check_installed(url: str) -> None:
    """Raise ConfigError with the remedy where a protocol is unknown or not installed."""
    protocol = _protocol(url)
    try:
        from fsspec import get_filesystem_class  # noqa: PLC0415 - only with a mirror

        get_filesystem_class(protocol)
    except ImportError as error:
        raise ConfigError(
            f'publish.mirror = "{url}" — the package for {protocol} isn\'t installed ({error}); '
            "for s3 run `pip install s3fs`; for others, install what fsspec asks for"
        ) from error
    except ValueError as error:
        raise ConfigError(
            f'publish.mirror = "{url}" — fsspec has no protocol {protocol}'
        ) from error


def _protocol(url: str) -> str:
    return url.partition("://")[0]


def _error_text(error: Exception, path: str = "") -> str:
    text = one_line(str(error)) or type(error).__name__
    if type(error).__name__ == "NoCredentialsError":
        return f"{text}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    return text.replace(quote(path), "…") if path else text


def _stage_of(path: str) -> UploadStage:
    """Return the stage of a file; `path` is relative to the output."""
    form = format_of(path.rpartition("/")[2])
    if form.feed:
        current = is_subscription_document(path) or path == addresses.output_path(addresses.OPML)
        return UploadStage.FEEDS if current else UploadStage.HISTORY
    if form.page:
        return UploadStage.PAGES if path.startswith("articles/") else UploadStage.LISTS
    if path in {addresses.output_path(addresses.SITEMAP), addresses.output_path(addresses.ROBOTS)}:
        return UploadStage.HISTORY
    return UploadStage.SITEMAPS if path.startswith("sitemaps/") else UploadStage.MEDIA

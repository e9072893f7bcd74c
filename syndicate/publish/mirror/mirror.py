"""The mirror: a copy of the output in storage that a CDN serves from.

It runs after builds and never delays them. Only changed files are uploaded, feeds last,
and files that no longer exist are deleted at the end. Uploads are committed in batches,
so that an interrupted run continues where it stopped.
"""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, partial
from http import HTTPStatus
from itertools import islice
from threading import Event
from typing import Self, TypeVar
from urllib.parse import quote

from syndicate.config import Config
from syndicate.errors import Problem, SyndicateError
from syndicate.publish.mirror import storage
from syndicate.publish.mirror.storage import Storage
from syndicate.publish.output.folder import locked
from syndicate.publish.output.formats import cache_control, format_of, is_subscription_document
from syndicate.publish.records.manifest import MANIFEST_NAME
from syndicate.publish.records.uploaded_files import PendingUpload, UploadedFiles
from syndicate.render import addresses

LOCK = ".mirror.lock"
MAX_UPLOADS = 16
"""Files uploaded at the same time."""
COMMIT_EVERY = 100
"""Files uploaded between two commits."""
MAX_FAILURES = 20
"""After this many errors, the storage itself is at fault and the run stops."""
Item = TypeVar("Item")
Result = TypeVar("Result")


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
        storage.check_installed(url)
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
    def _storage(self) -> Storage:
        """The storage, opened once.

        Never before a build: connections have a thread, and with threads a build can't fork.
        """
        return Storage.open(self._url, self._config.publish.mirror_options)


@dataclass(slots=True)
class _MirrorRun:
    config: Config
    uploads: UploadedFiles
    storage: Storage
    stop: Event
    report: MirrorReport = field(default_factory=MirrorReport)
    _failures: dict[str, list[str]] = field(default_factory=dict)
    """Errors of the storage, each with its paths."""

    def upload(self, *, check_headers: bool) -> bool:
        """Upload and delete; return whether nothing is left to do.

        After a stage with a failure no other begins, since its files link to what failed.
        """
        digest = partial(_headers_digest, config=self.config)
        self.uploads.compare(stage=_stage_of, headers=digest, check_headers=check_headers)
        with ThreadPoolExecutor(MAX_UPLOADS, thread_name_prefix="mirror") as pool:
            for stage in UploadStage:
                self._upload(pool, stage)
                if self._failures or self.stop.is_set():
                    return False
            self._delete(pool)
        return not (self._failures or self.report.skipped or self.stop.is_set())

    def problems(self, url: str) -> Iterator[Problem]:
        """Return the failures: each reason once, however many files it affected."""
        for reason, paths in self._failures.items():
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            yield Problem(url, f"{reason} ({paths[0]}{more})")

    def _upload(self, pool: ThreadPoolExecutor, stage: UploadStage) -> None:
        pending = self.uploads.pending(stage)
        results = self._run_concurrently(pool, self._put, pending, lambda file: file.path)
        while batch := list(islice(results, COMMIT_EVERY)):
            uploaded = [file for file, is_uploaded in batch if is_uploaded]
            self.uploads.put(uploaded)
            self.report.uploaded += len(uploaded)
            self.report.skipped += len(batch) - len(uploaded)

    def _delete(self, pool: ThreadPoolExecutor) -> None:
        deleted = self.uploads.deleted()
        results = self._run_concurrently(pool, self.storage.delete, deleted, str)
        while batch := [path for path, _ in islice(results, COMMIT_EVERY)]:
            self.uploads.remove(batch)
            self.report.deleted += len(batch)

    def _run_concurrently(
        self,
        pool: ThreadPoolExecutor,
        action: Callable[[Item], Result],
        items: Iterable[Item],
        path: Callable[[Item], str],
    ) -> Iterator[tuple[Item, Result]]:
        """Process several items at a time, in order; yield those that didn't fail."""
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        remaining = iter(items)
        while True:
            while (
                len(waiting) < MAX_UPLOADS
                and not self.stop.is_set()
                and sum(map(len, self._failures.values())) < MAX_FAILURES
                and (item := next(remaining, None))
            ):
                waiting.append((item, pool.submit(action, item)))
            if not waiting:
                return
            item, future = waiting.popleft()
            try:
                yield item, future.result()
            except SyndicateError as error:
                self._failures.setdefault(str(error), []).append(path(item))

    def _put(self, pending: PendingUpload) -> bool:
        """Upload a file, unless it differs from the build; return whether it was uploaded.

        A build that runs meanwhile may have written a feed with pages that aren't
        uploaded yet.
        """
        file = self.config.output / pending.path
        try:
            with file.open("rb") as opened:
                if hashlib.file_digest(opened, "sha256").hexdigest() != pending.sha256:
                    return False
        except OSError:
            return False
        about = pending.path, pending.status, pending.location, pending.settled
        self.storage.put(file, pending.path, _headers_of(*about, config=self.config))
        return True


def _stage_of(path: str) -> UploadStage:
    """Return the stage of a file; `path` is relative to the output."""
    form = format_of(path.rpartition("/")[2])
    if form.feed:
        return (
            UploadStage.FEEDS
            if is_subscription_document(path) or path == addresses.output_path(addresses.OPML)
            else UploadStage.HISTORY
        )
    if form.page:
        return UploadStage.PAGES if path.startswith("articles/") else UploadStage.LISTS
    if path in {addresses.output_path(addresses.SITEMAP), addresses.output_path(addresses.ROBOTS)}:
        return UploadStage.HISTORY
    return UploadStage.SITEMAPS if path.startswith("sitemaps/") else UploadStage.MEDIA


def _headers_of(
    path: str, status: int, location: str | None, settled: bool, *, config: Config
) -> Mapping[str, str]:
    """Return the headers of a file, by lower-case name, as our own server sends them."""
    headers = {
        "content-type": format_of(path.rpartition("/")[2]).media_type,
        "cache-control": cache_control(path, config, status=status, settled=settled),
    }
    if status == HTTPStatus.MOVED_PERMANENTLY and location is not None:
        headers["location"] = addresses.absolute(quote(location, safe="/%"), config)
    return headers


def _headers_digest(
    path: str, status: int, location: str | None, settled: bool, *, config: Config
) -> str:
    headers = _headers_of(path, status, location, settled, config=config)
    return hashlib.sha256(repr(headers).encode()).hexdigest()[:16]

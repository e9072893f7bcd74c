"""The mirror: the output once more, in storage that a CDN serves from.

It follows the manifest, after builds and never in their way: only what changed is
uploaded, what readers follow last, and what is gone is deleted at the end. What was
uploaded is noted in steps, so that whoever is interrupted goes on from there.
"""

import hashlib
import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from http import HTTPStatus
from itertools import islice
from threading import Event
from typing import Self, TypeVar
from urllib.parse import quote

from syndicate.config import Config
from syndicate.errors import Problem, SyndicateError
from syndicate.publish.mirror import storage
from syndicate.publish.mirror.storage import Storage
from syndicate.publish.mirror.uploaded_files import NAME, PendingUpload, UploadedFiles
from syndicate.publish.output.folder import held
from syndicate.publish.output.formats import format_of, freshness, is_followed
from syndicate.publish.output.manifest import NAME as MANIFEST
from syndicate.render import addresses

LOCK = ".mirror.lock"
AT_ONCE = 16
"""How many files travel at once."""
STEP = 100
"""Files after which it is noted that they are there."""
ENOUGH = 20
"""Failures after which nothing more is tried: it is the storage then, not a file."""
Item = TypeVar("Item")


class UploadStage(IntEnum):
    """The order of uploads: nothing is named before it is there."""

    MEDIA = 0
    """Pictures, recordings, style sheets: what pages load."""
    PAGES = 1
    LISTS = 2
    SITEMAPS = 3
    HISTORY = 4
    """Archives of feeds, and the index of sitemaps."""
    FEEDS = 5
    """Last, because readers follow them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorReport:
    """What became of a mirror."""

    uploaded: int = 0
    deleted: int = 0
    passed: int = 0
    """Files that aren't as the build left them: changed by hand, or by a build under way."""
    failed: tuple[Problem, ...] = ()
    """One for each thing that the storage said; all that is missing is tried the next time."""


class Mirror:
    """A publication's mirror."""

    def __init__(self, config: Config, url: str) -> None:
        self._config = config
        self._url = url
        options = config.publish.mirror_options
        self._target = json.dumps([url.rstrip("/"), options], sort_keys=True, default=str)
        self._storage: Storage | None = None
        self._followed: object = None
        """The build that the mirror is known to be up to."""

    @classmethod
    def of(cls, config: Config) -> Self | None:
        """Return the mirror, if there is to be one; raise ConfigError where it can't be."""
        url = config.publish.mirror
        if url is None:
            return None
        storage.require(url)
        return cls(config, url)

    def follow(self, stop: Event | None = None) -> MirrorReport:
        """Bring the mirror to what the last build left; stop early once `stop` is set.

        What fails is told in the answer and tried the next time; the folder itself
        is only read. Raise SyndicateError where it can't be.
        """
        folder = self._config.output
        if not (folder / MANIFEST).is_file():
            return MirrorReport()
        try:
            with held(folder, LOCK), closing(UploadedFiles.of(folder, self._target)) as holdings:
                build = holdings.build()
                if build is None or build == self._followed:
                    return MirrorReport()
                work = _MirrorRun(self._config, holdings, self._opened(), stop or Event())
                complete = work.done(anew=self._followed is None)
        except sqlite3.Error as error:
            raise SyndicateError(f"{folder / NAME}: {error}; delete it to begin anew") from error
        if complete:
            self._followed = build
        return MirrorReport(
            uploaded=work.uploaded,
            deleted=work.deleted,
            passed=work.passed,
            failed=tuple(work.problems(self._url)),
        )

    def having(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Return those of some files, each with its digest, that are there in this version.

        Raise SyndicateError where its account can't be read.
        """
        folder = self._config.output
        try:
            with closing(UploadedFiles.of(folder, self._target)) as holdings:
                return holdings.having(versions)
        except sqlite3.Error as error:
            raise SyndicateError(f"{folder / NAME}: {error}; delete it to begin anew") from error

    def _opened(self) -> Storage:
        """Open the storage, once.

        Not before a build: connections have a thread, and a build with threads can't fork.
        """
        if self._storage is None:
            self._storage = Storage.at(self._url, self._config.publish.mirror_options)
        return self._storage


@dataclass(slots=True)
class _MirrorRun:
    """One round, and what has become of it so far."""

    config: Config
    holdings: UploadedFiles
    storage: Storage
    stop: Event
    uploaded: int = 0
    deleted: int = 0
    passed: int = 0
    _failures: dict[str, list[str]] = field(default_factory=dict)
    """What the storage said, and of which paths."""

    def done(self, *, anew: bool) -> bool:
        """Upload and delete; return whether nothing is left to do.

        A stage in which something failed is the last one: what names it waits.
        """
        named = partial(_named, config=self.config)
        self.holdings.compare(stage=stage_of, headers=named, anew=anew)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mirror") as pool:
            for stage in UploadStage:
                self._upload(pool, stage)
                if self._failures or self.stop.is_set():
                    return False
            self._delete(pool)
        return not (self._failures or self.passed or self.stop.is_set())

    def problems(self, url: str) -> Iterator[Problem]:
        """Tell what failed: each reason once, however many files it hit."""
        for reason, paths in self._failures.items():
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            yield Problem(url, f"{reason} ({paths[0]}{more})")

    def _upload(self, pool: ThreadPoolExecutor, stage: UploadStage) -> None:
        results = self._abreast(pool, self._put, self.holdings.due(stage), lambda due: due.path)
        while step := list(islice(results, STEP)):
            there = [due for due, done in step if done]
            self.holdings.put(there)
            self.uploaded += len(there)
            self.passed += len(step) - len(there)

    def _delete(self, pool: ThreadPoolExecutor) -> None:
        results = self._abreast(pool, self._remove, self.holdings.gone(), str)
        while step := [path for path, _ in islice(results, STEP)]:
            self.holdings.remove(step)
            self.deleted += len(step)

    def _abreast(
        self,
        pool: ThreadPoolExecutor,
        act: Callable[[Item], bool],
        items: Iterable[Item],
        path: Callable[[Item], str],
    ) -> Iterator[tuple[Item, bool]]:
        """Act on several items at once, in their order; yield those that didn't fail."""
        waiting: deque[tuple[Item, Future[bool]]] = deque()
        left = iter(items)
        while True:
            while len(waiting) < AT_ONCE and self._goes_on() and (item := next(left, None)):
                waiting.append((item, pool.submit(act, item)))
            if not waiting:
                return
            item, future = waiting.popleft()
            try:
                yield item, future.result()
            except SyndicateError as error:
                self._failures.setdefault(str(error), []).append(path(item))

    def _goes_on(self) -> bool:
        return not self.stop.is_set() and sum(map(len, self._failures.values())) < ENOUGH

    def _put(self, due: PendingUpload) -> bool:
        """Upload a file; return whether it is the one that the build made.

        A build that runs meanwhile may have made a feed that names pages of its own,
        which aren't there yet.
        """
        file = self.config.output / due.path
        try:
            with file.open("rb") as opened:
                if hashlib.file_digest(opened, "sha256").hexdigest() != due.sha256:
                    return False
        except OSError:
            return False
        self.storage.put(
            file,
            due.path,
            headers_of(due.path, due.status, due.location, settled=due.settled, config=self.config),
        )
        return True

    def _remove(self, path: str) -> bool:
        self.storage.delete(path)
        return True


def stage_of(path: str) -> UploadStage:
    """Return when a file is uploaded; `path` is relative to the output."""
    form = format_of(path.rpartition("/")[2])
    if form.feed:
        return (
            UploadStage.FEEDS
            if is_followed(path) or path == addresses.output_path(addresses.OPML)
            else UploadStage.HISTORY
        )
    if form.page:
        return UploadStage.PAGES if path.startswith("articles/") else UploadStage.LISTS
    if path in {addresses.output_path(addresses.SITEMAP), addresses.output_path(addresses.ROBOTS)}:
        return UploadStage.HISTORY
    return UploadStage.SITEMAPS if path.startswith("sitemaps/") else UploadStage.MEDIA


def headers_of(
    path: str, status: int, location: str | None, *, settled: bool, config: Config
) -> Mapping[str, str]:
    """Return what a file is served with, by lower-case name, as our own server says it."""
    headers = {
        "content-type": format_of(path.rpartition("/")[2]).media_type,
        "cache-control": freshness(path, config, status=status, settled=settled),
    }
    if status == HTTPStatus.MOVED_PERMANENTLY and location is not None:
        headers["location"] = addresses.absolute(quote(location, safe="/%"), config)
    return headers


def _named(path: str, status: int, location: str | None, settled: int, *, config: Config) -> str:
    """Name the headers of a file in a few letters."""
    headers = headers_of(path, status, location, settled=bool(settled), config=config)
    return hashlib.sha256(repr(headers).encode()).hexdigest()[:16]

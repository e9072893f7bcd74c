"""Parse article files, in worker processes on every core when there are many.

Parsing does not need the store, so it can run before it is known which article a file
is. The ids in a body begin with the article's public id: a file is parsed for the id
that a new article would have, and again if it turns out to be an existing article.
"""

import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, partial
from itertools import chain
from pathlib import Path, PurePath
from typing import Any, NamedTuple, TypeVar, cast

from syndicate.config import Config
from syndicate.errors import Refused, SyndicateError
from syndicate.intake.articles.article_fields import SLUG_KEYS
from syndicate.intake.articles.matching import SlugRequests, default_id
from syndicate.intake.articles.slugify import article_name, slugify, split_dated_name
from syndicate.intake.articles.source_file import (
    ParsedArticle,
    SourceFile,
    parse_article,
    path_in_intake,
    read_source_file,
    stored_path,
)
from syndicate.text import one_line
from syndicate.workers.pool import WorkerPool, available_cores, start_workers
from syndicate.workers.resource_limits import ResourceLimits, restart_timers

BATCH_SIZE = 100
"""Files per batch."""
_PARALLEL_THRESHOLD = 128
"""The number of files from which starting worker processes saves time."""
_CPU_SECONDS = 30.0
"""CPU time for one file, and for each of its pictures and recordings."""
_MEMORY_BYTES = 1_500_000_000
"""A picture of 50 million pixels and its renditions take little more than half of it."""
_SEARCHED_BYTES = 65_536
"""Bytes of a file that are searched for a key with the slug."""
_SLUG_KEY = re.compile(
    rf"""(?im)\A(?:\xef\xbb\xbf)?\{{|^[ \t"']*+(?:{"|".join(SLUG_KEYS)})["' \t]*+[:=]""".encode()
)
"""JSON, which may be one line, or a line with such a key."""
_WORKER_DIED = (
    "a process that reads articles was killed, perhaps for lack of memory; "
    "import again: the articles imported so far are saved"
)


class ImportOutcome(StrEnum):
    """What the import of a file did."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """The outcome for one file."""

    path: str
    outcome: ImportOutcome
    slug: str = ""
    """Empty if the file was refused before it got one."""
    reason: str = ""
    """Why it was refused, with file and line."""
    traceback: str = ""
    """Of the exception, where the refusal is a bug in Syndicate."""
    over_limits: bool = False
    """Whether it exceeded the time or memory of the process that parsed it."""
    warnings: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Why it was refused, if it was, and the warnings."""
        return (*filter(None, (self.reason,)), *self.warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """A file that was read and parsed."""

    source_file: SourceFile
    id: str
    """The public id that it was parsed for."""
    parsed: ParsedArticle


Parsed = ParsedFile | ImportResult
"""A parsed file, or the result of one that could not be read or parsed."""
Reparse = Callable[[SourceFile, str], Parsed]
"""Parses a file for another public id."""
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class ParsedBatches:
    """The files of an import, parsed as they are iterated over."""

    requests: SlugRequests
    batches: Iterator[list[Parsed]]
    """In the order of the files, `BATCH_SIZE` at a time."""
    reparse: Reparse


@contextmanager
def parse_files(
    files: Sequence[Path], config: Config, *, save_media: bool, limited: bool = False
) -> Iterator[ParsedBatches]:
    """Find the slugs that files ask for, and start to parse them.

    With `save_media` false, pictures are checked and not stored. `limited` uses worker
    processes with limits of time and memory per file, however few files there are.
    """
    make_handler = partial(_job_handler, config, save_media=save_media)
    few = len(files) < _PARALLEL_THRESHOLD or available_cores() == 1
    if few and not limited:
        reparse = partial(parse_for_id, config=config, save_media=save_media)
        yield _parse_in_steps(files, config, partial(map, make_handler()), reparse, {})
        return
    over_limits: dict[Path, str] = {}
    with ExitStack() as stack:
        limits = _limits(config, over_limits)
        start = partial(
            start_workers, make_handler, preload=__name__, crash_message=_WORKER_DIED, limits=limits
        )
        workers = stack.enter_context(start(count=1 if few else None))

        @cache
        def worker() -> WorkerPool[_ParseJob, list[Any]]:
            return stack.enter_context(start(count=1))

        def reparse_in_worker(source_file: SourceFile, public_id: str) -> Parsed:
            job = _ParseJob("reparse", [source_file.file], (source_file, public_id))
            [[parsed]] = worker().run_all([[job]])
            return cast("Parsed", parsed)

        def do(jobs: Sequence[_ParseJob]) -> Iterator[list[Any]]:
            return workers.run_all(shard.interleaved(jobs) for shard in workers.shards)

        yield _parse_in_steps(files, config, do, reparse_in_worker, over_limits)


def _limits(config: Config, over_limits: dict[Path, str]) -> ResourceLimits:
    """Return the limits per file; `over_limits` collects the files that exceeded them."""

    def lost(job: _ParseJob, reason: str) -> list[Any]:
        (file,) = job.files
        over_limits[file] = reason
        if job.step == "requests":
            return []
        return [""] if job.step == "slugs" else [_over_limits(file, config, reason)]

    return ResourceLimits(
        seconds=_CPU_SECONDS,
        memory=_MEMORY_BYTES,
        split=lambda job: [job._replace(files=[file]) for file in job.files],
        failure_result=lost,
    )


def _over_limits(file: Path, config: Config, reason: str) -> ImportResult:
    path = stored_path(file, config)
    refusal = f"{path}: {reason}; it is skipped until it is saved again"
    return replace(refuse(path, refusal), over_limits=True)


def _parse_in_steps(
    files: Sequence[Path],
    config: Config,
    do: Callable[[Sequence["_ParseJob"]], Iterator[list[Any]]],
    reparse: Reparse,
    over_limits: Mapping[Path, str],
) -> ParsedBatches:
    """Find contested slugs first, which a single file can't have; then parse."""

    def run(step: str, files: Sequence[Path]) -> Iterator[list[Any]]:
        starts = range(0, len(files), BATCH_SIZE)
        return do([_ParseJob(step, files[start : start + BATCH_SIZE]) for start in starts])

    requests = SlugRequests()
    if len(files) > 1:
        slugs = list(chain.from_iterable(run("slugs", files)))
        counts = Counter(slugs)
        rivals = [
            file for file, slug in zip(files, slugs, strict=True) if slug and counts[slug] > 1
        ]
        requests = SlugRequests(slugs, chain.from_iterable(run("requests", rivals)))
    refused: list[Parsed] = [
        _over_limits(file, config, reason) for file, reason in over_limits.items()
    ]
    batches = run("parse", [file for file in files if file not in over_limits])
    return ParsedBatches(requests, chain(batches, [refused] if refused else []), reparse)


def parse_file(file: Path, config: Config, *, save_media: bool) -> Parsed:
    """Parse one file for the id in its front matter, or the one that a new article would have."""
    restart_timers()
    path = stored_path(file, config)
    source_file = attempt(path, lambda: read_source_file(file, config))
    if isinstance(source_file, ImportResult):
        return source_file
    public_id = source_file.id or default_id(config, source_file.slug)
    return parse_for_id(source_file, public_id, config, save_media=save_media)


def parse_for_id(
    source_file: SourceFile, public_id: str, config: Config, *, save_media: bool
) -> Parsed:
    """Parse a source file for a public id."""

    def parse() -> ParsedFile:
        parsed = parse_article(source_file, public_id, config, save_media=save_media)
        return ParsedFile(source_file=source_file, id=public_id, parsed=parsed)

    return attempt(source_file, parse)


def attempt(file: SourceFile | str, act: Callable[[], _Done]) -> _Done | ImportResult:
    """Return what `act` returns, else the result of the file, or path, that is refused."""
    try:
        return act()
    except Refused as error:
        return refuse(file, str(error))
    except SyndicateError:
        raise  # such as a full disk, which is not the file's fault
    except Exception as error:  # noqa: BLE001 - one bad file does not stop the others
        path = file if isinstance(file, str) else file.path
        problem = one_line(f"{type(error).__name__}: {error}")[:200]
        reason = (
            f"{path}: reading it failed, which is a bug in Syndicate ({problem}); "
            "please report it with the traceback in the log"
        )
        return replace(refuse(file, reason), traceback=traceback.format_exc())


def refuse(file: SourceFile | str, reason: str) -> ImportResult:
    """Return the result of a refused file, or of a path that could not be read."""
    refused = partial(ImportResult, outcome=ImportOutcome.REFUSED, reason=reason)
    if isinstance(file, str):
        return refused(path=file)
    return refused(path=file.path, slug=file.slug, warnings=file.warnings)


class _ParseJob(NamedTuple):
    """A step of the work on some files: `slugs`, `requests`, `parse` or `reparse`."""

    step: str
    files: Sequence[Path]
    for_id: tuple[SourceFile, str] | None = None
    """The file to parse again, and the public id."""


def _job_handler(config: Config, *, save_media: bool) -> Callable[[_ParseJob], list[Any]]:
    def do(job: _ParseJob) -> list[Any]:
        if job.step == "slugs":
            return [_requested_slug(file, config) for file in job.files]
        if job.step == "requests":
            files = (_try_read(file, config) for file in job.files)
            return [replace(file, text="") for file in files if file is not None]
        if job.for_id is not None:
            return [parse_for_id(*job.for_id, config, save_media=save_media)]
        return [parse_file(file, config, save_media=save_media) for file in job.files]

    return do


def _requested_slug(file: Path, config: Config) -> str:
    """Return the slug that a file asks for; mostly it is in the file's name."""
    try:
        with file.open("rb", buffering=0) as opened:
            beginning = opened.read(_SEARCHED_BYTES)
    except OSError:
        return ""
    if _SLUG_KEY.search(beginning):
        source_file = _try_read(file, config)
        return "" if source_file is None else source_file.slug
    path = path_in_intake(PurePath(stored_path(file, config)), config)
    with suppress(UnicodeEncodeError):  # a name that isn't UTF-8, which is refused later
        return slugify(split_dated_name(article_name(path))[1])
    return ""


def _try_read(file: Path, config: Config) -> SourceFile | None:
    """Read a file; None where that fails, which is reported when it is imported."""
    with suppress(Exception):
        return read_source_file(file, config)
    return None

"""The composing room: files read and set, on every core of the machine when they are many.

Reading and setting know nothing of the store, so they may happen anywhere and
before it is known which article a file is. The ids in a body begin with that
article's public id: it is set for the one that a new article would have, and
only a file that turns out to be an older article is set again.
"""

import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from syndicate.config import Config
from syndicate.errors import Refused, SyndicateError
from syndicate.intake.articles.source_file import (
    ParsedArticle,
    SourceFile,
    parse_article,
    read_source_file,
    stored_path,
)
from syndicate.intake.articles.unique_slugs import (
    SlugClaims,
    find_contested,
    read_requested_slugs,
    read_slug_claims,
)
from syndicate.intake.markup.text import one_line
from syndicate.workers.pool import (
    ResourceLimits,
    WorkerPool,
    available_cores,
    restart_timers,
    start_workers,
)

BATCH_SIZE = 100
"""How many files are handed on at once."""
_PARALLEL_THRESHOLD = 128
"""From how many files on other processes are worth their start."""
_CPU_SECONDS = 30.0
"""Processor time for one file, and for each picture and recording that it shows."""
_MEMORY_BYTES = 1_500_000_000
"""Bytes; a picture of 50 million pixels and its renditions take little more than half of that."""
_WORKER_DIED = (
    "a process that read articles was killed, perhaps for want of memory; "
    "import them again: what was filed stays filed"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """A file that was read and set, as far as it could be."""

    file: Path
    path: str
    manuscript: SourceFile | None = None
    """None where it could not be read."""
    id: str = ""
    """The public id that it was set for."""
    proof: ParsedArticle | None = None
    """None where it could not be set."""
    refusal: str = ""
    """Why it could not be read or set."""
    traceback: str = ""
    """Where the refusal is a bug of ours: where it happened."""
    killed: bool = False
    """Whether it used up the time or the memory of the process that read it."""


Reparse = Callable[[SourceFile, str], ParsedFile]
"""Sets a file that was read for a public id."""


@dataclass(frozen=True, slots=True)
class ParsedBatches:
    """The files of an import, as they come."""

    claims: SlugClaims
    batches: Iterator[list[ParsedFile]]
    """In their order, `BATCH_SIZE` at a time."""
    again: Reparse
    """Sets one for another id than it was set for."""


@contextmanager
def parse_files(
    files: Sequence[Path], config: Config, *, keep: bool, limited: bool = False
) -> Iterator[ParsedBatches]:
    """Begin to read and set files, once it is known which slugs they ask for.

    With `keep` false, pictures are only looked at. `limited` has them read by other
    processes, with limits of time and memory for each file, however few there are.
    """
    begin = partial(_job_handler, config, keep=keep)
    few = len(files) < _PARALLEL_THRESHOLD or available_cores() == 1
    if few and not limited:
        again = partial(parse_for_id, config=config, keep=keep)
        yield _parse_in_steps(files, config, partial(map, begin()), again, {})
        return
    killed: dict[Path, str] = {}
    with ExitStack() as stack:
        hire = partial(
            start_workers,
            begin,
            preload=__name__,
            died=_WORKER_DIED,
            limits=_limits(config, killed),
        )
        workers = stack.enter_context(hire(count=1 if few else None))

        @cache
        def apart() -> WorkerPool[_ParseJob, list[Any]]:
            return stack.enter_context(hire(count=1))

        def again_apart(manuscript: SourceFile, public_id: str) -> ParsedFile:
            job = _ParseJob("again", [manuscript.file], (manuscript, public_id))
            composed_file: ParsedFile = apart().do_now(job)[0]
            return composed_file

        def do(jobs: Sequence[_ParseJob]) -> Iterator[list[Any]]:
            return workers.do(lane.turns(jobs) for lane in workers.lanes)

        yield _parse_in_steps(files, config, do, again_apart, killed)


def _limits(config: Config, killed: dict[Path, str]) -> ResourceLimits:
    """Return the limits of processes that read; `killed` gets the files that used them up."""

    def lost(job: _ParseJob, reason: str) -> list[Any]:
        (file,) = job.files
        killed[file] = reason
        if job.step == "claims":
            return []
        return [""] if job.step == "slugs" else [_refused(file, config, reason)]

    return ResourceLimits(
        seconds=_CPU_SECONDS,
        memory=_MEMORY_BYTES,
        split=lambda job: [job._replace(files=[file]) for file in job.files],
        lost=lost,
    )


def _refused(file: Path, config: Config, reason: str) -> ParsedFile:
    path = stored_path(file, config)
    refusal = f"{path}: {reason}; it is not read again until it is saved again"
    return ParsedFile(file=file, path=path, refusal=refusal, killed=True)


def _parse_in_steps(
    files: Sequence[Path],
    config: Config,
    do: Callable[[Sequence["_ParseJob"]], Iterator[list[Any]]],
    again: Reparse,
    killed: Mapping[Path, str],
) -> ParsedBatches:
    """Read first what the files ask for; a file by itself contests nothing."""

    def all_of(step: str, files: Sequence[Path]) -> Iterator[list[Any]]:
        batches = range(0, len(files), BATCH_SIZE)
        return do([_ParseJob(step, files[at : at + BATCH_SIZE]) for at in batches])

    claims = SlugClaims()
    if len(files) > 1:
        slugs = list(chain.from_iterable(all_of("slugs", files)))
        rivals = find_contested(files, slugs)
        claims = SlugClaims(slugs, chain.from_iterable(all_of("claims", rivals)))
    bad = [_refused(file, config, reason) for file, reason in killed.items()]
    batches = all_of("compose", [file for file in files if file not in killed])
    return ParsedBatches(claims, chain(batches, [bad] if bad else []), again)


def parse_file(file: Path, config: Config, *, keep: bool) -> ParsedFile:
    """Read and set one file for the id that it names, or that a new article of it would have."""
    path = stored_path(file, config)
    try:
        manuscript = read_source_file(file, config)
    except Refused as error:
        return ParsedFile(file=file, path=path, refusal=str(error))
    except SyndicateError:
        raise  # such as a full disk: no fault of the file
    except Exception as error:  # noqa: BLE001 - one bad file keeps no other out
        reason = describe_bug(path, error)
        return ParsedFile(file=file, path=path, refusal=reason, traceback=traceback.format_exc())
    return parse_for_id(
        manuscript, manuscript.id or default_id(config, manuscript.slug), config, keep=keep
    )


def parse_for_id(
    manuscript: SourceFile, public_id: str, config: Config, *, keep: bool
) -> ParsedFile:
    """Set a file that was read for a public id."""
    proof, refusal, where = None, "", ""
    try:
        proof = parse_article(manuscript, public_id, config, keep=keep)
    except Refused as error:
        refusal = str(error)
    except SyndicateError:
        raise
    except Exception as error:  # noqa: BLE001 - one bad file keeps no other out
        refusal, where = describe_bug(manuscript.path, error), traceback.format_exc()
    return ParsedFile(
        file=manuscript.file,
        path=manuscript.path,
        manuscript=manuscript,
        id=public_id,
        proof=proof,
        refusal=refusal,
        traceback=where,
    )


def describe_bug(path: str, error: Exception) -> str:
    """Return the reason for refusing a file that made our code fail."""
    problem = one_line(f"{type(error).__name__}: {error}")[:200]
    return (
        f"{path}: reading it failed, which is a bug in Syndicate ({problem}); "
        "please report it with the traceback in the log"
    )


def default_id(config: Config, slug: str) -> str:
    """Return the public id of a new article that names none itself."""
    return f"urn:uuid:{uuid.uuid5(config.publication.id, slug)}"


class _ParseJob(NamedTuple):
    """What is done with some files: `slugs`, `claims`, `parse_file` or `again`."""

    step: str
    files: Sequence[Path]
    named: tuple[SourceFile, str] | None = None
    """The one file that is set again, and its public id."""


def _job_handler(config: Config, *, keep: bool) -> Callable[[_ParseJob], list[Any]]:
    def do(job: _ParseJob) -> list[Any]:
        if job.step == "slugs":
            return read_requested_slugs(job.files, config)
        if job.step == "claims":
            return read_slug_claims(job.files, config)
        if job.named is not None:
            return [parse_for_id(*job.named, config, keep=keep)]
        return [_parse_within_limits(file, config, keep=keep) for file in job.files]

    return do


def _parse_within_limits(file: Path, config: Config, *, keep: bool) -> ParsedFile:
    restart_timers()
    return parse_file(file, config, keep=keep)

"""The composing room: files read and set, on every core of the machine when they are many.

Reading and setting know nothing of the store, so they may happen anywhere and
before it is known which article a file is. The ids in a body begin with that
article's public id: it is set for the one that a new article would have, and
only a file that turns out to be an older article is set again.
"""

import traceback
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from syndicate.config import Config
from syndicate.errors import Refused, SyndicateError
from syndicate.intake.manuscript import Manuscript, Proof, read, set_up, stored_path
from syndicate.intake.slug_claims import SlugClaims, claims_of, contested, slugs_asked
from syndicate.intake.text import one_line
from syndicate.workers import cores, hired

TOGETHER = 100
"""How many files are handed on at once."""
_MANY = 128
"""From how many files on other processes are worth their start."""
_DIED = (
    "a process that read articles was killed, perhaps for want of memory; "
    "import them again: what was filed stays filed"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A file that was read and set, as far as it could be."""

    file: Path
    path: str
    manuscript: Manuscript | None = None
    """None where it could not be read."""
    id: str = ""
    """The public id that it was set for."""
    proof: Proof | None = None
    """None where it could not be set."""
    refusal: str = ""
    """Why it could not be read or set."""
    traceback: str = ""
    """Where the refusal is a bug of ours: where it happened."""


@dataclass(frozen=True, slots=True)
class ComposedFiles:
    """The files of an import, as they come."""

    claims: SlugClaims
    batches: Iterator[list[Composed]]
    """In their order, `TOGETHER` at a time."""


@contextmanager
def composed(files: Sequence[Path], config: Config, *, keep: bool) -> Iterator[ComposedFiles]:
    """Begin to read and set files, once it is known which slugs they ask for.

    With `keep` false, pictures are only looked at.
    """
    begin = partial(_composing, config, keep=keep)
    if len(files) < _MANY or cores() == 1:
        yield _in_turn(files, partial(map, begin()))
        return
    with hired(begin, preload=__name__, died=_DIED) as workers:
        yield _in_turn(files, lambda jobs: workers.do(lane.turns(jobs) for lane in workers.lanes))


def _in_turn(
    files: Sequence[Path], do: Callable[[Sequence["_Job"]], Iterator[list[Any]]]
) -> ComposedFiles:
    """Read first what the files ask for; a file by itself contests nothing."""

    def all_of(step: str, files: Sequence[Path]) -> Iterator[list[Any]]:
        batches = range(0, len(files), TOGETHER)
        return do([_Job(step, files[at : at + TOGETHER]) for at in batches])

    claims = SlugClaims()
    if len(files) > 1:
        slugs = list(chain.from_iterable(all_of("slugs", files)))
        rivals = contested(files, slugs)
        claims = SlugClaims(slugs, chain.from_iterable(all_of("claims", rivals)))
    return ComposedFiles(claims, all_of("compose", files))


def compose(file: Path, config: Config, *, keep: bool) -> Composed:
    """Read and set one file for the id that it names, or that a new article of it would have."""
    path = stored_path(file, config)
    try:
        manuscript = read(file, config)
    except Refused as error:
        return Composed(file=file, path=path, refusal=str(error))
    except SyndicateError:
        raise  # such as a full disk: no fault of the file
    except Exception as error:  # noqa: BLE001 - one bad file keeps no other out
        reason = unexpected(path, error)
        return Composed(file=file, path=path, refusal=reason, traceback=traceback.format_exc())
    return recompose(
        manuscript, manuscript.id or new_id(config, manuscript.slug), config, keep=keep
    )


def recompose(manuscript: Manuscript, public_id: str, config: Config, *, keep: bool) -> Composed:
    """Set a file that was read for a public id."""
    proof, refusal, where = None, "", ""
    try:
        proof = set_up(manuscript, public_id, config, keep=keep)
    except Refused as error:
        refusal = str(error)
    except SyndicateError:
        raise
    except Exception as error:  # noqa: BLE001 - one bad file keeps no other out
        refusal, where = unexpected(manuscript.path, error), traceback.format_exc()
    return Composed(
        file=manuscript.file,
        path=manuscript.path,
        manuscript=manuscript,
        id=public_id,
        proof=proof,
        refusal=refusal,
        traceback=where,
    )


def unexpected(path: str, error: Exception) -> str:
    """Return the reason for refusing a file that made our code fail."""
    problem = one_line(f"{type(error).__name__}: {error}")[:200]
    return (
        f"{path}: reading it failed, which is a bug in Syndicate ({problem}); "
        "please report it with the traceback in the log"
    )


def new_id(config: Config, slug: str) -> str:
    """Return the public id of a new article that names none itself."""
    return f"urn:uuid:{uuid.uuid5(config.publication.id, slug)}"


class _Job(NamedTuple):
    """What is done with some files: `slugs`, `claims` or `compose`."""

    step: str
    files: Sequence[Path]


def _composing(config: Config, *, keep: bool) -> Callable[[_Job], list[Any]]:
    def do(job: _Job) -> list[Any]:
        if job.step == "slugs":
            return slugs_asked(job.files, config)
        if job.step == "claims":
            return claims_of(job.files, config)
        return [compose(file, config, keep=keep) for file in job.files]

    return do

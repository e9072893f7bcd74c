"""The composing room: files read and set, on every core of the machine when they are many.

Reading and setting know nothing of the store, so they may happen anywhere and
before it is known which article a file is. The ids in a body begin with that
article's public id: it is set for the one that a new article would have, and
only a file that turns out to be an older article is set again.
"""

import os
import signal
import threading
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path

from syndicate.config import Config
from syndicate.errors import Refused, SyndicateError
from syndicate.intake.manuscript import Manuscript, Proof, read, set_up, stored_path

TOGETHER = 100
"""How many files are handed on at once."""
_MANY = 128
"""From how many files on other processes are worth their start."""


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


def composed(files: Sequence[Path], config: Config, *, keep: bool) -> Iterator[list[Composed]]:
    """Read and set files, and hand them on in their order, `TOGETHER` at a time.

    With `keep` false, pictures are only looked at.
    """
    batches = [files[at : at + TOGETHER] for at in range(0, len(files), TOGETHER)]
    cores = _cores()
    if len(files) < _MANY or cores == 1:
        for batch in batches:
            yield [compose(file, config, keep=keep) for file in batch]
        return
    try:
        yield from _in_processes(batches, partial(_compose_batch, keep=keep), config, cores)
    except BrokenProcessPool as error:
        raise SyndicateError(
            "a process that read articles was killed, perhaps for want of memory; "
            "import them again: what was filed stays filed"
        ) from error


def compose(file: Path, config: Config, *, keep: bool) -> Composed:
    """Read and set one file for the id that it names, or that a new article of it would have."""
    path = stored_path(file, config)
    try:
        manuscript = read(file, config)
    except Refused as error:
        return Composed(file=file, path=path, refusal=str(error))
    return recompose(
        manuscript, manuscript.id or new_id(config, manuscript.slug), config, keep=keep
    )


def recompose(manuscript: Manuscript, public_id: str, config: Config, *, keep: bool) -> Composed:
    """Set a file that was read for a public id."""
    proof, refusal = None, ""
    try:
        proof = set_up(manuscript, public_id, config, keep=keep)
    except Refused as error:
        refusal = str(error)
    return Composed(
        file=manuscript.file,
        path=manuscript.path,
        manuscript=manuscript,
        id=public_id,
        proof=proof,
        refusal=refusal,
    )


def new_id(config: Config, slug: str) -> str:
    """Return the public id of a new article that names none itself."""
    return f"urn:uuid:{uuid.uuid5(config.publication.id, slug)}"


# other processes

_Batch = Sequence[Path]


def _in_processes(
    batches: Sequence[_Batch], work: "partial[list[Composed]]", config: Config, cores: int
) -> Iterator[list[Composed]]:
    """Compose batches in processes of their own, not many more at once than there are cores."""
    # forked by a server that has imported all that they need: where threads run, a process
    # must not be forked itself
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(cores, context, _begin, (config,))
    try:
        begun: deque[Future[list[Composed]]] = deque()
        for batch in batches:
            begun.append(pool.submit(work, batch))
            if len(begun) > 2 * cores:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


_publication: list[Config] = []
"""The publication that a process works for; it is sent once, not with each batch."""


def _begin(config: Config) -> None:
    """Make a process ready: it is broken off by its parent, or ends with it, and not by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _publication[:] = [config]


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _compose_batch(batch: _Batch, *, keep: bool) -> list[Composed]:
    (config,) = _publication
    return [compose(file, config, keep=keep) for file in batch]


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

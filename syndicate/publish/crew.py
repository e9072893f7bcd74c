"""The crew: printers in as many processes as there are cores, for builds that are worth it."""

import gc
import multiprocessing
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.context import BaseContext

from syndicate.config import Config
from syndicate.errors import SyndicateError
from syndicate.publish.outcome import Outcome
from syndicate.publish.printer import Printer
from syndicate.publish.tasks import Task
from syndicate.render.templates import Templates
from syndicate.store import Store

_AHEAD = 4
"""Tasks that wait for each process; more would only take memory."""

_printer: Printer | None = None
"""Of a process of the crew."""


@contextmanager
def crew(config: Config, *, compress: bool) -> Iterator["Crew"]:
    """Hire a crew for a publication, and let it go at the end."""
    size = len(os.sched_getaffinity(0))
    gc.freeze()  # what a fork shares stays shared: the collector would write to it
    try:
        with ProcessPoolExecutor(
            size, mp_context=_context(), initializer=_begin, initargs=(config, compress)
        ) as pool:
            yield Crew(pool, size)
    finally:
        gc.unfreeze()


class Crew:
    """Prints tasks side by side; what comes of them comes in their order."""

    def __init__(self, pool: ProcessPoolExecutor, size: int) -> None:
        self._pool = pool
        self._size = size

    def print(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Do tasks; raise what a printer raises, SyndicateError where a process died."""
        left = iter(tasks)
        try:
            waiting = [self._pool.submit(_print, one) for one in islice(left, self._size * _AHEAD)]
            while waiting:
                yield waiting.pop(0).result()
                waiting.extend(self._pool.submit(_print, task) for task in islice(left, 1))
        except BrokenProcessPool as error:
            raise SyndicateError(
                "a process of the build died, killed perhaps because memory ran out"
            ) from error


def _context() -> BaseContext:
    """Fork where nothing else runs in this process, since that costs nothing."""
    alone = threading.active_count() == 1
    if not alone:
        multiprocessing.get_context("forkserver").set_forkserver_preload([__name__])
    return multiprocessing.get_context("fork" if alone else "forkserver")


def _begin(config: Config, compress: bool) -> None:
    global _printer  # noqa: PLW0603 - one for each process
    threading.Thread(target=_end_with_the_build, daemon=True).start()
    templates = Templates.of(config, settled=True)
    _printer = Printer(Store.of(config), config, templates, compress=compress)


def _end_with_the_build() -> None:
    """Die when the build is killed: whoever lives on holds the folder's lock for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _print(task: Task) -> Outcome:
    assert _printer is not None
    return _printer.print(task)

"""Page writers in several processes, for large builds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from syndicate.config import Config
from syndicate.publish.build.tasks import Task, TaskOutcome
from syndicate.publish.build.writer import PageWriter
from syndicate.render.templates import Templates
from syndicate.store import Store
from syndicate.workers.pool import WorkerPool, start_workers

_DIED = "a build process died, perhaps because memory ran out"

PageWorkers = WorkerPool[Task, TaskOutcome]


@contextmanager
def start_page_workers(config: Config, *, compress: bool) -> Iterator[PageWorkers]:
    """Start the processes, and end them when the context exits."""
    begin = partial(_create_writer, config, compress=compress)
    with start_workers(begin, preload=__name__, crash_message=_DIED) as workers:
        yield workers


def _create_writer(config: Config, *, compress: bool) -> Callable[[Task], TaskOutcome]:
    templates = Templates.of(config, frozen=True)
    return PageWriter(Store.of(config), config, templates, compress=compress).run

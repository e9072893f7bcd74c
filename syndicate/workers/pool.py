"""A pool of worker processes.

Each process gets the tasks of its shard in order, so that what it caches for one task helps
with the next. Results come round robin, one of each process at a time.
"""

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from syndicate.errors import SyndicateError
from syndicate.workers.process import WorkerProcess, start_method
from syndicate.workers.resource_limits import ResourceLimits

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Shard:
    """One process's share of the tasks."""

    index: int
    """From 0."""
    count: int

    def contiguous(self, items: Sequence[_Item]) -> Sequence[_Item]:
        """Return one slice of `items`, so that neighbours stay in one process."""
        size = len(items)
        return items[size * self.index // self.count : size * (self.index + 1) // self.count]

    def interleaved(self, items: Sequence[_Item]) -> Sequence[_Item]:
        """Return every `count`-th item, so that results come in the order of `items`."""
        return items[self.index :: self.count]


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def start_workers(
    factory: Callable[[], Callable[[_Task], _Result]],
    *,
    preload: str,
    crash_message: str,
    count: int | None = None,
    limits: ResourceLimits | None = None,
) -> Iterator["WorkerPool[_Task, _Result]"]:
    """Start a process for each core, or `count` of them, and end them all on exit.

    Each process calls `factory` once, for the function that does its tasks; `factory` must be
    picklable, and `preload` names the module that it needs. `crash_message` is the error when
    a process dies. With `limits`, it is restarted instead.
    """
    context = start_method(preload)
    processes: list[WorkerProcess] = []
    gc.freeze()  # pages shared by a fork stay shared: the collector would write to them
    try:
        with _reported(crash_message):
            count = count or available_cores()
            processes.extend(WorkerProcess(context, factory, limits) for _ in range(count))
        yield WorkerPool(processes, crash_message)
    finally:
        for process in processes:
            process.end()
        gc.unfreeze()


class WorkerPool(Generic[_Task, _Result]):
    """Processes that do tasks in parallel."""

    def __init__(self, processes: Sequence[WorkerProcess], crash_message: str) -> None:
        self._processes = processes
        self._crash_message = crash_message

    @property
    def shards(self) -> list[Shard]:
        """One for each process."""
        count = len(self._processes)
        return [Shard(index, count) for index in range(count)]

    def run_all(self, tasks_by_shard: Iterable[Iterable[_Task]]) -> Iterator[_Result]:
        """Start the tasks of each shard, and yield the results; raise what a task raises.

        Raise SyndicateError when a process dies.
        """
        active = [
            (process, iter(tasks))
            for process, tasks in zip(self._processes, tasks_by_shard, strict=True)
        ]
        with _reported(self._crash_message):
            for process, tasks in active:
                process.send(tasks)
        return self._results(active)

    def _results(self, active: list[tuple[WorkerProcess, Iterator[_Task]]]) -> Iterator[_Result]:
        with _reported(self._crash_message):
            while active := [(process, tasks) for process, tasks in active if process.pending]:
                for process, tasks in active:
                    result = process.receive()
                    process.send(tasks)
                    yield result


@contextmanager
def _reported(crash_message: str) -> Iterator[None]:
    """Raise SyndicateError with the message when a process died or can't be started."""
    try:
        yield
    except (EOFError, ConnectionError) as error:
        raise SyndicateError(crash_message) from error

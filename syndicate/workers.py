"""Workers: the same work done in as many processes as there are cores.

Each process has a lane of its own, with tasks in an order: what one task learnt
is there for the next. Results come in turns, one of each lane after the other.
"""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, ForkServerContext
from typing import Any, Generic, TypeVar

from syndicate.errors import SyndicateError

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
_Part = TypeVar("_Part")

_AHEAD = 4
"""Tasks that wait for each process; more would only take memory."""
_YOUNG = 20_000
"""Objects after which a process collects garbage: what passes through has hardly any cycles."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What falls to one of several processes."""

    number: int
    """From 0."""
    count: int

    def stretch(self, parts: Sequence[_Part]) -> Sequence[_Part]:
        """Return its share where each has neighbours: from here to there."""
        size = len(parts)
        return parts[size * self.number // self.count : size * (self.number + 1) // self.count]

    def turns(self, parts: Sequence[_Part]) -> Sequence[_Part]:
        """Return its share where they take turns; so results come in the order of `parts`."""
        return parts[self.number :: self.count]


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def hired(
    begin: Callable[[], Callable[[_Task], _Result]], *, preload: str, died: str
) -> Iterator["Workers[_Task, _Result]"]:
    """Start a process for each core, and end them all at the end.

    `begin` is called in each and returns what does the work; it may have to travel
    there by pickle, and `preload` names the module that it needs. `died` is what an
    operator is told when one of them is killed.
    """
    context = _context(preload)
    members: list[_Worker] = []
    gc.freeze()  # what a fork shares stays shared: the collector would write to it
    try:
        members.extend(_Worker(context, begin) for _ in range(cores()))
        yield Workers(members, died)
    finally:
        for member in members:
            member.end()
        gc.unfreeze()


class Workers(Generic[_Task, _Result]):
    """Processes that do tasks side by side."""

    def __init__(self, members: Sequence["_Worker"], died: str) -> None:
        self._members = members
        self._died = died

    @property
    def lanes(self) -> list[Lane]:
        """One for each process."""
        count = len(self._members)
        return [Lane(number, count) for number in range(count)]

    def do(self, lanes: Iterable[Iterable[_Task]]) -> Iterator[_Result]:
        """Do the tasks of each lane; raise what the work raises.

        Raise SyndicateError where a process died.
        """
        left = [(one, iter(tasks)) for one, tasks in zip(self._members, lanes, strict=True)]
        try:
            for worker, tasks in left:
                worker.send(islice(tasks, _AHEAD))
            while left := [(worker, tasks) for worker, tasks in left if worker.waiting]:
                for worker, tasks in left:
                    result = worker.receive()
                    worker.send(islice(tasks, 1))
                    yield result
        except (EOFError, ConnectionError) as error:
            raise SyndicateError(self._died) from error


class _Worker:
    """One of the processes, seen from this one."""

    def __init__(
        self,
        context: ForkContext | ForkServerContext,
        begin: Callable[[], Callable[[Any], Any]],
    ) -> None:
        self.waiting = 0
        """Tasks whose results are still to come."""
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_work, args=(other, begin), daemon=True)
        self._process.start()
        other.close()

    def send(self, tasks: Iterable[Any]) -> None:
        for task in tasks:
            self._pipe.send(task)
            self.waiting += 1

    def receive(self) -> Any:
        result = self._pipe.recv()
        self.waiting -= 1
        if isinstance(result, Exception):
            raise result
        return result

    def end(self) -> None:
        """End it; what it is still doing is not waited for."""
        self._process.terminate()
        self._process.join()
        self._pipe.close()


def _context(preload: str) -> ForkContext | ForkServerContext:
    """Fork where nothing else runs in this process, since that costs nothing."""
    if threading.active_count() == 1:
        return multiprocessing.get_context("fork")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    return context


def _work(pipe: Connection, begin: Callable[[], Callable[[Any], Any]]) -> None:
    """Do what comes through a pipe, until the process that hired this one ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that process hears it, and ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.set_threshold(_YOUNG)
    work = _or_error(begin)
    while True:
        task = pipe.recv()
        pipe.send(work if isinstance(work, Exception) else _or_error(work, task))


def _or_error(work: Callable[..., Any], *values: Any) -> Any:
    try:
        return work(*values)
    except Exception as error:  # noqa: BLE001 - raised where the result is waited for
        return error


def _end_with_parent() -> None:
    """Die when the parent is killed: whoever lives on holds its locks for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)

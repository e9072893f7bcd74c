"""A pool of worker processes.

Each process gets the tasks of its shard in order, so that what it caches for one task helps
with the next. Results come round robin, one of each process at a time.
"""

import gc
import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, ForkServerContext
from typing import Any, Generic, TypeVar

from syndicate.errors import SyndicateError
from syndicate.workers import resource_limits
from syndicate.workers.resource_limits import ResourceLimits

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
_Item = TypeVar("_Item")

_MAX_PENDING = 4
"""Tasks sent ahead to each process; more would only take memory."""
_PIPE_CAPACITY = 64 * 1024
"""Bytes of pending tasks that a pipe takes on any system while nobody reads it."""
_PRELOADED = ("syndicate.intake.articles.parallel_parse", "syndicate.publish.build.publisher")
"""The modules that workers of a long-running process need."""
_GC_THRESHOLD = 50_000
"""Objects after which garbage is collected: tasks and results have hardly any cycles."""


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
    if threading.active_count() == 1:  # a plain fork, the cheapest, needs a single thread
        context: ForkContext | ForkServerContext = multiprocessing.get_context("fork")
    else:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([*_PRELOADED, preload])  # the first caller decides
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


@dataclass(frozen=True)
class WorkerPool(Generic[_Task, _Result]):
    """Processes that do tasks in parallel."""

    _processes: Sequence["WorkerProcess"]
    _crash_message: str

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

    def _results(self, active: list[tuple["WorkerProcess", Iterator[_Task]]]) -> Iterator[_Result]:
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


@dataclass
class WorkerProcess:
    """One process of a pool; with `limits` it is restarted when it dies."""

    _context: ForkContext | ForkServerContext
    _factory: Callable[[], Callable[[Any], Any]]
    _limits: ResourceLimits | None
    _next_task: bytes | None = None
    pending: deque[bytes] = field(default_factory=deque)
    """The tasks whose results are still to come."""

    def __post_init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._pipe, other = self._context.Pipe()
        limits = self._limits and (self._limits.seconds, self._limits.memory)
        arguments = (other, self._factory, limits)
        self._process = self._context.Process(target=_run_worker, args=arguments, daemon=True)
        forked = isinstance(self._context, ForkContext)
        with nullcontext() if forked else _interrupts_blocked():
            self._process.start()
        other.close()

    def send(self, tasks: Iterator[Any]) -> None:
        """Send as many tasks ahead as the pipe takes without being read.

        While this process writes, the other may be writing a result that nobody reads. So only
        an idle process gets a task of any size.
        """
        while len(self.pending) < _MAX_PENDING:
            task, self._next_task = self._next_task, None
            if task is None and (task := next(map(pickle.dumps, tasks), None)) is None:
                return
            if self.pending and sum(map(len, self.pending)) + len(task) > _PIPE_CAPACITY:
                self._next_task = task
                return
            self._write(task)
            self.pending.append(task)

    def _write(self, task: bytes) -> None:
        try:
            self._pipe.send_bytes(task)
        except ConnectionError:
            if self._limits is None:
                raise  # else it is noticed when the result is received

    def receive(self) -> Any:
        """Return the next result, or raise its exception; EOFError when the process died."""
        try:
            result = self._pipe.recv()
        except (EOFError, ConnectionError):
            if self._limits is None:
                raise
            task = pickle.loads(self.pending[0])  # noqa: S301 - our own
            result = self._retry_in_parts(task, self._limits)
            for pending in list(self.pending)[1:]:
                self._write(pending)
        self.pending.popleft()
        if isinstance(result, Exception):
            raise result
        return result

    def _retry_in_parts(self, task: Any, limits: ResourceLimits) -> Any:
        """Do the parts of a task that ended a process one by one."""
        code, parts, results = self._restart(), limits.split(task), list[Any]()
        if len(parts) == 1 and code != -signal.SIGKILL:  # which may be meant for another
            return limits.failure_result(parts[0], limits.failure_reason(code))
        for part in parts:
            self._write(pickle.dumps(part))
            try:
                result = self._pipe.recv()
            except (EOFError, ConnectionError):
                reason = limits.failure_reason(self._restart())
                result = limits.failure_result(part, reason)
            if isinstance(result, Exception):
                return result
            results += result
        return results

    def _restart(self) -> int | None:
        """Start a process in place of one that died; return the exit code of that."""
        self._process.join()
        code = self._process.exitcode
        self._pipe.close()
        self._start()
        return code

    def end(self) -> None:
        """End the process without waiting for its tasks."""
        self._process.terminate()
        self._process.join()
        self._pipe.close()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block SIGINT while a fork server starts: Ctrl-C would end it while it imports.

    It inherits the mask of signals. The resource tracker comes first, since starting one
    unblocks them.
    """
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run_worker(
    pipe: Connection, factory: Callable[[], Callable[[Any], Any]], limits: tuple[float, int] | None
) -> None:
    """Do the tasks that come through a pipe, until the parent ends this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it, and ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    gc.set_threshold(_GC_THRESHOLD)
    work = _call(factory)
    resource_limits.limit_process(limits)
    while True:
        resource_limits.stop_timers()
        task = pipe.recv()
        resource_limits.restart_timers()
        result = work if isinstance(work, Exception) else _call(work, task)
        pipe.send_bytes(_dump(result))


def _call(work: Callable[..., Any], *values: Any) -> Any:
    """Return the result of a call, or its exception."""
    try:
        return work(*values)
    except Exception as error:  # noqa: BLE001 - the parent raises it
        return error


def _dump(result: Any) -> bytes:
    """Pickle a result; one that can't be pickled becomes an error that can."""
    try:
        pickled = pickle.dumps(result)
        if isinstance(result, Exception):
            pickle.loads(pickled)  # noqa: S301 - our own; an error may take other arguments
    except Exception as error:  # noqa: BLE001 - from any result's own code
        text = f"{type(result).__name__}: {result}" if isinstance(result, Exception) else error
        return pickle.dumps(SyndicateError(str(text)))
    return pickled


def _exit_with_parent() -> None:
    """Exit when the parent is killed: an orphan would keep its locks for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)

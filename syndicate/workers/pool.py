"""Workers: the same work done in as many processes as there are cores.

Each process has a lane of its own, with tasks in an order: what one task learnt
is there for the next. Results come in turns, one of each lane after the other.
"""

import gc
import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, ForkServerContext
from pathlib import Path
from typing import Any, Generic, TypeVar

from syndicate.errors import SyndicateError

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
_Part = TypeVar("_Part")

_AHEAD = 4
"""Tasks that wait for each process; more would only take memory."""
_ROOM = 64 * 1024
"""Bytes of waiting tasks that a pipe surely takes while nobody reads it."""
_PRELOADED = ("syndicate.intake.articles.parallel_parse", "syndicate.publish.build.page_workers")
"""What the workers of a process that keeps running need."""
_WALL = 6
_STATM_DATA = 5
_clock: list[float] = []
"""The seconds of a limited process; empty in any other."""
_YOUNG = 50_000
"""Objects after which a process collects garbage: what passes through has hardly any cycles."""


@dataclass(frozen=True, slots=True)
class Shard:
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


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """What a process may use up before the kernel ends it, and what becomes of its task then.

    The work calls `restart_timers` wherever something begins that has its own time.
    Results of limited work are lists.
    """

    seconds: float
    """Processor time; the clock on the wall has six times as much."""
    memory: int
    """Bytes beyond what the process has when it begins."""
    split: Callable[[Any], Sequence[Any]]
    """Returns the parts of a task, which are done one by one to find the one that kills."""
    lost: Callable[[Any, str], list[Any]]
    """Returns the result of a task that has a single part, and why its process ended."""

    def reason(self, exit_code: int | None) -> str:
        """Say why a process ended."""
        ended = -(exit_code or 0)
        if ended in (signal.SIGPROF, signal.SIGALRM):
            return f"reading it takes longer than {self.seconds:g} seconds"
        if ended == signal.SIGKILL:
            return "the process that read it was killed, perhaps for want of memory"
        memory = f"perhaps for want of memory: it gets {self.memory // 1_000_000} MB"
        how = signal.Signals(ended).name if ended > 0 else f"exit code {exit_code}"
        return f"reading it makes the process crash ({how}), {memory}"


def restart_timers() -> None:
    """Give what begins now the whole time that a limited process has."""
    if _clock:
        signal.setitimer(signal.ITIMER_PROF, _clock[0])
        signal.setitimer(signal.ITIMER_REAL, _clock[0] * _WALL)


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def start_workers(
    begin: Callable[[], Callable[[_Task], _Result]],
    *,
    preload: str,
    died: str,
    count: int | None = None,
    limits: ResourceLimits | None = None,
) -> Iterator["WorkerPool[_Task, _Result]"]:
    """Start a process for each core, or `count` of them, and end them all at the end.

    `begin` is called in each and returns what does the work; it may have to travel
    there by pickle, and `preload` names the module that it needs. `died` is the warning
    that an operator gets when one of them is killed. With `limits`, it is started again.
    """
    context = _context(preload)
    members: list[_Worker] = []
    gc.freeze()  # what a fork shares stays shared: the collector would write to it
    try:
        with _reported(died):
            members.extend(
                _Worker(context, begin, limits) for _ in range(count or available_cores())
            )
        yield WorkerPool(members, died)
    finally:
        for member in members:
            member.end()
        gc.unfreeze()


class WorkerPool(Generic[_Task, _Result]):
    """Processes that do tasks side by side."""

    def __init__(self, members: Sequence["_Worker"], died: str) -> None:
        self._members = members
        self._died = died

    @property
    def lanes(self) -> list[Shard]:
        """One for each process."""
        count = len(self._members)
        return [Shard(number, count) for number in range(count)]

    def do(self, lanes: Iterable[Iterable[_Task]]) -> Iterator[_Result]:
        """Begin with the tasks of each lane, and do all of them; raise what the work raises.

        Raise SyndicateError where a process died.
        """
        begun = [(one, iter(tasks)) for one, tasks in zip(self._members, lanes, strict=True)]
        with _reported(self._died):
            for worker, tasks in begun:
                worker.feed(tasks)
        return self._results(begun)

    def do_now(self, task: _Task) -> _Result:
        """Do one task while no others are waited for."""
        with _reported(self._died):
            worker = self._members[0]
            worker.feed(iter([task]))
            result: _Result = worker.receive()
            return result

    def _results(self, left: list[tuple["_Worker", Iterator[_Task]]]) -> Iterator[_Result]:
        with _reported(self._died):
            while left := [(worker, tasks) for worker, tasks in left if worker.waiting]:
                for worker, tasks in left:
                    result = worker.receive()
                    worker.feed(tasks)
                    yield result


@contextmanager
def _reported(died: str) -> Iterator[None]:
    """Raise SyndicateError with the message `died` where a process ended or can't be started."""
    try:
        yield
    except (EOFError, ConnectionError) as error:
        raise SyndicateError(died) from error


class _Worker:
    """One of the processes, seen from this one."""

    def __init__(
        self,
        context: ForkContext | ForkServerContext,
        begin: Callable[[], Callable[[Any], Any]],
        limits: ResourceLimits | None = None,
    ) -> None:
        self._context = context
        self._begin = begin
        self._limits = limits
        self._sent: deque[bytes] = deque()
        self._held: bytes | None = None
        self._start()

    def _start(self) -> None:
        self._pipe, other = self._context.Pipe()
        limits = self._limits and (self._limits.seconds, self._limits.memory)
        arguments = (other, self._begin, limits)
        self._process = self._context.Process(target=_work, args=arguments, daemon=True)
        forked = isinstance(self._context, ForkContext)
        with nullcontext() if forked else _interrupts_blocked():
            self._process.start()
        other.close()

    @property
    def waiting(self) -> int:
        """How many tasks' results are still to come."""
        return len(self._sent)

    def feed(self, tasks: Iterator[Any]) -> None:
        """Send tasks, no more than are taken without being read.

        It may be writing a result that nobody reads while this process writes here; only
        one that has nothing to do takes a task of any size.
        """
        while len(self._sent) < _AHEAD and (task := self._next(tasks)) is not None:
            if self._sent and sum(map(len, self._sent)) + len(task) > _ROOM:
                self._held = task
                return
            self._send(task)
            self._sent.append(task)

    def _send(self, task: bytes) -> None:
        try:
            self._pipe.send_bytes(task)
        except ConnectionError:
            if self._limits is None:
                raise  # else it is noticed when the result is received

    def _next(self, tasks: Iterator[Any]) -> bytes | None:
        held, self._held = self._held, None
        if held is not None:
            return held
        return next((pickle.dumps(task) for task in tasks), None)

    def receive(self) -> Any:
        result = self._receive(self._sent[0])
        self._sent.popleft()
        if isinstance(result, Exception):
            raise result
        return result

    def _receive(self, task: bytes) -> Any:
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionError):
            if self._limits is None:
                raise
        done = self._piecemeal(pickle.loads(task), self._limits)  # noqa: S301 - our own
        for waiting in list(self._sent)[1:]:
            self._send(waiting)
        return done

    def _piecemeal(self, task: Any, limits: ResourceLimits) -> Any:
        """Do the parts of a task that killed a process one by one."""
        code, parts, results = self._restart(), limits.split(task), list[Any]()
        if len(parts) == 1 and code != -signal.SIGKILL:  # which may be meant for another
            return limits.lost(parts[0], limits.reason(code))
        for part in parts:
            self._send(pickle.dumps(part))
            try:
                result = self._pipe.recv()
            except (EOFError, ConnectionError):
                result = limits.lost(part, limits.reason(self._restart()))
            if isinstance(result, Exception):
                return result
            results += result
        return results

    def _restart(self) -> int | None:
        """Start a process in place of one that died; return how that ended."""
        self._process.join()
        code = self._process.exitcode
        self._pipe.close()
        self._start()
        return code

    def end(self) -> None:
        """End it; what it is still doing is not waited for."""
        self._process.terminate()
        self._process.join()
        self._pipe.close()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start a fork server that Ctrl-C at the terminal doesn't end, as it does while it imports.

    It inherits the mask of signals. The resource tracker comes first, since starting one
    unblocks them.
    """
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _context(preload: str) -> ForkContext | ForkServerContext:
    """Fork where nothing else runs in this process, since that costs nothing."""
    if threading.active_count() == 1:
        return multiprocessing.get_context("fork")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_PRELOADED, preload])  # the first caller decides
    return context


def _work(
    pipe: Connection,
    begin: Callable[[], Callable[[Any], Any]],
    limits: tuple[float, int] | None,
) -> None:
    """Do what comes through a pipe, until the process that hired this one ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that process hears it, and ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.set_threshold(_YOUNG)
    work = _or_error(begin)
    _clock.clear()  # a fork has its parent's
    if limits is not None:
        _limit(*limits)
    while True:
        _stop_clock()
        task = pipe.recv()
        restart_timers()
        result = work if isinstance(work, Exception) else _or_error(work, task)
        pipe.send_bytes(_packed(result))


def _limit(seconds: float, memory: int) -> None:
    """Have the kernel end this process when it uses up too much, whatever its code is doing."""
    timers = {signal.SIGPROF, signal.SIGALRM}
    for ends in timers:
        signal.signal(ends, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, timers)  # a mask is inherited
    _clock.append(seconds)
    if resource is not None:
        used = 0
        with suppress(OSError):
            pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[_STATM_DATA]
            used = int(pages) * resource.getpagesize()
        with suppress(ValueError, OSError):  # somebody has set a lower one
            resource.setrlimit(resource.RLIMIT_DATA, (used + memory, used + memory))


def _stop_clock() -> None:
    if _clock:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _or_error(work: Callable[..., Any], *values: Any) -> Any:
    try:
        return work(*values)
    except Exception as error:  # noqa: BLE001 - raised where the result is waited for
        return error


def _packed(result: Any) -> bytes:
    """Write a result so that it can be read; one that can't travel becomes an error that can."""
    try:
        packed = pickle.dumps(result)
        if isinstance(result, Exception):
            pickle.loads(packed)  # noqa: S301 - our own; an error may take other arguments
    except Exception as error:  # noqa: BLE001 - whatever it holds
        told = f"{type(result).__name__}: {result}" if isinstance(result, Exception) else error
        return pickle.dumps(SyndicateError(str(told)))
    return packed


def _end_with_parent() -> None:
    """Die when the parent is killed: whoever lives on holds its locks for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)

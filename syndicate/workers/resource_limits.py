"""Limits on time and memory of a worker process, enforced by the kernel."""

import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

_WALL_CLOCK_FACTOR = 6
_STATM_DATA = 5
_time_limit: list[float] = []
"""The seconds of a limited process; empty in any other."""


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """What a process may use before the kernel ends it, and how its task continues then.

    The work calls `restart_timers` wherever a new time limit begins. Results of limited work
    are lists.
    """

    seconds: float
    """Processor time; the limit of wall-clock time is six times as long."""
    memory: int
    """Bytes beyond what the process has when it starts."""
    split: Callable[[Any], Sequence[Any]]
    """Returns the parts of a task, which are tried one by one to find the one that fails."""
    failure_result: Callable[[Any, str], list[Any]]
    """Returns the result of a part that failed, given the reason."""

    def failure_reason(self, exit_code: int | None) -> str:
        """Return why a process ended, for operators."""
        number = -(exit_code or 0)
        if number in (signal.SIGPROF, signal.SIGALRM):
            return f"reading it takes longer than {self.seconds:g} seconds"
        if number == signal.SIGKILL:
            return "the process that read it was killed, perhaps because memory ran out"
        memory = f"perhaps because memory ran out: its limit is {self.memory // 1_000_000} MB"
        cause = signal.Signals(number).name if number > 0 else f"exit code {exit_code}"
        return f"reading it makes the process crash ({cause}), {memory}"


def limit_process(limits: tuple[float, int] | None) -> None:
    """Have the kernel end this process when it exceeds some seconds or bytes, if any."""
    _time_limit.clear()  # a fork has its parent's
    if limits is None:
        return
    seconds, memory = limits
    timers = {signal.SIGPROF, signal.SIGALRM}
    for timer in timers:
        signal.signal(timer, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, timers)  # a mask is inherited
    _time_limit.append(seconds)
    if resource is not None:
        used = 0
        with suppress(OSError):
            pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[_STATM_DATA]
            used = int(pages) * resource.getpagesize()
        with suppress(ValueError, OSError):  # a lower limit is set already
            resource.setrlimit(resource.RLIMIT_DATA, (used + memory, used + memory))


def restart_timers() -> None:
    """Give a limited process its whole time limit from now on."""
    if _time_limit:
        _set_timers(_time_limit[0])


def stop_timers() -> None:
    """Stop the time limit while a limited process waits for a task."""
    if _time_limit:
        _set_timers(0)


def _set_timers(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds * _WALL_CLOCK_FACTOR)

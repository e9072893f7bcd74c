"""Threads that work now and then, until the process stops: at an interval, or when woken."""

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from syndicate.errors import SyndicateError

log = structlog.get_logger()


class WorkerThreads:
    """Threads that run until `stop` is set."""

    def __init__(self, stop: threading.Event, *, every: timedelta) -> None:
        """Have each thread act once in `every`, unless it has an interval of its own."""
        self._stop = stop
        self._every = every
        self._threads: list[threading.Thread] = []
        self._wakeups: list[threading.Event] = []

    def add(
        self,
        name: str,
        act: Callable[[], object],
        *,
        needed: object = True,
        every: timedelta | None = None,
    ) -> threading.Event:
        """Add a thread, if needed, that acts once an interval; return the event that wakes it."""
        due, guarded = threading.Event(), self.guarded(name, act)
        seconds = (every or self._every).total_seconds()

        def work() -> None:
            while not self._stop.is_set():
                due.wait(seconds)
                due.clear()
                guarded()

        if needed:
            self.add_loop(name, work)
            self._wakeups.append(due)
        return due

    def add_loop(self, name: str, run: Callable[[], object]) -> None:
        """Add a thread that runs until it sees `stop` by itself."""
        self._threads.append(threading.Thread(target=run, name=name, daemon=True))

    def guarded(self, name: str, act: Callable[..., object]) -> Callable[..., None]:
        """Wrap what is done again and again, so that a failure is only logged, once."""
        failure = ""

        def guarded(*arguments: object) -> None:
            nonlocal failure
            if self._stop.is_set():
                return
            try:
                act(*arguments)
            except (SyndicateError, OSError) as error:
                if str(error) != failure:
                    failure = str(error)
                    log.error("failed", what=name, reason=failure)  # noqa: TRY400 - an operator's mistake has no traceback
            except Exception:
                log.exception("internal error", what=name)
            else:
                if failure:
                    log.info("works again", what=name)
                failure = ""

        return guarded

    def start(self) -> None:
        """Start all of them."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Wake all of them, such as to see `stop`."""
        for due in self._wakeups:
            due.set()

    def join(self, timeout: timedelta) -> None:
        """Wait for each of them to end, at most so long."""
        for thread in self._threads:
            thread.join(timeout.total_seconds())

"""Signal handling: SIGINT and SIGTERM stop a process, SIGHUP reloads its config.

`run` and `serve` use `SignalHandlers`: a first SIGINT or SIGTERM stops the process cleanly, a
second one at once. SIGHUP reloads the config; but if the process's terminal is gone, SIGHUP
means just that, and stops it. SIGHUP is blocked at start-up, and stays pending until
`SignalHandlers` or `unblock_sighup` unblocks it.

Any of the three interrupts the commands that end by themselves.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

_REPEAT_AFTER = 1.0
"""Seconds until a signal counts as a second one: our parent may pass on a copy of the first."""


def install_interrupt_handlers() -> None:
    """Let a signal interrupt the command, which then finishes its work in flight.

    A second signal interrupts that, too, unless it is a copy of the first.
    """
    received_at = float("-inf")
    terminals = _terminal_streams()

    def interrupt(number: int, _: object) -> None:
        nonlocal received_at
        if time.monotonic() - received_at < _REPEAT_AFTER:
            return
        received_at = time.monotonic()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        if number == signal.SIGHUP:
            _discard_output(terminals)
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, interrupt)
    for name in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(name) is not signal.SIG_IGN:  # by nohup, or a shell's &
            signal.signal(name, interrupt)


def unblock_sighup() -> None:
    """Unblock SIGHUP and deliver a pending one: without `SignalHandlers` it ends the process."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


class SignalHandlers:
    """Handles signals from its creation on; create it in the main thread."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        """Set when the process is to stop."""
        self._runner_stop = self.stop
        self._stopped_at = 0.0
        self._must_reload = False
        # A lock's or a queue's wait misses a signal that comes just before it, or in another
        # thread: our handlers run in the main thread only. The interpreter writes to this pipe.
        self._wakeup, self._waker = os.pipe()
        for end in (self._wakeup, self._waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by nohup
        self._ends_with_terminal = not ignored and _has_terminal()
        self._terminals = _terminal_streams()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._handle_stop)
        signal.signal(signal.SIGHUP, self._handle_sighup)
        unblock_sighup()

    def also_set(self, event: threading.Event) -> None:
        """Set this event, too, when the process is to stop, in place of an earlier one."""
        self._runner_stop = event
        if self.stop.is_set():
            event.set()

    def request_stop(self) -> None:
        """Stop the process; callable from any thread."""
        self.stop.set()
        self._runner_stop.set()
        self._wake_up()

    def wait_for_reloads(self) -> Iterator[None]:
        """Yield whenever the config is to be reloaded; end when the process is to stop."""
        while True:
            select.select([self._wakeup], [], [])
            os.read(self._wakeup, select.PIPE_BUF)
            if self.stop.is_set():
                return
            if self._must_reload:  # one reload serves all requests before it
                self._must_reload = False
                yield

    def _wake_up(self) -> None:
        with suppress(BlockingIOError):  # full, so it is readable
            os.write(self._waker, b"\0")

    # handlers: they run in the main thread, between any two bytecode instructions

    def _handle_sighup(self, number: int, frame: object) -> None:
        if self._ends_with_terminal and not _has_terminal():
            _discard_output(self._terminals)
            self._handle_stop(number, frame)
        else:
            self._must_reload = True
            self._wake_up()

    def _handle_stop(self, number: int, _: object) -> None:
        if not self._stopped_at:
            # before the event: a second signal while that is being set would wait for ever for
            # its lock, which this same thread owns
            self._stopped_at = time.monotonic()
            if not self.stop.is_set():
                self.request_stop()
        elif time.monotonic() - self._stopped_at > _REPEAT_AFTER:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


def _terminal_streams() -> list[int]:
    return [stream for stream in (1, 2) if os.isatty(stream)]


def _discard_output(streams: Sequence[int]) -> None:
    """Redirect streams to /dev/null: each write to a closed terminal would be an error."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(devnull, stream)
    os.close(devnull)


def _has_terminal() -> bool:
    """Whether the process still has its controlling terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True

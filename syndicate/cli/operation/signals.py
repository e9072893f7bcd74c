"""What a running process is told by signals: to stop, and to read its config anew.

SIGINT and SIGTERM stop it, the second of them at once. SIGHUP has it read its config; but
where the terminal that it was started from is gone, SIGHUP says just that, and stops it.
A SIGHUP that comes before a command has begun waits until `SignalHandlers` or `unblock_sighup`.

Commands that end by themselves are broken off by any of the three.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from queue import SimpleQueue

_APART = 1.0
"""Seconds between a first and a second signal: what starts us may pass on one that we have."""


def install_interrupt_handlers() -> None:
    """Have a signal break off what runs; whoever runs finishes then what it has in hand.

    A second one ends that as well, but not what is only the echo of the first.
    """
    heard_at = float("-inf")
    shown = _shown()

    def break_off(number: int, _: object) -> None:
        nonlocal heard_at
        if time.monotonic() - heard_at < _APART:
            return
        heard_at = time.monotonic()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        if number == signal.SIGHUP:
            _speak_to_nobody(shown)
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, break_off)
    for name in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(name) is not signal.SIG_IGN:  # by nohup, or a shell's &
            signal.signal(name, break_off)


def unblock_sighup() -> None:
    """Unblock SIGHUP and deliver a pending one: without `SignalHandlers` it ends the process."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


class SignalHandlers:
    """Listens from its making on; make it in the main thread."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        """Set as soon as the process is to stop, wherever it is then."""
        self._with_it = self.stop
        self._stopped_at = 0.0
        # not an event to wait for: a handler that sets what the main thread waits for may hang
        self._told: SimpleQueue[None] = SimpleQueue()
        ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by nohup
        self._ends_with_terminal = not ignored and _has_terminal()
        self._shown = _shown()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._stop)
        signal.signal(signal.SIGHUP, self._hang_up)
        unblock_sighup()

    def stops(self, event: threading.Event) -> None:
        """Set this event as well when the process is to stop, and no longer the one before."""
        self._with_it = event
        if self.stop.is_set():
            event.set()

    def give_up(self) -> None:
        """Have the process stop; from whatever thread."""
        self.stop.set()
        self._with_it.set()
        self._told.put(None)

    def reloads(self) -> Iterator[None]:
        """Yield whenever the config is to be read anew; end when the process is to stop."""
        while True:
            self._told.get()
            while not self._told.empty():  # one reading serves all who asked before it
                self._told.get()
            if self.stop.is_set():
                return
            yield

    # handlers: they run in the main thread, between any two steps of it

    def _hang_up(self, number: int, frame: object) -> None:
        if self._ends_with_terminal and not _has_terminal():
            _speak_to_nobody(self._shown)
            self._stop(number, frame)
        else:
            self._told.put(None)

    def _stop(self, number: int, _: object) -> None:
        if not self._stopped_at:
            # before the event: another signal may come while that is being set, and would wait
            # for its lock for ever, in the thread that holds it
            self._stopped_at = time.monotonic()
            if not self.stop.is_set():
                self.give_up()
        elif time.monotonic() - self._stopped_at > _APART:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


def _shown() -> list[int]:
    """Return which of stdout and stderr are a terminal."""
    return [stream for stream in (1, 2) if os.isatty(stream)]


def _speak_to_nobody(shown: Sequence[int]) -> None:
    """Write nothing more to a terminal that is gone: each line would be an error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in shown:
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _has_terminal() -> bool:
    """Whether there is a terminal that this process was started from."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True

"""Opens sessions, each in a thread: name look-ups block, and servers may greet late."""

import contextlib
import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import TypeAlias

from syndicate.deliver.loop.relay_pool import RelayState
from syndicate.deliver.loop.wakeup import Wakeup
from syndicate.deliver.smtp.transport import TransportSession

ConnectResult: TypeAlias = tuple[RelayState, TransportSession | BaseException]


class Connector:
    """The sessions that are being opened."""

    def __init__(self) -> None:
        self._results: SimpleQueue[ConnectResult] = SimpleQueue()
        self.wakeup = Wakeup()
        """Notified when a session is open, or failed to open."""
        self.pending = 0

    def connect(self, relay: RelayState) -> None:
        """Begin to open a session."""
        self.pending += 1
        relay.open_sessions += 1
        # daemons: a thread that waits for a connection can't be stopped, and holds no state
        threading.Thread(target=self._open, args=[relay], daemon=True).start()

    def completed(self) -> Iterator[ConnectResult]:
        """Yield each relay with its new session, or with the exception that opening it raised."""
        self.wakeup.clear()
        for relay, opened in self._take_results():
            self.pending -= 1
            if isinstance(opened, BaseException):
                relay.open_sessions -= 1
            yield relay, opened

    def close(self) -> None:
        """Close every session that opens from now on."""
        self.wakeup.close()
        self._close_all()

    def _take_results(self) -> Iterator[ConnectResult]:
        with contextlib.suppress(Empty):
            while True:
                yield self._results.get_nowait()

    def _open(self, relay: RelayState) -> None:
        opened: TransportSession | BaseException
        try:
            opened = relay.transport.open()
        except BaseException as error:  # noqa: BLE001 - a thread's end: the loop raises it
            opened = error
        self._results.put((relay, opened))
        if not self.wakeup.notify():
            self._close_all()

    def _close_all(self) -> None:
        for _, opened in self._take_results():
            if not isinstance(opened, BaseException):
                opened.close()

"""Sessions that are being opened, each in a thread: names are looked up, servers greet late."""

import contextlib
import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import TypeAlias

from syndicate.deliver.loop.relay_pool import RelayState
from syndicate.deliver.loop.wakeup import Wakeup
from syndicate.deliver.smtp.relay import TransportSession

Opened: TypeAlias = tuple[RelayState, TransportSession | BaseException]


class Connector:
    """What is under way to become a session."""

    def __init__(self) -> None:
        self._done: SimpleQueue[Opened] = SimpleQueue()
        self.bell = Wakeup()
        """Rings when an opening is over."""
        self.under_way = 0

    def begin(self, member: RelayState) -> None:
        """Begin to open a session."""
        self.under_way += 1
        member.open += 1
        # daemons: one that can't be stopped, since it waits to be connected, holds nothing
        threading.Thread(target=self._open, args=[member], daemon=True).start()

    def take(self) -> Iterator[Opened]:
        """Go through those that are over: each a session, or what went wrong."""
        self.bell.hush()
        for member, opened in self._over():
            self.under_way -= 1
            if isinstance(opened, BaseException):
                member.open -= 1
            yield member, opened

    def close(self) -> None:
        """Want no more: what is opened from now on is closed again."""
        self.bell.close()
        self._close_all()

    # how

    def _over(self) -> Iterator[Opened]:
        with contextlib.suppress(Empty):
            while True:
                yield self._done.get_nowait()

    def _open(self, member: RelayState) -> None:
        opened: TransportSession | BaseException
        try:
            opened = member.relay.open()
        except BaseException as error:  # noqa: BLE001 - a thread's end: the loop raises it
            opened = error
        self._done.put((member, opened))
        if not self.bell.ring():
            self._close_all()

    def _close_all(self) -> None:
        for _, opened in self._over():
            if not isinstance(opened, BaseException):
                opened.close()

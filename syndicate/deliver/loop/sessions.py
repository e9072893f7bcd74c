"""The sessions of the send loop, open or being opened, and the messages in flight in each.

Each is opened in a thread: name look-ups block, and servers may greet late.
"""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeAlias

from syndicate.deliver.loop.relay_pool import RelayState
from syndicate.deliver.message.outgoing_message import OutgoingMessage
from syndicate.deliver.smtp.transport import TransportSession

OpeningResult: TypeAlias = tuple[RelayState, TransportSession | BaseException]


class Wakeup:
    """Wakes the send loop: becomes readable when any thread calls `notify` (a self-pipe)."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._lock = threading.Lock()
        self._closed = False

    def fileno(self) -> int:
        """Return the descriptor for a selector."""
        return self._reader.fileno()

    def notify(self) -> bool:
        """Make it readable; return False once it is closed."""
        with self._lock:
            if not self._closed:
                with contextlib.suppress(BlockingIOError):  # full: it is readable already
                    self._writer.send(b".")
            return not self._closed

    def clear(self) -> None:
        """Make it unreadable until the next `notify`."""
        with contextlib.suppress(BlockingIOError):
            self._reader.recv(4096)

    def close(self) -> None:
        """Close both sockets; `notify` may still be called."""
        with self._lock:
            self._closed = True
            self._reader.close()
            self._writer.close()


@dataclass(slots=True, eq=False)
class ActiveSession:
    """An open session: the message in flight in it, and the one offered behind."""

    relay: RelayState
    transport: TransportSession
    in_flight: OutgoingMessage | None = None
    """Its body has been handed to the transport."""
    offered: OutgoingMessage | None = None
    """Its envelope has been handed to the transport."""
    ready_for_body: bool = False
    """Whether the server waits for the body of `offered`."""
    writing: bool = False
    """Whether the selector waits until it can be written to."""

    @property
    def busy(self) -> bool:
        """Whether a message is under way in it."""
        return self.in_flight is not None or self.offered is not None

    @property
    def next_message(self) -> OutgoingMessage:
        """The offered message; there has to be one."""
        assert self.offered is not None
        return self.offered

    def send_body(self) -> None:
        """Send the body of the offered message."""
        self.in_flight, self.offered, self.ready_for_body = self.next_message, None, False
        self.transport.send_body(*self.in_flight.message.pieces, dot_free=True)

    def clear(self) -> tuple[OutgoingMessage | None, OutgoingMessage | None]:
        """Remove and return the message in flight, and the one offered."""
        messages = self.in_flight, self.offered
        self.in_flight = self.offered = None
        self.ready_for_body = False
        return messages


class ActiveSessions:
    """The open sessions, those being opened, and the selector that waits for all and for wakeups.

    Iteration goes over a snapshot of the open ones: they may be added and removed meanwhile.
    """

    def __init__(self, *wakeups: Wakeup) -> None:
        """Each of the `wakeups` ends `select`, too."""
        self._all: set[ActiveSession] = set()
        self._opened: SimpleQueue[OpeningResult] = SimpleQueue()
        self.opening = 0
        """How many are being opened."""
        self.wakeup = Wakeup()
        """Notified when a session is open, or failed to open; see `take_opened`."""
        self._selector = selectors.DefaultSelector()
        for wakeup in (self.wakeup, *wakeups):
            self._selector.register(wakeup, selectors.EVENT_READ, wakeup)

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[ActiveSession]:
        return iter(list(self._all))

    @property
    def busy(self) -> bool:
        """Whether a message is under way in any session."""
        return any(session.busy for session in self._all)

    @property
    def idle(self) -> list[ActiveSession]:
        """The sessions with no message under way."""
        return [session for session in self._all if not session.busy]

    def select(self, seconds: float) -> list[ActiveSession | Wakeup]:
        """Wait at most so long, and return the sessions and wakeups that are ready."""
        return [key.data for key, _ in self._selector.select(seconds)]

    def open(self, relay: RelayState) -> None:
        """Begin to open a session."""
        self.opening += 1
        relay.open_sessions += 1
        # daemons: a thread that waits for a connection can't be stopped, and holds no state
        threading.Thread(target=self._open, args=[relay], daemon=True).start()

    def take_opened(self) -> Iterator[OpeningResult]:
        """Yield each relay with its new session, or with the exception that opening it raised."""
        self.wakeup.clear()
        for relay, opened in self._take_results():
            self.opening -= 1
            if isinstance(opened, BaseException):
                relay.open_sessions -= 1
            yield relay, opened

    def add(self, relay: RelayState, transport: TransportSession) -> None:
        """Add a session that was just opened."""
        session = ActiveSession(relay, transport)
        self._all.add(session)
        if transport.fileno() >= 0:
            self._selector.register(transport, selectors.EVENT_READ, session)

    def watch(self, session: ActiveSession) -> None:
        """Wait until a session can be written to, for as long as it has something to write."""
        transport = session.transport
        if transport.wants_write != session.writing and transport.fileno() >= 0:
            session.writing = transport.wants_write
            mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if session.writing else 0)
            self._selector.modify(transport, mask, session)

    def remove(self, session: ActiveSession) -> None:
        """Close a session; it may have been removed before."""
        if session in self._all:
            self._all.discard(session)
            session.relay.open_sessions -= 1
            if session.transport.fileno() >= 0:
                self._selector.unregister(session.transport)
        session.transport.close()

    def close(self) -> None:
        """Close the selector, and every session that opens from now on."""
        self.wakeup.close()
        self._close_opened()
        self._selector.close()

    def _open(self, relay: RelayState) -> None:
        opened: TransportSession | BaseException
        try:
            opened = relay.transport.open()
        except BaseException as error:  # noqa: BLE001 - a thread's end: the loop raises it
            opened = error
        self._opened.put((relay, opened))
        if not self.wakeup.notify():
            self._close_opened()

    def _take_results(self) -> Iterator[OpeningResult]:
        with contextlib.suppress(Empty):
            while True:
                yield self._opened.get_nowait()

    def _close_opened(self) -> None:
        for _, opened in self._take_results():
            if not isinstance(opened, BaseException):
                opened.close()

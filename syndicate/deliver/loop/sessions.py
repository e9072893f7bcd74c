"""The open sessions of the send loop, and the messages in flight in each."""

import selectors
from collections.abc import Iterator
from dataclasses import dataclass

from syndicate.deliver.loop.relay_pool import RelayState
from syndicate.deliver.loop.wakeup import Wakeup
from syndicate.deliver.message.outgoing_message import OutgoingMessage
from syndicate.deliver.smtp.transport import TransportSession


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
    """All open sessions, and the selector that waits for them and for wakeups.

    Iteration goes over a snapshot: sessions may be added and removed meanwhile.
    """

    def __init__(self) -> None:
        self._all: set[ActiveSession] = set()
        self._selector = selectors.DefaultSelector()

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

    def register(self, wakeup: Wakeup) -> None:
        """Let a wakeup end `select`, too."""
        self._selector.register(wakeup, selectors.EVENT_READ, wakeup)

    def select(self, seconds: float) -> list[ActiveSession | Wakeup]:
        """Wait at most so long, and return the sessions and wakeups that are ready."""
        return [key.data for key, _ in self._selector.select(seconds)]

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
        """Close the selector."""
        self._selector.close()

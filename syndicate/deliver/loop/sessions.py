"""The sessions at work in the loop, and what is under way in each."""

import selectors
from collections.abc import Iterator
from typing import TYPE_CHECKING

from syndicate.deliver.loop.relay_pool import RelayState
from syndicate.deliver.loop.wakeup import Wakeup
from syndicate.deliver.smtp.relay import TransportSession

if TYPE_CHECKING:
    from syndicate.deliver.message.outgoing_message import OutgoingMessage


class ActiveSession:
    """A session at work: the copy on its way in it, and the one offered behind."""

    __slots__ = ("current", "invited", "member", "offered", "session", "writing")

    def __init__(self, member: RelayState, session: TransportSession) -> None:
        self.member = member
        self.session = session
        self.current: OutgoingMessage | None = None
        self.offered: OutgoingMessage | None = None
        self.invited = False
        """Whether the body of what is offered is awaited."""
        self.writing = False

    @property
    def busy(self) -> bool:
        """Whether something of it is under way."""
        return self.current is not None or self.offered is not None

    @property
    def next(self) -> "OutgoingMessage":
        """What is offered, where something is."""
        assert self.offered is not None
        return self.offered

    def hand_over(self) -> None:
        """Have the body leave of what is offered."""
        self.current, self.offered, self.invited = self.next, None, False
        self.session.hand_over(*self.current.message.pieces, tame=True)

    def clear(self) -> "tuple[OutgoingMessage | None, OutgoingMessage | None]":
        """Leave it empty; return what was on its way in it, and what was offered."""
        left = self.current, self.offered
        self.current = self.offered = None
        self.invited = False
        return left


class ActiveSessions:
    """All of them, and the waiting for what happens in any, or rings.

    To go through them goes through those that are there when it begins.
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
        """Whether something is under way in any."""
        return any(seat.busy for seat in self._all)

    @property
    def idle(self) -> list[ActiveSession]:
        """Those with nothing under way."""
        return [seat for seat in self._all if not seat.busy]

    def hark(self, bell: Wakeup) -> None:
        """Wait for a bell, too."""
        self._selector.register(bell, selectors.EVENT_READ, bell)

    def wait(self, seconds: float) -> Iterator[ActiveSession | Wakeup]:
        """Wait so long for one that can be read from or written to, or a bell; go through them."""
        for key, _ in self._selector.select(seconds):
            yield key.data

    def take(self, member: RelayState, session: TransportSession) -> None:
        """Have a session work."""
        seat = ActiveSession(member, session)
        self._all.add(seat)
        if session.fileno() >= 0:
            self._selector.register(session, selectors.EVENT_READ, seat)

    def watch(self, seat: ActiveSession) -> None:
        """Wait for a session to be written to as long as it is stuck."""
        if seat.session.stuck != seat.writing and seat.session.fileno() >= 0:
            seat.writing = seat.session.stuck
            mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if seat.writing else 0)
            self._selector.modify(seat.session, mask, seat)

    def leave(self, seat: ActiveSession) -> None:
        """Let a session go, where it hasn't gone."""
        if seat in self._all:
            self._all.discard(seat)
            seat.member.open -= 1
            if seat.session.fileno() >= 0:
                self._selector.unregister(seat.session)
        seat.session.close()

    def close(self) -> None:
        """Wait for nothing more."""
        self._selector.close()

"""How many connections there may be, and whose place a newcomer takes where all are taken."""

from collections.abc import Collection
from itertools import islice
from time import monotonic
from typing import Protocol

_AT_ONCE = 32
"""A part in so many of all places is made free at once: to look at everybody takes time."""
_IN_VAIN = 0.1
"""Seconds in which nobody is looked at again after nobody was idle."""
_LINGER = 64
"""How many may take their time to leave; file descriptors are reserved for them."""


class LimitedConnection(Protocol):
    """A connection."""

    @property
    def idle_until(self) -> float | None:
        """When it ends by itself if nothing comes, on any clock; None while it is in use."""

    def close_if_idle(self) -> bool:
        """End the connection if nothing has come; tell whether it was ended."""


class ConnectionLimit:
    """Keeps places for connections; those that are leaving have none."""

    def __init__(self, places: int | None = None) -> None:
        """Have so many places; None is no limit."""
        self._places = places
        self._leaving: set[LimitedConnection] = set()
        self._next_look = 0.0

    def admits(self, guests: Collection[LimitedConnection]) -> bool:
        """Tell whether there is a place for the last of all guests; an idle one may go for it."""
        if self._places is None or len(guests) - len(self._leaving) <= self._places:
            return True
        return self._make_place(guests)

    def leave(self, guest: LimitedConnection) -> bool:
        """Note that a guest is about to go; tell whether it may take its time."""
        self._leaving.add(guest)
        return len(self._leaving) <= _LINGER

    def left(self, guest: LimitedConnection) -> None:
        """Note that a guest is gone."""
        self._leaving.discard(guest)

    def _make_place(self, guests: Collection[LimitedConnection]) -> bool:
        """Have those leave who have been idle longest; tell whether there is anybody."""
        assert self._places is not None
        now = monotonic()
        if now < self._next_look:
            return False
        idle = [
            (until, number, guest)
            for number, guest in enumerate(guests)
            if (until := guest.idle_until) is not None and guest not in self._leaving
        ]
        wanted = 1 + self._places // _AT_ONCE
        going = set(islice((guest for *_, guest in sorted(idle) if guest.close_if_idle()), wanted))
        if not going:
            self._next_look = now + _IN_VAIN
        self._leaving |= going
        return bool(going)

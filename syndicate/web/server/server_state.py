"""What all connections of a server share: its application, and how many there may be."""

from collections.abc import Awaitable, Callable, Collection
from itertools import islice
from time import monotonic
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from syndicate.web.server.responses import HttpResponse

_BATCH_SHARE = 32
"""The fraction of connections closed at a time, as 1/n: finding idle ones takes a while."""
_SEARCH_PAUSE = 0.1
"""Seconds until the next search after one that found no idle connection."""
_MAX_LINGERING = 64
"""Rejected clients that may linger; file descriptors are reserved for them."""


class LimitedConnection(Protocol):
    """A connection that counts towards the limit."""

    @property
    def idle_until(self) -> float | None:
        """When it closes by itself if nothing comes, on any clock; None while it is in use."""

    def close_if_idle(self) -> bool:
        """Close it if nothing has come; return whether it was closed."""


class ConnectionLimit:
    """Limits how many connections are open; those that are closing don't count."""

    def __init__(self, limit: int | None = None) -> None:
        """Allow this many connections; None for no limit."""
        self._limit = limit
        self._closing: set[LimitedConnection] = set()
        self._next_search = 0.0

    def admit(self, connections: Collection[LimitedConnection]) -> bool:
        """Return whether the newest connection may stay; idle ones may be closed for it."""
        if self._limit is None or len(connections) - len(self._closing) <= self._limit:
            return True
        return self._close_idle(connections, self._limit)

    def may_linger(self, connection: LimitedConnection) -> bool:
        """Stop counting a rejected connection; return whether it may stay open for a moment."""
        self._closing.add(connection)
        return len(self._closing) <= _MAX_LINGERING

    def remove(self, connection: LimitedConnection) -> None:
        """Forget a connection that is closed."""
        self._closing.discard(connection)

    def _close_idle(self, connections: Collection[LimitedConnection], limit: int) -> bool:
        """Close those that have been idle longest; return whether there were any."""
        now = monotonic()
        if now < self._next_search:
            return False
        idle = [
            (until, number, connection)
            for number, connection in enumerate(connections)
            if (until := connection.idle_until) is not None and connection not in self._closing
        ]
        closed = (connection for *_, connection in sorted(idle) if connection.close_if_idle())
        closing = set(islice(closed, 1 + limit // _BATCH_SHARE))
        if not closing:
            self._next_search = now + _SEARCH_PAUSE
        self._closing |= closing
        return bool(closing)


class CurrentApplication:
    """The ASGI application that all connections call, and that can be replaced."""

    def __init__(self, app: ASGIApp, limit: ConnectionLimit) -> None:
        self.connection_limit = limit
        self.replace(app)

    def replace(self, app: ASGIApp) -> None:
        """Have an application answer from the next request on."""
        self._app = app
        self._immediate_response: Callable[[Scope], HttpResponse | None] = getattr(
            app, "immediate_response", lambda _: None
        )
        self.count_refusal: Callable[[int], None] = getattr(app, "count_refusal", lambda _: None)
        """Counts the status of a request that the server refused by itself."""

    # not a coroutine itself: one more for each request would only cost time
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a request."""
        return self._app(scope, receive, send)

    def immediate_response(self, scope: Scope) -> HttpResponse | None:
        """Return the response if that takes no task; None otherwise, and after any exception."""
        try:
            return self._immediate_response(scope)
        except Exception:  # noqa: BLE001 - the ordinary way fails again, responds 500 and logs it
            return None

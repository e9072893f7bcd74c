"""The ASGI application that all connections of a server call, and that can be replaced."""

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from syndicate.web.server.connection_limit import ConnectionLimit
from syndicate.web.server.responses import HttpResponse, immediate_responder


class CurrentApplication:
    """Passes each request on to the current application."""

    def __init__(self, app: ASGIApp, limit: ConnectionLimit | None = None) -> None:
        self.connection_limit = limit or ConnectionLimit()
        self.replace(app)

    def replace(self, app: ASGIApp) -> None:
        """Have an application answer from the next request on."""
        self._app = app
        self._immediate_response = immediate_responder(app)
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

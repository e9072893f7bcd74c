"""The web server in this process: uvicorn in a thread of its own.

Signals are the caller's concern; the scheduler and delivery run beside it.
"""

import asyncio
import resource
import socket
import threading
from collections.abc import Callable
from typing import Self, cast

import uvicorn
from starlette.types import ASGIApp

from syndicate.errors import SyndicateError
from syndicate.web.server.connection import CHECK_INTERVAL, HttpConnection
from syndicate.web.server.listener import BACKLOG, drop_new_connections, is_readable, listen
from syndicate.web.server.server_state import ConnectionLimit, CurrentApplication

__all__ = ["WebServer", "listen"]

_DRAIN_TIME = 1.0
"""Seconds in which connected clients can still send a last request."""
_GRACE = 9.0
"""Seconds until responses under way are aborted, downloads included."""
_STOP_TIMEOUT = 10.0
"""Seconds after which `stop` returns in any case."""
_QUIET = 0.1
"""Seconds without a new connection after which the listener is closed."""
_POLL_INTERVAL = 0.02
_KEEP_ALIVE = 5
"""Seconds that a connection stays open between two requests."""
_RESERVED_DESCRIPTORS = 128
"""File descriptors that are kept free for files and the store."""
_CONNECTION_CLOSE = (b"connection", b"close")


class WebServer:
    """Serves an application on an address from `start` to `stop`, or inside a `with`."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        *,
        listener: socket.socket | None = None,
        shared: bool = False,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """Bind the address; raise SyndicateError when that fails.

        `listener` is a socket of `listen`, for a caller that has to know the port first;
        `shared` means that other processes listen on it too, and accept what waits when this
        one stops. `ended` is called on another thread when the server has stopped or failed.
        """
        self._listener = listener or listen(host, port)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        """The actual port, also where 0 was requested."""
        self._application = CurrentApplication(app, ConnectionLimit(_max_connections()))
        self._uvicorn = _Uvicorn(self._application, shared=shared)
        self._ended = ended
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def url(self) -> str:
        """Its URL, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def is_alive(self) -> bool:
        """Whether it is answering requests."""
        return self._thread.is_alive() and not self._is_over

    def start(self) -> None:
        """Start, and return once it answers; raise SyndicateError when it doesn't."""
        self._thread.start()
        self._uvicorn.ready.wait()
        if not self._uvicorn.started:
            raise SyndicateError(f"the web server on {self.url} did not start")

    def replace_application(self, app: ASGIApp) -> None:
        """Have another application answer from the next request on."""
        self._application.replace(app)

    def begin_shutdown(self) -> None:
        """Begin to stop: from now on responses have `Connection: close`."""
        self._uvicorn.should_exit = True

    def stop(self) -> None:
        """Finish the requests under way and stop; return within ten seconds."""
        self.begin_shutdown()
        if self._thread.ident is not None:
            self._thread.join(_STOP_TIMEOUT)
        self._listener.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            self._uvicorn.run(sockets=[self._listener])
        finally:
            self._uvicorn.ready.set()
            self._is_over = True
            self._ended()


class _Uvicorn(uvicorn.Server):
    """Uvicorn with a `ready` event, timeouts of its own, and a shutdown that drops no client."""

    def __init__(self, app: ASGIApp, *, shared: bool) -> None:
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http=HttpConnection,
            interface="asgi3",
            access_log=False,
            log_config=None,
            # malformed requests of strangers are not worth a line in the log
            log_level="error",
            server_header=False,
            # The client's address decides about access to the outbox: no header may forge it.
            proxy_headers=False,
            lifespan="off",
            ws="none",
            backlog=BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        super().__init__(config)
        self.ready = threading.Event()
        self._shared = shared

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def on_tick(self, counter: int) -> bool:
        """Check all connections every few seconds: a timer for each request would cost time."""
        if counter % (10 * CHECK_INTERVAL) == 0:
            for connection in self._connections:
                connection.check_timeout()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept all pending connections, answer their requests, and only then close."""
        now = asyncio.get_running_loop().time
        started_at = now()
        self.config.encoded_headers = [_CONNECTION_CLOSE]
        await self.on_tick(0)
        for connection in self._connections:
            connection.announce_close()
        if not self._shared:
            await self._drain_backlog(sockets or [], until=started_at + _DRAIN_TIME)
        for server in self.servers:
            server.close()
        while self._connections and now() < started_at + _GRACE:
            if now() > started_at + _DRAIN_TIME:
                for connection in self._connections:
                    connection.close_if_idle()
            await asyncio.sleep(_POLL_INTERVAL)
            await super().on_tick(0)  # updates the Date header
        for connection in self._connections:
            connection.transport.abort()
        if tasks := list(self.server_state.tasks):  # this ends those that wait for a client
            await asyncio.wait(tasks, timeout=_QUIET)
        for task in self.server_state.tasks:
            task.cancel()

    async def _drain_backlog(self, listeners: list[socket.socket], *, until: float) -> None:
        """Accept the clients that have connected before now."""
        now = asyncio.get_running_loop().time
        for listener in listeners:
            drop_new_connections(listener)
        quiet_since = now()
        while now() < min(until, quiet_since + _QUIET):
            await asyncio.sleep(_POLL_INTERVAL)
            if any(is_readable(listener) for listener in listeners):
                quiet_since = now()

    @property
    def _connections(self) -> list[HttpConnection]:
        return cast("list[HttpConnection]", list(self.server_state.connections))


def _max_connections() -> int | None:
    """Return how many connections may be open; None where the system sets no limit."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return None
    return max(descriptors - _RESERVED_DESCRIPTORS, _RESERVED_DESCRIPTORS)

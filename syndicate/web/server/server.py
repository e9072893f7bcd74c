"""The web server in this process: uvicorn in a thread of its own.

Signals are the caller's concern; the scheduler and delivery run beside it.
"""

import asyncio
import resource
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, cast

import uvicorn
from starlette.types import ASGIApp

from syndicate.errors import SyndicateError
from syndicate.web.server.connection import CHECK_INTERVAL, CurrentApplication, HttpConnection
from syndicate.web.server.connection_limit import ConnectionLimit
from syndicate.web.server.listener import BACKLOG, drop_new_connections, is_readable, listen

__all__ = ["WebServer", "listen"]

_LINGER = 1.0
"""Seconds in which a client that is connected can still ask: it is told that this was the last."""
_GRACE = 9.0
"""Seconds that answers under way get to end, downloads included."""
_STOP_WITHIN = 10.0
"""Seconds until `stop` returns, whatever happens."""
_QUIET = 0.1
"""Seconds without anybody new after which the listener is closed."""
_MOMENT = 0.02
_KEEP_ALIVE = 5
"""Seconds that a connection stays open between two requests."""
_RESERVED = 128
"""File descriptors that connections leave to files and to the store."""
_CLOSING = (b"connection", b"close")


class WebServer:
    """An application on an address; it answers from `start` to `stop`, or inside a `with`."""

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
        """Take hold of the address; raise SyndicateError when it can't be had.

        `listener` is a socket of `listen`, for who has to know the port first; `shared`
        says that others go on to listen on it, so that nobody who waits is ours to serve.
        `ended` is called on another thread when it answers no more, for whatever reason.
        """
        self._listener = listener or listen(host, port)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        """The port it listens on, also where 0 was asked for."""
        self._front = CurrentApplication(app, ConnectionLimit(_places()))
        self._uvicorn = _Uvicorn(_configuration(self._front), shared=shared)
        self._ended = ended
        self._over = False
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether it is answering."""
        return self._thread.is_alive() and not self._over

    def start(self) -> None:
        """Begin to answer; return once it does."""
        self._thread.start()
        self._uvicorn.ready.wait()
        if not self._uvicorn.started:
            raise SyndicateError(f"the web server on {self.url} did not come up")

    def swap(self, app: ASGIApp) -> None:
        """Have another application answer from the next request on; those under way go on."""
        self._front.put(app)

    def wind_down(self) -> None:
        """Begin to stop: who is connected is answered and told that it was the last time."""
        self._uvicorn.should_exit = True

    def stop(self) -> None:
        """Take no more requests, let those under way end, and return within ten seconds."""
        self.wind_down()
        if self._thread.ident is not None:
            self._thread.join(_STOP_WITHIN)
        self._listener.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            self._uvicorn.run(sockets=[self._listener])
        finally:
            self._uvicorn.ready.set()
            self._over = True
            self._ended()


class _Uvicorn(uvicorn.Server):
    """Uvicorn that tells when it is ready, looks after its connections, and drops nobody."""

    def __init__(self, config: uvicorn.Config, *, shared: bool) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._shared = shared

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def on_tick(self, counter: int) -> bool:
        """Look at all connections once in a while: a timer for each request would cost time."""
        if counter % (10 * CHECK_INTERVAL) == 0:
            for connection in self._connections:
                connection.look()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept who is at the door, answer who has asked, and only then close."""
        now = asyncio.get_running_loop().time
        begun = now()
        self.config.encoded_headers = [_CLOSING]
        await self.on_tick(0)
        for connection in self._connections:
            connection.say_goodbye()
        if not self._shared:
            await self._empty_the_queue(sockets or [], until=begun + _LINGER)
        for server in self.servers:
            server.close()
        while self._connections and now() < begun + _GRACE:
            if now() > begun + _LINGER:
                for connection in self._connections:
                    connection.close_if_idle()
            await asyncio.sleep(_MOMENT)
            await super().on_tick(0)  # the Date
        for connection in self._connections:
            connection.transport.abort()
        if tasks := list(self.server_state.tasks):  # those that wait for a client end by this
            await asyncio.wait(tasks, timeout=_QUIET)
        for task in self.server_state.tasks:
            task.cancel()

    async def _empty_the_queue(self, listeners: list[socket.socket], *, until: float) -> None:
        """Accept whoever connected before now."""
        now = asyncio.get_running_loop().time
        for listener in listeners:
            drop_new_connections(listener)
        quiet_since = now()
        while now() < min(until, quiet_since + _QUIET):
            await asyncio.sleep(_MOMENT)
            if any(is_readable(listener) for listener in listeners):
                quiet_since = now()

    @property
    def _connections(self) -> list[HttpConnection]:
        return cast("list[HttpConnection]", list(self.server_state.connections))


def _configuration(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=HttpConnection,
        interface="asgi3",
        access_log=False,
        log_config=None,
        # what strangers send is their mistake, and no line in the log
        log_level="error",
        server_header=False,
        # The client's address decides who may see the outbox: nobody else may name it.
        proxy_headers=False,
        lifespan="off",
        ws="none",
        backlog=BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
    )


def _places() -> int | None:
    """Return how many connections there may be; None where the system sets no limit."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return None
    return max(descriptors - _RESERVED, _RESERVED)

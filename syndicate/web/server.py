"""The web server in this process: uvicorn in a thread of its own.

Signals are the caller's concern; the scheduler and delivery run beside it.
"""

import errno
import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from syndicate.errors import SyndicateError

_GRACE = 3
"""Seconds that requests under way get to end."""
_STOP_WITHIN = 5
"""Seconds until `stop` returns, whatever happens."""


class Server:
    """An application on an address; it answers from `start` to `stop`, or inside a `with`."""

    def __init__(
        self, app: ASGIApp, host: str, port: int, *, listener: socket.socket | None = None
    ) -> None:
        """Take hold of the address; raise SyndicateError when it can't be had.

        `listener` is a socket of `listen`, for who has to know the port first.
        """
        self._listener = listener or listen(host, port)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        """The port it listens on, also where 0 was asked for."""
        self._uvicorn = _Uvicorn(_configuration(app))
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether it is answering."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to answer; return once it does."""
        self._thread.start()
        self._uvicorn.ready.wait()
        if not self._uvicorn.started:
            raise SyndicateError(f"the web server on {self.url} did not come up")

    def stop(self) -> None:
        """Take no more requests, let those under way end, and return within five seconds."""
        self._uvicorn.should_exit = True
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


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise SyndicateError, naming the remedy, when there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise SyndicateError(
            f"{host!r} is no address of this machine; choose one with --host, such as 127.0.0.1"
        ) from error
    # "localhost" may be ::1 first, and the addresses we print say 127.0.0.1.
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise _refusal(error, host, port) from error
    return listener


def _refusal(error: OSError, host: str, port: int) -> SyndicateError:
    if error.errno == errno.EADDRINUSE:
        return SyndicateError(
            f"port {port} is in use by another program; choose a free one with --port, "
            "or with port under [web] in config.toml"
        )
    if error.errno == errno.EACCES:
        return SyndicateError(
            f"port {port} is not ours to use; choose one above 1023 with --port, "
            "and have a proxy stand before it"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return SyndicateError(
            f"{host} is no address of this machine; choose one with --host, such as 127.0.0.1"
        )
    return SyndicateError(f"can't listen on {host}, port {port}: {error.strerror}")


class _Uvicorn(uvicorn.Server):
    """Uvicorn that tells when it is ready, so that nobody has to poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _configuration(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        # The client's address decides who may see the outbox: nobody else may name it.
        proxy_headers=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_GRACE,
    )

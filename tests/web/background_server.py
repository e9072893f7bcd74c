"""Servers whose shutdown no test waits for: it takes a fifth of a second."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from syndicate.web.server.server import WebServer

_shutting_down: list[WebServer] = []


@contextmanager
def running(app: ASGIApp, listener: socket.socket) -> Iterator[WebServer]:
    """Serve an application on loopback; the end of the block begins the shutdown.

    The tests of the server itself look at how it stops.
    """
    port = listener.getsockname()[1]
    server = WebServer(app, "127.0.0.1", port, listener=listener)
    server.start()
    try:
        yield server
    finally:
        server.begin_shutdown()
        _shutting_down.append(server)
        for stopped in [other for other in _shutting_down if not other.is_alive]:
            stopped.stop()  # closes its listener
            _shutting_down.remove(stopped)

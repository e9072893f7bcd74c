"""Servers that nobody waits for at the end: to stop in order takes a fifth of a second."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from syndicate.web.server.server import WebServer

_leaving: list[WebServer] = []


@contextmanager
def running(app: ASGIApp, listener: socket.socket) -> Iterator[WebServer]:
    """Serve an application on loopback; at the end of the block the server winds down by itself.

    How a server stops is what its own tests look at.
    """
    port = listener.getsockname()[1]
    server = WebServer(app, "127.0.0.1", port, listener=listener)
    server.start()
    try:
        yield server
    finally:
        server.begin_shutdown()
        _leaving.append(server)
        for gone in [each for each in _leaving if not each.is_alive]:
            gone.stop()  # its listener is closed by this
            _leaving.remove(gone)

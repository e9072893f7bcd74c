"""Clients that send bytes of their own, and applications that count what comes."""

import asyncio
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from syndicate.web.server.connection import HttpConnection
from syndicate.web.server.responses import HttpResponse, plain_text
from syndicate.web.server.server import WebServer

HOST = b"host: x\r\n"
ASK = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
CLOSE = b"GET / HTTP/1.1\r\nconnection: close\r\n" + HOST + b"\r\n"
CHUNKED = b"GET / HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n"
LARGE = bytes(12_000_000)


class CountingApp:
    """An application that responds immediately, or in a task, and counts refusals.

    A task waits while `busy`.
    """

    def __init__(self, *, at_once: bool, body: bytes = b"hello", busy: bool = False) -> None:
        self._at_once = at_once
        self._body = body
        self.busy = busy
        self.refusals: Counter[int] = Counter()
        self.calls = 0
        self.immediate_responses = 0

    async def __call__(self, scope, receive, send) -> None:
        self.calls += 1
        while self.busy:  # noqa: ASYNC110 - as below
            await asyncio.sleep(0.005)  # another thread says when
        await PlainTextResponse(self._body)(scope, receive, send)

    def immediate_response(self, _: object) -> HttpResponse | None:
        self.immediate_responses += self._at_once
        return plain_text(HTTPStatus.OK, self._body.decode()) if self._at_once else None

    def count_refusal(self, status: int) -> None:
        self.refusals[status] += 1


async def echo(scope, receive, send) -> None:
    """Answer with the body of the request."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(body)(scope, receive, send)


BOTH = pytest.mark.parametrize("at_once", [True, False], ids=["at once", "by a task"])


class Connector:
    """Opens connections to a server."""

    def __init__(self, server: WebServer, clients: ExitStack) -> None:
        self._server = server
        self._clients = clients

    def __call__(self) -> socket.socket:
        """Connect."""
        address = ("127.0.0.1", self._server.port)
        return self._clients.enter_context(socket.create_connection(address, timeout=60))

    @property
    def open(self) -> int:
        """How many connections the server has."""
        return len(self.connections)

    @property
    def connections(self) -> list[HttpConnection]:
        """The server's side of each."""
        return self._server._uvicorn._connections


@contextmanager
def serving(app: ASGIApp) -> Iterator[Connector]:
    """Run a server; yield what connects to it."""
    with WebServer(app, "127.0.0.1", 0) as server, ExitStack() as clients:
        yield Connector(server, clients)


def read_to_end(client: socket.socket) -> bytes:
    """Read until the server has closed the connection."""
    return b"".join(iter(lambda: client.recv(1 << 20), b""))


def read_until(client: socket.socket, is_whole: Callable[[bytes], object]) -> bytes:
    """Read until what was received is whole: head and body may come one after the other."""
    received = b""
    while not is_whole(received):
        piece = client.recv(65536)
        assert piece, received
        received += piece
    return received


def read_response(client: socket.socket) -> bytes:
    """Read a response whose body has a length."""

    def is_whole(received: bytes) -> bool:
        head, end, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head)
        return bool(end) and len(body) >= int(length[1] if length else 0)

    return read_until(client, is_whole)


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", received)]


def request_status(client: socket.socket) -> int:
    """Send a request, and return the status of the response."""
    client.sendall(ASK)
    [status] = statuses(read_response(client))
    return status


def answers(client: socket.socket, count: int) -> list[int]:
    """Return the statuses of so many responses."""
    return statuses(read_until(client, lambda received: received.count(b"hello") >= count))

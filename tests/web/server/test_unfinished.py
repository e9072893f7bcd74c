"""What strangers leave unfinished makes no line in the log, and is no failure of ours."""

import asyncio
import logging
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from syndicate.web.app import application
from syndicate.web.server.server import WebServer
from tests.until import until

pytestmark = pytest.mark.neighbours

FORM = b"content-type: application/x-www-form-urlencoded\r\n"
JSON = b"content-type: application/json\r\n"
PATHS = [
    *(b"/signup", b"/api/signup", b"/unsubscribe/x", b"/preferences/x", b"/confirm/x"),
    *(b"/hub", b"/rss.xml", b"/nowhere"),
]
RESET = struct.pack("ii", 1, 0)


def post(
    path: bytes, headers: bytes = b"content-length: 100\r\n", body: bytes = b"email=a"
) -> bytes:
    kind = JSON if b"api" in path else FORM
    return b"POST " + path + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n" + kind + headers + b"\r\n" + body


def leave(client: socket.socket) -> None:
    client.close()


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()


def fall_silent(client: socket.socket) -> None:
    client.shutdown(socket.SHUT_WR)
    with suppress(ConnectionError):
        while client.recv(65536):
            pass
    client.close()


def wait_to_be_cut_off(client: socket.socket) -> None:
    client.settimeout(60)
    with suppress(ConnectionError):
        while client.recv(65536):
            pass
    client.close()


WAYS = [leave, reset, fall_silent, wait_to_be_cut_off]
REQUESTS = {
    "half a body": post,
    "no body": lambda path: post(path, body=b""),
    "half of its chunks": lambda path: post(
        path, b"transfer-encoding: chunked\r\n", b"7\r\nemail=a\r\n"
    ),
    "half a chunk": lambda path: post(path, b"transfer-encoding: chunked\r\n", b"70\r\nemail=a"),
    "chunks that are none": lambda path: post(path, b"transfer-encoding: chunked\r\n", b"ZZ\r\n"),
    "a body that waits": lambda path: post(
        path, b"content-length: 9\r\nexpect: 100-continue\r\n", b""
    ),
    "a body and another": lambda path: post(path, body=b"a" * 100) + post(path),
    "an upgrade": lambda path: post(
        path, b"content-length: 9\r\nconnection: upgrade\r\nupgrade: x\r\n"
    ),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up a client at the first look that finds nothing new."""
    monkeypatch.setattr("syndicate.web.server.connection.RECEIVE_TIMEOUT", 1)
    monkeypatch.setattr("syndicate.web.server.server.CHECK_INTERVAL", 0.2)


@pytest.fixture
def server(sqlite_store, publication) -> Iterator[WebServer]:
    app = application(sqlite_store, publication(websub={"own": True}))
    with WebServer(app, "127.0.0.1", 0) as server:
        yield server


def at_rest(server: WebServer) -> bool:
    """Whether nobody is connected, and nothing is under way."""
    state = server._uvicorn.server_state
    return not state.connections and not state.tasks


def counted(server: WebServer) -> Counter[str]:
    """Return how many requests were counted, by status."""
    text = httpx.get(f"{server.url}/metrics", trust_env=False).text
    found: Counter[str] = Counter()
    for status, number in re.findall(r'requests_total\{.*status="(\d+)".*\} ([\d.]+)', text):
        found[status] += int(float(number))
    return found


def nothing_told(caplog, capfd) -> bool:
    """Whether nothing is in the log, nor on stderr."""
    loud = [record for record in caplog.records if record.levelno >= logging.WARNING]
    return (loud, capfd.readouterr().err) == ([], "")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_an_unfinished_request_makes_no_line_and_no_500(server, caplog, capfd, request_):
    with ThreadPoolExecutor(8) as clients:
        for way in WAYS:
            for path in PATHS:
                connection = socket.create_connection(("127.0.0.1", server.port))
                connection.sendall(request_(path))
                if way is not wait_to_be_cut_off:
                    time.sleep(0.005)  # some of them are read before they are left
                clients.submit(way, connection)
    until(lambda: at_rest(server))
    statuses = counted(server)
    assert statuses["499"] > 0
    assert not [status for status in statuses if status.startswith("5")]
    assert nothing_told(caplog, capfd)


class Waiting:
    """An application that reads a request, waits to be let go on, and answers at length."""

    def __init__(self) -> None:
        self.asked = 0
        self.gone = 0
        self.go_on = False

    async def __call__(self, scope, receive, send) -> None:
        await Request(scope, receive).body()
        self.asked += 1
        while not self.go_on:  # noqa: ASYNC110 - another thread says when
            await asyncio.sleep(0.005)
        await PlainTextResponse(bytes(200_000))(scope, receive, send)
        self.gone += (await receive())["type"] == "http.disconnect"


@pytest.mark.parametrize("way", [leave, reset, fall_silent], ids=lambda way: way.__name__)
@pytest.mark.parametrize("ahead", [0, 1, 100])
def test_nor_does_who_leaves_while_answers_are_under_way(caplog, capfd, way, ahead):
    app = Waiting()
    with WebServer(app, "127.0.0.1", 0) as server:
        connection = socket.create_connection(("127.0.0.1", server.port))
        ask = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
        connection.sendall(ask * (1 + ahead))
        until(lambda: app.asked)
        leaving = threading.Thread(target=way, args=(connection,))
        leaving.start()
        if way is reset and not ahead:  # with more to read, the end isn't seen yet
            until(lambda: not server._uvicorn.server_state.connections)
        app.go_on = True
        leaving.join()
        until(lambda: at_rest(server))
    assert app.gone == app.asked
    assert nothing_told(caplog, capfd)


def test_nor_does_who_is_cut_off_when_the_server_stops(caplog, capfd, monkeypatch):
    monkeypatch.setattr("syndicate.web.server.server._GRACE", 0.1)
    monkeypatch.setattr("syndicate.web.server.server._DRAIN_TIME", 0.1)

    async def endless(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200})
        while (await receive())["type"] != "http.disconnect":
            pass

    with WebServer(endless, "127.0.0.1", 0) as server:
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" + post(b"/"))
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    connection.close()
    assert nothing_told(caplog, capfd)

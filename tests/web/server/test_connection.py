"""Connections: what clients send, byte by byte, and how many connections there may be."""

import asyncio
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from syndicate.web.server.connection import MAX_HEAD, MAX_PIPELINED, PARSE_SIZE, HttpConnection
from syndicate.web.server.responses import HttpResponse, plain_text
from syndicate.web.server.server import WebServer
from tests.until import until

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


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable timeouts, so that a test sees what else ends a connection."""
    monkeypatch.setattr("syndicate.web.server.connection.RECEIVE_TIMEOUT", 10_000)
    monkeypatch.setattr("syndicate.web.server.connection.SEND_TIMEOUT", 10_000)
    monkeypatch.setattr("syndicate.web.server.server._KEEP_ALIVE", 3600)


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


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", received)]


def request_status(client: socket.socket) -> int:
    """Send a request, and return the status of the response."""
    client.sendall(ASK)
    [status] = statuses(client.recv(65536))
    return status


def answers(client: socket.socket, count: int) -> list[int]:
    """Return the statuses of so many responses."""
    received = b""
    while received.count(b"hello") < count:
        piece = client.recv(65536)
        assert piece, received
        received += piece
    return statuses(received)


# hosts


@BOTH
@pytest.mark.parametrize("hosts", [b"", HOST * 2, HOST + b"Host: y\r\n"])
def test_a_request_that_names_no_host_or_two_is_refused(at_once, hosts):
    app = CountingApp(at_once=at_once)
    with serving(app) as connect:
        client = connect()
        client.sendall(ASK + b"GET / HTTP/1.1\r\n" + hosts + b"a: b\r\n\r\n" + ASK)
        received = read_to_end(client)
        # with an answer under way nothing is sent: it would be taken for another response
        assert statuses(received) == ([200, 400] if at_once else [200])
        again = connect()
        again.sendall(b"GET / HTTP/1.1\r\n" + hosts + b"\r\n")
        assert statuses(read_to_end(again)) == [400]
        assert app.refusals == {400: 2 if at_once else 1}


@pytest.mark.parametrize(
    "host",
    [
        *(b"a b", b"anna@x", b"x/y", b"x?y", b"x#y", b"x\\y", b"<x>", b'"x"', b"x:80:90", b"x\xe4"),
        *(b"x:y", b"x:-1", b"x:99999", b"x:" + b"9" * 5000, b"[::1", b"::1", b"[x]", b"[1.2.3.4]"),
        *(b"x%", b"x%zz", b"{x}", b"^", b"`x`", b"|", b"http://x"),
    ],
)
@BOTH
def test_a_host_that_is_none_is_refused(at_once, host):
    app = CountingApp(at_once=at_once)
    with serving(app) as connect:
        client = connect()
        client.sendall(ASK.replace(HOST, b"host: " + host + b"\r\n"))
        assert statuses(read_to_end(client)) == [400]
    assert app.calls + app.immediate_responses == 0
    assert app.refusals == {400: 1}


@pytest.mark.parametrize(
    "host",
    [
        *(b"x", b"www.example.org", b"www.example.org.", b"x:80", b"x:", b"127.0.0.1:8000", b""),
        *(b"[::1]", b"[::ffff:127.0.0.1]:8000", b"my_host", b"xn--bcher-kva.example", b"%61b"),
    ],
)
def test_every_kind_of_host_that_there_is_is_served(host):
    with serving(CountingApp(at_once=True)) as connect:
        client = connect()
        client.sendall(CLOSE.replace(HOST, b"host: " + host + b"\r\n"))
        assert statuses(read_to_end(client)) == [200]


@pytest.mark.parametrize("method", [b"FOO", b"get", b"GETX", b"X-Y_z", b"PROPFIND", b"M-SEARCH"])
def test_a_method_that_nobody_knows_is_not_implemented(method):
    app = CountingApp(at_once=True)
    with serving(app) as connect:
        client = connect()
        assert request_status(client) == 200
        client.sendall(ASK.replace(b"GET", method))
        assert statuses(read_to_end(client)) == [501]
    assert app.refusals == {501: 1}


@pytest.mark.parametrize(
    "line", [b"\x16\x03\x01\x02\r\n\r\n", b"FOO /\r\n\r\n", b"FOO / HTTP/3\r\n"]
)
def test_what_is_no_request_at_all_is_refused_as_such(line):
    with serving(CountingApp(at_once=True)) as connect:
        client = connect()
        client.sendall(line)
        assert statuses(read_to_end(client)) == [400]


@pytest.mark.parametrize("line", [b"", b"HOST: x\r\n", b"host:\r\n"])
def test_a_request_of_old_needs_no_host(line):
    with serving(CountingApp(at_once=True)) as connect:
        client = connect()
        client.sendall(b"GET / HTTP/1.0\r\n" + line + b"\r\n")
        assert statuses(read_to_end(client)) == [200]


def test_a_client_that_waits_before_its_body_is_told_to_go_on():
    async def reading(scope, receive, send):
        body = (await receive())["body"]
        await PlainTextResponse(body)(scope, receive, send)

    ask = b"POST / HTTP/1.1\r\nExpect: 100-Continue\r\ncontent-length: 2\r\n" + HOST
    with serving(reading) as connect:
        client = connect()
        client.sendall(ask + b"\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"ok")
        assert client.recv(1000).endswith(b"ok")


# bodies that are none


def test_a_malformed_body_adds_no_second_answer_to_one_that_is_out():
    app = CountingApp(at_once=True)
    with serving(app) as connect:
        for pieces in ([CHUNKED + b"ZZ\r\n"], [CHUNKED, b"ZZ\r\n"]):
            client = connect()
            for piece in pieces:
                client.sendall(piece)
                time.sleep(0.05)
            assert statuses(read_to_end(client)) == [200]
    assert not app.refusals


def test_a_malformed_body_is_refused_while_there_is_no_answer_yet():
    app = CountingApp(at_once=False, busy=True)
    with serving(app) as connect:
        client = connect()
        client.sendall(CHUNKED + b"ZZ\r\n")
        assert statuses(read_to_end(client)) == [400]
        app.busy = False
    assert app.refusals == {400: 1}


def test_nonsense_after_a_request_leaves_the_answer_whole():
    app = CountingApp(at_once=False, body=LARGE, busy=True)
    with serving(app) as connect:
        client = connect()
        client.sendall(ASK + b"NONSENSE\r\n\r\n")
        until(lambda: app.calls)
        app.busy = False
        received = read_to_end(client)
        assert (statuses(received), received.endswith(LARGE)) == ([200], True)


@BOTH
def test_nonsense_is_refused_and_counted(at_once):
    app = CountingApp(at_once=at_once)
    with serving(app) as connect:
        client = connect()
        assert request_status(client) == 200
        client.sendall(b"NONSENSE\r\n\r\n")
        assert statuses(read_to_end(client)) == [400]
    assert app.refusals == {400: 1}


@BOTH
@pytest.mark.parametrize(
    "start", [b"0\r\na: ", b"0\r\n", b"5;a="], ids=["one trailer", "trailers", "an extension"]
)
def test_what_a_chunked_body_has_beside_its_content_ends_somewhere(at_once, start):
    app = CountingApp(at_once=at_once, busy=True)
    filler = b"b:\r\n" if start == b"0\r\n" else b"bbbb"
    with serving(app) as connect:
        client = connect()
        client.sendall(CHUNKED + start)
        for _ in range(9):  # and no more, as below
            client.sendall(filler * (MAX_HEAD // 32))
            time.sleep(0.01)
        assert statuses(read_to_end(client)) == ([200] if at_once else [431])
        app.busy = False


@pytest.mark.parametrize("size", [1, 2, 4095])
def test_a_long_body_may_come_in_chunks_of_any_size(size):
    body = (b"\r\n\r\n0123" * 20_000)[: 20 * MAX_HEAD if size > 2 else MAX_HEAD]
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    coded = b"".join(b"%x;a=b\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    with serving(echo) as connect:
        client = connect()
        sending = threading.Thread(
            target=client.sendall, args=(CHUNKED + coded + b"0\r\na: b\r\n\r\n" + CLOSE,)
        )
        sending.start()
        received = read_to_end(client)
        sending.join()
    assert statuses(received) == [200, 200]
    assert body in received


def test_a_body_is_read_no_further_than_the_application_takes_it():
    app = CountingApp(at_once=False, busy=True)

    async def count_later(scope, receive, send):
        app.calls += 1
        while app.busy:  # noqa: ASYNC110 - another thread says when
            await asyncio.sleep(0.005)
        body = await Request(scope, receive).body()
        await PlainTextResponse(str(len(body)))(scope, receive, send)

    with serving(count_later) as connect:
        client = connect()
        client.sendall(CLOSE[:-2] + b"content-length: %d\r\n\r\n" % len(LARGE))
        until(lambda: app.calls)
        [connection] = connect.connections
        client.settimeout(0.5)
        sent = 0
        with suppress(TimeoutError):  # the system's buffers are full: nobody reads them
            while sent < len(LARGE):
                sent += client.send(LARGE[sent : sent + 65536])
        assert len(connection.cycle.body) < 1 << 20
        app.busy = False
        client.settimeout(60)
        client.sendall(LARGE[sent:])
        assert read_to_end(client).endswith(b"%d" % len(LARGE))


# clients that say no more


@BOTH
def test_who_has_asked_and_says_no_more_gets_the_whole_answer(at_once):
    app = CountingApp(at_once=at_once, body=LARGE, busy=True)
    with serving(app) as connect:
        client = connect()
        client.sendall(ASK)
        client.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        app.busy = False
        assert read_to_end(client).endswith(LARGE)


@pytest.mark.parametrize("sent", [b"", ASK[:-2], CHUNKED + b"5\r\nhel"])
def test_who_says_no_more_in_the_middle_is_let_go(sent):
    async def reading(scope, receive, send):
        while (await receive()).get("more_body"):
            pass

    with serving(reading) as connect:
        client = connect()
        client.sendall(sent)
        time.sleep(0.1)
        client.shutdown(socket.SHUT_WR)
        assert read_to_end(client) == b""


# many requests


def test_a_client_that_asks_for_more_and_more_is_read_no_further_than_it_is_answered():
    app = CountingApp(at_once=False, busy=True)
    with serving(app) as connect:
        client = connect()
        client.setblocking(False)
        sent = 0
        with suppress(BlockingIOError):  # the system's buffers are full: nobody reads them
            while True:
                sent += client.send(ASK * 1000)
                time.sleep(0.001)
        until(lambda: app.calls == 1)
        [connection] = connect.connections
        assert len(connection.pipeline) < MAX_PIPELINED + PARSE_SIZE / len(ASK)
        assert len(connection._unparsed) < 1 << 20
        app.busy = False
        client.settimeout(60)
        assert answers(client, sent // len(ASK)) == [200] * (sent // len(ASK))


@BOTH
@pytest.mark.parametrize("count", [MAX_PIPELINED + 2, 200, 5000])
def test_all_requests_that_come_in_one_piece_are_answered(at_once, count):
    with serving(CountingApp(at_once=at_once)) as connect:
        client = connect()
        last = ASK.replace(HOST, HOST + b"connection: close\r\n")
        client.sendall(ASK * (count - 1) + last)
        assert statuses(read_to_end(client)) == [200] * count


def test_requests_with_bodies_are_answered_in_their_order_however_many_come():
    bodies = [b"%06d" % number * 300 for number in range(300)]
    head = b"POST / HTTP/1.1\r\n" + HOST + b"content-length: 1800\r\n\r\n"
    with serving(echo) as connect:
        client = connect()
        asks = b"".join(head + body for body in bodies)
        threading.Thread(target=client.sendall, args=(asks + CLOSE,)).start()
        received = read_to_end(client)
    assert re.findall(rb"\d{1800}", received) == bodies


def test_of_a_body_that_nobody_reads_no_more_is_kept_than_a_little():
    app = CountingApp(at_once=False, busy=True)
    with serving(app) as connect:
        client = connect()
        client.setblocking(False)
        with suppress(BlockingIOError):  # the system's buffers are full
            client.send(b"POST / HTTP/1.1\r\ncontent-length: 1000000000\r\n" + HOST + b"\r\n")
            while True:
                client.send(bytes(1 << 20))
                time.sleep(0.001)
        until(lambda: app.calls == 1)
        [connection] = connect.connections
        assert len(connection.cycle.body) < 1 << 20
        app.busy = False


@BOTH
def test_nothing_after_a_request_that_is_to_be_the_last_is_looked_at(at_once):
    app = CountingApp(at_once=at_once)
    with serving(app) as connect:
        for last in (CLOSE, b"GET / HTTP/1.0\r\n\r\n"):
            client = connect()
            client.sendall(last + ASK + b"NONSENSE\r\n\r\n")
            assert statuses(read_to_end(client)) == [200]
    assert app.calls + app.immediate_responses == 2
    assert not app.refusals


def test_heads_that_came_whole_are_not_counted_to_the_one_after_them():
    with serving(CountingApp(at_once=True)) as connect:
        client = connect()
        many = MAX_HEAD // len(ASK) + 10
        sending = threading.Thread(target=client.sendall, args=(ASK * many + ASK[:10],))
        sending.start()
        assert answers(client, many) == [200] * many
        sending.join()
        client.sendall(ASK[10:])
        assert statuses(client.recv(65536)) == [200]


def test_a_head_without_an_end_is_refused_and_counted():
    app = CountingApp(at_once=True)
    with serving(app) as connect:
        client = connect()
        client.sendall(ASK + ASK[:-2] + b"x: ")
        for _ in range(8):  # and no more: who is hung up on may lose what was sent last
            client.sendall(b"x" * (MAX_HEAD // 8))
            time.sleep(0.01)
        assert statuses(read_to_end(client)) == [200, 431]
    assert app.refusals == {431: 1}


# many clients


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit the server to three connections."""
    monkeypatch.setattr("syndicate.web.server.server._max_connections", lambda: 3)


@pytest.mark.usefixtures("three")
def test_where_all_are_busy_a_newcomer_is_refused_and_the_others_go_on():
    app = CountingApp(at_once=False)
    with serving(app) as connect:
        busy = [connect() for _ in range(3)]
        for turn in (1, 2):
            app.busy = True
            for client in busy:
                client.sendall(ASK)
            until_called(app, 3 * turn)
            for asks in (b"", ASK):
                newcomer = connect()
                newcomer.sendall(asks)
                received = read_to_end(newcomer)
                assert statuses(received) == [503]
                assert b"\r\nretry-after: 5\r\n" in received
            app.busy = False
            assert [statuses(client.recv(65536)) for client in busy] == [[200]] * 3
    assert app.refusals == {503: 4}


@pytest.mark.usefixtures("three")
def test_a_newcomer_takes_the_place_of_who_has_been_idle_longest():
    app = CountingApp(at_once=True)
    with serving(app) as connect:
        guests = [connect() for _ in range(3)]
        for client in (guests[1], guests[0], guests[2]):
            assert request_status(client) == 200
            time.sleep(0.02)
        newcomer = connect()
        assert request_status(newcomer) == 200
        assert read_to_end(guests[1]) == b""
        assert [request_status(client) for client in (guests[0], guests[2], newcomer)] == [200] * 3
    assert not app.refusals


@pytest.mark.usefixtures("three")
def test_who_has_just_come_keeps_the_place():
    app = CountingApp(at_once=True)
    with serving(app) as connect:
        silent = [connect() for _ in range(3)]
        assert statuses(read_to_end(connect())) == [503]
        assert [request_status(client) for client in silent] == [200] * 3


@pytest.mark.usefixtures("three")
def test_who_never_asked_loses_the_place_in_time(monkeypatch):
    monkeypatch.setattr("syndicate.web.server.server.CHECK_INTERVAL", 0.5)
    with serving(CountingApp(at_once=True)) as connect:
        silent = [connect() for _ in range(3)]
        until(lambda: _late_status(connect()) == 200)
        assert sum(_gone(client) for client in silent) == 1


def _late_status(client: socket.socket) -> int:
    time.sleep(0.1)
    return request_status(client)


def until_called(app: CountingApp, count: int) -> None:
    until(lambda: app.calls == count)


def _gone(client: socket.socket) -> bool:
    client.settimeout(0.1)
    try:
        return client.recv(1) == b""
    except TimeoutError:
        return False


@pytest.mark.usefixtures("three")
def test_places_become_free_again():
    app = CountingApp(at_once=False)
    with serving(app) as connect:
        for turn in (1, 2, 3):
            app.busy = True
            busy = [connect() for _ in range(3)]
            for client in busy:
                client.sendall(ASK)
            until_called(app, 3 * turn)
            refused = [connect() for _ in range(5)]
            assert [statuses(read_to_end(client)) for client in refused] == [[503]] * 5
            app.busy = False
            assert [statuses(client.recv(65536)) for client in busy] == [[200]] * 3
            for client in (*busy, *refused):
                client.close()
            until(lambda: not connect.open)

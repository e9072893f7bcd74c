"""The web server as a part of a larger process."""

import asyncio
import re
import socket
import threading
import time
from contextlib import suppress

import httpx
import pytest
from starlette.responses import PlainTextResponse

from syndicate.errors import SyndicateError
from syndicate.web.server.connection import MAX_HEAD
from syndicate.web.server.server import WebServer, listen
from tests.ports import free_port
from tests.until import until
from tests.web.server.http_clients import read_response, read_to_end
from tests.web.steady_clients import SteadyClients

pytestmark = pytest.mark.neighbours

HELLO = PlainTextResponse("hello")


def test_it_answers_from_start_to_stop_and_gives_its_port_back():
    server = WebServer(HELLO, "127.0.0.1", free_port())
    server.start()
    answer = httpx.get(server.url, trust_env=False)
    assert answer.text == "hello"
    assert "server" not in answer.headers
    server.stop()
    assert not server.is_alive
    with WebServer(HELLO, "127.0.0.1", server.port) as again:
        assert again.port == server.port
        assert httpx.get(again.url, trust_env=False).text == "hello"


def test_a_port_in_use_is_said_with_its_remedy():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SyndicateError, match=rf"port {port} is in use .* --port"):
            WebServer(HELLO, "127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_an_address_of_another_machine_is_refused(host):
    with pytest.raises(SyndicateError, match="--host"):
        listen(host, 0)


def test_an_idle_connection_does_not_hold_up_the_end():
    server = WebServer(HELLO, "127.0.0.1", 0)
    server.start()
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        client.get("/")  # and kept open
        server.stop()
    assert not server.is_alive


def test_a_server_that_never_started_can_be_stopped():
    server = WebServer(HELLO, "127.0.0.1", free_port())
    server.stop()
    assert not server.is_alive
    listen("127.0.0.1", server.port).close()


def test_it_leaves_signals_to_the_caller():
    import signal

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with WebServer(HELLO, "127.0.0.1", 0):
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_request_under_way_is_answered_before_the_end():
    entered, finish = threading.Event(), threading.Event()

    async def slow(scope, receive, send):
        entered.set()
        await asyncio.to_thread(finish.wait)
        await HELLO(scope, receive, send)

    answers = []
    server = WebServer(slow, "127.0.0.1", 0)
    server.start()
    asking = threading.Thread(
        target=lambda: answers.append(httpx.get(server.url, trust_env=False).text)
    )
    asking.start()
    entered.wait(60)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    finish.set()
    asking.join(60)
    stopping.join(60)
    assert answers == ["hello"]
    assert not server.is_alive


def connected(server: WebServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def until_it_winds_down(server: WebServer) -> threading.Thread:
    """Stop a server in the background, and wait until it says farewell with each answer."""
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    state = server._uvicorn.server_state
    until(lambda: (b"connection", b"close") in state.default_headers)
    return stopping


def test_its_answers_say_when_and_not_by_whom():
    with WebServer(HELLO, "127.0.0.1", 0) as server:
        headers = httpx.get(server.url, trust_env=False).headers
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", headers["date"])
        assert "server" not in headers


def test_another_application_takes_over_while_requests_under_way_end_with_the_old_one():
    entered, finish = threading.Event(), threading.Event()

    async def old(scope, receive, send):
        entered.set()
        await asyncio.to_thread(finish.wait)
        await PlainTextResponse("old")(scope, receive, send)

    with WebServer(old, "127.0.0.1", 0) as server, connected(server) as first:
        first.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        entered.wait(60)
        server.replace_application(HELLO)
        assert httpx.get(server.url, trust_env=False).text == "hello"
        finish.set()
        assert read_response(first).endswith(b"old")
        first.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert read_to_end(first).endswith(b"hello")


@pytest.mark.parametrize("_", range(3))
def test_a_stop_drops_no_request_of_clients_that_never_pause(_):
    server = WebServer(HELLO, "127.0.0.1", 0)
    server.start()
    with SteadyClients(server.port).asking() as clients:
        until(lambda: clients.answers.total() > 20)
        server.stop()
        assert not server.is_alive
        until(lambda: clients.refused)
    assert clients.dropped == []


def test_who_is_connected_can_ask_once_more_and_is_told_that_it_was_the_last_time(monkeypatch):
    monkeypatch.setattr(
        "syndicate.web.server.server._DRAIN_TIME", 8.0
    )  # for a client on a loaded machine
    server = WebServer(HELLO, "127.0.0.1", 0)
    server.start()
    with connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b"connection" not in read_response(client)
        stopping = until_it_winds_down(server)
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        head, _, body = read_to_end(client).partition(b"\r\n\r\n")
        assert (b"connection: close" in head, body) == (True, b"hello")
        stopping.join(60)
    assert not server.is_alive


def test_a_request_whose_head_is_on_its_way_is_answered_before_the_end():
    server = WebServer(HELLO, "127.0.0.1", 0)
    server.start()
    with connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        stopping = until_it_winds_down(server)
        time.sleep(1.2)  # longer than idle connections get
        client.sendall(b"host: x\r\n\r\n")
        assert read_to_end(client).endswith(b"hello")
        stopping.join(60)
    assert not server.is_alive


def test_a_download_that_takes_its_time_comes_whole():
    body = bytes(12_000_000)
    server = WebServer(PlainTextResponse(body), "127.0.0.1", 0)
    server.start()
    with connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        begun = client.recv(1000)
        stopping = until_it_winds_down(server)
        time.sleep(1.5)
        whole = begun + read_to_end(client)
        stopping.join(60)
    assert whole.endswith(body)
    assert not server.is_alive


def test_who_waits_at_a_listener_that_others_share_is_left_to_the_next_process():
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    for _ in range(2):
        with WebServer(HELLO, "127.0.0.1", port, listener=listener.dup(), shared=True) as server:
            assert httpx.get(server.url, trust_env=False).text == "hello"
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            with WebServer(HELLO, "127.0.0.1", port, listener=listener.dup(), shared=True):
                assert read_to_end(client).endswith(b"hello")
    listener.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the connections ten times a second instead of every five seconds."""
    monkeypatch.setattr("syndicate.web.server.server.CHECK_INTERVAL", 0.1)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nhost: x\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx",
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_client_that_never_ends_its_request_is_cut_off(sent, monkeypatch):
    monkeypatch.setattr("syndicate.web.server.connection.SEND_TIMEOUT", 10_000)

    async def reading(scope, receive, send):
        while (await receive()).get("more_body"):
            pass

    with WebServer(reading, "127.0.0.1", 0) as server, connected(server) as client:
        client.sendall(sent)
        assert client.recv(1) == b""


@pytest.mark.usefixtures("impatient")
def test_a_client_that_dribbles_is_cut_off_too():
    with WebServer(HELLO, "127.0.0.1", 0) as server, connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() < began + 60:
                client.sendall(b"x: y\r\n")
                time.sleep(0.05)
        assert time.monotonic() < began + 30


@pytest.mark.usefixtures("impatient")
def test_a_client_that_reads_nothing_is_cut_off_and_one_that_waits_for_us_is_not(monkeypatch):
    monkeypatch.setattr("syndicate.web.server.connection.RECEIVE_TIMEOUT", 10_000)
    asked: list[str] = []

    async def slow(scope, receive, send):
        asked.append(scope["path"])
        await asyncio.sleep(1)
        await PlainTextResponse(bytes(12_000_000))(scope, receive, send)

    with WebServer(slow, "127.0.0.1", 0) as server:
        assert len(httpx.get(server.url, trust_env=False).content) == 12_000_000
        with connected(server) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            until(lambda: len(asked) == 2)
            until(lambda: not server._uvicorn.server_state.connections)
            assert len(read_to_end(client)) < 12_000_000


@pytest.mark.parametrize("endless", [b"x", b"x: y\r\n"], ids=["in a line", "in lines"])
def test_a_head_without_an_end_is_refused(endless):
    with WebServer(HELLO, "127.0.0.1", 0) as server, connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nx: ")
        pieces = endless * (MAX_HEAD // len(endless) // 8)
        for _ in range(8):  # and no more: who is hung up on may lose what was said last
            client.sendall(pieces)
            time.sleep(0.01)
        assert read_to_end(client).startswith(b"HTTP/1.1 431 ")


def test_a_wish_for_another_protocol_is_passed_over():
    ask = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"
    with WebServer(HELLO, "127.0.0.1", 0) as server, connected(server) as client:
        for _ in range(2):
            client.sendall(ask)
            assert read_response(client).endswith(b"hello")

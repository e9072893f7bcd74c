"""The web server as a part of a larger process."""

import socket
import threading

import httpx
import pytest
from starlette.responses import PlainTextResponse

from syndicate.errors import SyndicateError
from syndicate.web.server import Server, listen

HELLO = PlainTextResponse("hello")


def test_it_answers_from_start_to_stop_and_gives_its_port_back():
    server = Server(HELLO, "127.0.0.1", 0)
    server.start()
    answer = httpx.get(server.url, trust_env=False)
    assert answer.text == "hello"
    assert "server" not in answer.headers
    server.stop()
    assert not server.alive
    with Server(HELLO, "127.0.0.1", server.port) as again:
        assert again.port == server.port
        assert httpx.get(again.url, trust_env=False).text == "hello"


def test_a_port_in_use_is_said_with_its_remedy():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SyndicateError, match=rf"port {port} is in use .* --port"):
            Server(HELLO, "127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_an_address_of_another_machine_is_refused(host):
    with pytest.raises(SyndicateError, match="--host"):
        listen(host, 0)


def test_an_idle_connection_does_not_hold_up_the_end():
    server = Server(HELLO, "127.0.0.1", 0)
    server.start()
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        client.get("/")  # and kept open
        server.stop()
    assert not server.alive


def test_a_server_that_never_started_can_be_stopped():
    server = Server(HELLO, "127.0.0.1", 0)
    server.stop()
    assert not server.alive
    listen("127.0.0.1", server.port).close()


def test_it_leaves_signals_to_the_caller():
    import signal

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Server(HELLO, "127.0.0.1", 0):
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_request_under_way_is_answered_before_the_end():
    entered, finish = threading.Event(), threading.Event()

    async def slow(scope, receive, send):
        import asyncio

        entered.set()
        await asyncio.to_thread(finish.wait)
        await HELLO(scope, receive, send)

    answers = []
    server = Server(slow, "127.0.0.1", 0)
    server.start()
    asking = threading.Thread(
        target=lambda: answers.append(httpx.get(server.url, trust_env=False).text)
    )
    asking.start()
    entered.wait(10)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    finish.set()
    asking.join(10)
    stopping.join(10)
    assert answers == ["hello"]
    assert not server.alive

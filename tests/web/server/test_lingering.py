"""A client that is still sending can read the response that closes its connection."""

import time

import pytest
from starlette.responses import PlainTextResponse

from tests.until import until
from tests.web.server.http_clients import (
    ASK,
    BOTH,
    HOST,
    CountingApp,
    read_to_end,
    request_status,
    serving,
    statuses,
)

pytestmark = [pytest.mark.usefixtures("patient"), pytest.mark.neighbours]

LONG = 2_000_000
"""Bytes of a body, more than the systems of both sides keep."""
TWO_HOSTS = b"POST / HTTP/1.1\r\n" + HOST * 2 + b"\r\n"
BAD_BODY = b"POST / HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\nx\r\n"


def post(*headers):
    length = b"content-length: %d\r\n" % LONG
    return b"POST / HTTP/1.1\r\n" + HOST + length + b"".join(headers) + b"\r\n"


def answer_to(client, head):
    """Send a head, and when it was answered a long body; return the statuses read after that."""
    client.sendall(head)
    time.sleep(0.2)  # the server has closed by now, if it does so at once
    client.sendall(bytes(LONG))
    return statuses(read_to_end(client))


@pytest.mark.parametrize("head", [TWO_HOSTS, BAD_BODY], ids=["head", "body"])
def test_a_refusal_can_be_read_by_who_is_still_sending(head):
    with serving(CountingApp(at_once=False, busy=True)) as connect:
        assert answer_to(connect(), head) == [400]


@BOTH
@pytest.mark.parametrize("header", [b"expect: 100-continue\r\n", b"connection: close\r\n"])
def test_the_last_response_can_be_read_before_the_body_is_sent(at_once, header):
    with serving(CountingApp(at_once=at_once)) as connect:
        assert answer_to(connect(), post(header)) == [200]


def test_an_application_that_responds_to_a_refused_request_writes_nothing():
    app = CountingApp(at_once=False, busy=True)
    with serving(app) as connect:
        client = connect()
        client.sendall(BAD_BODY)
        until(lambda: app.refusals)
        app.busy = False
        assert statuses(read_to_end(client)) == [400]


def test_who_goes_on_sending_is_cut_off(monkeypatch):
    monkeypatch.setattr("syndicate.web.server.connection._MAX_DISCARDED", LONG)
    with serving(CountingApp(at_once=True)) as connect:
        client = connect()
        client.sendall(TWO_HOSTS)
        with pytest.raises(ConnectionError):
            client.sendall(bytes(100 * LONG))


def test_who_neither_sends_nor_leaves_is_cut_off_in_time(monkeypatch):
    monkeypatch.setattr("syndicate.web.server.connection._LINGER", 0.05)
    with serving(CountingApp(at_once=True)) as connect:
        clients = [connect() for _ in range(3)]
        for client in clients:
            client.sendall(TWO_HOSTS)
        until(lambda: not connect.open)


def test_who_lingers_takes_no_place_and_only_some_may(monkeypatch):
    monkeypatch.setattr("syndicate.web.server.server._max_connections", lambda: 2)
    monkeypatch.setattr("syndicate.web.server.server_state._MAX_LINGERING", 5)
    monkeypatch.setattr("syndicate.web.server.connection._LINGER", 3600)
    with serving(CountingApp(at_once=True)) as connect:
        for _ in range(9):
            client = connect()
            client.sendall(TWO_HOSTS)
            assert statuses(read_to_end(client)) == [400]
        until(lambda: connect.open == 5)
        assert request_status(connect()) == 200


def test_after_a_whole_request_the_connection_closes_at_once():
    async def app(scope, receive, send):
        await PlainTextResponse("x", headers={"connection": "close"})(scope, receive, send)

    with serving(app) as connect:
        client = connect()
        client.sendall(ASK)
        assert statuses(read_to_end(client)) == [200]
        until(lambda: not connect.open)

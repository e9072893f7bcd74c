"""Connections: what clients send, byte by byte, and how many connections there may be."""

import asyncio
import socket
import threading
import time
from contextlib import suppress

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from syndicate.web.server.connection import MAX_HEAD
from tests.until import until
from tests.web.server.http_clients import (
    ASK,
    BOTH,
    CHUNKED,
    CLOSE,
    HOST,
    LARGE,
    CountingApp,
    echo,
    read_response,
    read_to_end,
    request_status,
    serving,
    statuses,
)

pytestmark = [pytest.mark.usefixtures("patient"), pytest.mark.neighbours]


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
        assert read_response(client) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"ok")
        assert read_response(client).endswith(b"ok")


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


def test_a_client_that_goes_on_with_a_malformed_body_reads_the_answer_that_is_out():
    app = CountingApp(at_once=True)
    with serving(app) as connect:
        client = connect()
        client.sendall(CHUNKED + b"ZZ\r\n")
        for _ in range(6):  # were it closed at once, this would have the answer thrown away
            client.sendall(b"x" * 20_000)
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

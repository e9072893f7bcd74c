"""Clients that send many requests before they read a response."""

import re
import socket
import threading
import time
from contextlib import suppress

import pytest

from syndicate.web.server.connection import MAX_HEAD, MAX_PIPELINED, PARSE_SIZE
from tests.until import until
from tests.web.server.http_clients import (
    ASK,
    BOTH,
    CLOSE,
    HOST,
    CountingApp,
    answers,
    echo,
    read_response,
    read_to_end,
    serving,
    statuses,
)

pytestmark = [pytest.mark.usefixtures("patient"), pytest.mark.neighbours]


# many requests


def test_a_client_that_asks_for_more_and_more_is_read_no_further_than_it_is_answered():
    app = CountingApp(at_once=False, busy=True)
    with serving(app) as connect:
        client = connect()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)  # as few as will do
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
        assert statuses(read_response(client)) == [200]


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

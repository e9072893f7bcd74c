"""How many connections there may be, and which ones make room."""

import socket
import time

import pytest

from tests.until import until
from tests.web.server.http_clients import (
    ASK,
    CountingApp,
    read_response,
    read_to_end,
    request_status,
    serving,
    statuses,
)

pytestmark = [pytest.mark.usefixtures("patient"), pytest.mark.neighbours]


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
            assert [statuses(read_response(client)) for client in busy] == [[200]] * 3
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
            assert [statuses(read_response(client)) for client in busy] == [[200]] * 3
            for client in (*busy, *refused):
                client.close()
            until(lambda: not connect.open)

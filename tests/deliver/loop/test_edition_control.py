"""Editions that are stopped while they are being sent, by somebody else's hand or their own."""

import threading

import pytest

from syndicate.deliver.worker import configured_transports
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from syndicate.model.subscribers import Actor, Cause
from tests.causes import by_test
from tests.deliver.drain_process import draining
from tests.deliver.editions import (
    NOON,
    draft,
    drain_ledger,
    freeze,
    readers,
    rows,
    states,
    subscribe,
)
from tests.deliver.mail_servers import ScriptedServer

pytestmark = pytest.mark.neighbours

ME = Cause(who=Actor.OPERATOR, how="syndicate pause, by me", at=NOON)


AT_ONCE = 8


CONNECTIONS = 4


PATIENCE = 60


@pytest.fixture
def config(publication):
    def make(port: int, **mail):
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        return publication(mail=way | {"from": "news@example.org", "connections": 1} | mail)

    return make


class Gate:
    """Lets so many messages through, and holds back the answer to the rest until it is opened."""

    def __init__(self, through: int) -> None:
        self._through = through
        self._held = threading.Semaphore(0)
        self._counting = threading.Lock()
        self._open = threading.Event()

    def __call__(self, _: str) -> bytes:
        with self._counting:
            self._through -= 1
            held = self._through < 0
        if held:
            self._held.release()
            self._open.wait(PATIENCE)
        return b"250 taken\r\n"

    def wait_for(self, held: int) -> None:
        for _ in range(held):
            assert self._held.acquire(timeout=PATIENCE)

    def open(self) -> None:
        self._open.set()


def editions(server):
    """The editions that the messages belong to, in the order in which they came."""
    return [int(body.partition(b"Message-ID: <")[2].partition(b".")[0]) for body in server.bodies]


def cancel(store, key):
    with store.write() as tx:
        decision = tx.control.cancel(key, cause=ME)
    store.sweep(NOON)
    return decision


def pause(store, key):
    with store.write() as tx:
        return tx.control.pause(key, cause=ME)


def resume(store, key):
    with store.write() as tx:
        return tx.control.resume(key, cause=ME)


@pytest.mark.sql
@pytest.mark.parametrize("stop", ["cancel", "pause"])
def test_once_the_command_returned_nothing_more_of_another_process_arrives(
    store, store_url, tmp_path, stop
):
    subscribe(store, *readers(60))
    edition = freeze(store)
    gate = Gate(AT_ONCE)
    with ScriptedServer("PIPELINING", body=gate) as server:
        mail = {"transport": "smtp", "host": "127.0.0.1", "port": server.port, "security": "none"}
        tables = {
            "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"},
            "newsletters": [{"name": "breaking"}],
            "mail": mail | {"from": "news@example.org", "connections": CONNECTIONS},
            "root": str(tmp_path),
        }
        with draining(store_url, tables) as sender:
            gate.wait_for(CONNECTIONS)
            if stop == "cancel":
                left = cancel(store, edition.key).left
            else:
                left = pause(store, edition.key).left
            gate.open()
            assert sender.wait(PATIENCE) == 0

    assert (left.accepted, left.in_flight, left.held_back) == (AT_ONCE, CONNECTIONS, 48)
    assert len(server.bodies) == AT_ONCE + CONNECTIONS
    held = DeliveryState.SKIPPED if stop == "cancel" else DeliveryState.QUEUED
    assert states(store, edition.key) == {DeliveryState.ACCEPTED: 12, held: 48}


def test_a_pause_gives_back_what_was_claimed_and_the_next_edition_goes_on(store, config):
    subscribe(store, *readers(12))
    first, second = (
        freeze(store, draft(EditionKind.DIGEST)),
        freeze(store, draft(EditionKind.DIGEST)),
    )

    def body(_: str) -> bytes:
        if len(server.bodies) == 3:
            assert pause(store, first.key).left.in_flight == 1
        return b"250 ok\r\n"

    with ScriptedServer(body=body) as server:
        way = config(server.port)
        drain_ledger(store, way, configured_transports(way))
        assert editions(server) == [first.key] * 3 + [second.key] * 12
        assert states(store, first.key) == {DeliveryState.ACCEPTED: 3, DeliveryState.QUEUED: 9}
        resume(store, first.key)
        drain_ledger(store, way, configured_transports(way))

    assert states(store, first.key) == {DeliveryState.ACCEPTED: 12}
    assert len(server.bodies) == 24


@pytest.mark.usefixtures("hasty")
def test_what_is_resumed_while_another_edition_is_sent_goes_on_in_the_same_pass(store, config):
    subscribe(store, *readers(60))
    alert, digest = freeze(store), freeze(store, draft(EditionKind.DIGEST))

    def body(_: str) -> bytes:
        if len(server.bodies) == 3:
            pause(store, alert.key)
        if len(server.bodies) == 10:
            resume(store, alert.key)
        return b"250 ok\r\n"

    with ScriptedServer(body=body) as server:
        way = config(server.port)
        drain_ledger(store, way, configured_transports(way))

    order = editions(server)
    assert len(order) == 120
    assert order[:4] == [alert.key] * 3 + [digest.key]
    assert order[-1] == digest.key, "the alert overtook it"
    assert states(store, digest.key) == {DeliveryState.ACCEPTED: 60}


def test_a_verdict_on_what_was_cancelled_meanwhile_is_not_counted(store, config):
    subscribe(store, *readers(3))
    edition = freeze(store)

    def refuse(_: str) -> bytes:
        cancel(store, edition.key)
        return b"550 5.7.1 no\r\n"

    with ScriptedServer(rcpt=refuse) as server:
        way = config(server.port)
        drained = drain_ledger(store, way, configured_transports(way))

    assert drained.failed == 0
    assert states(store, edition.key) == {DeliveryState.SKIPPED: 3}


def test_what_was_in_flight_and_put_off_is_skipped_by_the_end_of_the_pass(store, config):
    subscribe(store, *readers(3))
    edition = freeze(store)

    def body(_: str) -> bytes:
        cancel(store, edition.key)
        return b"451 4.3.0 later\r\n"

    with ScriptedServer(body=body) as server:
        way = config(server.port)
        drain_ledger(store, way, configured_transports(way))

    assert states(store, edition.key) == {DeliveryState.SKIPPED: 3}
    assert {row.reply for row in rows(store, edition.key).values()} == {"cancelled"}


@pytest.fixture
def hasty(monkeypatch):
    """Have the loop look at each claim what is due, as at a server that takes its time."""
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._REFRESH_MAX_AGE", 0.0)


# who is not to be mailed after all


def test_who_is_suppressed_while_the_body_is_asked_for_is_not_mailed(store, config):
    subscribe(store, *readers(3))
    edition = freeze(store)

    def complain(line: str) -> bytes:
        if "reader1" in line:
            with store.write() as tx:
                tx.subscribers.suppress("reader1@example.org", "complained", cause=by_test(NOON))
        return b"250 ok\r\n"

    with ScriptedServer("PIPELINING", rcpt=complain) as server:
        way = config(server.port)
        drained = drain_ledger(store, way, configured_transports(way))

    assert drained.accepted == 2 == len(server.bodies)
    row = rows(store, edition.key)["reader1@example.org"]
    assert (row.state, row.reply) == (DeliveryState.SKIPPED, "complained")

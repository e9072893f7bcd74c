"""Editions that are stopped while they are being sent, by somebody else's hand or their own."""

import json
import subprocess
import sys
import threading
from collections.abc import Collection

import pytest
from structlog.testing import capture_logs

from syndicate.deliver.loop.ledger import Ledger, LedgerView
from syndicate.deliver.transports import configured_transports
from syndicate.model.deliveries import DeliveryOutcome, DeliveryState
from syndicate.model.editions import EditionKind, EditionState
from syndicate.model.subscribers import Actor, Cause
from tests import ROOT
from tests.causes import TEST
from tests.deliver.editions import (
    NOON,
    content,
    draft,
    drain_ledger,
    freeze,
    readers,
    rows,
    states,
    subscribe,
)
from tests.deliver.mail_servers import ScriptedServer
from tests.until import until

ME = Cause(who=Actor.OPERATOR, how="syndicate pause, by me")
AT_ONCE = 8
CONNECTIONS = 4
PATIENCE = 60
LATER = NOON.replace(year=2100)


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
        decision = tx.control.cancel(key, cause=ME, at=NOON)
    store.sweep(NOON)
    return decision


def pause(store, key):
    with store.write() as tx:
        return tx.control.pause(key, cause=ME, at=NOON)


def resume(store, key):
    with store.write() as tx:
        return tx.control.resume(key, cause=ME, at=NOON)


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
        command = [
            sys.executable,
            "-m",
            "tests.deliver.drain_process",
            store_url,
            json.dumps(tables),
        ]
        with subprocess.Popen(command, cwd=ROOT) as sender:
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


# who goes first


def meanwhile(server_count: int, act):
    """A server's answer to bodies, which at one of them has something else happen first."""
    seen = iter(range(1, 10_000))

    def body(_: str) -> bytes:
        if next(seen) == server_count:
            act()
        return b"250 ok\r\n"

    return body


@pytest.fixture
def attentive(monkeypatch):
    """Have the loop read what is due in each iteration, as with a slow server.

    Return a function to call last in an act: the server replies after the loop has read.
    """
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._POLL_INTERVAL", 0.0)
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._REFRESH_INTERVAL", 0.0)
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._REFRESH_MAX_AGE", 0.0)
    view, views = Ledger.view, [0]

    def counted(ledger: Ledger, claimed: Collection[int]) -> LedgerView:
        views[0] += 1
        return view(ledger, claimed)

    monkeypatch.setattr(Ledger, "view", counted)

    def looked() -> None:
        enough = views[0] + 3  # one may have begun before, and what it saw is claimed behind it
        until(lambda: views[0] >= enough)

    return looked


@pytest.fixture
def hasty(monkeypatch):
    """Have the loop look at each claim what is due, as at a server that takes its time."""
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._REFRESH_MAX_AGE", 0.0)


@pytest.mark.usefixtures("hasty")
def test_an_alert_overtakes_a_digest_within_a_claim(store, config):
    subscribe(store, *readers(100))
    digest = freeze(store, draft(EditionKind.DIGEST))
    with ScriptedServer(body=meanwhile(10, lambda: freeze(store))) as server:
        way = config(server.port)
        drain_ledger(store, way, configured_transports(way))

    order = editions(server)
    alert = next(key for key in order if key != digest.key)
    first = order.index(alert)
    assert 10 <= first <= 10 + 25
    assert order[first : first + 100] == [alert] * 100
    assert set(order[first + 100 :]) == {digest.key}
    assert len(order) == 200


def test_at_a_slow_server_an_alert_goes_next(store, config, attentive):
    subscribe(store, *readers(40))
    digest = freeze(store, draft(EditionKind.DIGEST))

    def break_news() -> None:
        freeze(store)
        attentive()

    with ScriptedServer(body=meanwhile(10, break_news)) as server:
        way = config(server.port)
        drain_ledger(store, way, configured_transports(way))

    alert = digest.key + 1
    # the eleventh had been offered already
    assert editions(server) == [digest.key] * 11 + [alert] * 40 + [digest.key] * 29


def test_a_letter_overtakes_both(store, config, attentive):
    subscribe(store, *readers(10))
    alert, digest = freeze(store), freeze(store, draft(EditionKind.DIGEST))

    def write() -> None:
        with store.write() as tx:
            [who, *_] = tx.subscribers.all()
            letters.append(
                tx.editions.add_letter(
                    content(), to=who.key, created_at=NOON, expires_at=digest.expires_at
                )
            )
        attentive()

    letters: list[int] = []
    with ScriptedServer(body=meanwhile(5, write)) as server:
        way = config(server.port)
        drain_ledger(store, way, configured_transports(way))

    assert editions(server) == [alert.key] * 6 + letters + [alert.key] * 4 + [digest.key] * 10


@pytest.mark.usefixtures("hasty")
def test_what_was_exhausted_is_looked_at_again_before_the_digest_is_over(store, config):
    subscribe(store, *readers(2))
    alert = freeze(store)
    with store.write() as tx:
        one, two = tx.claims.claim(alert.key, owner="me", lease_until=LATER, at=NOON)
        tx.claims.settle_and_intend((), [two], owner="me", lease_until=LATER, at=NOON)
        tx.claims.settle([DeliveryOutcome(claim=two, state=DeliveryState.UNKNOWN)], at=NOON)
        tx.claims.release([one], owner="me", at=NOON)
        tx.subscribers.unsubscribe(one.subscriber, "breaking", at=NOON, cause=TEST)
    subscribe(store, *readers(60), newsletter="evening")
    digest = freeze(store, draft(EditionKind.DIGEST, newsletter="evening"))

    def settle() -> None:
        with store.write() as tx:
            assert tx.control.settle_unknown(alert.key, again=True, cause=ME, at=NOON) == 1

    with ScriptedServer(body=meanwhile(10, settle)) as server:
        way = config(server.port)
        drain_ledger(store, way, configured_transports(way))

    order = editions(server)
    assert (order.count(alert.key), order.count(digest.key)) == (1, 60)
    assert 10 <= order.index(alert.key) <= 10 + 25


# who is not to be mailed after all


def test_who_is_suppressed_while_the_body_is_asked_for_is_not_mailed(store, config):
    subscribe(store, *readers(3))
    edition = freeze(store)

    def complain(line: str) -> bytes:
        if "reader1" in line:
            with store.write() as tx:
                tx.subscribers.suppress("reader1@example.org", "complained", at=NOON, cause=TEST)
        return b"250 ok\r\n"

    with ScriptedServer("PIPELINING", rcpt=complain) as server:
        way = config(server.port)
        drained = drain_ledger(store, way, configured_transports(way))

    assert drained.accepted == 2 == len(server.bodies)
    row = rows(store, edition.key)["reader1@example.org"]
    assert (row.state, row.reply) == (DeliveryState.SKIPPED, "complained")


# by itself


def refused(line: str) -> bytes:
    """Refuse readers 1, 3 and 10 to 19, for good."""
    unwanted = any(name in line for name in ("reader1", "reader3"))
    return b"550 5.7.1 no\r\n" if unwanted else b"250 ok\r\n"


def test_an_edition_that_is_refused_too_often_pauses_itself_and_says_so(store, config):
    subscribe(store, *readers(30))
    edition = freeze(store)
    with ScriptedServer("PIPELINING", rcpt=refused) as server:
        way = config(server.port, pause_at=0.3, pause_after=5)
        with capture_logs() as logs:
            drained = drain_ledger(store, way, configured_transports(way))
        again = drain_ledger(store, way, configured_transports(way))

    assert drained.paused == (edition.key,)
    assert again.paused == ()
    assert states(store, edition.key) == {
        DeliveryState.ACCEPTED: 3,
        DeliveryState.FAILED: 2,
        DeliveryState.QUEUED: 25,
    }
    [alarm] = [log for log in logs if log["log_level"] == "error"]
    assert (alarm["event"], alarm["edition"], alarm["refused"], alarm["of"]) == (
        "edition paused itself",
        edition.key,
        2,
        5,
    )
    with store.read() as tx:
        assert tx.editions.by_key(edition.key).state is EditionState.PAUSED
        [note] = tx.control.decisions(edition.key)
        assert note.cause == Cause(who=Actor.SERVER, how="2 of 5 were refused for good")


def test_after_a_resumption_the_failures_count_anew(store, config):
    subscribe(store, *readers(30))
    edition = freeze(store)
    with ScriptedServer("PIPELINING", rcpt=refused) as server:
        way = config(server.port, pause_at=0.3, pause_after=5)
        drain_ledger(store, way, configured_transports(way))
        resume(store, edition.key)
        drained = drain_ledger(store, way, configured_transports(way))

    assert drained.paused == (edition.key,)
    assert (drained.accepted, drained.failed) == (5, 3)
    assert states(store, edition.key)[DeliveryState.QUEUED] == 17


@pytest.mark.parametrize(("share", "after"), [(0.5, 5), (0.1, 11)])
def test_failures_that_are_few_stop_nothing(sqlite_store, config, share, after):
    subscribe(sqlite_store, *readers(10))
    edition = freeze(sqlite_store)
    with ScriptedServer("PIPELINING", rcpt=refused) as server:
        way = config(server.port, pause_at=share, pause_after=after)
        drained = drain_ledger(sqlite_store, way, configured_transports(way))

    assert drained.paused == ()
    assert states(sqlite_store, edition.key) == {DeliveryState.ACCEPTED: 8, DeliveryState.FAILED: 2}

"""Stopping in mid send, and taking over what a dead process left."""

import contextlib
import sqlite3
import threading

import pytest
from structlog.testing import capture_logs

from syndicate.deliver.loop import claim_owner
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.worker import configured_transports, drain
from syndicate.errors import StoreLocked
from syndicate.model.deliveries import ClaimRequest, DeliveryState, Lease
from syndicate.store import Store
from tests.deliver.editions import NOON, drain_ledger, freeze, links, readers, states, subscribe
from tests.deliver.mail_servers import ScriptedServer

pytestmark = pytest.mark.neighbours

FAR = NOON.replace(year=2100)


@pytest.fixture
def config(publication):
    def make(port: int = 0, **mail):
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        given = (way if port else {}) | {"from": "news@example.org"} | mail
        return publication(mail=given)

    return make


def stopped(store, config, relay, stop):
    return drain(store, config, relay, links(store, config), at=NOON, stop=stop)


class SeenEvent(threading.Event):
    """An event that notes that somebody has found it set."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = threading.Event()

    def is_set(self) -> bool:
        found = super().is_set()
        if found:
            self.seen.set()
        return found


def test_stop_finishes_the_message_in_flight_and_gives_back_the_rest(store, config):
    subscribe(store, *readers(40))
    edition = freeze(store)
    stop = SeenEvent()

    def body(_: str) -> bytes:
        stop.set()
        assert stop.seen.wait(60)
        return b"250 ok\r\n"

    with ScriptedServer(body=body) as server:
        drained = stopped(
            store, config(server.port), configured_transports(config(server.port)), stop
        )

    assert 1 <= drained.accepted == len(server.bodies) <= 4
    assert states(store, edition.key) == {
        DeliveryState.ACCEPTED: drained.accepted,
        DeliveryState.QUEUED: 40 - drained.accepted,
    }
    assert (
        drain_ledger(store, config(), configured_transports(config())).accepted
        == 40 - drained.accepted
    )


def test_a_relay_that_hangs_does_not_hold_up_the_end(sqlite_store, config):
    subscribe(sqlite_store, *readers(3))
    edition = freeze(sqlite_store)
    stop = threading.Event()

    def hang(_: str) -> bytes:
        stop.set()
        return server.silent(_)

    with ScriptedServer(body=hang) as server:
        one = config(server.port, connections=1, stop_timeout="1s")
        drained = stopped(sqlite_store, one, configured_transports(one), stop)

    assert (drained.accepted, drained.unknown) == (0, 1)
    assert states(sqlite_store, edition.key) == {DeliveryState.UNKNOWN: 1, DeliveryState.QUEUED: 2}


def left_sending(store, config, count: int = 1) -> list[str]:
    """Leave rows as a killed process leaves them: intent committed, no verdict. Their ids."""
    dead = claim_owner.identity().rpartition(":")[0] + ":00000000"
    signer = links(store, config)
    with store.write() as tx:
        [edition] = tx.deliveries.open_editions(NOON)
        claims = tx.claims.claim(
            ClaimRequest(edition=edition.key, limit=count), Lease(dead, NOON, FAR)
        )
        tx.claims.settle_and_intend((), claims, Lease(dead, NOON, FAR))
    return [signer.message_id(c.edition, c.subscriber, "example.org") for c in claims]


def test_what_a_killed_process_left_in_the_air_is_unknown(store, config):
    subscribe(store, *readers(3))
    edition = freeze(store)
    with ScriptedServer() as server, capture_logs() as logs:
        left_sending(store, config(server.port))
        drained = drain_ledger(
            store, config(server.port), configured_transports(config(server.port))
        )

    assert states(store, edition.key) == {DeliveryState.UNKNOWN: 1, DeliveryState.ACCEPTED: 2}
    assert len(server.bodies) == 2
    assert (drained.accepted, drained.unknown) == (2, 1)
    assert {
        "event": "a sender died while it sent",
        "log_level": "warning",
        "edition": edition.key,
        "unknown": 1,
        "remedy": f"syndicate settle {edition.key} --unknown resend|skip",
    } in logs


def test_the_outbox_says_what_became_of_what_was_in_the_air(store, config):
    subscribe(store, *readers(3))
    edition = freeze(store)
    arrived, _ = left_sending(store, config(), 2)
    outbox = Outbox.of(config())
    outbox.open()
    (outbox.folder / f"{edition.key:06}-000001.eml").write_bytes(
        f"Message-ID: {arrived}\r\n\r\n".encode()
    )
    drained = drain_ledger(store, config(), [outbox])

    assert drained.recovered == 1
    assert drained.accepted == 2
    assert states(store, edition.key) == {DeliveryState.ACCEPTED: 3}
    assert len(outbox.messages()) == 3


def test_a_message_is_lost_only_if_every_relay_knows_that_it_has_none(store, config):
    subscribe(store, *readers(1))
    edition = freeze(store)
    left_sending(store, config())
    outbox = Outbox.of(config())
    outbox.open()
    with ScriptedServer() as server:
        drained = drain_ledger(
            store, config(), [outbox, *configured_transports(config(server.port))]
        )

    assert (drained.accepted, drained.recovered, drained.unknown) == (0, 0, 1)
    assert states(store, edition.key) == {DeliveryState.UNKNOWN: 1}


def test_what_is_claimed_by_a_living_process_is_left_to_it(store, config):
    subscribe(store, *readers(3))
    edition = freeze(store)
    with store.write() as tx:
        tx.claims.claim(
            ClaimRequest(edition=edition.key, limit=1), Lease("elsewhere/0:1:1:x", NOON, FAR)
        )

    assert drain_ledger(store, config(), configured_transports(config())).accepted == 2


def test_a_verdict_waits_for_a_store_that_somebody_else_holds(tmp_path, config, monkeypatch):
    store = impatient_store(tmp_path, monkeypatch)
    subscribe(store, *readers(2))
    edition = freeze(store)
    holder = sqlite3.connect(
        tmp_path / "syndicate.db", isolation_level=None, check_same_thread=False
    )

    def hold(_: str) -> bytes:
        if not holder.in_transaction:
            holder.execute("BEGIN IMMEDIATE")
            threading.Timer(0.5, holder.rollback).start()
        return b"250 ok\r\n"

    with ScriptedServer(body=hold) as server, contextlib.closing(holder):
        one = config(server.port, connections=1)
        drained = drain_ledger(store, one, configured_transports(one))

    assert drained.accepted == 2
    assert states(store, edition.key) == {DeliveryState.ACCEPTED: 2}
    store.close()


def test_a_store_that_stays_held_ends_the_pass_and_no_body_leaves_unrecorded(
    tmp_path, config, monkeypatch
):
    monkeypatch.setattr("syndicate.deliver.loop.ledger._STORE_TIMEOUT", 0.1)
    store = impatient_store(tmp_path, monkeypatch)
    subscribe(store, *readers(9))
    edition = freeze(store)
    holder = sqlite3.connect(
        tmp_path / "syndicate.db", isolation_level=None, check_same_thread=False
    )

    def hold(_: str) -> bytes:
        if not holder.in_transaction:
            holder.execute("BEGIN IMMEDIATE")
        return b"250 ok\r\n"

    with ScriptedServer(body=hold) as server, contextlib.closing(holder):
        one = config(server.port, connections=1)
        with pytest.raises(StoreLocked):
            drain_ledger(store, one, configured_transports(one))
        holder.rollback()

        assert len(server.bodies) == 1
        server.answers["body"] = b"250 ok\r\n"
        assert drain_ledger(store, one, configured_transports(one)).accepted == 8

    assert states(store, edition.key) == {DeliveryState.UNKNOWN: 1, DeliveryState.ACCEPTED: 8}
    store.close()


def impatient_store(folder, monkeypatch):
    monkeypatch.setattr("syndicate.store.database.sql_engine.BUSY_TIMEOUT", 50)
    return Store.open(f"sqlite:///{folder}/syndicate.db")

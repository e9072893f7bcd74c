"""A store that refuses a statement while mail is sent: what may leave, does."""

import contextlib
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.loop import outcomes
from syndicate.deliver.loop.ledger import BatchResult, Ledger, LedgerBatch
from syndicate.deliver.loop.send_loop import SendLoop
from syndicate.deliver.loop.send_queue import SendQueue
from syndicate.deliver.loop.sessions import ActiveSession
from syndicate.deliver.loop.throttling import TokenBucket
from syndicate.errors import PermanentFailure, StoreError, StoreUnreachable
from syndicate.model.deliveries import ClaimRequest, DeliveryState
from syndicate.model.editions import Edition
from syndicate.store import Store
from tests.deliver.editions import NOON, draft, freeze, readers, states, subscribe
from tests.deliver.loop.queues import OK, deliver, ledger_of
from tests.deliver.mail_servers import ScriptedServer

pytestmark = pytest.mark.neighbours

NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def config(publication):
    def make(port: int, **mail: Any) -> Config:
        mail = {"from": "news@example.org", "host": "127.0.0.1", "port": port} | mail
        mail = {"transport": "smtp", "security": "none"} | mail
        made: Config = publication(mail=mail)
        return made

    return make


def spoil(store_url: str, *statements: str) -> None:
    """Make a database refuse something, as one that is broken does."""
    engine = create_engine(store_url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def sqlite_url(tmp_path):
    """The URL of `sqlite_store`."""
    return f"sqlite:///{tmp_path}/syndicate.db"


def test_no_claim_is_kept_when_a_limit_can_not_be_asked_for(sqlite_store, sqlite_url, config):
    subscribe(sqlite_store, *readers(5))
    edition = freeze(sqlite_store)
    spoil(
        sqlite_url,
        "CREATE TRIGGER full BEFORE INSERT ON token_buckets BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    limits = [{"domains": ["example.org"], "rate": "5/s"}]
    with ScriptedServer() as server, pytest.raises(StoreError):
        deliver(sqlite_store, config(server.port, limits=limits))

    assert states(sqlite_store, edition.key) == {DeliveryState.QUEUED: 5}


def test_what_may_leave_does_when_the_next_edition_can_not_be_read(
    sqlite_store, sqlite_url, config
):
    subscribe(sqlite_store, *readers(20))
    first, second = freeze(sqlite_store), freeze(sqlite_store, draft(subject="Another"))
    damaged = (
        "SELECT key AS edition, 1 AS position, json('(' || key) AS address "
        f"FROM editions WHERE key = {second.key}"
    )
    spoil(
        sqlite_url,
        "ALTER TABLE edition_links RENAME TO lost",
        f"CREATE VIEW edition_links AS {damaged}",
    )

    with ScriptedServer("PIPELINING") as server, pytest.raises(StoreError):
        deliver(sqlite_store, config(server.port, connections=4))

    found = states(sqlite_store, first.key)
    assert set(found) <= {DeliveryState.ACCEPTED, DeliveryState.QUEUED}, (
        "what may leave has a verdict"
    )
    assert found[DeliveryState.ACCEPTED] == len(server.bodies)
    assert states(sqlite_store, second.key) == {DeliveryState.QUEUED: 20}


def test_what_may_leave_does_when_what_was_claimed_with_it_can_not_be_taken_in(
    sqlite_store, config, monkeypatch
):
    subscribe(sqlite_store, *readers(20))
    edition = freeze(sqlite_store)
    record, claim_and_add, leaving = Ledger.record, SendQueue.add, [0]

    def noted(ledger: Ledger, due: LedgerBatch) -> BatchResult:
        if due.intents:  # and something is wanted in the same round
            due.claim_request = ClaimRequest(
                edition=edition.key, limit=25, after=0, excluded_domains=NOBODY
            )
        result = record(ledger, due)
        leaving[0] = len(result.may_send)
        return result

    def fail(*told: Any) -> object:
        if leaving[0]:
            raise StoreUnreachable("gone")
        return claim_and_add(*told)

    monkeypatch.setattr(Ledger, "record", noted)
    monkeypatch.setattr(SendQueue, "add", fail)
    with ScriptedServer("PIPELINING") as server, pytest.raises(StoreUnreachable):
        deliver(sqlite_store, config(server.port, connections=4))

    found = states(sqlite_store, edition.key)
    assert set(found) <= {DeliveryState.ACCEPTED, DeliveryState.QUEUED}, (
        "what may leave has a verdict"
    )
    assert found[DeliveryState.ACCEPTED] == len(server.bodies)


def test_all_that_may_leave_does_when_who_is_next_can_not_be_asked_for(
    sqlite_store, config, monkeypatch
):
    subscribe(sqlite_store, *readers(60))
    edition = freeze(sqlite_store)
    send, record, rounds = SendLoop._send_bodies, Ledger.record, list[int]()

    def slowly(ledger: Ledger, due: LedgerBatch) -> BatchResult:
        time.sleep(0.02)  # so that several sessions are invited by the next round
        return record(ledger, due)

    def fail(*_: object, **__: object) -> None:
        raise StoreUnreachable("gone")

    def send_and_fail(engine: SendLoop, leaving: Sequence[ActiveSession], now: float) -> None:
        with monkeypatch.context() as failing:
            if len(leaving) > 1 and not rounds:
                rounds.append(len(leaving))
                failing.setattr(SendQueue, "pop", fail)
            send(engine, leaving, now)

    monkeypatch.setattr(Ledger, "record", slowly)
    monkeypatch.setattr(SendLoop, "_send_bodies", send_and_fail)
    with ScriptedServer("PIPELINING") as server, pytest.raises(StoreUnreachable):
        deliver(sqlite_store, config(server.port, connections=8))

    assert rounds
    found = states(sqlite_store, edition.key)
    assert set(found) <= {DeliveryState.ACCEPTED, DeliveryState.QUEUED}, (
        "what may leave has a verdict"
    )
    assert found[DeliveryState.ACCEPTED] == len(server.bodies) >= rounds[0]


def test_mail_goes_on_when_its_brake_fails(sqlite_store, sqlite_url, config):
    subscribe(sqlite_store, *readers(30))
    edition = freeze(sqlite_store)
    spoil(
        sqlite_url,
        "CREATE TRIGGER stuck BEFORE UPDATE ON editions BEGIN SELECT RAISE(ABORT, 'stuck'); END",
    )

    def refuse(line: str) -> bytes:
        return b"550 5.7.1 no\r\n" if "reader1" in line else OK

    with ScriptedServer("PIPELINING", rcpt=refuse) as server:
        drained = deliver(sqlite_store, config(server.port, pause_at=0.3, pause_after=5))

    assert (drained.accepted, drained.failed) == (19, 11)
    assert states(sqlite_store, edition.key) == {
        DeliveryState.ACCEPTED: 19,
        DeliveryState.FAILED: 11,
    }


# on SQLite, where one writes at a time, a deadlock is impossible
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_two_processes_that_find_out_the_same_addresses_never_wait_for_each_other(store, store_url):
    subscribe(store, *readers(60))
    together = threading.Barrier(2, timeout=60)

    def find_out(edition: Edition, step: int) -> int:
        mine = Store.open(store_url)
        ledger = ledger_of(mine)
        request = ClaimRequest(edition=edition.key, limit=60, after=0, excluded_domains=NOBODY)
        claims = ledger.record(LedgerBatch(claim_request=request)).claims
        ledger.record(LedgerBatch(intents=claims))
        unknown = PermanentFailure("550 5.1.1 no such reader", 550)
        verdicts = [outcomes.classify(unknown, claim, edition, NOON) for claim in claims[::step]]
        together.wait()
        with contextlib.closing(mine), mine.write() as tx:  # a deadlock is an error here
            return len(ledger.settle(tx, verdicts, NOON))

    editions = freeze(store), freeze(store, draft(subject="Another"))
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(find_out, editions, (1, -1))) == [60, 60]


def test_what_is_left_of_a_day_is_given_back_to_that_day(sqlite_store, monkeypatch):
    evening = datetime(2026, 11, 24, 23, 59, tzinfo=UTC)
    morning = evening + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: evening)
    bucket = TokenBucket(sqlite_store, "relay:main", lambda _: 100)
    assert bucket.take(0)
    with sqlite_store.write() as tx:
        tx.quotas.take_daily("relay:main", 100, 100, at=morning)
    monkeypatch.setattr(clock, "now", lambda: morning)

    bucket.release()

    with sqlite_store.read() as tx:
        taken = [tx.quotas.taken_today("relay:main", at=day) for day in (evening, morning)]
    assert taken == [1, 100]

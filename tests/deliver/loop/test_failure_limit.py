"""Editions that pause themselves."""

import itertools
import re
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.deliver.worker import configured_transports
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionState
from syndicate.model.feedback import FeedbackKind
from syndicate.model.subscribers import Actor, Cause
from tests.deliver.editions import NOON, drain_ledger, freeze, readers, states, subscribe
from tests.deliver.mail_servers import ScriptedServer
from tests.feedback_records import report

pytestmark = pytest.mark.neighbours

ME = Cause(who=Actor.OPERATOR, how="syndicate pause, by me", at=NOON)


@pytest.fixture
def config(publication):
    def make(port: int, **mail):
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        return publication(mail=way | {"from": "news@example.org", "connections": 1} | mail)

    return make


def resume(store, key):
    with store.write() as tx:
        return tx.control.resume(key, cause=ME)


# no server here pipelines: one that does may ask for the next body before the limit is looked at


def refused(line: str) -> bytes:
    """Refuse readers 1, 3 and 10 to 19, for good."""
    unwanted = any(name in line for name in ("reader1", "reader3"))
    return b"550 5.7.1 no\r\n" if unwanted else b"250 ok\r\n"


def test_an_edition_that_is_refused_too_often_pauses_itself_and_says_so(store, config):
    subscribe(store, *readers(30))
    edition = freeze(store)
    with ScriptedServer(rcpt=refused) as server:
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
        assert (note.cause.who, note.cause.how) == (Actor.SERVER, "2 of 5 were refused for good")


def test_after_a_resumption_the_failures_count_anew(store, config):
    subscribe(store, *readers(30))
    edition = freeze(store)
    with ScriptedServer(rcpt=refused) as server:
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
    with ScriptedServer(rcpt=refused) as server:
        way = config(server.port, pause_at=share, pause_after=after)
        drained = drain_ledger(sqlite_store, way, configured_transports(way))

    assert drained.paused == ()
    assert states(sqlite_store, edition.key) == {DeliveryState.ACCEPTED: 8, DeliveryState.FAILED: 2}


# what bounces after it was accepted


def accepted(store, key):
    with store.read() as tx:
        rows = tx.deliveries.by_edition(key)
        return [row.subscriber for row in rows if row.state is DeliveryState.ACCEPTED]


def bounce(store, key, *numbers, kind=FeedbackKind.HARD_BOUNCE):
    with store.write() as tx:
        for number in numbers:
            tx.feedback.add(report(key, number, kind, at=NOON))


def put_off(line: str) -> bytes:
    """Put off readers 10 to 29."""
    return b"450 4.2.1 later\r\n" if re.search(r"reader\d\d", line) else b"250 ok\r\n"


@pytest.mark.sql
@pytest.mark.parametrize(
    ("kind", "paused"),
    [
        (FeedbackKind.HARD_BOUNCE, True),
        (FeedbackKind.BLOCKED, True),
        (FeedbackKind.SOFT_BOUNCE, False),
        (FeedbackKind.DELIVERED, False),
    ],
)
def test_an_edition_of_which_too_much_comes_back_is_not_continued(store, config, kind, paused):
    subscribe(store, *readers(30))
    edition = freeze(store)
    with ScriptedServer(rcpt=put_off) as server:
        way = config(server.port, pause_at=0.3, pause_after=5)
        drain_ledger(store, way, configured_transports(way))
        bounce(store, edition.key, *accepted(store, edition.key)[:3], kind=kind)
        with capture_logs() as logs:
            drained = drain_ledger(store, way, configured_transports(way), minutes=7)

    assert drained.paused == ((edition.key,) if paused else ())
    assert drained.deferred == (0 if paused else 20)
    if paused:
        [alarm] = [log for log in logs if log["log_level"] == "error"]
        assert (alarm["refused"], alarm["bounced"], alarm["of"]) == (0, 3, 10)
        with store.read() as tx:
            [note] = tx.control.decisions(edition.key)
        assert note.cause.how == "3 of 10 failed: 0 refused for good, 3 bounced later"


def test_bounces_stop_an_edition_while_it_is_being_sent(sqlite_store, config, monkeypatch):
    monkeypatch.setattr("syndicate.deliver.loop.ledger._BOUNCE_INTERVAL", 0)
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._REFRESH_INTERVAL", 0)
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._POLL_INTERVAL", 0)
    subscribe(sqlite_store, *readers(30))
    edition = freeze(sqlite_store)
    taken = itertools.count(1)

    def take(_: str) -> bytes:
        if next(taken) == 8:
            bounce(sqlite_store, edition.key, *accepted(sqlite_store, edition.key)[:4])
        return b"250 2.0.0 taken\r\n"

    with ScriptedServer(body=take) as server:
        way = config(server.port, pause_at=0.3, pause_after=5)
        drained = drain_ledger(sqlite_store, way, configured_transports(way))

    assert drained.paused == (edition.key,)
    assert 8 <= drained.accepted < 15


def test_an_edition_that_bounced_and_was_resumed_is_judged_by_what_left_since(sqlite_store, config):
    subscribe(sqlite_store, *readers(30))
    edition = freeze(sqlite_store)
    with ScriptedServer(rcpt=put_off) as server:
        way = config(server.port, pause_at=0.3, pause_after=5)
        drain_ledger(sqlite_store, way, configured_transports(way))
        bounce(sqlite_store, edition.key, *accepted(sqlite_store, edition.key)[:3])
        drain_ledger(sqlite_store, way, configured_transports(way), minutes=7)
        with sqlite_store.write() as tx:
            tx.control.resume(edition.key, cause=replace(ME, at=clock.now()))
        bounce(sqlite_store, edition.key, *accepted(sqlite_store, edition.key)[3:])
        server.answers["rcpt"] = b"250 ok\r\n"
        drained = drain_ledger(sqlite_store, way, configured_transports(way), minutes=7)

    assert (drained.paused, drained.accepted) == ((), 20)

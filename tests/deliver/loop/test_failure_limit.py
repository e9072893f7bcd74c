"""Editions that pause themselves."""

import pytest
from structlog.testing import capture_logs

from syndicate.deliver.worker import configured_transports
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionState
from syndicate.model.subscribers import Actor, Cause
from tests.deliver.editions import NOON, drain_ledger, freeze, readers, states, subscribe
from tests.deliver.mail_servers import ScriptedServer

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

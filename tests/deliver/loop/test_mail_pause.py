"""All mail is paused while another process sends, or after it was killed: nothing leaves."""

import pytest

from syndicate.deliver.worker import configured_transports
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from syndicate.model.subscribers import Actor, Cause
from tests.deliver.drain_process import draining
from tests.deliver.editions import NOON, draft, drain_ledger, freeze, readers, states, subscribe
from tests.deliver.loop.test_edition_control import AT_ONCE, CONNECTIONS, PATIENCE, Gate
from tests.deliver.mail_servers import ScriptedServer

pytestmark = pytest.mark.neighbours

ME = Cause(who=Actor.OPERATOR, how="syndicate pause --all, by me", at=NOON)
READERS = 60


def pause(store):
    """Pause all mail; return how many messages are in flight."""
    with store.write() as tx:
        tx.mail_pause.begin(ME)
        return tx.mail_pause.in_flight()


def resume(store):
    with store.write() as tx:
        assert tx.mail_pause.end(ME)


@pytest.fixture
def tables(tmp_path):
    def make(port):
        mail = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        return {
            "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"},
            "newsletters": [{"name": "breaking"}],
            "mail": mail | {"from": "news@example.org", "connections": CONNECTIONS},
            "root": str(tmp_path),
        }

    return make


@pytest.fixture
def sending(store_url, tables):
    """Run a process that drains the ledger, as `tick` does."""
    return lambda server: draining(store_url, tables(server.port))


@pytest.mark.sql
def test_once_all_mail_is_paused_nothing_more_of_any_edition_arrives(store, sending):
    subscribe(store, *readers(READERS))
    edition, digest = freeze(store), freeze(store, draft(EditionKind.DIGEST))
    gate = Gate(AT_ONCE)
    with ScriptedServer("PIPELINING", body=gate) as server, sending(server) as sender:
        gate.wait_for(CONNECTIONS)
        assert pause(store) == CONNECTIONS
        gate.open()
        assert sender.wait(PATIENCE) == 0

    assert len(server.bodies) == AT_ONCE + CONNECTIONS
    accepted = AT_ONCE + CONNECTIONS
    assert states(store, edition.key) == {
        DeliveryState.ACCEPTED: accepted,
        DeliveryState.QUEUED: READERS - accepted,
    }
    assert states(store, digest.key) == {DeliveryState.QUEUED: READERS}


@pytest.mark.sql
def test_a_process_killed_while_all_mail_is_paused_sends_nothing_when_it_is_started_again(
    store, sending, publication, tables
):
    subscribe(store, *readers(READERS))
    edition = freeze(store)
    gate = Gate(AT_ONCE)
    with ScriptedServer("PIPELINING", body=gate) as server:
        with sending(server) as sender:
            gate.wait_for(CONNECTIONS)
            assert pause(store) == CONNECTIONS
            sender.kill()
        gate.open()
        arrived = AT_ONCE + CONNECTIONS
        with sending(server) as sender:
            assert sender.wait(PATIENCE) == 0
        assert len(server.bodies) == arrived
        assert states(store, edition.key) == {
            DeliveryState.ACCEPTED: AT_ONCE,
            DeliveryState.UNKNOWN: CONNECTIONS,
            DeliveryState.QUEUED: READERS - arrived,
        }
        resume(store)
        with sending(server) as sender:
            assert sender.wait(PATIENCE) == 0

    assert len(server.bodies) == READERS
    assert len({body.partition(b"Message-ID: <")[2][:24] for body in server.bodies}) == READERS
    assert states(store, edition.key) == {
        DeliveryState.ACCEPTED: READERS - CONNECTIONS,
        DeliveryState.UNKNOWN: CONNECTIONS,
    }


def test_a_pass_reports_the_pause_and_needs_no_password(sqlite_store, publication):
    way = {"transport": "smtp", "host": "127.0.0.1", "port": 9, "username": "post"}
    config = publication(mail=way | {"from": "news@example.org", "password_env": "NO_SUCH_SECRET"})
    subscribe(sqlite_store, *readers(3))
    freeze(sqlite_store)
    pause(sqlite_store)
    drained = drain_ledger(sqlite_store, config, configured_transports(config))
    assert (drained.pause, drained.unavailable) == (ME, ())
    resume(sqlite_store)
    drained = drain_ledger(sqlite_store, config, configured_transports(config))
    assert drained.pause is None
    assert "NO_SUCH_SECRET" in drained.unavailable[0]

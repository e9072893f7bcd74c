"""Which edition goes first."""

from collections.abc import Collection

import pytest

from syndicate.deliver.loop.ledger import Ledger, LedgerView
from syndicate.deliver.worker import configured_transports
from syndicate.model.deliveries import ClaimRequest, DeliveryOutcome, DeliveryState, Lease
from syndicate.model.editions import EditionKind
from syndicate.model.subscribers import Actor, Cause
from tests.causes import by_test
from tests.deliver.editions import NOON, content, draft, drain_ledger, freeze, readers, subscribe
from tests.deliver.mail_servers import ScriptedServer
from tests.until import until

pytestmark = pytest.mark.neighbours

ME = Cause(who=Actor.OPERATOR, how="syndicate pause, by me", at=NOON)


LATER = NOON.replace(year=2100)


@pytest.fixture
def config(publication):
    def make(port: int, **mail):
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        return publication(mail=way | {"from": "news@example.org", "connections": 1} | mail)

    return make


def editions(server):
    """The editions that the messages belong to, in the order in which they came."""
    return [int(body.partition(b"Message-ID: <")[2].partition(b".")[0]) for body in server.bodies]


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

    def counted(ledger: Ledger, claimed: Collection[int] = ()) -> LedgerView:
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
            [who, *_] = tx.search.find()
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
        one, two = tx.claims.claim(ClaimRequest(edition=alert.key), Lease("me", NOON, LATER))
        tx.claims.settle_and_intend((), [two], Lease("me", NOON, LATER))
        tx.claims.settle([DeliveryOutcome(claim=two, state=DeliveryState.UNKNOWN)], at=NOON)
        tx.claims.release([one], owner="me", at=NOON)
        tx.subscribers.unsubscribe(one.subscriber, "breaking", cause=by_test(NOON))
    subscribe(store, *readers(60), newsletter="evening")
    digest = freeze(store, draft(EditionKind.DIGEST, newsletter="evening"))

    def settle() -> None:
        with store.write() as tx:
            assert tx.control.settle_unknown(alert.key, again=True, cause=ME) == 1

    with ScriptedServer(body=meanwhile(10, settle)) as server:
        way = config(server.port)
        drain_ledger(store, way, configured_transports(way))

    order = editions(server)
    assert (order.count(alert.key), order.count(digest.key)) == (1, 60)
    assert 10 <= order.index(alert.key) <= 10 + 25

"""Rates, warming up, and destinations that want less: never more than allowed, all others go on."""

import threading
import time
from datetime import date, timedelta

import pytest

from syndicate import clock
from syndicate.deliver.worker import configured_transports, drain
from syndicate.model.deliveries import DeliveryState
from tests.deliver.drain_process import draining
from tests.deliver.editions import NOON, freeze, links, rows, states, subscribe
from tests.deliver.mail_servers import ScriptedServer

pytestmark = pytest.mark.neighbours

OK = b"250 2.0.0 ok\r\n"
ENOUGH = 60


@pytest.fixture
def tables(tmp_path):
    """A factory of a publication's tables, as they stand in config.toml."""

    def make(*ports: int, relay=None, **mail):
        relays = [
            {"name": f"relay{n}", "host": "127.0.0.1", "port": port, "security": "none"}
            | (relay if n == 0 and relay else {})
            for n, port in enumerate(ports)
        ]
        given = {"transport": "smtp", "from": "news@example.org"}
        return {
            "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"},
            "newsletters": [{"name": "breaking"}],
            "mail": given | {"relays": relays} | mail,
            "root": str(tmp_path),
        }

    return make


@pytest.fixture
def config(tables, publication):
    def make(*ports: int, **mail):
        return publication(mail=tables(*ports, **mail)["mail"])

    return make


class Clocked:
    """Notes when the body for which reader came; made before anything may leave."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.came: list[tuple[float, str]] = []

    def __call__(self, body: str) -> bytes:
        self.came.append((time.monotonic(), body.partition("\r\nTo: ")[2].partition("\r\n")[0]))
        return OK

    def times(self, domain: str = "") -> list[float]:
        return sorted(at for at, to in self.came if domain in to)

    def kept_to(self, a_second: int, domain: str = "") -> bool:
        """Whether never more came than may: so many at once, and as many in each second.

        What came late, on a loaded machine, counts as having left when it came.
        """
        times = enumerate(self.times(domain), 1)
        return all(count <= a_second * (1.01 + at - self.began) for count, at in times)


def deliver(store, config, *, minutes: float = 0):
    stop = threading.Event()
    timer = threading.Timer(ENOUGH, stop.set)
    timer.start()
    try:
        at = NOON + timedelta(minutes=minutes)
        return drain(
            store, config, configured_transports(config), links(store, config), at=at, stop=stop
        )
    finally:
        timer.cancel()
        assert not stop.is_set(), "it hung"


def at(domain: str, count: int) -> list[str]:
    return [f"{domain[0]}{n}@{domain}" for n in range(count)]


def test_a_limited_domain_gets_what_it_may_and_the_others_all_at_once(sqlite_store, config):
    subscribe(sqlite_store, *at("slow.example", 50), *at("fast.example", 50))
    freeze(sqlite_store)
    limits = [{"domains": ["slow.example"], "rate": "10/s"}]  # it takes four seconds
    clocked = Clocked()
    with ScriptedServer("PIPELINING", body=clocked) as server:
        drained = deliver(sqlite_store, config(server.port, limits=limits))

    assert drained.accepted == 100
    assert clocked.times("fast.example")[-1] < clocked.times("slow.example")[-1], (
        "they wait for nobody"
    )
    assert clocked.kept_to(10, "slow.example")


def test_the_domains_of_a_provider_share_its_limit(sqlite_store, config):
    subscribe(sqlite_store, *at("one.example", 15), *at("other.example", 15))
    freeze(sqlite_store)
    limits = [{"domains": ["one.example", "other.example"], "rate": "20/s"}]
    clocked = Clocked()
    with ScriptedServer(body=clocked) as server:
        assert deliver(sqlite_store, config(server.port, limits=limits)).accepted == 30

    assert clocked.kept_to(20)


def test_a_slow_limit_is_waited_for(sqlite_store, config):
    subscribe(sqlite_store, *at("slow.example", 3))
    freeze(sqlite_store)
    limits = [{"domains": ["slow.example"], "rate": "60/m"}]
    clocked = Clocked()
    with ScriptedServer(body=clocked) as server:
        assert deliver(sqlite_store, config(server.port, limits=limits)).accepted == 3

    assert clocked.kept_to(1)


def test_a_relay_gets_no_more_than_its_rate(sqlite_store, config):
    subscribe(sqlite_store, *at("x.example", 70))
    freeze(sqlite_store)
    clocked = Clocked()
    with ScriptedServer(body=clocked) as server:
        assert deliver(sqlite_store, config(server.port, relay={"rate": "40/s"})).accepted == 70

    assert clocked.kept_to(40)


@pytest.mark.sql
def test_two_processes_share_a_rate(store, store_url, tables):
    subscribe(store, *at("x.example", 50))
    edition = freeze(store)
    clocked = Clocked()
    with ScriptedServer(body=clocked) as server:
        made = tables(server.port, relay={"rate": "20/s"})
        with draining(store_url, made) as one, draining(store_url, made) as other:
            assert [one.wait(60), other.wait(60)] == [0, 0]

    assert states(store, edition.key) == {DeliveryState.ACCEPTED: 50}
    assert len(server.bodies) == 50
    assert clocked.kept_to(20)


# warming up


@pytest.fixture
def today(monkeypatch) -> date:
    """A day that does not end while a test runs."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return NOON.date()


def warming(*numbers: int, since: date):
    return {"warm_up": list(numbers), "warm_up_from": since}


def test_a_relay_that_warms_up_takes_its_number_in_a_day(sqlite_store, config, today):
    subscribe(sqlite_store, *at("x.example", 30))
    edition = freeze(sqlite_store)
    with ScriptedServer() as server:
        mail = config(server.port, relay=warming(7, 30, since=today))
        first = deliver(sqlite_store, mail)
        second = deliver(sqlite_store, mail, minutes=1)

    assert (first.accepted, second.accepted) == (7, 0)
    assert "warm_up" in first.unavailable[0]
    assert states(sqlite_store, edition.key) == {
        DeliveryState.ACCEPTED: 7,
        DeliveryState.QUEUED: 23,
    }
    assert len(server.bodies) == 7


def test_what_a_relay_may_not_take_while_it_warms_up_goes_by_the_other(sqlite_store, config, today):
    subscribe(sqlite_store, *at("x.example", 40))
    freeze(sqlite_store)
    with ScriptedServer() as young, ScriptedServer() as old:
        mail = config(young.port, old.port, relay=warming(1, 5, since=today - timedelta(days=1)))
        drained = deliver(sqlite_store, mail)

    assert (drained.accepted, drained.unavailable) == (40, ())
    assert len(young.bodies) <= 5
    assert len(young.bodies) + len(old.bodies) == 40


def test_after_the_last_day_there_is_no_limit(sqlite_store, config, today):
    subscribe(sqlite_store, *at("x.example", 12))
    freeze(sqlite_store)
    with ScriptedServer() as server:
        mail = config(server.port, relay=warming(1, 2, since=today - timedelta(days=2)))
        assert deliver(sqlite_store, mail).accepted == 12


# destinations that want less


def refuse(domain: str, answer: bytes):
    return lambda line: answer if domain in line else OK


def over(store) -> None:
    """Have the holds be over; they go by the real clock."""
    with store.write() as tx:
        for hold in tx.holds.current(NOON.replace(year=2000)):
            tx.holds.lift(hold.what)


def test_a_domain_that_wants_less_is_left_alone_and_the_others_go_on(store, config):
    subscribe(store, *at("busy.example", 30), *at("fine.example", 30))
    edition = freeze(store)
    later = b"451 4.7.1 too many messages, later\r\n"
    with ScriptedServer("PIPELINING", rcpt=refuse("busy.example", later)) as server:
        mail = config(server.port, connections=2)
        first = deliver(store, mail)
        asked = len([line for line in server.commands if "busy.example" in line])
        again = deliver(store, mail, minutes=30)
        assert len([line for line in server.commands if "busy.example" in line]) == asked
        del server.answers["rcpt"]
        over(store)
        last = deliver(store, mail, minutes=30)

    assert first.accepted == 30
    assert 1 <= first.deferred <= 4, "what was offered already"
    assert (again.accepted, again.deferred) == (0, 0)
    assert last.accepted == 30
    attempts = [row.attempt for row in rows(store, edition.key).values()]
    assert attempts.count(2) == first.deferred
    assert attempts.count(1) == 60 - first.deferred


def test_a_mailbox_that_is_full_holds_up_nobody_else_of_its_domain(sqlite_store, config):
    subscribe(sqlite_store, *at("x.example", 10))
    freeze(sqlite_store)
    with ScriptedServer(rcpt=refuse("x3@", b"452 4.2.2 full\r\n")) as server:
        drained = deliver(sqlite_store, config(server.port))

    assert (drained.accepted, drained.deferred) == (9, 1)


def test_what_a_provider_says_of_one_of_its_domains_it_says_of_all(sqlite_store, config):
    subscribe(sqlite_store, *at("one.example", 9), *at("other.example", 9), *at("fine.example", 9))
    edition = freeze(sqlite_store)
    limits = [{"domains": ["one.example", "other.example"], "rate": "1000/s"}]
    with ScriptedServer(rcpt=refuse("one.example", b"421 4.7.28 slow down\r\n")) as server:
        mail = config(server.port, limits=limits, connections=1)
        first = deliver(sqlite_store, mail)
        deliver(sqlite_store, mail, minutes=1)

    assert first.accepted == 9 or "wants nothing" in first.unavailable[0]
    assert states(sqlite_store, edition.key)[DeliveryState.QUEUED] >= 8 + 9 - 3


def test_a_domain_beyond_ascii_is_limited_by_its_name_in_ascii(sqlite_store, config):
    subscribe(sqlite_store, *[f"u{n}@bücher.example" for n in range(15)])
    freeze(sqlite_store)
    limits = [{"domains": ["bücher.example"], "rate": "10/s"}]
    clocked = Clocked()
    with ScriptedServer("SMTPUTF8", body=clocked) as server:
        drained = deliver(sqlite_store, config(server.port, limits=limits))

    assert drained.accepted == 15
    assert clocked.kept_to(10)

"""Relays and domains that want less mail."""

import itertools
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syndicate.model.deliveries import DeliveryState
from tests.deliver.editions import freeze, readers, rows, states, subscribe
from tests.deliver.loop.relay_passes import OK, after, attempts, deliver, several_relays
from tests.deliver.mail_servers import ClosingReply, RefusingServer, ScriptedServer
from tests.until import until

pytestmark = pytest.mark.neighbours


@pytest.fixture
def config(publication):
    return several_relays(publication)


def holds(store):
    with store.read() as tx:
        return {hold.what: hold for hold in tx.holds.current(datetime.now(UTC))}


def test_a_throttled_relay_is_held_and_the_other_goes_on(sqlite_store, config):
    subscribe(sqlite_store, *readers(60))
    edition = freeze(sqlite_store)
    seen = itertools.count()
    throttled = threading.Event()

    def throttle(_: str) -> bytes:
        if next(seen) < 5:
            return OK
        throttled.set()
        return b"454 4.7.0 throttling\r\n"

    with ScriptedServer(body=throttle) as busy, ScriptedServer(body=after(throttled)) as other:
        mail = config(busy.port, other.port, connections=2)
        drained = deliver(sqlite_store, mail)

    assert drained.accepted + drained.deferred == 60
    assert 1 <= drained.deferred <= 4, "what was on its way, or offered behind it, and no more"
    assert len(busy.bodies) <= 5 + 4
    assert list(holds(sqlite_store)) == ["relay:relay0"]
    assert attempts(sqlite_store, edition) == {1}


@pytest.mark.parametrize("extensions", [(), ("PIPELINING",)])
def test_what_a_relay_says_of_no_reader_holds_it_and_no_domain(sqlite_store, config, extensions):
    subscribe(sqlite_store, *readers(60))
    edition = freeze(sqlite_store)
    asked = threading.Event()

    def later(_: str) -> bytes:
        asked.set()
        return b"450 4.7.1 too many messages, later\r\n"

    with (
        ScriptedServer(*extensions, mail=later) as busy,
        ScriptedServer(*extensions, body=after(asked)) as other,
    ):
        drained = deliver(sqlite_store, config(busy.port, other.port, connections=2))

    assert drained.accepted + drained.deferred == 60
    assert 1 <= drained.deferred <= 2
    assert list(holds(sqlite_store)) == ["relay:relay0"]
    assert attempts(sqlite_store, edition) == {1}


@pytest.mark.parametrize("audience", [2, 40])
def test_a_relay_that_is_held_in_mid_send_hands_its_readers_to_the_other(
    sqlite_store, config, audience
):
    """Also the few that its idle sessions could have taken."""
    subscribe(sqlite_store, *readers(audience))
    freeze(sqlite_store)
    with ScriptedServer(rcpt=b"454 4.7.0 throttling\r\n") as busy, ScriptedServer() as reserve:
        mail = config(busy.port, reserve.port, weights=(1, 0), connections=2)
        drained = deliver(sqlite_store, mail)

    assert drained.deferred <= 2
    assert drained.accepted == audience - drained.deferred
    assert drained.unavailable == ()


def test_an_only_relay_that_is_held_ends_the_pass_and_costs_the_rest_nothing(sqlite_store, config):
    subscribe(sqlite_store, *readers(30))
    edition = freeze(sqlite_store)
    with ScriptedServer(rcpt=b"454 4.7.0 throttling\r\n") as busy:
        mail = config(busy.port, connections=1)
        drained = deliver(sqlite_store, mail)
        again = deliver(sqlite_store, mail, minutes=1)
        asked = busy.verbs().count("MAIL")

    assert drained.deferred == 1
    assert "is on hold until" in drained.unavailable[0]
    assert "454 4.7.0 throttling" in again.unavailable[0]
    assert asked == 1
    assert states(sqlite_store, edition.key) == {
        DeliveryState.DEFERRED: 1,
        DeliveryState.QUEUED: 29,
    }


@pytest.mark.parametrize("step", ["greeting", "mail"])
def test_a_relay_that_closes_with_421_before_it_took_anything_is_held(sqlite_store, config, step):
    subscribe(sqlite_store, *readers(30))
    edition = freeze(sqlite_store)
    asked = threading.Event()

    def closing(_: str) -> bytes:
        asked.set()
        return b"421 4.3.2 too busy\r\n"

    answers: dict[str, Any] = {step: closing}
    with ScriptedServer(**answers) as busy, ScriptedServer(body=after(asked)) as other:
        drained = deliver(sqlite_store, config(busy.port, other.port, connections=1))

    assert list(holds(sqlite_store)) == ["relay:relay0"]
    assert drained.accepted + drained.deferred == 30
    assert len(other.bodies) >= 29
    assert attempts(sqlite_store, edition) == {1}


def readers_elsewhere(count: int) -> list[str]:
    return [f"reader{n}@d{n}.example" for n in range(count)]


BUSY = b"421 4.3.2 mailbox busy\r\n"


@pytest.mark.parametrize("busy", [BUSY, ClosingReply(BUSY)], ids=["stays", "leaves"])
@pytest.mark.parametrize("extensions", [(), ("PIPELINING",)], ids=["stepwise", "pipelined"])
@pytest.mark.parametrize(
    "where", [(readers, "rcpt", 0), (readers_elsewhere, "rcpt", 40), (readers_elsewhere, "data", 0)]
)
def test_a_421_for_one_address_holds_up_nobody_else(sqlite_store, config, busy, extensions, where):
    audience, step, place = where
    subscribe(sqlite_store, *audience(60))
    edition = freeze(sqlite_store)
    asked: dict[int, str] = {}

    def rcpt(line: str) -> bytes:
        asked[threading.get_ident()] = line
        return busy if step == "rcpt" and f"reader{place}@" in line else OK

    def data(_: str) -> bytes:
        refused = step == "data" and f"reader{place}@" in asked[threading.get_ident()]
        return busy if refused else b"354 go on\r\n"

    with ScriptedServer(*extensions, rcpt=rcpt, data=data) as server:
        drained = deliver(sqlite_store, config(server.port, connections=2))

    assert (drained.accepted, drained.deferred, drained.unavailable) == (59, 1, ())
    assert holds(sqlite_store) == {}
    [put_off] = [row for row in rows(sqlite_store, edition.key).values() if row.code == 421]
    assert put_off.email.startswith(f"reader{place}@")
    assert attempts(sqlite_store, edition) == {1}


@pytest.mark.parametrize("busy", [BUSY, ClosingReply(BUSY)], ids=["stays", "leaves"])
def test_a_421_for_all_of_a_domain_holds_that_and_the_others_go_on(sqlite_store, config, busy):
    subscribe(sqlite_store, *readers(30), *(f"b{n}@busy.example" for n in range(30)))
    freeze(sqlite_store)
    with ScriptedServer(rcpt=lambda line: busy if "@busy.example" in line else OK) as server:
        drained = deliver(sqlite_store, config(server.port, connections=1))

    assert list(holds(sqlite_store)) == ["domain:busy.example"]
    assert (drained.accepted, drained.deferred) == (30, 2)


@pytest.mark.parametrize("step", ["rcpt", "body"])
def test_a_relay_that_leaves_with_421_whoever_it_is_for_is_held(sqlite_store, config, step):
    subscribe(sqlite_store, *readers_elsewhere(60))
    edition = freeze(sqlite_store)
    answers: dict[str, Any] = {step: ClosingReply(b"421 4.3.2 shutting down\r\n")}
    with ScriptedServer("PIPELINING", **answers) as server:
        drained = deliver(sqlite_store, config(server.port, connections=1))

    assert list(holds(sqlite_store)) == ["relay:relay0"]
    assert "shutting down" in drained.unavailable[0]
    assert drained.deferred == 3
    assert states(sqlite_store, edition.key)[DeliveryState.QUEUED] == 57


def test_a_relay_that_takes_fewer_sessions_than_we_want_is_used_with_those(sqlite_store, config):
    """As Postfix says to who connects too often: it goes on in the sessions that it took."""
    subscribe(sqlite_store, *readers(60))
    freeze(sqlite_store)
    met = itertools.count(1)
    refused = threading.Event()

    def greet(_: str) -> bytes:
        if next(met) <= 2:
            return b"220 mx\r\n"
        refused.set()
        return b"421 4.7.0 too many connections\r\n"

    with ScriptedServer(greeting=greet, body=after(refused)) as few:
        drained = deliver(sqlite_store, config(few.port, connections=6))

    assert (drained.accepted, drained.unavailable) == (60, ())
    assert holds(sqlite_store) == {}


def ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


@pytest.mark.parametrize("what", ["relay:relay0", "domain:example.org"])
def test_a_success_after_a_hold_forgets_what_was_said(sqlite_store, config, what):
    subscribe(sqlite_store, *readers(5))
    freeze(sqlite_store)
    with sqlite_store.write() as tx:
        tx.holds.extend(what, reason="too much", at=ago(20))
        tx.holds.extend(what, reason="too much", at=ago(10))
    with ScriptedServer() as server:
        assert deliver(sqlite_store, config(server.port)).accepted == 5
    with sqlite_store.write() as tx:
        assert tx.holds.extend(what, reason="once more", at=ago(0)).strikes == 1


@pytest.mark.parametrize("what", ["relay:relay0", "domain:example.org"])
def test_a_hold_stays_when_what_was_on_its_way_is_taken(sqlite_store, config, what):
    subscribe(sqlite_store, *readers(5))
    freeze(sqlite_store)
    refusal = b"454 4.7.0 slower\r\n" if what.startswith("relay") else b"451 4.7.1 slower\r\n"
    rcpt = RefusingServer(refusal, until_held=lambda: until(lambda: holds(sqlite_store)))
    with ScriptedServer(rcpt=rcpt) as server:
        deliver(sqlite_store, config(server.port, connections=3))

    assert rcpt.others.is_set()
    assert list(holds(sqlite_store)) == [what]

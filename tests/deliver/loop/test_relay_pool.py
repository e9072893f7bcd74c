"""Several relays: who has which share, who stands in for whom, and who is left alone for a while."""

import itertools
import threading

import pytest

from syndicate.model.deliveries import DeliveryState
from tests.deliver.editions import draft, freeze, readers, states, subscribe
from tests.deliver.faulty_server import FaultyServer, repeated
from tests.deliver.loop.relay_passes import ENOUGH, OK, after, attempts, deliver, several_relays
from tests.deliver.mail_servers import CUT, ScriptedServer
from tests.ports import free_port

pytestmark = pytest.mark.neighbours


@pytest.fixture
def config(publication):
    return several_relays(publication)


@pytest.mark.parametrize(("weights", "share"), [((1, 1), 0.5), ((3, 1), 0.75)])
def test_relays_have_their_share_of_the_mail(sqlite_store, config, weights, share):
    subscribe(sqlite_store, *readers(120))
    freeze(sqlite_store)
    # each takes its next message as the others do, however the processor is shared among them
    all_at_work = threading.Barrier(3 + 3 * weights[1] // weights[0], timeout=ENOUGH)

    def body(_: str) -> bytes:
        all_at_work.wait()
        return OK

    with ScriptedServer(body=body) as one, ScriptedServer(body=body) as other:
        mail = config(one.port, other.port, weights=weights, connections=3)
        assert deliver(sqlite_store, mail).accepted == 120

    assert len(one.bodies) == 120 * share
    assert len(other.bodies) == 120 * (1 - share)


def test_a_relay_of_no_weight_gets_nothing_while_another_takes_mail(sqlite_store, config):
    subscribe(sqlite_store, *readers(40))
    freeze(sqlite_store)
    with ScriptedServer() as main, ScriptedServer() as reserve:
        assert deliver(sqlite_store, config(main.port, reserve.port, weights=(1, 0))).accepted == 40

    assert (len(main.bodies), reserve.connections) == (40, 0)


def test_the_reserve_stands_in_when_no_other_can_be_reached(sqlite_store, config):
    subscribe(sqlite_store, *readers(40))
    edition = freeze(sqlite_store)
    with ScriptedServer() as reserve:
        mail = config(free_port(), reserve.port, weights=(1, 0))
        drained = deliver(sqlite_store, mail)

    assert (drained.accepted, drained.unavailable) == (40, ())
    assert attempts(sqlite_store, edition) == {1}


@pytest.mark.parametrize("weights", [(1, 1), (1, 0)])
@pytest.mark.parametrize("extensions", [(), ("PIPELINING",)])
def test_a_relay_that_dies_in_mid_send_costs_no_attempt(sqlite_store, config, weights, extensions):
    subscribe(sqlite_store, *readers(60))
    edition = freeze(sqlite_store)
    dead = threading.Event()
    all_at_work = threading.Barrier(4, timeout=ENOUGH)  # so that none is new when it dies
    met = itertools.count(1)

    def take(_: str) -> bytes:
        if next(met) <= all_at_work.parties:
            all_at_work.wait()
        return OK

    def die(_: str) -> bytes:
        if len(dying.bodies) >= 10:
            dead.set()
        return CUT if dead.is_set() else OK

    with (
        ScriptedServer(
            *extensions,
            mail=die,
            body=take,
            greeting=lambda _: CUT if dead.is_set() else b"220 x\r\n",
        ) as dying,
        ScriptedServer(*extensions, body=after(dead)) as other,
    ):
        drained = deliver(sqlite_store, config(dying.port, other.port, weights=weights))

    assert drained.accepted == 60
    assert attempts(sqlite_store, edition) == {1}
    assert len(dying.bodies) + len(other.bodies) == 60
    assert len(dying.bodies) >= 10


def test_what_was_in_a_dying_relay_is_unknown_and_goes_by_no_other(sqlite_store, config):
    subscribe(sqlite_store, *readers(30))
    edition = freeze(sqlite_store)
    with (
        FaultyServer(say=lambda step, _: "cut" if step == "body" else None) as dying,
        FaultyServer() as other,
    ):
        deliver(sqlite_store, config(dying.port, other.port, connections=2))
        dying.settle()
        other.settle()

    seen = states(sqlite_store, edition.key)
    assert seen[DeliveryState.UNKNOWN] == len(dying.record.bodies)
    assert seen[DeliveryState.UNKNOWN] + seen[DeliveryState.ACCEPTED] == 30
    everything = dying.record
    everything.bodies += other.record.bodies
    assert repeated(everything) == {}


# who refuses a sender


@pytest.mark.parametrize("audience", [1, 3, 30])
@pytest.mark.parametrize("weights", [(1, 1), (1, 0)])
def test_what_one_relay_refuses_to_send_goes_by_the_other(sqlite_store, config, audience, weights):
    subscribe(sqlite_store, *readers(audience))
    edition = freeze(sqlite_store)
    with ScriptedServer(mail=b"550 5.7.1 not yours\r\n") as strict, ScriptedServer() as other:
        drained = deliver(sqlite_store, config(strict.port, other.port, weights=weights))

    assert drained.accepted == audience
    assert attempts(sqlite_store, edition) == {1}
    assert strict.bodies == []


def test_a_relay_that_refuses_one_sender_goes_on_with_the_other(sqlite_store, config):
    subscribe(sqlite_store, *readers(20))
    subscribe(sqlite_store, *readers(20), newsletter="evening")
    refused, fine = freeze(sqlite_store), freeze(sqlite_store, draft(newsletter="evening"))
    senders = [{"name": "breaking"}, {"name": "evening", "from": "eve@example.org"}]
    no = lambda line: b"550 5.7.1 no\r\n" if "<news@" in line else OK  # noqa: E731
    taken = threading.Event()

    def take(_: str) -> bytes:
        taken.set()
        return OK

    with ScriptedServer(mail=no, body=take) as strict, ScriptedServer(body=after(taken)) as other:
        mail = config(strict.port, other.port, weights=(1, 1), newsletters=senders)
        deliver(sqlite_store, mail)

    assert states(sqlite_store, refused.key) == {DeliveryState.ACCEPTED: 20}
    assert states(sqlite_store, fine.key) == {DeliveryState.ACCEPTED: 20}
    assert strict.bodies

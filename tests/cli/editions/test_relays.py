"""Relays with the wrong certificate, relays that are used up, and relays that are down."""

import re
import threading
from datetime import UTC, datetime

import pytest

from tests.cli.editions.mail_desk import (
    READERS,
    assert_each_reader_has_it_once,
    by,
    ledger,
    relay,
    taken,
    ticking,
)
from tests.deliver.faulty_server import Fault, FaultyServer
from tests.deliver.mail_servers import certificate, real_server
from tests.ports import free_port
from tests.until import away_from_midnight

pytestmark = pytest.mark.neighbours

# certificates


@pytest.mark.parametrize(
    ("security", "name", "table"), [("tls", "", "mail"), ("starttls", "ses", "mail.relays.ses")]
)
def test_a_certificate_that_does_not_match_is_refused_until_the_config_says_otherwise(
    desk, tmp_path, security, name, table
):
    context, trusted = certificate(tmp_path, "localhost")
    env = {"SSL_CERT_FILE": str(trusted)}
    starttls, tls = (context, None) if security == "starttls" else (None, context)
    with real_server(starttls=starttls, tls=tls) as (port, boxes):
        by(desk, relay(port, name, security=security))
        refused = desk.run("tick", env=env)
        assert refused.code == 1
        assert boxes.envelopes == []
        assert ledger(desk) == {"queued": READERS}
        for said in (refused.err, desk.run("editions").out):
            assert f"127.0.0.1:{port}: its certificate is not accepted" in said
            assert f"in config.toml, {table}.host must be a name that the certificate" in said
            assert f"{table}.verify = false takes any certificate" in said

        by(desk, relay(port, name, host="localhost", security=security))
        assert desk.run("tick", env=env).code == 0
        assert len(boxes.envelopes) == READERS


@pytest.mark.parametrize("own", [True, False])
def test_a_relay_whose_certificate_need_not_match_is_used(desk, tmp_path, own):
    context, _ = certificate(tmp_path, "elsewhere.example")
    with real_server(tls=context) as (port, boxes):
        its = relay(port, "ses", security="tls", **({"verify": False} if own else {}))
        by(desk, its, more="" if own else "verify = false")
        assert desk.run("tick").code == 0
    assert len(boxes.envelopes) == READERS


def test_the_one_relay_whose_certificate_need_not_match_says_nothing_of_the_other(desk, tmp_path):
    context, _ = certificate(tmp_path, "elsewhere.example")
    with (
        real_server(tls=context) as (lax, took),
        real_server(tls=context, port=free_port()) as (strict, none),
    ):
        by(
            desk,
            relay(lax, "lax", security="tls", verify=False),
            relay(strict, "strict", security="tls"),
        )
        ticked = desk.run("tick")
    assert ticked.code == 0
    assert "mail.relays.strict.host" in ticked.err
    assert "mail.relays.lax" not in ticked.err
    assert (len(took.envelopes), len(none.envelopes)) == (READERS, 0)


# used up, and down


def warming(count: int) -> dict[str, object]:
    away_from_midnight()
    return {"warm_up": [count], "warm_up_from": datetime.now(UTC).date()}


def test_what_a_day_s_number_leaves_waits_while_the_spare_can_not_be_reached(desk):
    gone = free_port()
    with FaultyServer() as server:
        by(desk, relay(server.port, "main", **warming(5)), relay(gone, "spare", weight=0))
        first = desk.run("tick")
        second = desk.run("tick")
    assert taken(server) == 5
    for ticked in (first, second):
        assert ticked.code == 1
        assert "the rest waits: main has used up today's warm_up quota" in ticked.err
        assert f"the rest waits: 127.0.0.1:{gone}: nothing listens there" in ticked.err
    assert "delivered: 5 accepted" in first.out
    assert ledger(desk) == {"accepted": 5, "queued": READERS - 5}
    said = desk.run("editions").out
    assert "relay main: today's warm_up quota of 5 is used up; more from" in said
    assert re.search(rf"relay spare: unavailable at .*: 127\.0\.0\.1:{gone}: nothing", said)


def test_when_all_day_s_numbers_are_used_up_the_rest_waits_and_that_is_said(desk):
    with FaultyServer() as one, FaultyServer() as two:
        by(desk, relay(one.port, "one", **warming(3)), relay(two.port, "two", **warming(4)))
        ticked = desk.run("tick")
        assert ticked.code == 1
        assert (taken(one), taken(two)) == (3, 4)
        assert desk.run("tick").code == 1
    assert taken(one, two) == 7
    assert ledger(desk) == {"accepted": 7, "queued": READERS - 7}
    said = desk.run("editions").out
    for name, number in (("one", 3), ("two", 4)):
        assert f"{name} has used up today's warm_up quota" in ticked.err
        assert f"relay {name}: today's warm_up quota of {number} is used up; more from" in said


def test_relays_that_are_all_down_are_told_in_a_line_each_and_the_queue_stays(desk):
    ports = {"one": free_port(), "two": free_port(), "three": free_port()}
    by(desk, *(relay(port, name) for name, port in ports.items()))
    down = desk.run("tick")
    assert down.code == 1
    assert "delivered: nothing\n" in down.out
    waits = [line for line in down.err.splitlines() if line.startswith("the rest waits")]
    assert waits == [
        f"the rest waits: 127.0.0.1:{port}: nothing listens there; is the server running? look at "
        f"mail.relays.{name}.host and mail.relays.{name}.port in config.toml"
        for name, port in ports.items()
    ]
    assert ledger(desk) == {"queued": READERS}
    with real_server(port=ports["two"]) as (_, boxes):
        assert desk.run("tick").code == 0
    assert len(boxes.envelopes) == READERS


def test_a_relay_that_failed_once_while_it_was_opened_is_opened_again_when_it_took_another(desk):
    told_of_it = threading.Event()

    def say(step: str, _: bytes) -> None:
        if step == "greeting":
            told_of_it.wait(60)

    with FaultyServer([Fault("greeting", 0, "cut")], say=say) as server:
        by(desk, relay(server.port, connections=3, max_messages=3))
        with ticking(desk) as process:
            assert process.stderr
            assert any("relay unavailable" in line for line in process.stderr)
            told_of_it.set()
            _, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
    assert_each_reader_has_it_once(server)

"""A mail server that is down, refuses, or cuts the line: the ledger is right, and the next tick goes on."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.deliver.mail_servers import CUT, ScriptedServer, real_server
from tests.ports import free_port

pytestmark = pytest.mark.neighbours

OK = b"250 2.0.0 ok\r\n"


def by_smtp(operator, port):
    """Send by a server on loopback, and have a breaking story for three readers."""
    operator.catch_mail()
    operator.configure(
        "[mail]",
        f'[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        'from = "Post <news@example.org>"',
    )
    operator.subscribe("ada@example.org,", "bo@example.org,", "cy@example.org,")
    operator.file("ferry")
    assert operator.run("import", "articles").code == 0


def ledger(operator):
    rows = json.loads(operator.run("deliveries", "1", "--json").out)
    return {row["email"].partition("@")[0]: row["state"] for row in rows}


def in_minutes(minutes):
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def ahead(operator, minutes):
    """Deliver what is due so many minutes from now."""
    return operator.run("tick", "--at", in_minutes(minutes), "--really")


def test_a_time_to_come_mails_nobody_by_smtp_unless_it_is_really_meant(operator):
    with real_server() as (port, boxes):
        by_smtp(operator, port)
        refused = operator.run("tick", "--at", in_minutes(60))
        assert refused.code == 2
        assert 'is in the future, and mail.transport is "smtp"' in refused.err
        assert "--really" in refused.err
        assert json.loads(operator.run("editions", "--json").out) == []
        assert boxes.envelopes == []
        assert "delivered: 3 accepted" in ahead(operator, 60).out
        assert len(boxes.envelopes) == 3
    operator.configure('transport = "smtp"', 'transport = "outbox"')
    assert operator.run("tick", "--at", in_minutes(120)).code == 0


def test_a_server_that_is_down_fails_the_tick_and_the_next_one_goes_on(operator):
    port = free_port()
    by_smtp(operator, port)
    down = operator.run("tick")
    assert down.code == 1
    assert f"127.0.0.1:{port}" in down.err
    assert "delivered: nothing\n" in down.out  # much was due
    assert ledger(operator) == dict.fromkeys(("ada", "bo", "cy"), "queued")
    with real_server(port=port) as (_, boxes):
        up = operator.run("tick")
    assert up.code == 0
    assert "delivered: 3 accepted" in up.out
    assert len(boxes.envelopes) == 3


def test_a_refused_reader_is_an_outcome_and_no_failure(operator):
    def rcpt(line):
        if "bo@" in line:
            return b"550 5.1.1 no such user\r\n"
        return b"450 4.2.2 mailbox full\r\n" if "cy@" in line else b"250 ok\r\n"

    with ScriptedServer(mail=OK, rcpt=rcpt, body=OK) as server:
        by_smtp(operator, server.port)
        ticked = operator.run("tick")
        assert ticked.code == 0
        assert "delivered: 1 accepted, 1 failed, 1 deferred" in ticked.out
        assert ledger(operator) == {"ada": "accepted", "bo": "failed", "cy": "deferred"}
        assert "delivered: nothing was due" in ahead(operator, 2).out
        assert "delivered: 1 deferred" in ahead(operator, 10).out
        assert "delivered: 1 expired" in ahead(operator, 60 * 25).out
    assert ledger(operator) == {"ada": "accepted", "bo": "failed", "cy": "expired"}
    [bo] = [
        one
        for one in json.loads(operator.run("subscribers", "list", "--json").out)
        if one["email"] == "bo@example.org"
    ]
    assert "5.1.1" in bo["suppressed"]


def test_a_line_cut_after_the_body_leaves_it_unknown_and_is_not_repeated(operator):
    with ScriptedServer(mail=OK, rcpt=OK, body=CUT) as server:
        by_smtp(operator, server.port)
        assert operator.run("tick").code == 0
        assert len(server.bodies) == 3
    assert ledger(operator) == dict.fromkeys(("ada", "bo", "cy"), "unknown")
    with real_server(port=server.port) as (_, boxes):
        operator.run("tick")
    assert boxes.envelopes == []
    [edition] = json.loads(operator.run("editions", "--json").out)
    assert edition["audience"] == edition["unknown"] == 3


@pytest.mark.parametrize("missing", ["url", "postal_address"])
def test_sending_for_real_needs_an_address_on_the_web_and_one_for_letters(operator, missing):
    operator.configure("[mail]", '[mail]\ntransport = "smtp"\nhost = "smtp.example.org"')
    said = operator.run("check")
    assert said.code == 2
    assert f"publication.{missing}" in said.err


def test_whoever_is_not_in_only_is_held_back(operator):
    with real_server() as (port, boxes):
        by_smtp(operator, port)
        operator.configure("[mail]", '[mail]\nonly = ["ADA@*"]')
        assert "delivered: 1 accepted, 2 skipped" in operator.run("tick").out
    assert [to for _, (to,) in boxes.envelopes] == ["ada@example.org"]
    assert ledger(operator) == {"ada": "accepted", "bo": "skipped", "cy": "skipped"}


def test_an_alert_does_not_wait_for_one_address_that_is_answered_421(operator):
    def rcpt(line):
        return b"421 4.3.2 try again later\r\n" if "ada@" in line else OK

    with ScriptedServer("PIPELINING", mail=OK, rcpt=rcpt, body=OK) as server:
        by_smtp(operator, server.port)
        ticked = operator.run("tick")

    assert ticked.code == 0
    assert "delivered: 2 accepted, 1 deferred" in ticked.out
    assert ledger(operator) == {"ada": "deferred", "bo": "accepted", "cy": "accepted"}

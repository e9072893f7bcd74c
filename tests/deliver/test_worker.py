import pytest
from structlog.testing import capture_logs

from syndicate.deliver.outbox import Outbox
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.deliver.worker import configured_transports
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from tests.causes import by_test
from tests.deliver.editions import (
    NOON,
    draft,
    drain_ledger,
    freeze,
    readers,
    rows,
    states,
    subscribe,
)
from tests.deliver.mail_servers import CUT, ScriptedServer, real_server
from tests.until import until

pytestmark = pytest.mark.neighbours


@pytest.fixture
def config(publication):
    def make(port: int = 0, **mail):
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        given = (way if port else {}) | {"from": "news@example.org"} | mail
        return publication(mail=given)

    return make


def refuse(*local_parts: str, answer: bytes):
    return lambda line: answer if any(part in line for part in local_parts) else b"250 ok\r\n"


def test_every_reader_gets_one_message(store, config):
    subscribe(store, *readers(60))
    edition = freeze(store)
    with real_server() as (port, boxes):
        drained = drain_ledger(store, config(port), configured_transports(config(port)))
        again = drain_ledger(store, config(port), configured_transports(config(port)))

    assert drained.accepted == 60
    assert again.accepted == 0
    assert sorted(to for _, (to,) in boxes.envelopes) == sorted(readers(60))
    assert states(store, edition.key) == {DeliveryState.ACCEPTED: 60}


def test_the_outbox_holds_one_file_for_every_reader(store, config):
    subscribe(store, *readers(60))
    freeze(store)
    drained = drain_ledger(store, config(), configured_transports(config()))

    assert drained.accepted == 60
    assert sorted(kept.to for kept in Outbox.of(config()).messages()) == sorted(readers(60))


def test_a_refused_recipient_never_stops_the_rest(sqlite_store, config):
    subscribe(sqlite_store, *readers(9))
    edition = freeze(sqlite_store)
    with ScriptedServer("PIPELINING", rcpt=refuse("reader4", answer=b"550 5.1.1 no\r\n")) as server:
        drained = drain_ledger(
            sqlite_store, config(server.port), configured_transports(config(server.port))
        )

    assert (drained.accepted, drained.failed, drained.unavailable) == (8, 1, ())
    row = rows(sqlite_store, edition.key)["reader4@example.org"]
    assert (row.state, row.code, row.reply) == (DeliveryState.FAILED, 550, "5.1.1 no")


def test_an_address_that_is_no_good_is_suppressed(sqlite_store, config):
    subscribe(sqlite_store, *readers(3))
    freeze(sqlite_store)
    answer = refuse("reader1", answer=b"550 5.1.1 no\r\n")
    with ScriptedServer(rcpt=answer, body=b"552 5.2.2 full\r\n") as server:
        drain_ledger(sqlite_store, config(server.port), configured_transports(config(server.port)))

    with sqlite_store.read() as tx:
        assert [bool(who.suppressed) for who in tx.search.find()] == [False, True, False]
        assert (
            tx.subscribers.by_email("reader1@example.org").suppressed
            == "550 5.1.1 no, by 127.0.0.1"
        )


def test_what_was_put_off_is_tried_again_and_given_up_in_the_end(store, config):
    subscribe(store, *readers(2))
    edition = freeze(store)
    with ScriptedServer(rcpt=refuse("reader1", answer=b"450 4.2.1 later\r\n")) as server:
        way = configured_transports(config(server.port))
        first = drain_ledger(store, config(server.port), way)
        soon = drain_ledger(store, config(server.port), way, minutes=4)
        later = drain_ledger(store, config(server.port), way, minutes=7)
        attempts = rows(store, edition.key)["reader1@example.org"].attempt
        late = drain_ledger(store, config(server.port), way, minutes=24 * 60 + 1)

    assert (first.accepted, first.deferred) == (1, 1)
    assert soon.deferred == 0
    assert later.deferred == 1
    assert attempts == 2
    assert late.expired == 1
    assert states(store, edition.key) == {DeliveryState.ACCEPTED: 1, DeliveryState.EXPIRED: 1}
    assert rows(store, edition.key)["reader1@example.org"].reply == "4.2.1 later"


def test_no_verdict_is_unknown_and_never_repeated(store, config):
    subscribe(store, *readers(5))
    edition = freeze(store)
    cut = refuse("To: reader2@", answer=CUT)
    with ScriptedServer("PIPELINING", body=cut) as server:
        way = configured_transports(config(server.port))
        drained = drain_ledger(store, config(server.port), way)
        again = drain_ledger(store, config(server.port), way, minutes=60)

    assert (drained.accepted, drained.unknown, again.unknown) == (4, 1, 0)
    assert states(store, edition.key) == {DeliveryState.ACCEPTED: 4, DeliveryState.UNKNOWN: 1}
    assert len(server.bodies) == 5


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_connection_cut_before_the_body_costs_an_attempt_and_nothing_else(
    sqlite_store, config, step
):
    subscribe(sqlite_store, *readers(3))
    edition = freeze(sqlite_store)
    with ScriptedServer() as server:
        server.answers[step] = CUT
        way = configured_transports(config(server.port))
        drained = drain_ledger(sqlite_store, config(server.port), way)
        del server.answers[step]
        server.answers["data"] = b"354 go\r\n"
        later = drain_ledger(sqlite_store, config(server.port), way, minutes=10)

    assert (drained.deferred, later.accepted) == (3, 3)
    assert {row.attempt for row in rows(sqlite_store, edition.key).values()} == {2}
    assert len(server.bodies) == 3


def test_a_session_that_grew_old_costs_its_next_reader_nothing(sqlite_store, config):
    subscribe(sqlite_store, *readers(6))
    edition = freeze(sqlite_store)
    with ScriptedServer("PIPELINING") as server:
        served = iter(range(1, 1000))
        server.answers["mail"] = lambda _: (
            b"421 too many\r\n" if next(served) % 3 == 0 else b"250 ok\r\n"
        )
        one = config(server.port, connections=1)
        drained = drain_ledger(sqlite_store, one, configured_transports(one))

    assert drained.accepted == 6
    assert {row.attempt for row in rows(sqlite_store, edition.key).values()} == {1}
    assert server.connections == 3


def test_sessions_are_renewed_after_max_messages(sqlite_store, config):
    subscribe(sqlite_store, *readers(6))
    freeze(sqlite_store)
    with ScriptedServer() as server:
        two = config(server.port, connections=1, max_messages=2)
        drained = drain_ledger(sqlite_store, two, configured_transports(two))

    assert drained.accepted == 6
    assert server.connections == 3


def test_a_relay_that_is_down_costs_no_attempt_and_is_told_once(store, config):
    subscribe(store, *readers(30))
    edition = freeze(store)
    with ScriptedServer() as server:
        down = config(server.port)
    with capture_logs() as logs:
        drained = drain_ledger(store, down, configured_transports(down))

    assert "nothing listens there" in drained.unavailable[0]
    assert [log["event"] for log in logs] == ["relay unavailable"]
    assert states(store, edition.key) == {DeliveryState.QUEUED: 30}
    assert {row.attempt for row in rows(store, edition.key).values()} == {0}
    assert drain_ledger(store, config(), configured_transports(config())).accepted == 30


def test_a_sender_that_the_relay_refuses_says_nothing_about_readers(sqlite_store, publication):
    subscribe(sqlite_store, *readers(3))
    subscribe(sqlite_store, *readers(3), newsletter="evening")
    refused, fine = freeze(sqlite_store), freeze(sqlite_store, draft(newsletter="evening"))
    with ScriptedServer(mail=refuse("<news@", answer=b"550 5.7.1 not yours\r\n")) as server:
        config = publication(
            mail={
                "transport": "smtp",
                "host": "127.0.0.1",
                "port": server.port,
                "security": "none",
                "from": "news@example.org",
            },
            newsletters=[{"name": "breaking"}, {"name": "evening", "from": "eve@example.org"}],
        )
        drained = drain_ledger(sqlite_store, config, configured_transports(config))

    assert "takes nothing from news@example.org" in drained.unavailable[0]
    assert states(sqlite_store, refused.key) == {DeliveryState.QUEUED: 3}
    assert states(sqlite_store, fine.key) == {DeliveryState.ACCEPTED: 3}


def test_who_left_since_the_edition_was_frozen_is_not_mailed(store, config):
    subscribe(store, *readers(3))
    edition = freeze(store)
    with store.write() as tx:
        key = tx.subscribers.by_email("reader1@example.org").key
        tx.subscribers.unsubscribe(key, "breaking", cause=by_test(NOON))
    drained = drain_ledger(store, config(), configured_transports(config()))

    assert drained.accepted == 2
    assert rows(store, edition.key)["reader1@example.org"].state is DeliveryState.SKIPPED


def test_who_leaves_while_the_body_is_asked_for_is_not_mailed(sqlite_store, config):
    subscribe(sqlite_store, *readers(3))
    edition = freeze(sqlite_store)

    def leave(line: str) -> bytes:
        if "reader1" in line:
            with sqlite_store.write() as tx:
                key = tx.subscribers.by_email("reader1@example.org").key
                tx.subscribers.unsubscribe(key, "breaking", cause=by_test(NOON))
        return b"250 ok\r\n"

    with ScriptedServer("PIPELINING", rcpt=leave) as server:
        drained = drain_ledger(
            sqlite_store, config(server.port), configured_transports(config(server.port))
        )

    assert drained.accepted == 2
    assert len(server.bodies) == 2
    assert rows(sqlite_store, edition.key)["reader1@example.org"].state is DeliveryState.SKIPPED


def test_mail_only_holds_everybody_else_back(store, config):
    subscribe(store, "me@office.example", *readers(30))
    edition = freeze(store)
    only = config(only=["*@OFFICE.example"])
    drained = drain_ledger(store, only, configured_transports(only))

    assert (drained.accepted, drained.skipped) == (1, 30)
    assert rows(store, edition.key)["reader4@example.org"].reply == "held back by mail.only"
    assert [kept.to for kept in Outbox.of(only).messages()] == ["me@office.example"]


def test_a_message_that_can_not_be_made_never_stops_the_rest(sqlite_store, config):
    with sqlite_store.write() as tx:
        for email, name in [("a@x.org", "A\nBcc: b@x.org"), ("a b@x.org", ""), ("c@x.org", "C")]:
            tx.subscribers.subscribe(email, "breaking", name=name, cause=by_test(NOON))
    edition = freeze(sqlite_store)
    drained = drain_ledger(sqlite_store, config(), configured_transports(config()))

    assert (drained.accepted, drained.failed) == (1, 2)
    assert "control characters" in rows(sqlite_store, edition.key)["a@x.org"].reply


def test_an_edition_goes_out_whose_newsletter_left_the_config(sqlite_store, publication):
    subscribe(sqlite_store, *readers(2))
    freeze(sqlite_store)
    config = publication(newsletters=[], mail={"from": "news@example.org"})

    assert drain_ledger(sqlite_store, config, configured_transports(config)).accepted == 2


def test_alerts_go_before_digests(sqlite_store, config):
    subscribe(sqlite_store, *readers(3))
    digest, alert = freeze(sqlite_store, draft(EditionKind.DIGEST)), freeze(sqlite_store)
    with ScriptedServer() as server:
        one = config(server.port, connections=1)
        drain_ledger(sqlite_store, one, configured_transports(one))

    editions = [
        int(body.partition(b"Message-ID: <")[2].partition(b".")[0]) for body in server.bodies
    ]
    assert editions == [alert.key] * 3 + [digest.key] * 3


def test_what_was_done_is_logged(sqlite_store, config):
    subscribe(sqlite_store, *readers(3))
    edition = freeze(sqlite_store)
    with (
        ScriptedServer(rcpt=refuse("reader1", answer=b"550 no\r\n")) as server,
        capture_logs() as logs,
    ):
        drain_ledger(sqlite_store, config(server.port), configured_transports(config(server.port)))

    assert logs == [
        {
            "event": "edition accepted",
            "edition": edition.key,
            "recipients": 2,
            "refused": 1,
            "log_level": "info",
        }
    ]


def test_the_config_names_the_way_out(config):
    assert [type(way) for way in configured_transports(config(25))] == [SmtpTransport]
    assert [type(way) for way in configured_transports(config())] == [Outbox]


def test_a_short_list_is_shared_out_among_the_connections(sqlite_store, config):
    subscribe(sqlite_store, *readers(4))
    freeze(sqlite_store)

    def slowly(_: str) -> bytes:
        until(lambda: server.connections == 4)
        return b"250 ok\r\n"

    with ScriptedServer(body=slowly) as server:
        one = config(server.port, connections=4)
        assert drain_ledger(sqlite_store, one, configured_transports(one)).accepted == 4

    assert server.connections == 4

"""The store fails in mid-send: what became of each message is known, or is said not to be."""

import os
import socket
import threading
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs

from syndicate.deliver.loop import outcomes
from syndicate.deliver.loop.ledger import Ledger, LedgerBatch
from syndicate.errors import StoreError, StoreLocked, StoreUnreachable, TemporaryFailure
from syndicate.model.deliveries import Claim, ClaimRequest, DeliveryOutcome, DeliveryState
from syndicate.model.editions import Edition
from syndicate.store import Store
from tests.causes import by_test
from tests.deliver.editions import NOON, freeze, rows, states
from tests.deliver.faulty_server import FaultyServer
from tests.deliver.outages.store_failures import end_sessions, run_sql
from tests.deliver.outages.store_passes import (
    AT,
    AUDIENCE,
    Publication,
    accepted_of,
    all_is_settled,
    at_body,
    bring_out,
    every_body_is_recorded,
    lamented,
    one_relay,
    passed,
    patient,
)


@pytest.fixture
def config(publication: Publication) -> Publication:
    return one_relay(publication)


# a server that goes away


@pytest.mark.parametrize("at", [1, AT])
def test_sessions_that_a_server_ends_in_mid_send_cost_no_verdict(far_store, wire, config, at):
    edition = bring_out(far_store)
    with FaultyServer(say=at_body(at, lambda: end_sessions(wire))) as server:
        one = config(server.port)
        first = passed(far_store, one)
        every_body_is_recorded(far_store, edition, server.record)
        taken = {body.reader for body in server.record.bodies if body.taken}
        assert accepted_of(far_store, edition) == taken
        assert isinstance(first, StoreUnreachable) or first == len(taken) == AUDIENCE

        passed(far_store, one, minutes=10)
        all_is_settled(far_store, edition, server.record)


@pytest.mark.parametrize("moment", [("body", AT), ("data", 1)])
def test_a_server_that_stays_away_ends_the_pass_and_the_next_one_does_the_rest(
    far_store, wire, config, monkeypatch, moment
):
    patient(monkeypatch, 1)
    step, number = moment
    # not in the middle of a commit: it might be done, and nobody hear of it
    cut = wire.cut_at_the_next_commit if step == "body" else wire.cut
    edition = bring_out(far_store)
    with FaultyServer(say=at_body(number, cut, at=step)) as server, capture_logs() as logs:
        # so few that nothing else is asked of the store when the first body is to leave
        one = config(server.port, connections=4)
        failed = passed(far_store, one)
        wire.mend()
        assert isinstance(failed, StoreUnreachable)
        assert str(failed).endswith("check store.url")
        assert "\n" not in str(failed)
        assert "secret" not in str(failed)
        every_body_is_recorded(far_store, edition, server.record)
        assert DeliveryState.UNKNOWN not in states(far_store, edition.key)
        before = accepted_of(far_store, edition)

        done = passed(far_store, one, minutes=10)
        found = all_is_settled(far_store, edition, server.record)
        unknown = {
            to
            for to, row in rows(far_store, edition.key).items()
            if row.state is DeliveryState.UNKNOWN
        }
        assert lamented(logs) or step == "data"
        assert lamented(logs) <= unknown
        assert found[DeliveryState.UNKNOWN] <= 4
        assert done == AUDIENCE - len(before) - len(unknown)


def test_a_connection_that_was_cut_between_two_passes_is_not_noticed(far_store, wire, config):
    edition = bring_out(far_store)
    with FaultyServer() as server:
        one = config(server.port)
        assert passed(far_store, one) == AUDIENCE
        other = freeze(far_store)
        end_sessions(wire)
        wire.wait_until_free()
        assert passed(far_store, one) == AUDIENCE
    assert states(far_store, edition.key) == states(far_store, other.key)


def test_a_server_is_asked_for_a_sign_of_life_after_a_rest_alone(far_store, wire, monkeypatch):
    def journeys():
        before = wire.journeys
        with far_store.write():
            pass
        return wire.journeys - before

    assert journeys() == 0
    monkeypatch.setattr("syndicate.store.database.sql_engine._PING_AFTER", -1)
    assert journeys() > 0


def test_a_connection_that_was_just_made_is_not_asked(far_store, monkeypatch):
    """A second that is no good either is no reason to try a third."""
    far_store._engine.dispose()
    monkeypatch.setattr("syndicate.store.database.sql_engine._PING_AFTER", -1)
    monkeypatch.setattr(
        "syndicate.store.database.sql_engine._has_input", lambda _: pytest.fail("it was asked")
    )
    with far_store.read() as tx:
        assert tx.editions.all() == []


def test_a_server_that_breaks_off_what_takes_too_long_is_waited_for(far_store, wire, config):
    edition = bring_out(far_store)
    run_sql(wire, f"ALTER DATABASE {wire.database} SET statement_timeout = '1s'")
    far_store._engine.dispose()  # new sessions go by it
    engine = create_engine(wire.straight)
    holder = engine.connect()
    holder.execute(text("SET statement_timeout = 0"))

    released = threading.Event()

    def release() -> None:
        holder.rollback()
        released.set()

    def hold() -> None:
        holder.execute(text("LOCK TABLE deliveries"))
        threading.Timer(1.5, release).start()

    with FaultyServer(say=at_body(AT, hold)) as server:
        one = config(server.port)
        first = passed(far_store, one)
        assert released.wait(60)
        every_body_is_recorded(far_store, edition, server.record)
        taken = {body.reader for body in server.record.bodies if body.taken}
        assert accepted_of(far_store, edition) == taken
        assert isinstance(first, StoreLocked) or first == AUDIENCE

        run_sql(wire, f"ALTER DATABASE {wire.database} RESET statement_timeout")
        far_store._engine.dispose()
        passed(far_store, one, minutes=10)
        assert all_is_settled(far_store, edition, server.record) == {
            DeliveryState.ACCEPTED: AUDIENCE
        }
    holder.close()
    engine.dispose()


@pytest.mark.parametrize(
    ("code", "kind", "remedy"),
    [
        ("53100", StoreError, "free some"),
        ("58030", StoreUnreachable, "check its disk"),
        ("57014", StoreLocked, "try again"),
        ("55P03", StoreLocked, "try again"),
        ("40001", StoreLocked, "try again"),
        ("25006", StoreUnreachable, "who may write there"),
        ("42501", StoreUnreachable, "who may write there"),
        ("53200", StoreUnreachable, "check store.url"),
        ("XX001", StoreUnreachable, "restore a backup"),
    ],
)
def test_what_a_server_says_in_its_own_language_is_understood(far_store, code, kind, remedy):
    raising = f"DO $$ BEGIN RAISE 'Nichts geht mehr' USING ERRCODE = '{code}'; END $$"
    with (
        pytest.raises(kind, match=f"(Nichts geht mehr|process).*{remedy}"),
        far_store.write() as tx,
    ):
        tx.keys._connection.exec_driver_sql(raising)


@pytest.mark.parametrize(("said", "timeout"), [("", 30_000), ("&tcp_user_timeout=7000", 7_000)])
def test_a_server_whose_machine_is_gone_is_not_waited_for_as_long_as_the_system_would(
    wire, said, timeout
):
    store = Store.open(wire.url + said)
    with store.read() as tx:
        connection = tx.keys._connection.connection.dbapi_connection
        assert connection is not None
        with socket.socket(fileno=os.dup(connection.fileno())) as ours:
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == timeout
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
    store.close()


@pytest.fixture
def ledger(far_store: Store) -> Ledger:
    return Ledger(far_store, name="here:1:1:x", at=NOON, sending_lease=timedelta(minutes=5))


def claimed(ledger: Ledger, edition: Edition, count: int) -> list[Claim]:
    wanted = ClaimRequest(edition=edition.key, limit=count, after=0, excluded_domains=frozenset())
    return ledger.record(LedgerBatch(claim_request=wanted)).claims


# a commit of which nobody hears


@pytest.mark.parametrize("done", [True, False])
def test_a_round_counts_once_whether_or_not_it_was_heard_to_be_committed(
    far_store, wire, ledger, done
):
    edition = bring_out(far_store)
    first, second, *_ = claimed(ledger, edition, 5)
    ledger.record(LedgerBatch(intents=[first]))
    wire.lose_the_next_commit(done=done)
    wanted = ClaimRequest(edition=edition.key, limit=5, after=0, excluded_domains=frozenset())

    recorded = ledger.record(
        LedgerBatch(
            outcomes=[DeliveryOutcome(claim=first, state=DeliveryState.ACCEPTED, code=250)],
            intents=[second],
            claim_request=wanted,
        )
    )

    assert recorded.may_send == {(edition.key, second.subscriber)}
    assert [claim.subscriber for claim in recorded.claims] == [6, 7, 8, 9, 10]
    assert ledger.counts[edition.key] == {DeliveryState.ACCEPTED: 1}
    expected = {
        DeliveryState.ACCEPTED: 1,
        DeliveryState.SENDING: 1,
        DeliveryState.CLAIMED: 8,
        DeliveryState.QUEUED: 50,
    }
    assert states(far_store, edition.key) == expected


def test_a_round_that_was_lost_lets_nothing_leave_of_an_edition_that_was_cancelled_since(
    far_store, wire, ledger
):
    edition = bring_out(far_store)
    first, second = claimed(ledger, edition, 2)

    def cancel() -> None:
        store = Store.open(wire.straight)
        with store.write() as tx:
            tx.control.cancel(edition.key, cause=by_test(NOON))
            tx.control.sweep(NOON)
        store.close()

    wire.lose_the_next_commit(done=False, then=cancel)
    put_off = outcomes.classify(TemporaryFailure("450 not now", 450), first, edition, NOON)

    assert not ledger.record(LedgerBatch(outcomes=[put_off], intents=[second])).may_send
    assert states(far_store, edition.key) == {DeliveryState.SKIPPED: AUDIENCE}


@pytest.mark.parametrize("at", [10, 13, 17, 29])
def test_a_commit_that_is_not_heard_of_in_mid_send_leaves_nobody_in_doubt(
    far_store, wire, config, at
):
    edition = bring_out(far_store)
    lose = at_body(at, lambda: wire.lose_the_next_commit(done=True))
    with FaultyServer(say=lose) as server:
        one = config(server.port)
        first = passed(far_store, one)
        every_body_is_recorded(far_store, edition, server.record)
        second = passed(far_store, one, minutes=10)
        found = all_is_settled(far_store, edition, server.record)
    if isinstance(first, int):  # else it was a commit that no verdict waited for
        assert (first, second) == (AUDIENCE, 0)
        assert found == {DeliveryState.ACCEPTED: AUDIENCE}

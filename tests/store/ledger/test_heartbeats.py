"""Heartbeats, and what they say together with the ledger: whether mail moves."""

from datetime import timedelta

import pytest

from syndicate.model.deliveries import ClaimRequest, DeliveryOutcome, DeliveryState, Lease
from syndicate.model.subscribers import Actor, Cause
from syndicate.store import Heartbeat
from syndicate.store.ledger.mail_flow import MailFlow
from tests.store.ledger.test_deliveries import MINUTE, NOW, edition, readers

SECOND = timedelta(seconds=1)


def flow(store, at=NOW) -> MailFlow:
    with store.read() as tx:
        found: MailFlow = tx.heartbeats.mail_flow(at)
        return found


@pytest.fixture
def waiting(store):
    """An edition for four readers, made at NOW."""
    with store.write() as tx:
        readers(tx)
        return edition(tx)


def claim(tx, key, count=4, at=NOW):
    return tx.claims.claim(ClaimRequest(edition=key, limit=count), Lease("me", at, at + MINUTE))


def settle(store, key, state, *, count=4, at=NOW, again=None):
    with store.write() as tx:
        claims = claim(tx, key, count, at)
        tx.claims.settle_and_intend((), claims, Lease("me", at, at + MINUTE))
        verdicts = [
            DeliveryOutcome(claim=one, state=state, code=250, reply="said", next_attempt_at=again)
            for one in claims
        ]
        tx.claims.settle(verdicts, at=at)


def test_of_two_beats_the_newest_counts(store):
    assert flow(store).last_tick is None
    with store.write() as tx:
        tx.heartbeats.record(Heartbeat.TICK, NOW + SECOND)
        tx.heartbeats.record(Heartbeat.TICK, NOW)
        tx.heartbeats.record(Heartbeat.ACCEPTED, NOW)
    assert (flow(store).last_tick, flow(store).last_accepted) == (NOW + SECOND, NOW)


def test_where_nothing_waits_nothing_is_idle(store):
    with store.write() as tx:
        tx.heartbeats.record(Heartbeat.ACCEPTED, NOW)
    nothing = flow(store, NOW + 60 * MINUTE)
    assert (nothing.oldest, nothing.due_since, nothing.idle_since) == (None, None, None)
    assert not nothing.is_stalled(NOW + 60 * MINUTE, 5 * MINUTE)


def test_mail_that_is_due_is_idle_since_its_edition_was_made_or_the_last_was_accepted(
    store, waiting
):
    assert (flow(store).oldest, flow(store).idle_since) == (NOW, NOW)
    with store.write() as tx:
        tx.heartbeats.record(Heartbeat.ACCEPTED, NOW + MINUTE)
        claim(tx, waiting, 2)
    found = flow(store)
    assert (found.oldest, found.idle_since) == (NOW, NOW + MINUTE)
    assert not found.is_stalled(NOW + 6 * MINUTE - SECOND, 5 * MINUTE)
    assert found.is_stalled(NOW + 6 * MINUTE, 5 * MINUTE)


def test_mail_that_was_put_off_is_due_when_its_time_has_come(store, waiting):
    settle(store, waiting, DeliveryState.DEFERRED, again=NOW + 30 * MINUTE)
    early, late = flow(store, NOW + 29 * MINUTE), flow(store, NOW + 31 * MINUTE)
    assert (early.oldest, early.idle_since) == (NOW, None)
    assert (late.oldest, late.idle_since) == (NOW, NOW + 30 * MINUTE)


@pytest.mark.parametrize(
    "state", [DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.UNKNOWN]
)
def test_what_was_answered_waits_no_more(store, waiting, state):
    settle(store, waiting, state)
    assert flow(store).oldest is None


def test_an_edition_that_is_paused_does_not_wait(store, waiting):
    with store.write() as tx:
        tx.control.pause(waiting, cause=Cause(who=Actor.OPERATOR, how="pause", at=NOW))
    assert flow(store, NOW + 60 * MINUTE).idle_since is None


def test_readers_at_other_domains_than_these_are_found(store, waiting):
    with store.write() as tx:
        tx.subscribers.subscribe(
            "ada@other.example", "late", cause=Cause(who=Actor.OPERATOR, how="x", at=NOW)
        )
    with store.read() as tx:
        assert tx.heartbeats.has_due_outside(NOW, frozenset({"other.example"}))
        assert not tx.heartbeats.has_due_outside(NOW, frozenset({"example.org", "x.example"}))

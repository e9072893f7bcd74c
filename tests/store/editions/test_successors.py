"""Editions that correct or repeat another: who gets them, to the last reader."""

import pytest

from syndicate.errors import Refused
from syndicate.model.deliveries import DeliveryState, DeliveryTotals
from syndicate.model.editions import Content, ControlAction, Draft, EditionKind, EditionState, Item
from tests.causes import by_test
from tests.store.editions.test_control import ME, cancel, pause, sweep, under_way
from tests.store.ledger.test_deliveries import (
    MINUTE,
    NOW,
    claim,
    edition,
    intend,
    readers,
    settle,
    states,
)


def corrected():
    return Draft(
        newsletter="news",
        schedule=None,
        kind=EditionKind.DIGEST,
        content=Content(subject="Corrected", preheader="", html="h2", text="t", nonce="n"),
        items=(Item(article=1, revision=2),),
        upto=1,
        newest=2,
        created_at=NOW,
        expires_at=NOW + 60 * MINUTE,
    )


def replace(tx, key):
    return tx.successors.replace(key, corrected(), cause=ME)


def resend(tx, key):
    return tx.successors.resend(key, cause=ME, expires_at=NOW + 60 * MINUTE)


def emails(tx, key):
    return [delivery.email for delivery in tx.deliveries.by_edition(key)]


# corrected


def test_a_correction_is_for_exactly_those_who_were_held_back(store):
    with store.write() as tx:
        key = under_way(tx)
        pause(tx, key)
        new, left = replace(tx, key)
        old = {row.email: (row.state, row.reply) for row in tx.deliveries.by_edition(key)}
        assert emails(tx, new.key) == [f"r{n}@example.org" for n in (2, 3, 4, 5)]
        assert tx.deliveries.totals(new.key) == DeliveryTotals(queued=4)
        before = tx.editions.by_key(key)
    assert (left.accepted, left.in_flight, left.held_back) == (1, 1, 4)
    assert old["r2@example.org"] == (DeliveryState.SKIPPED, f"replaced by edition {new.key}")
    assert [state for state, _ in old.values()].count(DeliveryState.SKIPPED) == 4
    assert (before.state, before.successor) == (EditionState.REPLACED, new.key)
    assert (new.original, new.subject, before.subject) == (key, "Corrected", "S")


def test_who_was_in_flight_and_put_off_gets_the_correction(store):
    with store.write() as tx:
        readers(tx, 2)
        key = edition(tx)
        [one] = claim(tx, key, limit=1)
        intend(tx, one)
        new, _ = replace(tx, key)
        assert emails(tx, new.key) == ["r1@example.org"]
        settle(tx, one, DeliveryState.DEFERRED, code=450, at=NOW, next_attempt_at=NOW)
        sweep(tx)
        assert emails(tx, new.key) == ["r0@example.org", "r1@example.org"]
        assert states(tx, key) == ["skipped", "skipped"]


def test_after_a_cancellation_the_correction_is_for_whom_it_held_back(store):
    with store.write() as tx:
        key = under_way(tx)
        cancel(tx, key)
        new, left = replace(tx, key)
        assert left.held_back == 4
        assert tx.deliveries.totals(new.key) == DeliveryTotals(queued=4)
        assert tx.deliveries.totals(key) == DeliveryTotals(accepted=1, sending=1, skipped=4)


def test_nobody_can_be_served_by_two_corrections(store):
    with store.write() as tx:
        key = under_way(tx)
        cancel(tx, key)
        again = resend(tx, key)
        with pytest.raises(Refused, match=f"was sent again as edition {again.key}"):
            replace(tx, key)
        new, _ = replace(tx, again.key)
        with pytest.raises(Refused, match=f"was replaced by edition {new.key}"):
            replace(tx, again.key)
        with pytest.raises(Refused, match=f"was replaced by edition {new.key}"):
            resend(tx, again.key)


def test_what_everybody_has_is_not_replaced(store):
    with store.write() as tx:
        readers(tx, 1)
        key = edition(tx)
        [one] = claim(tx, key)
        intend(tx, one)
        with pytest.raises(Refused, match="nobody is left to replace"):
            replace(tx, key)
        assert tx.editions.by_key(key).state is EditionState.SENDING


# sent again


def missed(tx):
    """One reader for each way in which an edition can end, and what it is."""
    readers(tx, 8)
    key = edition(tx)
    accepted, failed, gone, unknown, expired, left, _, _ = claim(tx, key)
    for one in (accepted, failed, gone, unknown, expired, left):
        intend(tx, one)
    settle(tx, accepted, DeliveryState.ACCEPTED, code=250, at=NOW)
    settle(tx, failed, DeliveryState.FAILED, code=554, reply="5.7.1 spam", at=NOW)
    settle(tx, gone, DeliveryState.FAILED, code=550, reply="5.1.1 who", at=NOW)
    tx.subscribers.suppress("r2@example.org", "550 5.1.1 who", cause=by_test(NOW))
    settle(tx, unknown, DeliveryState.UNKNOWN, at=NOW)
    settle(tx, expired, DeliveryState.EXPIRED, code=450, reply="later", at=NOW)
    settle(tx, left, DeliveryState.FAILED, code=554, at=NOW)
    tx.subscribers.unsubscribe(left.subscriber, "news", cause=by_test(NOW))
    return key


def test_it_is_sent_again_to_those_who_provably_did_not_get_it(store):
    with store.write() as tx:
        key = missed(tx)
        assert cancel(tx, key).left.held_back == 2
        again = resend(tx, key)
        assert emails(tx, again.key) == [f"r{n}@example.org" for n in (1, 4, 6, 7)]
        assert tx.editions.items(again.key) == tx.editions.items(key)
        first = tx.editions.by_key(key)
        assert (again.content, again.kind, again.original) == (first.content, first.kind, key)
        assert tx.archive.find("news", again.key) is None, "it is in the archive once"
        [*_, note] = tx.control.decisions(key)
        assert (note.act, note.detail) == (
            ControlAction.RESENT,
            f"as edition {again.key}, to 4 who didn't get it",
        )


def test_who_missed_it_again_can_be_sent_it_once_more_and_nobody_else(store):
    with store.write() as tx:
        key = missed(tx)
        again = resend(tx, key)
        assert resend(tx, key) is None, "they are in the other one"
        first, second = claim(tx, again.key)
        for one, state in ((first, DeliveryState.ACCEPTED), (second, DeliveryState.FAILED)):
            intend(tx, one)
            settle(tx, one, state, code=250, at=NOW)
        third = resend(tx, key)
        assert emails(tx, third.key) == ["r4@example.org"]
        assert resend(tx, again.key) is None


def test_who_may_have_it_is_never_sent_it_again(store):
    with store.write() as tx:
        readers(tx, 1)
        key = edition(tx)
        [one] = claim(tx, key)
        intend(tx, one)
        settle(tx, one, DeliveryState.UNKNOWN, at=NOW)
        assert tx.control.settle_unknown(key, again=True, cause=ME) == 1
        cancel(tx, key)
        assert states(tx, key) == ["skipped"]
        assert resend(tx, key) is None

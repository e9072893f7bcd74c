"""Editions that are stopped, settled, replaced and sent again: who gets what, to the last reader."""

import threading
from datetime import timedelta

import pytest

from syndicate.errors import Refused
from syndicate.model.deliveries import DeliveryState, DeliveryTotals
from syndicate.model.edition_control import ControlAction, FailureThreshold, Remaining
from syndicate.model.editions import Content, Draft, EditionKind, EditionState, Item
from syndicate.model.subscribers import Actor, Cause
from syndicate.store.editions import control
from tests.causes import TEST
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

ME = Cause(who=Actor.OPERATOR, how="syndicate pause, by me")


def under_way(tx, count=6):
    """An edition with one reader accepted, one in flight, one claimed, the rest queued."""
    readers(tx, count)
    key = edition(tx)
    accepted, sending, _ = claim(tx, key, limit=3)
    intend(tx, accepted)
    settle(tx, accepted, DeliveryState.ACCEPTED, code=250, at=NOW)
    intend(tx, sending)
    return key


def pause(tx, key):
    return tx.control.pause(key, cause=ME, at=NOW, detail="a wrong picture")


def cancel(tx, key):
    decision = tx.control.cancel(key, cause=ME, at=NOW)
    sweep(tx)
    return decision


def sweep(tx):
    return sum(iter(lambda: tx.control.sweep(NOW), 0))


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
    return tx.successors.replace(key, corrected(), cause=ME, at=NOW)


def resend(tx, key):
    return tx.successors.resend(key, cause=ME, at=NOW, expires_at=NOW + 60 * MINUTE)


def emails(tx, key):
    return [delivery.email for delivery in tx.deliveries.by_edition(key)]


LEFT = {"failed": 0, "expired": 0, "skipped": 0, "unknown": 0}


def test_a_pause_counts_what_had_left_and_the_numbers_are_the_audience(store):
    with store.write() as tx:
        decision = pause(tx, under_way(tx))
    assert decision.changed
    assert decision.left == Remaining(accepted=1, in_flight=1, held_back=4, **LEFT)
    assert decision.left.audience == 6
    assert str(decision.left) == "1 accepted, 1 in flight, 4 held back"


def test_nothing_of_a_paused_edition_is_claimed_or_leaves(store):
    with store.write() as tx:
        readers(tx, 3)
        key = edition(tx)
        [held] = claim(tx, key, limit=1)
        pause(tx, key)
        assert not intend(tx, held)
        assert tx.deliveries.open_editions(NOW) == []
        assert claim(tx, key) == []
        assert states(tx, key) == ["claimed", "queued", "queued"]
        tx.claims.release([held], owner="me", at=NOW)
        assert tx.control.resume(key, cause=ME, at=NOW).changed
        assert len(claim(tx, key)) == 3


def test_what_is_in_flight_gets_its_verdict_all_the_same(store):
    with store.write() as tx:
        readers(tx, 2)
        key = edition(tx)
        [one] = claim(tx, key, limit=1)
        intend(tx, one)
        cancel(tx, key)
        assert settle(tx, one, DeliveryState.ACCEPTED, code=250, at=NOW)
        assert tx.deliveries.totals(key) == DeliveryTotals(accepted=1, skipped=1)


def test_decisions_can_be_repeated_and_say_the_same(store):
    with store.write() as tx:
        key = under_way(tx)
        first, second = pause(tx, key), pause(tx, key)
        assert (first.changed, second.changed) == (True, False)
        assert first.left == second.left
        third, fourth = cancel(tx, key), cancel(tx, key)
        assert (third.changed, fourth.changed) == (True, False)
        assert first.left == third.left == fourth.left
        assert [note.act for note in tx.control.decisions(key)] == [
            ControlAction.PAUSED,
            ControlAction.CANCELLED,
        ]


def test_where_nothing_is_left_nothing_is_decided(store):
    with store.write() as tx:
        readers(tx, 1)
        key = edition(tx)
        [one] = claim(tx, key)
        intend(tx, one)
        settle(tx, one, DeliveryState.ACCEPTED, code=250, at=NOW)
        for decision in (pause(tx, key), cancel(tx, key)):
            assert not decision.changed
            assert decision.left.is_over
        assert tx.editions.by_key(key).state is EditionState.SENDING
        assert tx.control.decisions(key) == []


def test_who_decided_what_is_kept_with_how_far_it_had_got(store):
    with store.write() as tx:
        key = under_way(tx)
        pause(tx, key)
        [note] = tx.control.decisions(key)
    assert (note.at, note.act, note.cause) == (NOW, ControlAction.PAUSED, ME)
    assert note.detail == "1 accepted, 1 in flight, 4 held back; a wrong picture"


def test_a_cancelled_edition_skips_whom_it_did_not_reach_in_steps(store, monkeypatch):
    monkeypatch.setattr(control, "BATCH", 2)
    with store.write() as tx:
        key = under_way(tx, 8)
        tx.control.cancel(key, cause=ME, at=NOW)
        assert tx.control.sweep(NOW) == 2
        assert tx.deliveries.totals(key).audience == 8
        assert sweep(tx) == 4
        rows = list(tx.deliveries.by_edition(key))
    assert [row.state.value for row in rows] == ["accepted", "sending"] + ["skipped"] * 6
    assert {row.reply for row in rows[2:]} == {"cancelled"}


def test_what_is_put_off_after_the_cancellation_is_skipped_too(store):
    with store.write() as tx:
        readers(tx, 1)
        key = edition(tx)
        [one] = claim(tx, key)
        intend(tx, one)
        assert cancel(tx, key).left == Remaining(accepted=0, in_flight=1, held_back=0, **LEFT)
        settle(tx, one, DeliveryState.DEFERRED, code=450, at=NOW, next_attempt_at=NOW)
        assert tx.deliveries.open_editions(NOW) == []
        assert sweep(tx) == 1
        assert states(tx, key) == ["skipped"]


def test_there_is_no_way_back_from_the_end(store):
    with store.write() as tx:
        key = under_way(tx)
        cancel(tx, key)
        with pytest.raises(Refused, match="was cancelled: it can't be resumed"):
            tx.control.resume(key, cause=ME, at=NOW)
        with pytest.raises(Refused, match="was cancelled: there is nothing to pause"):
            pause(tx, key)
        for other in (999, _letter(tx)):
            with pytest.raises(Refused, match=f"there is no edition {other}"):
                pause(tx, other)


def _letter(tx):
    [who, *_] = tx.subscribers.all()
    said = Content(subject="S", preheader="", html="h", text="t", nonce="n")
    return tx.editions.add_letter(said, to=who.key, created_at=NOW, expires_at=NOW + MINUTE)


def test_a_pause_waits_for_an_intent_under_way_and_counts_it(store):
    """In between, two databases differ: what matters is that none leaves uncounted."""
    with store.write() as tx:
        readers(tx, 2)
        key = edition(tx)
        [one] = claim(tx, key, limit=1)
    counted = []

    def stop():
        with store.write() as tx:
            counted.append(pause(tx, key).left)

    with store.write() as tx:
        assert intend(tx, one)
        stopping = threading.Thread(target=stop)
        stopping.start()
        stopping.join(0.3)
        assert counted == [], "the pause has to wait"
    stopping.join()
    assert counted == [Remaining(accepted=0, in_flight=1, held_back=1, **LEFT)]


def test_an_intent_that_waited_for_a_pause_is_refused(store):
    with store.write() as tx:
        readers(tx, 2)
        key = edition(tx)
        [one] = claim(tx, key, limit=1)
    allowed = []

    def hand_over():
        with store.write() as tx:
            allowed.append(intend(tx, one))

    with store.write() as tx:
        pause(tx, key)
        sending = threading.Thread(target=hand_over)
        sending.start()
        sending.join(0.3)
        assert allowed == [], "the intent has to wait"
    sending.join()
    assert allowed == [False]


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
    tx.subscribers.suppress("r2@example.org", "550 5.1.1 who", at=NOW, cause=TEST)
    settle(tx, unknown, DeliveryState.UNKNOWN, at=NOW)
    settle(tx, expired, DeliveryState.EXPIRED, code=450, reply="later", at=NOW)
    settle(tx, left, DeliveryState.FAILED, code=554, at=NOW)
    tx.subscribers.unsubscribe(left.subscriber, "news", at=NOW, cause=TEST)
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
        assert tx.control.settle_unknown(key, again=True, cause=ME, at=NOW) == 1
        cancel(tx, key)
        assert states(tx, key) == ["skipped"]
        assert resend(tx, key) is None


# unknown


def unknown(tx, count=2):
    readers(tx, count)
    key = edition(tx)
    for one in claim(tx, key):
        intend(tx, one)
        settle(tx, one, DeliveryState.UNKNOWN, at=NOW)
    return key


def test_what_is_unknown_can_be_sent_again_by_hand(store):
    with store.write() as tx:
        key = unknown(tx)
        assert tx.control.settle_unknown(key, again=True, cause=ME, at=NOW) == 2
        assert tx.control.settle_unknown(key, again=True, cause=ME, at=NOW) == 0
        assert [claimed.attempt for claimed in claim(tx, key)] == [1, 1]
        [note] = tx.control.decisions(key)
        assert (note.act, note.detail) == (ControlAction.SETTLED, "2 to be sent again")


def test_what_is_left_unknown_is_asked_about_no_more(store):
    with store.write() as tx:
        key = unknown(tx)
        found = tx.editions.by_key(key)
        assert tx.control.blockers(found).unsettled == 2
        assert tx.control.settle_unknown(key, again=False, cause=ME, at=NOW) == 2
        assert tx.control.blockers(found).unsettled == 0
        assert tx.control.settle_unknown(key, again=False, cause=ME, at=NOW) == 0
        assert tx.deliveries.totals(key) == DeliveryTotals(unknown=2)


def test_what_would_never_leave_is_not_queued(store):
    with store.write() as tx:
        key = unknown(tx)
        with pytest.raises(Refused, match="has expired"):
            tx.control.settle_unknown(key, again=True, cause=ME, at=NOW + timedelta(days=1))
        assert states(tx, key) == ["unknown"] * 2


# what is waited for, and failures


def test_an_edition_says_what_it_waits_for(store):
    with store.write() as tx:
        readers(tx, 3)
        key = edition(tx)
        for place, one in enumerate(claim(tx, key, limit=2), 1):
            intend(tx, one)
            settle(
                tx,
                one,
                DeliveryState.DEFERRED,
                code=450,
                reply="4.2.1 later",
                at=NOW,
                next_attempt_at=NOW + place * MINUTE,
            )
        pause(tx, key)
        wait = tx.control.blockers(tx.editions.by_key(key))
    assert (wait.put_off, wait.next_attempt_at) == (2, NOW + MINUTE)
    assert wait.reply == "450 4.2.1 later"
    assert wait.paused is not None
    assert wait.paused.cause == ME


def test_failures_count_anew_after_a_resumption(store):
    with store.write() as tx:
        readers(tx, 4)
        key = edition(tx)
        first, second, third, _ = claim(tx, key)
        for one in (first, second):
            intend(tx, one)
            settle(tx, one, DeliveryState.FAILED, code=550, at=NOW)
        assert tx.control.results_since_resume(key) == (2, 2)
        pause(tx, key)
        tx.control.resume(key, cause=ME, at=NOW)
        assert tx.control.results_since_resume(key) == (0, 0)
        intend(tx, third)
        settle(tx, third, DeliveryState.ACCEPTED, code=250, at=NOW)
        assert tx.control.results_since_resume(key) == (1, 0)


@pytest.mark.parametrize(
    ("tried", "failed", "reached"),
    [(199, 199, False), (200, 9, False), (200, 10, True), (1000, 49, False), (1000, 50, True)],
)
def test_a_share_of_failures_says_something_once_enough_were_tried(tried, failed, reached):
    assert FailureThreshold(share=0.05, after=200).is_reached(tried, failed) is reached


@pytest.mark.parametrize(("tried", "failed"), [(0, 0), (150, 3), (200, 9), (1000, 20), (10**6, 0)])
def test_before_so_many_more_failures_the_limit_can_not_be_reached(tried, failed):
    limit = FailureThreshold(share=0.05, after=200)
    more = limit.failures_left(tried, failed)
    for accepted in (0, 1, 200):
        assert not limit.is_reached(tried + accepted + more - 1, failed + more - 1)
    enough = max(tried + more, limit.after)
    assert limit.is_reached(enough, failed + more)

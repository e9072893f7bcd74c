"""Editions that are paused, cancelled, resumed and settled: who gets what, to the last reader."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from syndicate.errors import Refused
from syndicate.model.deliveries import DeliveryState, DeliveryTotals, EditionResults
from syndicate.model.editions import (
    Content,
    ControlAction,
    EditionState,
    FailureThreshold,
    Remaining,
)
from syndicate.model.feedback import FeedbackKind, MatchedBy
from syndicate.model.subscribers import Actor, Cause
from syndicate.store.editions import control
from tests.feedback_records import report
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

ME = Cause(who=Actor.OPERATOR, how="syndicate pause, by me", at=NOW)


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
    return tx.control.pause(key, cause=replace(ME, why="a wrong picture"))


def cancel(tx, key):
    decision = tx.control.cancel(key, cause=ME)
    sweep(tx)
    return decision


def sweep(tx):
    return sum(iter(lambda: tx.control.sweep(NOW), 0))


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
        assert tx.control.resume(key, cause=ME).changed
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
    assert (note.act, note.cause) == (ControlAction.PAUSED, ME)
    assert note.detail == "1 accepted, 1 in flight, 4 held back; a wrong picture"


def test_a_cancelled_edition_skips_whom_it_did_not_reach_in_steps(store, monkeypatch):
    monkeypatch.setattr(control, "BATCH", 2)
    with store.write() as tx:
        key = under_way(tx, 8)
        tx.control.cancel(key, cause=ME)
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
            tx.control.resume(key, cause=ME)
        with pytest.raises(Refused, match="was cancelled: there is nothing to pause"):
            pause(tx, key)
        for other in (999, _letter(tx)):
            with pytest.raises(Refused, match=f"there is no edition {other}"):
                pause(tx, other)


def _letter(tx):
    [who, *_] = tx.search.find()
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
        assert tx.control.settle_unknown(key, again=True, cause=ME) == 2
        assert tx.control.settle_unknown(key, again=True, cause=ME) == 0
        assert [claimed.attempt for claimed in claim(tx, key)] == [1, 1]
        [note] = tx.control.decisions(key)
        assert (note.act, note.detail) == (ControlAction.SETTLED, "2 to be sent again")


def test_what_is_left_unknown_is_asked_about_no_more(store):
    with store.write() as tx:
        key = unknown(tx)
        found = tx.editions.by_key(key)
        assert tx.control.blockers(found).unsettled == 2
        assert tx.control.settle_unknown(key, again=False, cause=ME) == 2
        assert tx.control.blockers(found).unsettled == 0
        assert tx.control.settle_unknown(key, again=False, cause=ME) == 0
        assert tx.deliveries.totals(key) == DeliveryTotals(unknown=2)


def test_what_would_never_leave_is_not_queued(store):
    with store.write() as tx:
        key = unknown(tx)
        with pytest.raises(Refused, match="has expired"):
            tx.control.settle_unknown(
                key, again=True, cause=replace(ME, at=NOW + timedelta(days=1))
            )
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
        assert tx.control.results_since_resume(key) == EditionResults(tried=2, refused=2)
        pause(tx, key)
        tx.control.resume(key, cause=ME)
        assert tx.control.results_since_resume(key) == EditionResults(tried=0, refused=0)
        intend(tx, third)
        settle(tx, third, DeliveryState.ACCEPTED, code=250, at=NOW)
        assert tx.control.results_since_resume(key) == EditionResults(tried=1, refused=0)


HARD, SOFT, BLOCKED = FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.BLOCKED


def hand_over(tx, count, state, *, at=NOW):
    """Hand over some deliveries; return their readers."""
    claims = claim(tx, 1, limit=count)
    for one in claims:
        intend(tx, one)
        settle(tx, one, state, code=250 if state is DeliveryState.ACCEPTED else 550, at=at)
    return [one.subscriber for one in claims]


def test_what_bounces_after_it_was_accepted_counts_as_a_failure_once(store):
    with store.write() as tx:
        readers(tx, 6)
        key = edition(tx)
        [refused] = hand_over(tx, 1, DeliveryState.FAILED)
        one, two, full = hand_over(tx, 3, DeliveryState.ACCEPTED)
        for number, kind in ((one, HARD), (one, BLOCKED), (two, BLOCKED), (full, SOFT)):
            tx.feedback.add(report(key, number, kind, at=NOW))
        tx.feedback.add(report(key, refused, HARD, at=NOW, matched_by=MatchedBy.HAND_OVER))
        tx.feedback.add(report(key, refused, BLOCKED, at=NOW))

        results = tx.control.results_since_resume(key)
        assert results == EditionResults(tried=4, refused=1, bounced=2)
        assert str(results) == "3 of 4 failed: 1 refused for good, 2 bounced later"
        assert tx.control.count_bounce_reports([key, 2]) == {key: 4}


def test_late_bounces_of_what_was_sent_before_a_resumption_do_not_count(store):
    with store.write() as tx:
        readers(tx, 6)
        key = edition(tx)
        before = hand_over(tx, 3, DeliveryState.ACCEPTED)
        pause(tx, key)
        tx.control.resume(key, cause=replace(ME, at=NOW + MINUTE))
        after = hand_over(tx, 2, DeliveryState.ACCEPTED, at=NOW + 2 * MINUTE)
        for number in (*before, after[0]):
            tx.feedback.add(report(key, number, HARD, at=NOW + 3 * MINUTE))

        results = tx.control.results_since_resume(key)
        assert results == EditionResults(tried=2, refused=0, bounced=1)


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

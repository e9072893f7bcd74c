"""Editions that are corrected and sent again: composed anew, for exactly those who wait."""

import threading
import time
from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.errors import Refused
from syndicate.model.deliveries import DeliveryOutcome, DeliveryState, DeliveryTotals
from syndicate.model.edition_control import ControlAction
from syndicate.model.editions import EditionState
from syndicate.model.subscribers import Actor, Cause
from syndicate.schedule.reissue import replace, resend
from syndicate.schedule.runner import Runner
from tests.schedule.conftest import MINUTE, NOW
from tests.until import until

ME = Cause(who=Actor.OPERATOR, how="syndicate replace, by me")


def frozen(desk, *slugs, at=NOW):
    """An edition of these articles that nobody has yet."""
    newsroom = desk.newsroom
    newsroom.publish(at)
    newsletter = desk.config.newsletter("breaking")
    proposal = newsroom.desk.propose_these(newsletter, slugs, at=at)
    with desk.store.write() as tx:
        return newsroom.desk.freeze(tx, proposal)


def cancel(desk, edition):
    with desk.store.write() as tx:
        decision = tx.control.cancel(edition.key, cause=ME, at=NOW)
    desk.store.sweep(NOW)
    return decision


def hand_over_one(desk, edition):
    """Have the first reader of an edition accepted."""
    with desk.store.write() as tx:
        [one] = tx.claims.claim(edition.key, owner="me", lease_until=NOW + MINUTE, at=NOW, limit=1)
        tx.claims.settle_and_intend((), [one], owner="me", lease_until=NOW + MINUTE, at=NOW)
        tx.claims.settle(
            [DeliveryOutcome(claim=one, state=DeliveryState.ACCEPTED, code=250)], at=NOW
        )


def totals(desk, key):
    with desk.store.read() as tx:
        return tx.deliveries.totals(key)


def test_the_correction_says_what_the_article_says_now_to_those_who_wait(desk):
    desk.subscribe("ada@example.org", "bo@example.org", "cy@example.org")
    desk.file("ferry", title="Fery sinks")
    edition = frozen(desk, "ferry")
    hand_over_one(desk, edition)
    desk.file("ferry", title="Ferry sinks")
    replaced = replace(desk.newsroom, edition.key, cause=ME, at=NOW)

    assert replaced.delivered.accepted == 2
    assert replaced.edition.subject == "Breaking: Ferry sinks"
    assert sorted(desk.mail()) == [
        ("bo@example.org", "Breaking: Ferry sinks"),
        ("cy@example.org", "Breaking: Ferry sinks"),
    ]
    assert totals(desk, edition.key) == DeliveryTotals(accepted=1, skipped=2)
    with desk.store.read() as tx:
        first = tx.editions.by_key(edition.key)
        assert (first.subject, first.state) == ("Breaking: Fery sinks", EditionState.REPLACED)
        assert [item.revision for item in tx.editions.items(replaced.edition.key)] == [2]
        acts = [note.act for note in tx.control.decisions(edition.key)]
        assert acts == [ControlAction.PAUSED, ControlAction.REPLACED]


def test_what_was_retracted_is_left_out_of_the_correction(desk):
    desk.subscribe("ada@example.org")
    tram = desk.file("tram")
    desk.file("ferry")
    edition = frozen(desk, "ferry", "tram")
    with desk.store.write() as tx:
        tx.articles.retract(tx.articles.by_slug("tram"), at=NOW)
    replaced = replace(desk.newsroom, edition.key, cause=ME, at=NOW)
    with desk.store.read() as tx:
        items = tx.editions.items(replaced.edition.key)
    assert len(items) == 1
    assert items[0].article != tram.key


def test_where_nothing_is_left_to_say_the_edition_stays_paused(desk):
    desk.subscribe("ada@example.org")
    desk.file("ferry")
    edition = frozen(desk, "ferry")
    with desk.store.write() as tx:
        tx.articles.retract(tx.articles.by_slug("ferry"), at=NOW)
    with pytest.raises(Refused, match="nothing that edition 1 carried is public any more"):
        replace(desk.newsroom, edition.key, cause=ME, at=NOW)
    with desk.store.read() as tx:
        assert tx.editions.by_key(edition.key).state is EditionState.PAUSED
    assert desk.tick(NOW + MINUTE).delivered.accepted == 0
    assert desk.mail() == []


def test_other_articles_can_be_named_for_the_correction(desk):
    desk.subscribe("ada@example.org")
    desk.file("ferry")
    desk.file("tram")
    edition = frozen(desk, "ferry")
    replace(desk.newsroom, edition.key, ["tram"], cause=ME, at=NOW)
    assert desk.mail() == [("ada@example.org", "Breaking: Tram")]


def test_a_correction_changes_no_schedule(desk):
    desk.subscribe("ada@example.org")
    desk.file("ferry")
    edition = frozen(desk, "ferry")
    replace(desk.newsroom, edition.key, cause=ME, at=NOW)
    desk.file("tram", at=NOW + MINUTE)
    fires = desk.tick(NOW + 10 * MINUTE).fires
    assert [str(fire) for fire in fires] == ["edition 3, 1 article"]
    assert [subject for _, subject in desk.mail()] == ["Breaking: Ferry", "Breaking: Tram"]


def test_a_late_edition_and_its_corrections_keep_the_day_of_the_slot(desk_of):
    sunday = {"name": "sunday", "newsletter": "breaking", "cron": "0 23 * * sun"}
    sunday |= {"timezone": "America/New_York", "begin_with": "all"}
    desk = desk_of(schedules=[sunday])
    desk.subscribe("ada@example.org", "bo@example.org")
    desk.file("ferry", at=NOW)
    desk.file("tram", at=NOW)
    desk.tick(NOW)
    monday = NOW.replace(hour=15) + timedelta(days=6)  # the slot is of Sunday night
    desk.newsroom.publish(monday)
    assert str(desk.newsroom.timekeeper.fire_all(monday)[-1]) == "edition 1, 2 articles"
    first = replace(desk.newsroom, 1, cause=ME, at=monday)
    assert first.delivered.accepted == 2
    with desk.store.read() as tx:
        said = [tx.editions.content(one.content).text for one in tx.editions.all()]
    assert len(said) == 2
    assert all("Sunday, November 29, 2026" in text for text in said)


def test_a_cancelled_edition_can_be_sent_again_to_those_it_did_not_reach(desk):
    desk.subscribe("ada@example.org", "bo@example.org")
    desk.file("ferry")
    edition = frozen(desk, "ferry")
    hand_over_one(desk, edition)
    left = cancel(desk, edition).left
    assert (left.accepted, left.held_back) == (1, 1)
    desk.tick(NOW + MINUTE)
    assert desk.mail() == []
    sent = resend(desk.newsroom, edition.key, cause=ME, at=NOW + MINUTE)
    assert sent is not None
    assert (sent.readers, sent.delivered.accepted) == (1, 1)
    assert desk.mail() == [("bo@example.org", "Breaking: Ferry")]
    assert resend(desk.newsroom, edition.key, cause=ME, at=NOW + MINUTE) is None


def test_a_tick_in_which_an_edition_pauses_itself_has_failed(desk_of):
    desk = desk_of(mail={"pause_at": 0.5, "pause_after": 1})
    with desk.store.write() as tx:
        for address, name in (("a@x.org", "A\nBcc: b@x.org"), ("c@x.org", "C")):
            tx.subscribers.subscribe(address, "breaking", name=name, cause=ME, at=NOW)
    desk.file("ferry")
    ticked = desk.tick(NOW)
    assert ticked.delivered.paused == (1,)
    assert ticked.failed
    assert not desk.tick(NOW + MINUTE).failed


def test_what_is_resumed_in_another_process_goes_on_before_the_next_sweep(desk_of, monkeypatch):
    monkeypatch.setattr("syndicate.schedule.runner.SWEEP", timedelta(hours=1))
    desk = desk_of(schedules=[])
    (desk.config.root / "articles").mkdir()
    desk.subscribe("ada@example.org")
    at = clock.now()
    desk.file("ferry", at=at)
    edition = frozen(desk, "ferry", at=at)
    with desk.store.write() as tx:
        tx.control.pause(edition.key, cause=ME, at=at)
    with Runner(desk.newsroom, threading.Event()):
        time.sleep(1.5)  # the first sweep is over by then, and has found nothing due
        assert desk.mail() == []
        with desk.store.write() as tx:
            tx.control.resume(edition.key, cause=ME, at=at)
        until(desk.mail)
    assert desk.mail() == [("ada@example.org", "Breaking: Ferry")]

"""Replaced and resent editions: composed again, for exactly those who wait."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.errors import Refused
from syndicate.model.deliveries import (
    ClaimRequest,
    DeliveryOutcome,
    DeliveryState,
    DeliveryTotals,
    Lease,
)
from syndicate.model.editions import ControlAction, EditionState
from syndicate.model.subscribers import Actor, Cause
from syndicate.schedule.runner import Runner
from tests.schedule.conftest import MINUTE, NOW
from tests.until import until

ME = Cause(who=Actor.OPERATOR, how="syndicate replace, by me", at=NOW)


def frozen(harness, *slugs, at=NOW):
    """An edition of these articles that nobody has yet."""
    services = harness.services
    services.publish(at)
    newsletter = harness.config.newsletter("breaking")
    return services.composer.freeze(
        lambda: services.composer.propose_articles(newsletter, slugs, at=at),
        lambda tx, proposal: tx.editions.add(proposal.draft),
    )


def cancel(harness, edition):
    with harness.store.write() as tx:
        decision = tx.control.cancel(edition.key, cause=ME)
    harness.store.sweep(NOW)
    return decision


def hand_over_one(harness, edition):
    """Have the first reader of an edition accepted."""
    with harness.store.write() as tx:
        [one] = tx.claims.claim(
            ClaimRequest(edition=edition.key, limit=1), Lease("me", NOW, NOW + MINUTE)
        )
        tx.claims.settle_and_intend((), [one], Lease("me", NOW, NOW + MINUTE))
        tx.claims.settle(
            [DeliveryOutcome(claim=one, state=DeliveryState.ACCEPTED, code=250)], at=NOW
        )


def totals(harness, key):
    with harness.store.read() as tx:
        return tx.deliveries.totals(key)


def test_the_correction_says_what_the_article_says_now_to_those_who_wait(harness):
    harness.subscribe("ada@example.org", "bo@example.org", "cy@example.org")
    harness.file("ferry", title="Fery sinks")
    edition = frozen(harness, "ferry")
    hand_over_one(harness, edition)
    harness.file("ferry", title="Ferry sinks")
    corrected, left, delivered = harness.services.replace(edition.key, (), ME)

    assert (left.accepted, delivered.accepted) == (1, 2)
    assert corrected.subject == "Breaking: Ferry sinks"
    assert sorted(harness.mail()) == [
        ("bo@example.org", "Breaking: Ferry sinks"),
        ("cy@example.org", "Breaking: Ferry sinks"),
    ]
    assert totals(harness, edition.key) == DeliveryTotals(accepted=1, skipped=2)
    with harness.store.read() as tx:
        first = tx.editions.by_key(edition.key)
        assert (first.subject, first.state) == ("Breaking: Fery sinks", EditionState.REPLACED)
        assert [item.revision for item in tx.editions.items(corrected.key)] == [2]
        acts = [note.act for note in tx.control.decisions(edition.key)]
        assert acts == [ControlAction.PAUSED, ControlAction.REPLACED]


def test_what_was_retracted_is_left_out_of_the_correction(harness):
    harness.subscribe("ada@example.org")
    tram = harness.file("tram")
    harness.file("ferry")
    edition = frozen(harness, "ferry", "tram")
    with harness.store.write() as tx:
        tx.articles.retract(tx.articles.by_slug("tram"), at=NOW)
    corrected, _, _ = harness.services.replace(edition.key, (), ME)
    with harness.store.read() as tx:
        items = tx.editions.items(corrected.key)
    assert len(items) == 1
    assert items[0].article != tram.key


def test_a_correction_is_composed_again_when_an_article_is_retracted_meanwhile(
    harness, monkeypatch
):
    harness.subscribe("ada@example.org")
    harness.file("ferry")
    harness.file("tram")
    edition = frozen(harness, "ferry", "tram")
    services = harness.services
    propose, gone = services.composer.propose_correction, ["tram"]

    def slow(*arguments, **named):
        proposal = propose(*arguments, **named)
        while gone:
            with harness.store.write() as tx:
                tx.articles.retract(tx.articles.by_slug(gone.pop()), at=NOW)
        return proposal

    monkeypatch.setattr(services.composer, "propose_correction", slow)
    corrected, _, _ = services.replace(edition.key, (), ME)
    with harness.store.read() as tx:
        assert len(tx.editions.items(corrected.key)) == 1


def test_where_nothing_is_left_to_say_the_edition_stays_paused(harness):
    harness.subscribe("ada@example.org")
    harness.file("ferry")
    edition = frozen(harness, "ferry")
    with harness.store.write() as tx:
        tx.articles.retract(tx.articles.by_slug("ferry"), at=NOW)
    with pytest.raises(Refused, match="none of the articles in edition 1 is public any more"):
        harness.services.replace(edition.key, (), ME)
    with harness.store.read() as tx:
        assert tx.editions.by_key(edition.key).state is EditionState.PAUSED
    assert harness.tick(NOW + MINUTE).delivered.accepted == 0
    assert harness.mail() == []


def test_other_articles_can_be_named_for_the_correction(harness):
    harness.subscribe("ada@example.org")
    harness.file("ferry")
    harness.file("tram")
    edition = frozen(harness, "ferry")
    harness.services.replace(edition.key, ["tram"], ME)
    assert harness.mail() == [("ada@example.org", "Breaking: Tram")]


def test_a_correction_changes_no_schedule(harness):
    harness.subscribe("ada@example.org")
    harness.file("ferry")
    edition = frozen(harness, "ferry")
    harness.services.replace(edition.key, (), ME)
    harness.file("tram", at=NOW + MINUTE)
    fires = harness.tick(NOW + 10 * MINUTE).fires
    assert [str(fire) for fire in fires] == ["edition 3, 1 article"]
    assert [subject for _, subject in harness.mail()] == ["Breaking: Ferry", "Breaking: Tram"]


def test_a_late_edition_and_its_corrections_keep_the_day_of_the_slot(make_harness):
    sunday = {"name": "sunday", "newsletter": "breaking", "cron": "0 23 * * sun"}
    sunday |= {"timezone": "America/New_York", "begin_with": "all"}
    harness = make_harness(schedules=[sunday])
    harness.subscribe("ada@example.org", "bo@example.org")
    harness.file("ferry", at=NOW)
    harness.file("tram", at=NOW)
    harness.tick(NOW)
    monday = NOW.replace(hour=15) + timedelta(days=6)  # the slot is of Sunday night
    harness.services.publish(monday)
    assert str(harness.services.dispatcher.fire_all(monday)[-1]) == "edition 1, 2 articles"
    _, _, delivered = harness.services.replace(1, (), replace(ME, at=monday))
    assert delivered.accepted == 2
    with harness.store.read() as tx:
        said = [tx.editions.content(one.content).text for one in tx.editions.all()]
    assert len(said) == 2
    assert all("Sunday, November 29, 2026" in text for text in said)


def test_a_cancelled_edition_can_be_sent_again_to_those_it_did_not_reach(harness):
    harness.subscribe("ada@example.org", "bo@example.org")
    harness.file("ferry")
    edition = frozen(harness, "ferry")
    hand_over_one(harness, edition)
    left = cancel(harness, edition).left
    assert (left.accepted, left.held_back) == (1, 1)
    harness.tick(NOW + MINUTE)
    assert harness.mail() == []
    resent = harness.services.resend(edition.key, replace(ME, at=NOW + MINUTE))
    assert resent is not None
    _, waiting, delivered = resent
    assert (waiting, delivered.accepted) == (1, 1)
    assert harness.mail() == [("bo@example.org", "Breaking: Ferry")]
    assert harness.services.resend(edition.key, replace(ME, at=NOW + MINUTE)) is None


def test_a_tick_in_which_an_edition_pauses_itself_has_failed(make_harness):
    harness = make_harness(mail={"pause_at": 0.5, "pause_after": 1})
    with harness.store.write() as tx:
        for address, name in (("a@x.org", "A\nBcc: b@x.org"), ("c@x.org", "C")):
            tx.subscribers.subscribe(address, "breaking", name=name, cause=ME)
    harness.file("ferry")
    ticked = harness.tick(NOW)
    assert ticked.delivered.paused == (1,)
    assert ticked.failed
    assert not harness.tick(NOW + MINUTE).failed


@pytest.mark.neighbours
def test_what_is_resumed_in_another_process_goes_on_before_the_next_sweep(
    make_harness, monkeypatch
):
    monkeypatch.setattr("syndicate.schedule.runner.SWEEP_INTERVAL", timedelta(hours=1))
    harness = make_harness(schedules=[])
    (harness.config.root / "articles").mkdir()
    harness.subscribe("ada@example.org")
    at = clock.now()
    harness.file("ferry", at=at)
    edition = frozen(harness, "ferry", at=at)
    with harness.store.write() as tx:
        tx.control.pause(edition.key, replace(ME, at=at))
    passes, deliver = [], Runner._deliver

    def counted(self):
        deliver(self)
        passes.append(self)

    monkeypatch.setattr(Runner, "_deliver", counted)
    with Runner(harness.services, threading.Event()) as runner:
        until(lambda: passes and runner._last_control)  # the first pass has found nothing due
        assert harness.mail() == []
        with harness.store.write() as tx:
            tx.control.resume(edition.key, replace(ME, at=at))
        until(harness.mail)
    assert harness.mail() == [("ada@example.org", "Breaking: Ferry")]


@pytest.mark.neighbours
def test_a_runner_logs_the_pause_of_all_mail_and_sends_when_another_process_ends_it(
    make_harness, monkeypatch
):
    monkeypatch.setattr("syndicate.schedule.runner.SWEEP_INTERVAL", timedelta(hours=1))
    harness = make_harness(schedules=[])
    (harness.config.root / "articles").mkdir()
    harness.subscribe("ada@example.org")
    cause = replace(ME, how="syndicate pause --all, by me", at=clock.now(), why="wrong list")
    with harness.store.write() as tx:
        tx.mail_pause.begin(cause)
    harness.file("ferry", at=cause.at)
    frozen(harness, "ferry", at=cause.at)
    with capture_logs() as logs, Runner(harness.services, threading.Event()):
        until(lambda: any(line["event"] == "all mail is paused" for line in logs))
        assert harness.mail() == []
        with harness.store.write() as tx:
            tx.mail_pause.end(cause)
        until(harness.mail)
        until(lambda: any(line["event"] == "all mail is resumed" for line in logs))
    [paused] = [line for line in logs if line["event"] == "all mail is paused"]
    assert paused["by"] == "syndicate pause --all, by me: wrong list"
    assert paused["remedy"] == "syndicate resume --all"

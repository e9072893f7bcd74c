"""Editions that are composed again while they wait: their stories, segment or schedule changed."""

from datetime import timedelta

import pytest
import structlog

from syndicate.errors import Refused
from syndicate.model.editions import EditionState
from syndicate.model.schedule_slots import FireOutcome
from syndicate.schedule.wiring import ManualSend
from tests.schedule.conftest import BREAKING, MINUTE, NOW, ScheduleHarness
from tests.schedule.release.waiting_editions import (
    ADA,
    BO,
    SLOT,
    approve,
    by_editor,
    editions,
    last_fire,
    waiting,
)


def test_the_next_slot_takes_over_the_articles_of_what_still_waits(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    harness.file("tram", at=NOW + SLOT)
    harness.tick(NOW + SLOT)
    assert editions(harness) == {2: EditionState.WAITING, 1: EditionState.REJECTED}
    with harness.store.read() as tx:
        assert len(tx.editions.items(2)) == 2
        assert tx.editions.get(1).successor == 2
    with pytest.raises(Refused, match="edition 1 is rejected"):
        harness.services.release.approve(1, by_editor())
    approve(harness, 2, NOW + SLOT)
    assert len(harness.mail()) == 1


def test_a_story_that_changes_voids_the_edition_and_what_was_not_seen_is_not_approved(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    harness.file("ferry", title="Ferry sinks", at=NOW + MINUTE)
    with pytest.raises(Refused, match="edition 2 takes the place of edition 1"):
        harness.services.release.approve(1, by_editor(NOW + MINUTE))
    assert harness.mail() == []
    assert editions(harness) == {2: EditionState.WAITING, 1: EditionState.REJECTED}
    assert last_fire(harness).reason.startswith("edition 2, 1 article")
    [again] = waiting(harness)
    assert again.terms.approve_by == NOW.replace(second=0) + timedelta(minutes=30)
    approve(harness, 2, NOW + 2 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry sinks")]


def test_an_edition_whose_only_story_is_retracted_is_dropped(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    with harness.store.write() as tx:
        tx.articles.retract(tx.articles.by_slug("ferry"), NOW + MINUTE)
    [report] = harness.tick(NOW + 2 * MINUTE).released
    assert report == "edition 1 is rejected: none of its articles is public any more"
    assert last_fire(harness).outcome is FireOutcome.SKIPPED


def test_a_segment_that_is_gone_keeps_the_edition(store, publication):
    segments = [{"name": "vip", "where": 'tag = "vip"'}]
    schedule = {**BREAKING, "segment": "vip", "approve": True}
    harness = ScheduleHarness(store, publication(schedules=[schedule], segments=segments))
    harness.subscribe(ADA)
    harness.file("ferry")
    harness.tick()
    without = {name: value for name, value in schedule.items() if name != "segment"}
    harness = ScheduleHarness(store, publication(schedules=[without]))
    with pytest.raises(Refused, match="the segment vip, which is no longer in the config"):
        harness.services.release.approve(1, by_editor())
    assert [one.edition.key for one in waiting(harness)] == [1]


@pytest.fixture
def vip(store, publication):
    """A publication with a segment that Bo is in, but not Ada, whose schedule waits for a person."""

    def make(**tables):
        segments = [{"name": "vip", "where": 'tag = "vip"'}]
        schedules = [{**BREAKING, "approve": True}]
        settings = {"segments": segments, "schedules": schedules, **tables}
        return ScheduleHarness(store, publication(**settings))

    harness = make()
    harness.subscribe(ADA, BO)
    with harness.store.write() as tx:
        bo = tx.subscribers.by_email(BO)
        tx.subscribers.tag(bo.key, ["vip"], cause=by_editor())
    harness.file("ferry")
    return make


def change_and_approve(harness, mended=""):
    """Correct the story, so that what waits is composed again, and approve that."""
    harness.file("ferry", title="Ferry sinks", body=f"<p>All about it{mended}.</p>")
    harness.tick(NOW + MINUTE)
    [again] = waiting(harness)
    assert harness.mail() == []
    approve(harness, again.edition.key, NOW + 2 * MINUTE)


def test_what_was_sent_to_a_segment_by_hand_is_composed_again_for_that_segment(vip):
    harness = vip()
    [newsletter], [schedule] = harness.config.newsletters, harness.config.schedules
    harness.services.send(
        ManualSend(newsletter=newsletter, schedule=schedule, segment="vip"), at=NOW
    )
    change_and_approve(harness)
    assert [to for to, _ in harness.mail()] == [BO]


def test_articles_that_were_sent_to_a_segment_are_composed_again_for_that_segment(vip):
    harness = vip(preflight={"tk": "error"})
    harness.file("ferry", body="<p>All TK about it.</p>")
    [newsletter] = harness.config.newsletters
    harness.services.send(ManualSend(newsletter=newsletter, slugs=["ferry"], segment="vip"), at=NOW)
    change_and_approve(harness, mended=", and TK")
    assert [to for to, _ in harness.mail()] == [BO]
    with harness.store.read() as tx:
        assert tx.archive.find("breaking", 2) is None  # it isn't for everybody


def test_an_edition_whose_schedule_is_gone_still_waits_for_a_person(newsroom, store, publication):
    harness = newsroom(approve=True, hold="5m")
    harness.tick()
    harness = ScheduleHarness(store, publication(schedules=[]))
    for number in (1, 2, 3):  # the last time, it is approved and held
        [one] = waiting(harness)
        assert one.edition.key == number
        assert one.terms.approve_by is not None
        if number == 3:
            harness.services.release.approve(number, by_editor(NOW + number * MINUTE))
        harness.file("ferry", title=f"Ferry {number}", at=NOW + number * MINUTE)
        harness.tick(NOW + number * MINUTE)
    assert harness.mail() == []
    approve(harness, 4, NOW + 4 * MINUTE)
    assert harness.mail() == []
    harness.tick(NOW + 9 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry 3")]


def test_a_story_is_not_mailed_twice_where_an_edition_is_released_while_another_is_composed(
    store, publication, monkeypatch
):
    other = {**BREAKING, "name": "other", "approve": True}
    settings = [{**BREAKING, "approve": True}, {**other, "select": {"sections": ["City"]}}]
    harness = ScheduleHarness(store, publication(schedules=settings))
    harness.subscribe(ADA)
    harness.file("ferry")
    harness.tick()
    harness.file("tram", section="City", breaking=False, at=NOW + MINUTE)
    harness.tick(NOW + SLOT)
    assert [one.edition.schedule for one in waiting(harness)] == ["breaking", "other"]
    harness.file("fire", at=NOW + SLOT + MINUTE)
    services = harness.services
    compose, approvals = services.composer.propose, [1]

    def approved_meanwhile(*arguments, **values):
        proposal = compose(*arguments, **values)
        if approvals:
            services.release.approve(approvals.pop(), by_editor(NOW + 2 * SLOT))
        return proposal

    services.publish(NOW + 2 * SLOT)
    monkeypatch.setattr(type(services.composer), "propose", staticmethod(approved_meanwhile))
    services.dispatcher.fire(harness.config.schedules[0], NOW + 2 * SLOT)
    [composed] = [one for one in waiting(harness) if one.edition.schedule == "breaking"]
    with store.read() as tx:
        assert len(tx.editions.items(composed.edition.key)) == 1


def test_an_edition_whose_page_is_not_built_yet_goes_on_waiting(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    harness.file("tram", at=NOW + MINUTE)
    harness.file("ferry", title="Ferry sinks", at=NOW + MINUTE)
    with harness.store.write() as tx:
        tx.articles.assign_numbers(NOW + MINUTE)
    with pytest.raises(Refused, match="tram has no page yet"):
        harness.services.release.approve(1, by_editor(NOW + MINUTE))
    assert editions(harness) == {1: EditionState.WAITING}
    harness.tick(NOW + 2 * MINUTE)
    assert editions(harness) == {2: EditionState.WAITING, 1: EditionState.REJECTED}


def test_why_an_edition_cannot_be_released_is_logged_once(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    harness.file("tram", at=NOW + MINUTE)
    harness.file("ferry", title="Ferry sinks", at=NOW + MINUTE)
    with harness.store.write() as tx:
        tx.articles.assign_numbers(NOW + MINUTE)
    release = harness.services.release
    with structlog.testing.capture_logs() as logs:
        for second in range(3):
            assert release.settle(NOW + MINUTE + timedelta(seconds=second)) == []
    assert [(line["event"], line["edition"]) for line in logs] == [("not released", 1)]

"""Editions that are held: nobody gets them until their time, and then everybody does, once."""

from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from syndicate.model.editions import EditionState
from syndicate.model.schedule_slots import FireOutcome
from tests.schedule.conftest import BREAKING, MINUTE, NOW, ScheduleHarness
from tests.schedule.release.waiting_editions import (
    ADA,
    SLOT,
    approve,
    by_editor,
    editions,
    last_fire,
)


@pytest.mark.sql
def test_a_held_edition_is_for_nobody_until_its_time_and_then_leaves_once(newsroom):
    harness = newsroom(hold="5m")
    harness.tick()
    harness.tick(NOW + 4 * MINUTE)
    assert editions(harness) == {1: EditionState.WAITING}
    assert harness.mail() == []
    report = harness.tick(NOW + 5 * MINUTE)
    assert report.released == ("edition 1 is released to 1 reader: its hold is over",)
    harness.tick(NOW + 6 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]
    assert last_fire(harness).reason == "edition 1, released: its hold is over"


def test_what_is_stopped_in_its_hold_was_never_composed(newsroom):
    harness = newsroom(hold="5m")
    harness.tick()
    harness.services.release.reject(1, by_editor())
    assert last_fire(harness).outcome is FireOutcome.SKIPPED
    harness.tick(NOW + 6 * MINUTE)
    assert harness.mail() == []
    harness.tick(NOW + SLOT)
    harness.tick(NOW + SLOT + 5 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]


def test_an_approved_edition_is_still_held(newsroom):
    harness = newsroom(approve=True, hold="5m")
    harness.tick()
    approve(harness, 1)
    approve(harness, 1, NOW + 4 * MINUTE)
    assert harness.mail() == []
    harness.tick(NOW + 5 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]


@pytest.mark.sql
def test_a_slot_with_nothing_new_leaves_what_waits_and_its_hold_as_they_are(newsroom):
    harness = newsroom(hold="25m")
    harness.tick()
    harness.tick(NOW + SLOT)
    harness.tick(NOW + 2 * SLOT)
    assert editions(harness) == {1: EditionState.WAITING}
    fire = last_fire(harness)
    assert fire.outcome is FireOutcome.SKIPPED
    assert fire.reason == "nothing new: edition 1 still waits"
    harness.tick(NOW + 25 * MINUTE)
    harness.tick(NOW + 3 * SLOT)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]


def test_a_story_that_changes_in_a_hold_is_composed_again_and_held_again(newsroom):
    harness = newsroom(hold="5m")
    harness.tick()
    harness.file("ferry", title="Ferry sinks", at=NOW + 4 * MINUTE)
    harness.tick(NOW + 5 * MINUTE)
    assert harness.mail() == []
    harness.tick(NOW + SLOT - MINUTE)
    assert harness.mail() == []
    harness.tick(NOW + SLOT)
    assert harness.mail() == [(ADA, "Breaking: Ferry sinks")]


def test_an_internal_error_with_one_edition_keeps_no_other_from_its_release(
    store, publication, monkeypatch
):
    other = {**BREAKING, "name": "other", "newsletter": "other", "hold": "5m"}
    schedules, newsletters = [{**BREAKING, "hold": "5m"}, other], ["breaking", "other"]
    named = [{"name": name} for name in newsletters]
    harness = ScheduleHarness(store, publication(schedules=schedules, newsletters=named))
    harness.subscribe(ADA, newsletter="other")
    harness.file("ferry")
    harness.tick()
    release = harness.services.release
    due = type(release)._release_due

    def broken(self, one, at):
        if one.edition.key == 1:
            raise ZeroDivisionError
        return due(self, one, at)

    monkeypatch.setattr(type(release), "_release_due", broken)
    with structlog.testing.capture_logs() as logs:
        done = [release.settle(NOW + 5 * MINUTE + timedelta(seconds=s)) for s in range(2)]
    assert done == [["edition 2 is released to 1 reader: its hold is over"], []]
    assert [(line["event"], line["edition"]) for line in logs] == [("internal error", 1)]


@pytest.mark.sql
def test_while_all_mail_is_paused_nothing_is_released_and_deadlines_still_run(newsroom):
    harness = newsroom(hold="5m")
    harness.tick()
    pause = replace(by_editor(), how="syndicate pause --all, by me")
    with harness.store.write() as tx:
        tx.mail_pause.begin(pause)
    report = harness.tick(NOW + 6 * MINUTE)
    assert (report.released, report.delivered.pause) == ((), pause)
    assert not report.failed
    assert editions(harness) == {1: EditionState.WAITING}
    with harness.store.write() as tx:
        tx.mail_pause.end(pause)
    harness.tick(NOW + 7 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]

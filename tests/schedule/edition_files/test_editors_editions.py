"""Editions by the files of their editors: what they carry, leave out and say."""

from datetime import timedelta

import pytest

from syndicate.model.schedule_slots import FireOutcome
from syndicate.model.subscribers import Actor, Cause
from syndicate.schedule.explanation import explain_edition
from syndicate.schedule.wiring import ManualSend
from tests.schedule.conftest import MINUTE
from tests.schedule.edition_files.editors_desk import ADA, EVENING, SLOT, TOMORROW


@pytest.mark.sql
def test_an_editor_writes_the_edition_and_what_it_omits_is_covered(newsroom):
    desk = newsroom()
    desk.write(
        "---\nsubject: Mind the fog\npreheader: And the ferry.\nsigned: Maren Tolk\n"
        "stories: [ferry, dome]\nclosing: Until *tomorrow*.\n"
        "sponsor: {name: Orsk, url: https://orsk.example/}\n---\n"
        "Good morning. The **harbour** is [shut](/articles/tram/).\n"
    )
    desk.tick(SLOT)
    assert desk.mail() == [(ADA, "Mind the fog")]
    assert desk.carried(1) == ["ferry", "dome"]
    html, text = desk.parts()
    for part in (html, text):
        assert part.index("Good morning.") < part.index("Paid for by") < part.index("Ferry")
        assert part.index("Dome") < part.index("Until")
        assert "— " in part
        assert "Maren Tolk" in part
        assert "https://orsk.example/" in part
    assert "<strong" in html
    assert "http://127.0.0.1:8000/articles/tram/" in text
    assert desk.fire().reason == (
        "edition 1, 2 articles, 1 left out by the editor, by editions/2026-12-01-briefing.md"
    )
    assert desk.fire().left_out == ("tram",)
    desk.tick(TOMORROW)
    assert desk.fire().outcome is FireOutcome.SKIPPED
    assert len(desk.mail()) == 1


def test_without_a_file_the_edition_goes_as_the_schedule_says(newsroom):
    desk = newsroom()
    desk.write("---\nsubject: Another day\n---\n", "2026-12-02-briefing.md")
    desk.tick(SLOT)
    assert desk.mail() == [(ADA, "Dome")]
    assert desk.carried(1) == ["dome", "tram", "ferry"]


def test_what_an_editor_leaves_out_never_comes_back(newsroom):
    desk = newsroom()
    desk.write("---\nleave_out:\n- tram\n---\nHello.\n")
    desk.tick(SLOT)
    assert desk.carried(1) == ["dome", "ferry"]
    desk.file("bridge", at=SLOT + MINUTE)
    desk.tick(TOMORROW)
    assert desk.carried(2) == ["bridge"]


@pytest.mark.sql
def test_what_was_left_out_stays_out_though_the_window_reaches_back(newsroom):
    """A story that has its number and is postponed keeps the window open below it."""
    desk = newsroom()
    desk.file("ferry", date=TOMORROW - MINUTE, at=EVENING + 10 * MINUTE, breaking=False)
    desk.write("---\nleave_out: [tram]\n---\n")
    desk.tick(SLOT)
    assert desk.carried(1) == ["dome"]
    desk.tick(TOMORROW)
    assert desk.carried(2) == ["ferry"]


def test_what_an_editor_passed_over_stays_out_though_the_window_reaches_back(newsroom):
    desk = newsroom()
    desk.file("ferry", date=TOMORROW - MINUTE, at=EVENING + 10 * MINUTE, breaking=False)
    desk.write("---\nstories: [dome]\n---\n")
    desk.tick(SLOT)
    assert desk.carried(1) == ["dome"]
    desk.tick(TOMORROW)
    assert desk.carried(2) == ["ferry"]


@pytest.mark.sql
def test_what_a_rejected_edition_left_out_is_new_again(newsroom):
    desk = newsroom(approve=True)
    desk.write("---\nstories: [dome]\n---\n")
    desk.tick(SLOT)
    assert desk.carried(1) == ["dome"]
    desk.services.release.reject(1, Cause(who=Actor.REVIEWER, how="test", at=SLOT))
    desk.tick(TOMORROW)
    assert desk.carried(2) == ["dome", "tram", "ferry"]


def test_a_named_story_may_be_old_carried_before_and_for_every_reader(newsroom):
    desk = newsroom(select={"max_age": "1h", "max": 1})
    desk.write("---\nstories: [tram, ferry]\n---\n")
    desk.tick(SLOT)
    assert desk.carried(1) == ["tram", "ferry"]
    desk.subscribe("new@example.org", newsletter="briefing")
    desk.write("---\nstories: [ferry, dome]\n---\n", "2026-12-02-briefing.md")
    desk.tick(TOMORROW)
    assert desk.carried(2) == ["ferry", "dome"]
    assert "1 of them in an earlier edition too" in desk.fire().reason
    assert {to for to, _ in desk.mail()[1:]} == {ADA, "new@example.org"}


@pytest.mark.sql
def test_an_edition_of_named_stories_goes_to_those_who_subscribed_while_it_waited(newsroom):
    harness = newsroom(approve=True)
    harness.tick(EVENING)
    harness.write("---\nstories: [ferry]\n---\n")
    harness.tick(SLOT)
    harness.file("later", at=SLOT + MINUTE, breaking=False)
    harness.tick(SLOT + MINUTE)
    harness.subscribe("new@example.org", newsletter="briefing")
    cause = Cause(who=Actor.OPERATOR, how="test", at=SLOT + 2 * MINUTE)
    harness.services.release.approve(1, cause)
    harness.tick(SLOT + 2 * MINUTE)
    assert [to for to, _ in harness.mail()] == [ADA, "new@example.org"]


def test_a_file_whose_stories_are_all_missing_keeps_its_slot(newsroom):
    desk = newsroom()
    desk.tick(SLOT)
    desk.write("---\nstories: [bridge]\n---\n", "2026-12-02-briefing.md")
    desk.tick(TOMORROW)
    assert desk.fire().outcome is FireOutcome.FAILED
    assert "no article has the slug bridge" in desk.fire().reason
    desk.file("bridge", at=TOMORROW + MINUTE)
    desk.tick(TOMORROW + 2 * MINUTE)
    assert desk.carried(2) == ["bridge"]


def test_a_correction_keeps_what_the_editor_wrote(newsroom):
    desk = newsroom()
    desk.write("---\nsubject: The ferry\nstories: [ferry]\n---\nGood morning.\n")
    desk.services.take_in_editions(EVENING + 9 * MINUTE)
    desk.services.publish(SLOT)
    desk.services.dispatcher.fire_all(SLOT)
    desk.file("ferry", title="Ferry sinks", at=SLOT + MINUTE, breaking=False)
    cause = Cause(who=Actor.OPERATOR, how="test", at=SLOT + 2 * MINUTE)
    desk.services.replace(1, (), cause)
    assert desk.mail() == [(ADA, "The ferry")]
    html, _ = desk.parts()
    assert "Good morning." in html
    assert "Ferry sinks" in html


def test_a_test_copy_is_made_at_once_from_the_file_of_the_next_slot_or_another(newsroom):
    desk = newsroom()
    desk.write("---\nsubject: Tomorrow\nstatus: draft\n---\nSoon.\n")
    desk.write("---\nsubject: The day after\nstories: [tram]\n---\n", "2026-12-02-briefing.md")
    order = ManualSend(newsletter=desk.config.newsletters[0], schedule=desk.config.schedules[0])
    now = EVENING + 9 * MINUTE
    _, proposal = desk.services.send_test_copy(order, to="me@example.org", at=now)
    assert proposal.findings == ("editions/2026-12-01-briefing.md is a draft",)
    html, _ = desk.parts()
    assert "Tuesday, December 1, 2026" in html
    desk.services.send_test_copy(
        order, to="me@example.org", at=now, slot_from=TOMORROW - timedelta(hours=3)
    )
    assert {subject for _, subject in desk.mail()} == {"[Test] Tomorrow", "[Test] The day after"}
    assert desk.editions() == {}


def test_explain_shows_the_editors_edition_and_what_it_omits(newsroom):
    desk = newsroom()
    desk.file("later", date=SLOT - MINUTE, at=EVENING, breaking=False)
    desk.write("---\nsubject: Fog\nstories: [later, dome]\nstatus: draft\n---\n")
    desk.services.take_in_editions(EVENING)
    desk.services.publish(EVENING + 6 * MINUTE)
    (schedule,) = desk.config.schedules
    explained = explain_edition(desk.store, desk.config, schedule, at=None, now=EVENING)
    assert explained.draft is not None
    assert explained.terms is not None
    assert explained.draft.content.subject == "Fog"
    assert explained.terms.findings == ("editions/2026-12-01-briefing.md is a draft",)
    shown = [(one.article.slug, one.outcome, one.reason) for one in explained.articles]
    left_out = "left out by editions/2026-12-01-briefing.md"
    assert shown == [
        *(("later", "in", ""), ("dome", "in", "")),
        *(("tram", "out", left_out), ("ferry", "out", left_out)),
    ]
    assert explained.audience == 1


def test_next_is_one_edition_until_the_file_changes(newsroom):
    desk = newsroom()
    desk.write("---\nsubject: Once\nstories: [dome]\n---\n", "next-briefing.md")
    desk.tick(EVENING + 9 * MINUTE)
    desk.write("---\nsubject: Once only\nstories: [dome]\n---\n", "next-briefing.md")
    desk.tick(SLOT)
    desk.file("bridge", at=SLOT + MINUTE)
    desk.tick(TOMORROW)
    desk.write("---\nsubject: Again\nstories: [tram]\n---\n", "next-briefing.md")
    desk.tick(TOMORROW + MINUTE)
    desk.tick(TOMORROW + timedelta(days=1))
    assert [subject for _, subject in desk.mail()] == ["Once only", "Bridge", "Again"]

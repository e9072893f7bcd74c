"""Editions wait for their editor: while the file is a draft, has a mistake or names no slot."""

from datetime import timedelta

import pytest

from syndicate.model.editions import EditionState
from syndicate.model.schedule_slots import FireOutcome
from syndicate.model.subscribers import Actor, Cause
from tests.schedule.conftest import MINUTE
from tests.schedule.edition_files.editors_desk import ADA, EVENING, NAME, SLOT, TOMORROW, Newsroom


@pytest.mark.sql
def test_a_draft_waits_and_goes_when_it_is_ready(newsroom):
    desk = newsroom()
    desk.write("---\nsubject: Half a\nstatus: draft\n---\n")
    desk.tick(SLOT)
    assert desk.findings() == ["editions/2026-12-01-briefing.md is a draft"]
    assert "it waits, since editions/2026-12-01-briefing.md is a draft" in desk.fire().reason
    desk.tick(SLOT + MINUTE)
    assert desk.mail() == []
    desk.write("---\nsubject: A whole subject\n---\n")
    desk.tick(SLOT + 2 * MINUTE)
    desk.tick(SLOT + 3 * MINUTE)
    assert desk.mail() == [(ADA, "A whole subject")]
    assert desk.fire().reason == "edition 2, released: nothing keeps it any more"
    assert desk.editions() == {
        2: (EditionState.SENDING, "A whole subject"),
        1: (EditionState.REJECTED, "Half a"),
    }


def test_a_draft_that_nobody_finishes_is_rejected_in_time(newsroom):
    desk = newsroom(max_late="1h")
    desk.write("---\nstatus: draft\n---\n")
    desk.tick(SLOT)
    desk.tick(SLOT + timedelta(hours=1))
    assert desk.fire().outcome is FireOutcome.SKIPPED
    assert desk.mail() == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("---\nsubjekt: x\n---\n", ":2: subjekt is unknown; did you mean subject?"),
        ("---\nstories: [dome, trm]\n---\n", ":2: no article has the slug trm;"),
        ("---\nstories:\n- dome\n- later\n---\n", ":4: later is not public yet"),
        ("---\nstories: [dome, gone]\n---\n", ":2: gone is retracted"),
        ("---\nsubject: a: b\n---\n", ":2: broken YAML"),
        ("---\nstatus: draught\n---\n", ':2: status = "draught" — expected draft, or ready'),
        ("![A map](map.png)\n", ": a picture is missing: map.png"),
    ],
)
def test_a_mistake_makes_the_edition_wait_until_it_is_mended(newsroom, text, finding):
    desk = newsroom()
    desk.file("later", date=TOMORROW, at=EVENING, breaking=False)
    gone = desk.file("gone", at=EVENING, breaking=False)
    with desk.store.write() as tx:
        tx.articles.retract(gone, EVENING)
    desk.write(text)
    desk.tick(SLOT)
    assert desk.mail() == []
    (found,) = desk.findings()
    assert found.startswith(f"editions/2026-12-01-briefing.md{finding}")
    desk.write("---\nstories: [dome]\n---\n")
    desk.tick(SLOT + MINUTE)
    desk.tick(SLOT + 2 * MINUTE)
    assert desk.mail() == [(ADA, "Dome")]


def test_a_story_that_is_filed_late_completes_the_edition_that_waits_for_it(newsroom):
    desk = newsroom()
    desk.write("---\nstories: [bridge, dome]\n---\n")
    desk.tick(SLOT)
    assert desk.carried(1) == ["dome"]
    desk.tick(SLOT + MINUTE)
    assert list(desk.editions()) == [1]
    desk.file("bridge", at=SLOT + 2 * MINUTE, breaking=False)
    for minute in (2, 3, 4):
        desk.tick(SLOT + minute * MINUTE)
    assert desk.mail() == [(ADA, "Bridge")]
    assert desk.carried(2) == ["bridge", "dome"]


def test_an_edition_whose_schedule_is_gone_is_not_composed_again_and_again(newsroom, publication):
    harness = newsroom()
    harness.write("---\nstatus: draft\nstories: [tram, never]\n---\n")
    harness.tick(SLOT)
    harness = Newsroom(harness.store, publication(newsletters=[{"name": "briefing"}]))
    harness.file("tram", title="Tram again", at=SLOT + MINUTE)
    harness.services.publish(SLOT + MINUTE)
    counts = []
    for second in range(3):
        harness.services.release.settle(SLOT + MINUTE + timedelta(seconds=second))
        counts.append(len(harness.editions()))
    assert counts == [2, 2, 2]
    assert harness.findings() == [f"editions/{NAME} is a draft"]


def test_an_approved_mistake_goes_as_it_was_shown(newsroom):
    desk = newsroom()
    desk.write("---\nstories: [bridge, dome]\n---\n")
    desk.tick(SLOT)
    desk.services.release.approve(1, Cause(who=Actor.REVIEWER, how="test", at=SLOT + MINUTE))
    desk.tick(SLOT + 2 * MINUTE)
    assert desk.mail() == [(ADA, "Dome")]


def test_a_draft_called_next_stays_with_the_edition_that_waits_for_it(newsroom):
    desk = newsroom()
    desk.write("---\nsubject: Soon\nstatus: draft\n---\n", "next-briefing.md")
    desk.tick(SLOT)
    desk.write("---\nsubject: Now\n---\n", "next-briefing.md")
    desk.tick(SLOT + MINUTE)
    desk.tick(SLOT + 2 * MINUTE)
    assert desk.mail() == [(ADA, "Now")]


def test_two_files_about_one_slot_make_it_wait(newsroom):
    desk = newsroom()
    desk.write("One.\n")
    desk.write("Two.\n", "2026-12-01-0700-briefing.md")
    desk.tick(SLOT)
    assert desk.findings() == [
        (
            "editions/2026-12-01-briefing.md: editions/2026-12-01-0700-briefing.md is about the same "
            "slot; remove one of them"
        )
    ]


def test_a_time_that_is_no_slot_makes_the_editions_of_the_day_wait(newsroom):
    desk = newsroom()
    desk.write("One.\n", "2026-12-01-0730-briefing.md")
    desk.tick(SLOT)
    (finding,) = desk.findings()
    assert finding.endswith("briefing has no slot at 07:30 on 2026-12-01, only 07:00")
    desk.remove("2026-12-01-0730-briefing.md")
    desk.write("One.\n")
    desk.tick(SLOT + MINUTE)
    desk.tick(SLOT + 2 * MINUTE)
    assert "One." in desk.parts()[0]
    desk.file("bridge", at=SLOT + 3 * MINUTE)
    desk.tick(TOMORROW)
    assert len(desk.mail()) == 2

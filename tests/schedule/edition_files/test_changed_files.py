"""Files about editions that come, change or go: in time, too late, or for nothing."""

import pytest

from syndicate.errors import Refused
from syndicate.model.subscribers import Actor, Cause
from syndicate.render.mail.edition_content import compose_edition
from tests.schedule.conftest import MINUTE
from tests.schedule.edition_files.editors_desk import ADA, EVENING, NAME, SLOT, TOMORROW


@pytest.mark.sql
def test_a_file_that_comes_changes_or_goes_while_an_edition_waits_makes_another(newsroom):
    desk = newsroom(approve=True)
    desk.tick(SLOT)
    desk.write("---\nsubject: First\n---\n")
    desk.services.take_in_editions(SLOT)
    with pytest.raises(Refused, match="edition 2 takes the place of edition 1: its file has"):
        desk.services.release.approve(1, Cause(who=Actor.REVIEWER, how="test", at=SLOT + MINUTE))
    desk.write("---\nsubject: Second\n---\n")
    desk.tick(SLOT + 2 * MINUTE)
    desk.remove()
    desk.tick(SLOT + 3 * MINUTE)
    subjects = {key: subject for key, (_, subject) in desk.editions().items()}
    assert subjects == {1: "Dome", 2: "First", 3: "Second", 4: "Dome"}
    with desk.store.read() as tx:
        assert [one.edition.key for one in tx.waiting.all()] == [4]


def test_a_file_that_is_saved_while_the_edition_is_composed_is_not_lost(newsroom, monkeypatch):
    desk = newsroom()
    composed: list[str] = []

    def compose(**values):
        if not composed:
            desk.write("---\nsubject: In time\n---\n")
            desk.services.take_in_editions(SLOT)
        content = compose_edition(**values)
        composed.append(content.subject)
        return content

    monkeypatch.setattr("syndicate.schedule.composer.compose_edition", compose)
    desk.tick(SLOT)
    assert composed == ["Dome", "In time"]
    assert desk.mail() == [(ADA, "In time")]


def test_a_file_that_comes_too_late_is_reported_and_changes_nothing(newsroom):
    desk = newsroom()
    desk.tick(SLOT)
    desk.write("---\nsubject: Too late\n---\n")
    (result,) = desk.tick(SLOT + MINUTE).taken_in
    assert result.warnings == (
        (
            "editions/2026-12-01-briefing.md: edition 1 of briefing has already gone out; "
            "`syndicate replace 1` sends those who don't have it yet a new one"
        ),
    )
    assert desk.mail() == [(ADA, "Dome")]
    assert desk.tick(SLOT + 2 * MINUTE).taken_in == ()


def test_a_file_for_a_slot_that_nothing_was_new_for_is_reported(newsroom):
    desk = newsroom()
    desk.tick(SLOT)
    desk.write("Hello.\n", "2026-12-02-briefing.md")
    desk.tick(TOMORROW)
    assert desk.fire().reason.endswith("; editions/2026-12-02-briefing.md has no effect")
    desk.write("Hello again.\n", "2026-12-02-briefing.md")
    (result,) = desk.tick(TOMORROW + MINUTE).taken_in
    assert result.warnings[0].endswith(
        "its slot has passed without an edition, so it has no effect"
    )


def test_a_folder_that_is_gone_forgets_nothing_a_file_that_is_gone_does(newsroom):
    desk = newsroom()
    desk.write("---\nsubject: Kept\n---\n")
    desk.write("---\nsubject: Unused\n---\n", "2026-12-02-briefing.md")
    desk.tick(EVENING + 9 * MINUTE)
    folder = desk.config.root / "editions"
    folder.rename(desk.config.root / "away")
    desk.tick(EVENING + 10 * MINUTE)
    with desk.store.read() as tx:
        assert len(tx.edition_files.all()) == 2
    (desk.config.root / "away").rename(folder)
    desk.remove("2026-12-02-briefing.md")
    desk.tick(SLOT)
    assert desk.mail() == [(ADA, "Kept")]
    with desk.store.read() as tx:
        assert [file.path for file in tx.edition_files.all()] == [f"editions/{NAME}"]

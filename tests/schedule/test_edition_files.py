"""Editions by the files of their editors: what they carry and say, and when they wait."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest

from syndicate.deliver.outbox import Outbox
from syndicate.errors import Refused
from syndicate.model.editions import Content, EditionState
from syndicate.model.schedule_slots import FireOutcome
from syndicate.model.subscribers import Actor, Cause
from syndicate.render.mail.edition_content import compose_edition
from syndicate.schedule.explanation import explain_edition
from syndicate.schedule.wiring import ManualSend
from tests.schedule.conftest import MINUTE, ScheduleHarness

BERLIN = ZoneInfo("Europe/Berlin")
EVENING = datetime(2026, 11, 30, 18, tzinfo=UTC)
SLOT = datetime(2026, 12, 1, 6, tzinfo=UTC)
TOMORROW = SLOT + timedelta(days=1)
BRIEFING = {
    "name": "briefing",
    "newsletter": "briefing",
    "cron": "0 7 * * *",
    "timezone": "Europe/Berlin",
    "begin_with": "all",
}
NAME = "2026-12-01-briefing.md"
ADA = "ada@example.org"


class Newsroom(ScheduleHarness):
    """A publication whose editor writes files."""

    def write(self, text: str, name: str = NAME) -> None:
        folder = self.config.root / "editions"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    def remove(self, name: str = NAME) -> None:
        (self.config.root / "editions" / name).unlink()

    def editions(self):
        with self.store.read() as tx:
            return {one.key: (one.state, one.subject) for one in tx.editions.all()}

    def carried(self, key):
        with self.store.read() as tx:
            keys = [item.article for item in tx.editions.items(key)]
            return [article.slug for article in tx.published.articles(keys)]

    def fire(self):
        with self.store.read() as tx:
            return tx.fires.recent("briefing", 1)[0]

    def findings(self):
        with self.store.read() as tx:
            return [finding for one in tx.waiting.all() for finding in one.terms.findings]

    def parts(self):
        """HTML and text of the newest mail."""
        (mail, *_) = sorted(Outbox.of(self.config).messages(), key=lambda m: m.name, reverse=True)
        file = self.config.path(self.config.mail.outbox) / mail.name
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        bodies = (message.get_body([kind]) for kind in ("html", "plain"))
        return [body.get_content() for body in bodies if body is not None]


@pytest.fixture
def newsroom(store, publication):
    """Make a publication with the briefing, a reader and three stories."""

    def make(**schedule):
        config = publication(
            newsletters=[{"name": "briefing", "title": "The Briefing"}],
            schedules=[{**BRIEFING, **schedule}],
        )
        harness = Newsroom(store, config)
        harness.subscribe(ADA, newsletter="briefing")
        for number, slug in enumerate(("ferry", "tram", "dome")):
            harness.file(slug, at=EVENING + number * MINUTE, breaking=False)
        harness.tick(EVENING + 5 * MINUTE)
        return harness

    return make


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
    composed: list[Content] = []

    def compose(**values):
        if not composed:
            desk.write("---\nsubject: In time\n---\n")
            desk.services.take_in_editions(SLOT)
        composed.append(compose_edition(**values))
        return composed[-1]

    monkeypatch.setattr("syndicate.schedule.composer.compose_edition", compose)
    desk.tick(SLOT)
    assert [content.subject for content in composed] == ["Dome", "In time"]
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

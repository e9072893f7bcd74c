"""Refused files are listed until they are mended; a breaking story rings, however broken its file is."""

from datetime import timedelta

import pytest

from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.refusals import refused_files
from syndicate.model.alarms import AlarmKind
from syndicate.schedule.alarms.monitor import AlarmMonitor
from syndicate.store.push.alarms import THIS_MACHINE
from tests.deliver.editions import NOON

pytestmark = pytest.mark.sql

BROKEN = {
    "yaml": "---\ntitle: [unclosed\nbreaking: true\n---\nText\n",
    "no end": "---\ntitle: Ferry\nbreaking: yes\nText\n",
    "toml": '+++\ntitle = "Ferry\nbreaking = true\n+++\nText\n',
    "json": '{"title": "Ferry", "breaking": true, "date": "tomorrow"}\nText\n',
    "a wrong value": "---\ntitle: Ferry\nbreaking: true\ndate: tomorrow\n---\nText\n",
}


@pytest.fixture
def intake(store, publication, tmp_path):
    config = publication()
    folder = tmp_path / "articles"
    folder.mkdir()

    class Intake:
        file = folder / "ferry.md"
        opened = store

        def save(self, text, at=NOON, **options):
            self.file.write_text(text)
            list(import_articles(store, config, [self.file], at=at, **options))

        def refused(self):
            with store.read() as tx:
                return refused_files(tx, config)

        def alarms(self):
            with store.read() as tx:
                return tx.alarms.on(AlarmKind.INTAKE, THIS_MACHINE)

        def check(self):
            AlarmMonitor(store, config).check(NOON)

    return Intake()


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_refused_breaking_story_rings_until_it_is_imported(intake, text):
    intake.save(text)
    alarm = intake.alarms()["articles/ferry.md"]
    assert alarm.text.startswith("a breaking story was refused: articles/ferry.md:")
    intake.check()
    assert intake.alarms()
    intake.save("---\ntitle: Ferry\nbreaking: true\n---\nText\n")
    assert intake.alarms() == {}


@pytest.mark.parametrize("line", ["breaking: false", "braking: true", "# breaking true", ""])
def test_other_refused_stories_do_not_ring(intake, line):
    intake.save(f"---\ntitle: [unclosed\n{line}\n---\nBreaking: the news.\n")
    assert intake.alarms() == {}


def test_a_file_that_is_gone_is_over(intake):
    intake.save(BROKEN["yaml"])
    intake.file.unlink()
    intake.check()
    assert intake.alarms() == {}


def test_a_dry_run_rings_nothing(intake):
    intake.save(BROKEN["yaml"], dry_run=True)
    assert intake.alarms() == {}
    assert intake.refused() == []


@pytest.mark.parametrize("text", [*BROKEN.values(), "---\ntitle: a\x00[\n---\nText\n"])
def test_a_refused_file_is_listed_with_its_reason_until_it_is_mended(intake, text):
    intake.save(text)
    [file] = intake.refused()
    assert (file.path, file.since) == ("articles/ferry.md", NOON)
    assert file.reason.startswith("articles/ferry.md:")
    intake.save("---\ntitle: Ferry\n---\nText\n")
    assert intake.refused() == []


def test_the_reason_is_the_newest_and_the_time_the_first(intake):
    intake.save(BROKEN["yaml"])
    intake.save("---\ntitle: Ferry\ndate: tomorrow\n---\n", at=NOON + timedelta(hours=1))
    [file] = intake.refused()
    assert "date" in file.reason
    assert file.since == NOON


def test_a_refused_file_that_is_gone_is_listed_no_more_and_forgotten_by_the_next_import(intake):
    intake.save(BROKEN["yaml"])
    intake.file.unlink()
    assert intake.refused() == []
    intake.file = intake.file.with_name("tram.md")
    intake.save("---\ntitle: Tram\n---\nText\n")
    with intake.opened.read() as tx:
        assert tx.refused_files.all() == []


def test_a_file_from_elsewhere_is_not_remembered(intake, tmp_path):
    intake.file = tmp_path / "ferry.md"
    intake.save(BROKEN["yaml"])
    assert intake.refused() == []

"""A breaking story whose file is refused rings, however broken the file is, until it is mended."""

import pytest

from syndicate.intake.articles.article_import import import_articles
from syndicate.model.alarms import AlarmKind
from syndicate.schedule.alarms.monitor import AlarmMonitor
from syndicate.store.push.alarms import THIS_MACHINE
from tests.deliver.editions import NOON

BROKEN = {
    "yaml": "---\ntitle: [unclosed\nbreaking: true\n---\nText\n",
    "no end": "---\ntitle: Ferry\nbreaking: yes\nText\n",
    "toml": '+++\ntitle = "Ferry\nbreaking = true\n+++\nText\n',
    "json": '{"title": "Ferry", "breaking": true, "date": "tomorrow"}\nText\n',
    "a wrong value": "---\ntitle: Ferry\nbreaking: true\ndate: tomorrow\n---\nText\n",
}


@pytest.fixture
def intake(sqlite_store, publication, tmp_path):
    config = publication()
    folder = tmp_path / "articles"
    folder.mkdir()

    class Intake:
        store, file = sqlite_store, folder / "ferry.md"

        def save(self, text, **options):
            self.file.write_text(text)
            list(import_articles(sqlite_store, config, [self.file], at=NOON, **options))

        def alarms(self):
            with sqlite_store.read() as tx:
                return tx.alarms.on(AlarmKind.INTAKE, THIS_MACHINE)

        def check(self):
            AlarmMonitor(sqlite_store, config).check(NOON)

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

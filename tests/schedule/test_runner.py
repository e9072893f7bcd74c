"""`run` in the background: whatever failed once is retried."""

import threading
from contextlib import contextmanager

import pytest
from PIL import Image
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.config import Schedule
from syndicate.config.sections.feedback import BounceSettings
from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import BATCH_SIZE
from syndicate.model.schedule_slots import schedule_timing
from syndicate.publish.build.publisher import Publisher
from syndicate.schedule.runner import Runner
from syndicate.schedule.wiring import Services
from syndicate.store import Store
from syndicate.store.database import sql_engine
from tests.schedule.conftest import BREAKING, MINUTE, NOW, ScheduleHarness
from tests.until import until


@pytest.fixture
def harness(tmp_path, publication, monkeypatch):
    """A publication that waits for a held store for no longer than a moment."""
    monkeypatch.setattr(sql_engine, "BUSY_TIMEOUT", 50)
    store = Store.open(f"sqlite:///{tmp_path}/syndicate.db")
    (tmp_path / "articles").mkdir()
    yield ScheduleHarness(store, publication())
    store.close()


@contextmanager
def held(harness):
    """Have another process hold the store."""
    other = Store.open(f"sqlite:///{harness.config.root}/syndicate.db")
    with other.write():
        yield
    other.close()


def save(harness, slug):
    path = harness.config.root / f"articles/{slug}.md"
    path.write_text(f"---\ntitle: {slug.title()}\n---\nAll about {slug}.\n")
    return frozenset({path})


def filed(harness):
    with harness.store.read() as tx:
        return {article.slug for article in tx.articles.all()}


def runner(harness, stop=None):
    return Runner(harness.services, stop or threading.Event())


@pytest.mark.neighbours
def test_a_file_saved_while_the_store_is_held_is_taken_in_by_the_next_sweep(harness):
    one = runner(harness)
    one.import_articles()
    ferry = save(harness, "ferry")
    with held(harness):
        one._threads.guarded("intake", one.import_articles)(ferry)
    assert filed(harness) == set()
    one._import_pending()
    assert filed(harness) == {"ferry"}
    assert (harness.config.output / "articles/ferry/index.html").is_file()


@pytest.mark.neighbours
def test_a_file_about_an_author_is_published_by_the_next_sweep(harness):
    path = harness.config.root / "articles/ferry.md"
    path.write_text("---\ntitle: Ferry\nauthors: [Ada Lind]\n---\nText.\n")
    one = runner(harness)
    one.import_articles(frozenset({path}))
    (harness.config.root / "authors").mkdir()
    (harness.config.root / "authors/ada.md").write_text("---\nname: Ada Lind\nrole: Poet\n---\n")
    one._sweep()
    assert "Poet" in (harness.config.output / "articles/ferry/index.html").read_text()


def test_an_edition_file_saved_a_moment_before_its_slot_is_in_the_edition(publication, store):
    harness = ScheduleHarness(store, publication(schedules=[BREAKING]))
    harness.subscribe("ada@example.org")
    harness.file("ferry", at=clock.now())
    (schedule,) = harness.config.schedules
    slot = schedule_timing(schedule, harness.config.zone(schedule)).latest(clock.now())
    assert slot is not None
    folder = harness.config.root / "editions"
    folder.mkdir()
    file = folder / f"{slot.due_at:%Y-%m-%d-%H%M}-breaking.md"
    file.write_text("---\nsubject: By hand\n---\nGood morning.\n")
    one = runner(harness)
    one._fire(schedule)
    one._deliver()
    assert harness.mail() == [("ada@example.org", "By hand")]


def with_briefing(config):
    schedule = {"name": "briefing", "newsletter": "breaking", "cron": "0 7 * * *"}
    return config.override(schedules=(Schedule.model_validate(schedule),))


@pytest.mark.neighbours
def test_edition_files_are_logged_once_and_published_with_their_pictures(harness):
    folder = harness.config.root / "editions"
    folder.mkdir()
    Image.new("RGB", (900, 600), (11, 92, 138)).save(folder / "map.png")
    (folder / "next-briefing.md").write_text("![A map](map.png)\n")
    one = Runner(Services(harness.store, with_briefing(harness.config)), threading.Event())
    with capture_logs() as logs:
        one.import_articles()
        one.import_editions()
    events = [(log["event"], log["path"]) for log in logs if log.get("path")]
    assert events == [("filed", "editions/next-briefing.md")]
    with harness.store.read() as tx:
        (file,) = tx.edition_files.all()
    published = [harness.config.output / name for name in file.brief.pictures]
    assert published
    assert all(copy.is_file() for copy in published)
    publisher = Publisher(harness.store, harness.config)
    publisher.publish(clock.now(), number=True, everything=True)
    assert all(copy.is_file() for copy in published), "though no article shows them"


@pytest.mark.neighbours
def test_a_file_that_was_missed_is_taken_in_with_the_next_one_saved(harness):
    one = runner(harness)
    with held(harness):
        one._threads.guarded("intake", one.import_articles)(save(harness, "ferry"))
    one.import_articles(save(harness, "tram"))
    assert filed(harness) == {"ferry", "tram"}


@pytest.mark.neighbours
def test_a_page_that_could_not_be_made_is_made_once_it_can_be(harness):
    template = harness.config.templates / "page/article.html"
    template.parent.mkdir(parents=True)
    template.write_text("{{ nonsense }}")
    one = runner(harness)
    one.import_articles(save(harness, "ferry"))
    page = harness.config.output / "articles/ferry/index.html"
    assert not page.exists()
    template.unlink()
    one._sweep()
    assert page.is_file()


@pytest.mark.neighbours
def test_nothing_new_is_begun_once_it_is_to_stop(harness):
    stop = threading.Event()
    one = runner(harness, stop)
    for number in range(BATCH_SIZE + 1):
        save(harness, f"ferry-{number}")
    stop.set()
    one.import_articles()
    assert len(filed(harness)) <= BATCH_SIZE  # the batch in hand may be finished
    one._threads.guarded("intake", one.import_articles)(save(harness, "dome"))
    assert "dome" not in filed(harness)


@pytest.mark.neighbours
def test_a_file_that_makes_our_code_fail_is_named_in_the_log_with_the_traceback(
    harness, monkeypatch
):
    def fail(_file, _config):
        raise IndexError("list index out of range")

    def in_this_process(*of, limited, **how):
        return import_articles(*of, **how)

    one = runner(harness)
    one.import_articles(save(harness, "tram"))
    monkeypatch.setattr("syndicate.schedule.runner.import_articles", in_this_process)
    monkeypatch.setattr("syndicate.intake.articles.parallel_parse.read_source_file", fail)
    with capture_logs() as log:
        one.import_articles(save(harness, "ferry"))
    refused = next(line for line in log if line["event"] == "refused")
    assert refused["log_level"] == "error"
    assert refused["reason"].startswith("articles/ferry.md: ")
    assert "in fail" in refused["exception"]


@pytest.fixture
def impatient(monkeypatch):
    """Processes that read have half a second."""
    monkeypatch.setattr("syndicate.intake.articles.parallel_parse._CPU_SECONDS", 0.5)


def save_endless(harness):
    """Save a file that takes longer than that."""
    path = harness.config.root / "articles/endless.md"
    path.write_text(
        "---\ntitle: Endless\n---\n" + "".join(f"![x](y{n})\n\n" for n in range(50_000))
    )
    return path


def refusals(log):
    return [line["reason"] for line in log if line["event"] == "refused"]


@pytest.mark.neighbours
def test_a_file_that_takes_too_long_is_refused_once_and_keeps_no_other_out(harness, impatient):
    one = runner(harness)
    save_endless(harness)
    save(harness, "aardvark")
    save(harness, "zebra")
    with capture_logs() as log:
        one.import_articles()
        (harness.config.root / "articles/new.png").write_bytes(b"a picture that came later")
        one.import_articles()
    (refused,) = refusals(log)
    assert refused.startswith("articles/endless.md: reading it takes longer than 0.5 seconds; ")
    assert filed(harness) == {"aardvark", "zebra"}


@pytest.mark.neighbours
def test_a_file_that_took_too_long_is_read_again_once_it_changes(harness, impatient):
    one = runner(harness)
    one.import_articles(frozenset({save_endless(harness)}))
    one.import_articles(save(harness, "endless"))
    assert filed(harness) == {"endless"}


def test_timetable_and_pages_do_not_wait_for_files_that_are_being_read(harness, monkeypatch):
    reading, done = threading.Event(), threading.Event()

    def file_slowly(*of, **how):
        reading.set()
        assert done.wait(60)
        yield from ()

    monkeypatch.setattr("syndicate.schedule.runner.import_articles", file_slowly)
    one = runner(harness)
    intake = threading.Thread(target=one.import_articles)
    intake.start()
    assert reading.wait(60)
    sweep = threading.Thread(target=one._sweep)
    sweep.start()
    sweep.join(60)
    assert not sweep.is_alive()
    done.set()
    intake.join(60)


@pytest.mark.neighbours
def test_a_failing_disk_is_logged_without_a_traceback(harness, capsys):
    (harness.config.root / "feeds").write_text("in the way")
    one = runner(harness)
    one._threads.guarded("intake", one.import_articles)(save(harness, "ferry"))
    (harness.config.root / "feeds").unlink()
    one._sweep()
    assert (harness.config.output / "articles/ferry/index.html").is_file()
    said = "".join(capsys.readouterr())
    assert "File exists" in said
    assert "Traceback" not in said


def test_an_article_that_was_put_off_is_back_the_minute_it_is_due(harness):
    page = harness.config.output / "articles/ferry/index.html"
    one = runner(harness)
    harness.file("ferry", date=NOW)
    one._publish(NOW)
    assert page.is_file()
    harness.file("ferry", date=NOW + 10 * MINUTE)
    one._publish(NOW + MINUTE)
    assert not page.exists()
    one._publish(NOW + 10 * MINUTE)
    assert page.is_file()


def last_tick(harness):
    with harness.store.read() as tx:
        return tx.heartbeats.mail_flow(NOW).last_tick


def test_going_through_everything_is_noted_and_a_trial_is_not(harness):
    harness.tick(trial=True)
    assert last_tick(harness) is None
    harness.tick()
    ticked = last_tick(harness)
    assert ticked is not None
    runner(harness)._sweep()
    assert last_tick(harness) > ticked


def gone(logs):
    return [line["reason"] for line in logs if line["event"] == "article file is gone"]


@pytest.mark.neighbours
def test_a_deleted_file_is_named_once_with_what_to_do_and_its_article_stays(harness):
    one = runner(harness)
    [ferry] = save(harness, "ferry")
    save(harness, "tram")
    one.import_articles()
    ferry.unlink()
    with capture_logs() as logs:
        one.import_articles(frozenset({ferry}))
        one.import_articles(frozenset({ferry}))
        one.import_articles()
    [message] = gone(logs)
    assert message.startswith("articles/ferry.md is gone, and its article stays: ")
    assert "retract the article with `syndicate retract ferry`" in message
    assert (harness.config.output / "articles/ferry/index.html").is_file()
    with capture_logs() as logs:
        one.import_articles(save(harness, "ferry"))
        ferry.unlink()
        one.import_articles(frozenset({ferry}))
    assert len(gone(logs)) == 1, "it came back, and is gone again"


@pytest.mark.neighbours
def test_a_file_that_is_renamed_taken_back_or_a_draft_is_not_named(harness):
    one = runner(harness)
    files = {slug: min(save(harness, slug)) for slug in ("ferry", "tram", "draft")}
    files["draft"].write_text("---\ntitle: Draft\ndraft: true\n---\nNot yet.\n")
    one.import_articles()
    renamed = files["ferry"].rename(harness.config.root / "articles/boat.md")
    with harness.store.write() as tx:
        tx.articles.retract(tx.articles.by_slug("tram"), NOW)
    files["tram"].unlink()
    files["draft"].unlink()
    with capture_logs() as logs:
        one.import_articles(frozenset({*files.values(), renamed}))
        one.import_articles()
    assert gone(logs) == []


@pytest.mark.neighbours
def test_many_files_that_are_gone_at_once_are_named_together_and_not_again_after_a_reload(harness):
    one = runner(harness)
    files = [min(save(harness, f"story-{number}")) for number in range(9)]
    one.import_articles()
    for file in files:
        file.unlink()
    with capture_logs() as logs:
        one.import_articles()
        Runner(harness.services, threading.Event(), one.deleted_files).import_articles()
    [message] = gone(logs)
    assert message.startswith("9 article files are gone: articles/story-0.md, articles/story-1.md")
    assert "and 4 more; their articles stay" in message


def with_maildir(harness):
    """Have bounces arrive in a Maildir, and one be there."""
    for name in ("new", "cur", "tmp"):
        (harness.config.root / "bounces" / name).mkdir(parents=True)
    (harness.config.root / "bounces/new/1.mx").write_text("From: mx\n\nHello?\n")
    bounces = BounceSettings.model_validate(
        {"address": "bounce@news.example.org", "maildir": "bounces"}
    )
    harness.config = harness.config.override(bounces=bounces)


def waiting_reports(harness):
    with harness.store.read() as tx:
        return tx.held_reports.count()


@pytest.mark.neighbours
def test_bounces_are_read_at_the_start_and_whenever_they_come(harness):
    with_maildir(harness)
    with runner(harness):
        until(lambda: waiting_reports(harness) == 1)
        (harness.config.root / "bounces/new/2.mx").write_text("From: mx\n\nHello again?\n")
        until(lambda: waiting_reports(harness) == 2)
    assert list((harness.config.root / "bounces/new").iterdir()) == []


def test_a_pass_reads_bounces_unless_it_is_a_trial(harness):
    with_maildir(harness)
    harness.tick(trial=True)
    assert waiting_reports(harness) == 0
    (polled,) = harness.tick().polled
    assert (polled.door, polled.reports) == ("maildir", 1)
    assert waiting_reports(harness) == 1

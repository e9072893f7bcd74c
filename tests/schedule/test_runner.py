"""What `run` keeps going: nothing that failed once is forgotten."""

import threading
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import BATCH_SIZE
from syndicate.schedule.runner import Runner
from syndicate.store import Store
from syndicate.store.database import sql_engine
from tests.schedule.conftest import MINUTE, NOW, Desk


@pytest.fixture
def desk(tmp_path, publication, monkeypatch):
    """A newsroom that waits for a held store for no longer than a moment."""
    monkeypatch.setattr(sql_engine, "BUSY_MS", 50)
    store = Store.open(f"sqlite:///{tmp_path}/syndicate.db")
    (tmp_path / "articles").mkdir()
    yield Desk(store, publication())
    store.close()


@contextmanager
def held(desk):
    """Have another process hold the store."""
    other = Store.open(f"sqlite:///{desk.config.root}/syndicate.db")
    with other.write():
        yield
    other.close()


def save(desk, slug):
    path = desk.config.root / f"articles/{slug}.md"
    path.write_text(f"---\ntitle: {slug.title()}\n---\nAll about {slug}.\n")
    return frozenset({path})


def filed(desk):
    with desk.store.read() as tx:
        return {article.slug for article in tx.articles.all()}


def runner(desk, stop=None):
    return Runner(desk.newsroom, stop or threading.Event())


def test_a_file_saved_while_the_store_is_held_is_taken_in_by_the_next_sweep(desk):
    one = runner(desk)
    one.take_in()
    ferry = save(desk, "ferry")
    with held(desk):
        one._guarded(one.take_in)(ferry)
    assert filed(desk) == set()
    one._catch_up()
    assert filed(desk) == {"ferry"}
    assert (desk.config.output / "articles/ferry/index.html").is_file()


def test_a_file_that_was_missed_is_taken_in_with_the_next_one_saved(desk):
    one = runner(desk)
    with held(desk):
        one._guarded(one.take_in)(save(desk, "ferry"))
    one.take_in(save(desk, "tram"))
    assert filed(desk) == {"ferry", "tram"}


def test_a_page_that_could_not_be_made_is_made_once_it_can_be(desk):
    template = desk.config.templates / "page/article.html"
    template.parent.mkdir(parents=True)
    template.write_text("{{ nonsense }}")
    one = runner(desk)
    one.take_in(save(desk, "ferry"))
    page = desk.config.output / "articles/ferry/index.html"
    assert not page.exists()
    template.unlink()
    one._sweep()
    assert page.is_file()


def test_nothing_new_is_begun_once_it_is_to_stop(desk):
    stop = threading.Event()
    one = runner(desk, stop)
    for number in range(BATCH_SIZE + 1):
        save(desk, f"ferry-{number}")
    stop.set()
    one.take_in()
    assert len(filed(desk)) <= BATCH_SIZE  # the batch in hand may be finished
    one._guarded(one.take_in)(save(desk, "dome"))
    assert "dome" not in filed(desk)


def test_a_file_that_makes_our_code_fail_is_named_in_the_log_with_the_traceback(desk, monkeypatch):
    def fail(_file, _config):
        raise IndexError("list index out of range")

    def in_this_process(*of, limited, **how):
        return import_articles(*of, **how)

    one = runner(desk)
    one.take_in(save(desk, "tram"))
    monkeypatch.setattr("syndicate.schedule.runner.import_articles", in_this_process)
    monkeypatch.setattr("syndicate.intake.articles.parallel_parse.read_source_file", fail)
    with capture_logs() as log:
        one.take_in(save(desk, "ferry"))
    refused = next(line for line in log if line["event"] == "refused")
    assert refused["log_level"] == "error"
    assert refused["reason"].startswith("articles/ferry.md: ")
    assert "in fail" in refused["exception"]


@pytest.fixture
def impatient(monkeypatch):
    """Processes that read have half a second."""
    monkeypatch.setattr("syndicate.intake.articles.parallel_parse._CPU_SECONDS", 0.5)


def save_endless(desk):
    """Save a file that takes longer than that."""
    path = desk.config.root / "articles/endless.md"
    path.write_text(
        "---\ntitle: Endless\n---\n" + "".join(f"![x](y{n})\n\n" for n in range(50_000))
    )
    return path


def refusals(log):
    return [line["reason"] for line in log if line["event"] == "refused"]


def test_a_file_that_takes_too_long_is_refused_once_and_keeps_no_other_out(desk, impatient):
    one = runner(desk)
    save_endless(desk)
    save(desk, "aardvark")
    save(desk, "zebra")
    with capture_logs() as log:
        one.take_in()
        (desk.config.root / "articles/new.png").write_bytes(b"a picture that came later")
        one.take_in()
    (refused,) = refusals(log)
    assert refused.startswith("articles/endless.md: reading it takes longer than 0.5 seconds; ")
    assert filed(desk) == {"aardvark", "zebra"}


def test_a_file_that_took_too_long_is_read_again_once_it_changes(desk, impatient):
    one = runner(desk)
    one.take_in(frozenset({save_endless(desk)}))
    one.take_in(save(desk, "endless"))
    assert filed(desk) == {"endless"}


def test_timetable_and_pages_do_not_wait_for_files_that_are_being_read(desk, monkeypatch):
    reading, done = threading.Event(), threading.Event()

    def file_slowly(*of, **how):
        reading.set()
        assert done.wait(60)
        yield from ()

    monkeypatch.setattr("syndicate.schedule.runner.import_articles", file_slowly)
    one = runner(desk)
    intake = threading.Thread(target=one.take_in)
    intake.start()
    assert reading.wait(60)
    sweep = threading.Thread(target=one._sweep)
    sweep.start()
    sweep.join(60)
    assert not sweep.is_alive()
    done.set()
    intake.join(60)


def test_a_disk_that_fails_is_told_without_a_traceback(desk, capsys):
    (desk.config.root / "feeds").write_text("in the way")
    one = runner(desk)
    one._guarded(one.take_in)(save(desk, "ferry"))
    (desk.config.root / "feeds").unlink()
    one._sweep()
    assert (desk.config.output / "articles/ferry/index.html").is_file()
    said = "".join(capsys.readouterr())
    assert "File exists" in said
    assert "Traceback" not in said


def test_an_article_that_was_put_off_is_back_the_minute_it_is_due(desk):
    page = desk.config.output / "articles/ferry/index.html"
    one = runner(desk)
    desk.file("ferry", date=NOW)
    one._publish(NOW)
    assert page.is_file()
    desk.file("ferry", date=NOW + 10 * MINUTE)
    one._publish(NOW + MINUTE)
    assert not page.exists()
    one._publish(NOW + 10 * MINUTE)
    assert page.is_file()


def last_tick(desk):
    with desk.store.read() as tx:
        return tx.heartbeats.mail_flow(NOW).last_tick


def test_going_through_everything_is_noted_and_a_trial_is_not(desk):
    desk.tick(trial=True)
    assert last_tick(desk) is None
    desk.tick()
    ticked = last_tick(desk)
    assert ticked is not None
    runner(desk)._sweep()
    assert last_tick(desk) > ticked


def gone(logs):
    return [line["reason"] for line in logs if line["event"] == "article file is gone"]


def test_a_deleted_file_is_named_once_with_what_to_do_and_its_article_stays(desk):
    one = runner(desk)
    [ferry] = save(desk, "ferry")
    save(desk, "tram")
    one.take_in()
    ferry.unlink()
    with capture_logs() as logs:
        one.take_in(frozenset({ferry}))
        one.take_in(frozenset({ferry}))
        one.take_in()
    [message] = gone(logs)
    assert message.startswith("articles/ferry.md is gone, and its article stays: ")
    assert "take the article back with `syndicate retract ferry`" in message
    assert (desk.config.output / "articles/ferry/index.html").is_file()
    with capture_logs() as logs:
        one.take_in(save(desk, "ferry"))
        ferry.unlink()
        one.take_in(frozenset({ferry}))
    assert len(gone(logs)) == 1, "it came back, and is gone again"


def test_a_file_that_is_renamed_taken_back_or_a_draft_is_not_named(desk):
    one = runner(desk)
    files = {slug: min(save(desk, slug)) for slug in ("ferry", "tram", "draft")}
    files["draft"].write_text("---\ntitle: Draft\ndraft: true\n---\nNot yet.\n")
    one.take_in()
    renamed = files["ferry"].rename(desk.config.root / "articles/boat.md")
    with desk.store.write() as tx:
        tx.articles.retract(tx.articles.by_slug("tram"), NOW)
    files["tram"].unlink()
    files["draft"].unlink()
    with capture_logs() as logs:
        one.take_in(frozenset({*files.values(), renamed}))
        one.take_in()
    assert gone(logs) == []


def test_many_files_that_are_gone_at_once_are_named_together_and_not_again_after_a_reload(desk):
    one = runner(desk)
    files = [min(save(desk, f"story-{number}")) for number in range(9)]
    one.take_in()
    for file in files:
        file.unlink()
    with capture_logs() as logs:
        one.take_in()
        Runner(desk.newsroom, threading.Event(), one.deleted_files).take_in()
    [message] = gone(logs)
    assert message.startswith("9 article files are gone: articles/story-0.md, articles/story-1.md")
    assert "and 4 more; their articles stay" in message

"""The mirror: what the last build left, in the right order, whatever happens in the middle."""

import importlib
import os
import subprocess
import sys
import textwrap
import threading
from datetime import timedelta

import fsspec
import pytest

from syndicate.errors import ConfigError, SyndicateError
from syndicate.publish import mirror as module
from syndicate.publish.mirror import MAX_FAILURES, MAX_UPLOADS, Mirror
from syndicate.publish.output.folder import locked
from tests.publish.newsroom import PICTURE, Newsroom
from tests.publish.storages import URL, Ledger, mirror_of
from tests.render.feeds.samples import NOON

LATER = NOON + timedelta(hours=2)
NAMES_NO_PAGE = "opensearch.xml"


@pytest.fixture
def newsroom(sqlite_store, publication):
    Ledger.clear()
    made = Newsroom(
        sqlite_store,
        publication(publication={"url": "https://news.example"}, publish={"mirror": URL}),
    )
    made.keep_picture()
    made.file("ferry", section="Harbour", tags=("ships",), image=PICTURE)
    made.file("tram", section="City")
    made.build()
    return made


@pytest.fixture
def mirror(newsroom):
    return mirror_of(newsroom.config)


def first(done, path):
    return done.index(path)


def last_of(done, *starts):
    return max(number for number, path in enumerate(done) if path.startswith(starts))


def failing(*paths, say="no"):
    def before(path):
        if not paths or path in paths:
            raise OSError(say)

    return before


def test_the_mirror_has_what_the_folder_has_and_no_compressed_twins(newsroom, mirror):
    assert (newsroom.config.output / "rss.xml.gz").is_file()
    mirrored = mirror.update()
    assert Ledger.files() == newsroom.files()
    assert mirrored.uploaded == len(newsroom.files())
    assert (mirrored.deleted, mirrored.skipped, mirrored.failed) == (0, 0, [])


def test_no_file_is_linked_before_it_exists(mirror):
    mirror.update()
    done = Ledger.paths("put")
    assert first(done, PICTURE.src) < first(done, "articles/ferry/index.html")
    assert last_of(done, "assets/") < first(done, "articles/tram/index.html")
    assert last_of(done, "articles/") < first(done, "index.html")
    lists = ("sections/city/index.html", "tags/ships/index.html", "index.html")
    assert max(first(done, path) for path in lists) < first(done, "sitemaps/pages.xml")
    assert last_of(done, "sitemaps/") < first(done, "sitemap.xml")
    feeds = [path for path in done if path.endswith(("rss.xml", "atom.xml", "feed.json"))]
    assert done[-len(feeds) - 1 :] == sorted([*feeds, "opml.xml"], key=done.index)


def test_only_what_changed_is_uploaded(newsroom, mirror):
    mirror.update()
    Ledger.done.clear()
    newsroom.file("tram", section="City", title="The tram is late", at=LATER)
    built = newsroom.build(at=LATER)
    mirrored = mirror.update()
    changed = [path for path in built.written if not path.endswith((".gz", ".br"))]
    assert sorted(Ledger.paths("put")) == sorted(changed)
    assert "articles/ferry/index.html" not in changed
    assert mirrored.uploaded == len(changed)
    assert Ledger.files() == newsroom.files()


def test_another_process_asks_the_storage_nothing_where_nothing_changed(newsroom, mirror):
    mirror.update()
    Ledger.done.clear()
    newsroom.build()
    assert mirror_of(newsroom.config).update() == module.MirrorReport()
    assert Ledger.done == []


def test_files_are_deleted_after_the_feeds_stopped_linking_to_them(newsroom, mirror):
    newsroom.file("dome", section="Arts")
    newsroom.build()
    mirror.update()
    Ledger.done.clear()
    newsroom.retract("dome")
    newsroom.build()
    mirrored = mirror.update()
    kinds = [what for what, _ in Ledger.done]
    assert kinds == sorted(kinds, reverse=True)
    deleted = Ledger.paths("delete")
    assert "sections/arts/index.html" in deleted
    assert mirrored.deleted == len(deleted)
    assert Ledger.files() == newsroom.files()


def test_what_others_keep_in_the_storage_is_never_touched(newsroom, mirror):
    storage = fsspec.filesystem("ledger")
    storage.pipe_file("/www/articles/notes.txt", b"mine")
    mirror.update()
    newsroom.retract("tram")
    newsroom.build()
    mirror.update()
    assert Ledger.files()["articles/notes.txt"] == b"mine"


def test_what_names_a_file_that_failed_waits_until_it_is_there(newsroom, mirror):
    Ledger.before.append(failing("articles/tram/index.html", say="try later"))
    mirrored = mirror.update()
    [problem] = mirrored.failed
    assert str(problem) == f"{URL}: try later (articles/tram/index.html)"
    assert "articles/ferry/index.html" in Ledger.files()
    assert "index.html" not in Ledger.files()
    assert not [path for path in Ledger.files() if path.endswith(".xml") and path != NAMES_NO_PAGE]
    Ledger.before.clear()
    Ledger.done.clear()
    assert mirror.update().failed == []
    assert "articles/ferry/index.html" not in Ledger.paths("put")
    assert Ledger.files() == newsroom.files()


def test_a_file_that_fails_the_second_time_stays_as_it_was(newsroom, mirror):
    mirror.update()
    before = Ledger.files()
    newsroom.file("tram", section="City", title="The tram is late", at=LATER)
    newsroom.build(at=LATER)
    Ledger.before.append(failing())
    assert mirror.update().failed
    assert Ledger.files() == before
    Ledger.before.clear()
    mirror.update()
    assert Ledger.files() == newsroom.files()


def test_a_deletion_that_fails_is_tried_again(newsroom, mirror):
    mirror.update()
    newsroom.retract("ferry")
    newsroom.build()
    Ledger.before.append(failing("sections/harbour/index.html"))
    assert len(mirror.update().failed) == 1
    assert "sections/harbour/index.html" in Ledger.files()
    Ledger.before.clear()
    assert mirror.update().deleted == 1
    assert Ledger.files() == newsroom.files()


def test_a_storage_that_takes_nothing_is_told_once_and_soon_left_alone(newsroom, mirror):
    for number in range(3 * MAX_FAILURES):
        newsroom.file(f"story-{number}")
    newsroom.build()
    asked: list[str] = []
    Ledger.before += [asked.append, failing(say="no such bucket")]
    mirrored = mirror.update()
    [problem] = mirrored.failed
    assert problem.message.startswith("no such bucket (")
    assert mirrored.uploaded == 0
    assert len(asked) < MAX_FAILURES + MAX_UPLOADS
    assert (newsroom.config.output / "rss.xml").is_file()


def test_it_stops_early_and_goes_on_where_it_stopped(newsroom, mirror):
    stop = threading.Event()

    def before(path):
        if path == "articles/ferry/index.html":
            stop.set()

    Ledger.before.append(before)
    mirrored = mirror.update(stop)
    there = set(Ledger.paths("put"))
    assert mirrored.failed == []
    assert "index.html" not in there
    Ledger.before.clear()
    mirror.update()
    assert not there & set(Ledger.paths("put"))
    assert Ledger.files() == newsroom.files()


@pytest.mark.neighbours
def test_a_process_that_was_killed_loses_no_more_than_a_batch(newsroom, tmp_path):
    script = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from syndicate.config import load
        from syndicate.publish import mirror
        from tests.publish.storages import Ledger
        mirror.COMMIT_EVERY = mirror.MAX_UPLOADS = 1
        done = []
        def before(path):
            if path == "articles/tram/index.html":
                Path("killed").write_text("\\n".join(done))
                os._exit(9)
            done.append(path)
        Ledger.before.append(before)
        mirror.Mirror.of(load(Path("config.toml"))).update()
    """)
    id_ = newsroom.config.publication.id
    (tmp_path / "config.toml").write_text(
        f'[publication]\nid = "{id_}"\ntitle = "x"\nurl = "https://news.example"\n'
        f'[publish]\nmirror = "{URL}"\n'
    )
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=here, check=False)
    assert killed.returncode == 9
    there = set((tmp_path / "killed").read_text().splitlines())
    assert PICTURE.src in there
    mirror_of(newsroom.config).update()
    again = set(Ledger.paths("put"))
    assert len(there & again) <= 1
    assert there | again == set(newsroom.files())


def test_files_of_a_running_build_wait_for_its_end(newsroom, mirror):
    rss = newsroom.config.output / "rss.xml"
    told = rss.read_bytes()
    rss.write_bytes(b"a feed that names a page of the build under way")
    mirrored = mirror.update()
    assert (mirrored.skipped, mirrored.failed) == (1, [])
    assert "rss.xml" not in Ledger.files()
    rss.write_bytes(told)
    assert mirror.update().uploaded == 1
    assert Ledger.files() == newsroom.files()


def test_a_build_does_not_wait_for_the_mirror(newsroom, mirror):
    def build_meanwhile(path):
        Ledger.before.clear()
        newsroom.file("dome", at=LATER)
        newsroom.build(at=LATER)

    Ledger.before.append(build_meanwhile)
    mirror.update()
    assert (newsroom.config.output / "articles/dome/index.html").is_file()
    mirror.update()
    assert Ledger.files() == newsroom.files()


def test_two_processes_take_turns(newsroom, mirror):
    follower = threading.Thread(target=mirror.update)
    with locked(newsroom.config.output, module.LOCK):
        follower.start()
        assert Ledger.files() == {}
    follower.join()
    assert Ledger.files() == newsroom.files()


def test_other_headers_are_a_change_though_the_bytes_are_the_same(newsroom, mirror, monkeypatch):
    mirror.update()
    Ledger.done.clear()
    monkeypatch.setattr(module, "cache_control", lambda *_, **__: "no-store")
    assert mirror_of(newsroom.config).update().uploaded == len(newsroom.files())


def test_another_place_gets_everything(newsroom, mirror, tmp_path):
    mirror.update()
    place = tmp_path / "www"
    publish = newsroom.config.publish.model_copy(update={"mirror": f"file://{place}"})
    mirror_of(newsroom.config.override(publish=publish)).update()
    copied = {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }
    assert copied == newsroom.files()


def test_without_a_build_nothing_is_done(sqlite_store, publication):
    Ledger.clear()
    config = publication(publish={"mirror": URL})
    assert mirror_of(config).update() == module.MirrorReport()
    assert not config.output.exists()


def test_a_list_of_uploads_that_cannot_be_read_is_reported_with_the_remedy(newsroom, mirror):
    (newsroom.config.output / ".mirror.sqlite").write_bytes(b"nonsense" * 1000)
    with pytest.raises(SyndicateError, match="delete it to upload everything again"):
        mirror.update()


@pytest.mark.neighbours
def test_without_a_mirror_fsspec_is_not_loaded():
    script = (
        "import sys, syndicate.publish.mirror, syndicate.schedule.runner; "
        "sys.exit('fsspec' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_protocol_that_is_not_installed_is_refused_with_the_remedy(publication, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    loaded = importlib.import_module("fsspec.registry")._registry
    monkeypatch.delitem(loaded, "s3", raising=False)
    with pytest.raises(ConfigError, match="`pip install s3fs`"):
        Mirror.of(publication(publish={"mirror": "s3://news/www"}))


def test_fsspec_itself_missing_is_refused_with_the_remedy(publication, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ConfigError, match="`pip install s3fs`"):
        Mirror.of(publication(publish={"mirror": "s3://news/www"}))


def test_a_protocol_that_nobody_knows_is_refused(publication):
    with pytest.raises(ConfigError, match="fsspec has no protocol carrierpigeon"):
        Mirror.of(publication(publish={"mirror": "carrierpigeon://loft"}))

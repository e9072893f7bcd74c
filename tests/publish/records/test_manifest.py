"""The manifest: what the last build left, what is ours, and how it is served."""

import pytest

from syndicate.publish.records.manifest import MANIFEST_NAME, Manifest, ManifestState, PublishedFile
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON

STATE = ManifestState(style="plain", compress=False, change=7, at=NOON)


def published(path, **values):
    return PublishedFile(**{"path": path, "owner": "1", "sha256": "0" * 64, "size": 4, **values})


def test_it_says_how_each_file_is_served(tmp_path):
    gone = published("a/index.html", status=410)
    moved = published("b/index.html", status=301, location="/c/")
    with Manifest.opened_for_build(tmp_path) as manifest:
        manifest.put([moved, gone])
        manifest.finish(STATE, [])
    with Manifest.opened(tmp_path) as seen:
        assert seen
        assert seen.entry("a/index.html") == gone
        assert list(seen.files()) == [gone, moved]
        assert seen.entry("c/index.html") is None


def test_it_is_there_as_a_whole_or_not_at_all(tmp_path):
    with Manifest.opened_for_build(tmp_path) as manifest:
        manifest.put([published("a")])
        manifest.finish(STATE, [3, 2])
    with Manifest.opened_for_build(tmp_path) as manifest:
        manifest.put([published("b")])
        manifest.remove("a")
    with Manifest.opened_for_build(tmp_path) as manifest:
        assert [file.path for file in manifest.files()] == ["a"]
        assert (manifest.state(), manifest.pending()) == (STATE, [2, 3])


@pytest.mark.parametrize("trial", [True, False])
def test_it_says_whether_the_last_build_was_a_trial(sqlite_store, publication, trial):
    newsroom = Newsroom(sqlite_store, publication())
    newsroom.build(trial=not trial)
    newsroom.build(trial=trial)
    with Manifest.opened(newsroom.config.output) as seen:
        assert seen
        state = seen.state()
    assert state
    assert state.trial is trial


def test_where_there_is_none_there_is_nothing_to_see(tmp_path):
    with Manifest.opened(tmp_path) as seen:
        assert seen is None
    (tmp_path / MANIFEST_NAME).write_text("no database")
    assert Manifest.open_read_only(tmp_path) is None


def test_one_that_is_broken_is_begun_anew_and_nothing_is_deleted(sqlite_store, publication):
    newsroom = Newsroom(sqlite_store, publication())
    newsroom.file("tram")
    newsroom.build()
    made = newsroom.everything()
    (newsroom.config.output / "old.html").write_text("nobody's")
    (newsroom.config.output / MANIFEST_NAME).write_text("no database")
    built = newsroom.build()
    assert (built.written, built.deleted) == ([], [])
    assert newsroom.everything() == made | {"old.html": b"nobody's"}
    assert set(newsroom.manifest()) == set(made)


@pytest.mark.parametrize("path", ["humans.txt", "articles/tram/notes.txt", ".gitignore"])
def test_a_file_of_the_operators_is_never_touched(sqlite_store, publication, path):
    newsroom = Newsroom(sqlite_store, publication())
    newsroom.file("tram")
    newsroom.build()
    mine = newsroom.config.output / path
    mine.write_text("mine")
    newsroom.retract("tram")
    newsroom.build()
    newsroom.build(everything=True)
    assert mine.read_text() == "mine"

"""Watching the folder where articles are filed."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest

from syndicate.intake.articles.article_files import watch

pytestmark = pytest.mark.slow

PATIENCE = 20
"""Seconds; how soon it really is depends on the machine, and is no part of the test."""


@contextmanager
def watching(
    folder: Path, act: Callable[[frozenset[Path]], object] = bool
) -> Iterator["Queue[set[str]]"]:
    calls: Queue[set[str]] = Queue()
    stop = threading.Event()

    def on_change(files: frozenset[Path]) -> None:
        act(files)
        calls.put(names(files))

    watcher = threading.Thread(target=watch, args=(folder, stop, on_change))
    watcher.start()
    try:
        yield calls
    finally:
        stop.set()
        watcher.join(PATIENCE)
    assert not watcher.is_alive()


def names(files: frozenset[Path]) -> set[str]:
    return {file.name for file in files}


def save_until_seen(calls: "Queue[set[str]]", file: Path) -> None:
    """Save a file until the watcher, which takes a moment to begin, has told of it."""
    for turn in range(PATIENCE):
        file.write_text(str(turn))
        try:
            told = calls.get(timeout=1)
        except Empty:
            continue
        if file.name in told:
            return
    raise AssertionError("never told")


def test_a_saved_file_is_told_and_so_is_one_renamed_into_place(tmp_path):
    with watching(tmp_path) as calls:
        save_until_seen(calls, tmp_path / "a.md")
        half = tmp_path / ".a.md.swp"
        half.write_text("new")
        half.rename(tmp_path / "b.md")
        while "b.md" not in calls.get(timeout=PATIENCE):
            pass


def test_what_a_site_was_built_to_and_hidden_folders_are_not_reported(tmp_path):
    for name in ("_site", ".git"):
        (tmp_path / name).mkdir()
    with watching(tmp_path) as calls:
        save_until_seen(calls, tmp_path / "a.md")
        (tmp_path / "_site" / "x.html").write_text("new")
        (tmp_path / ".git" / "x.md").write_text("new")
        (tmp_path / "b.md").write_text("new")
        seen = set[str]()
        while "b.md" not in seen:
            seen |= calls.get(timeout=PATIENCE)
    assert seen <= {"a.md", "b.md"}


def test_what_was_saved_before_the_watcher_saw_is_asked_for(tmp_path):
    (tmp_path / "a.md").write_text("before")
    with watching(tmp_path) as calls:
        assert calls.get(timeout=PATIENCE) == set()


def test_a_picture_may_belong_to_any_article(tmp_path):
    with watching(tmp_path) as calls:
        save_until_seen(calls, tmp_path / "a.md")
        (tmp_path / "a.jpg").write_bytes(b"picture")
        while (told := calls.get(timeout=PATIENCE)) == {"a.md"}:  # of a save before
            pass
        assert told == set()


def test_what_is_no_article_is_not_told(tmp_path):
    with watching(tmp_path) as calls:
        save_until_seen(calls, tmp_path / "a.md")
        while not calls.empty():
            calls.get()
        for name in ("a.md~", ".a.md.swp", ".#a.md", "4913", "notes.txt"):
            (tmp_path / name).write_text("x")
        (tmp_path / "sub").mkdir()
        save_until_seen(calls, tmp_path / "sub" / "b.md")


def test_a_folder_that_comes_late_or_comes_again_is_watched(tmp_path):
    folder = tmp_path / "articles"
    with watching(folder) as calls:
        folder.mkdir()
        save_until_seen(calls, folder / "a.md")
        for _ in range(2):
            shutil.rmtree(folder)
            folder.mkdir()
            calls.get(timeout=PATIENCE)
            save_until_seen(calls, folder / "a.md")


def test_of_a_folder_that_is_moved_in_or_out_everything_is_looked_at(tmp_path):
    folder, elsewhere = tmp_path / "articles", tmp_path / "elsewhere"
    for place in (folder, elsewhere):
        place.mkdir()
    (elsewhere / "index.md").write_text("a page bundle")
    with watching(folder) as calls:
        save_until_seen(calls, folder / "a.md")
        for source, target in ((elsewhere, folder / "bundle"), (folder / "bundle", elsewhere)):
            source.rename(target)
            while calls.get(timeout=PATIENCE):
                pass


def test_a_watched_folder_that_goes_away_is_reported(tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    with watching(folder) as calls:
        save_until_seen(calls, folder / "a.md")
        folder.rename(tmp_path / "unmounted")
        while calls.get(timeout=PATIENCE):
            pass


def test_a_folder_that_goes_away_while_a_save_is_reported_is_reported_too(tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()

    def act(files: frozenset[Path]) -> None:
        if files:
            folder.rename(tmp_path / "unmounted")

    with watching(folder, act) as calls:
        assert calls.get(timeout=PATIENCE) == set()
        (folder / "a.md").write_text("new")
        assert calls.get(timeout=PATIENCE) == {"a.md"}
        assert calls.get(timeout=PATIENCE) == set()

"""Watching the folder where articles are filed."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

from syndicate.intake.watch import watch

PATIENCE = 20
"""Seconds; how soon it really is depends on the machine, and is no part of the test."""


@contextmanager
def watching(folder: Path) -> Iterator["Queue[str]"]:
    calls: Queue[str] = Queue()
    stop = threading.Event()
    watcher = threading.Thread(target=watch, args=(folder, stop, lambda: calls.put("changed")))
    watcher.start()
    try:
        yield calls
    finally:
        stop.set()
        watcher.join(PATIENCE)
    assert not watcher.is_alive()


def save_until_seen(calls: "Queue[str]", file: Path) -> None:
    """Save a file until the watcher, which takes a moment to begin, has told of it."""
    for turn in range(PATIENCE):
        file.write_text(str(turn))
        try:
            calls.get(timeout=1)
        except Empty:
            continue
        return
    raise AssertionError("never told")


def test_a_saved_file_is_told_and_so_is_one_renamed_into_place(tmp_path):
    with watching(tmp_path) as calls:
        save_until_seen(calls, tmp_path / "a.md")
        half = tmp_path / ".a.md.swp"
        half.write_text("new")
        half.rename(tmp_path / "b.md")
        calls.get(timeout=PATIENCE)


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

"""Page workers: none outlives the build, and one that dies is reported."""

import fcntl
import multiprocessing
import shutil
import subprocess
import sys
from datetime import timedelta

import pytest

from syndicate.errors import SyndicateError
from syndicate.publish.build import publisher, tasks
from syndicate.publish.build.publisher import start_page_workers
from syndicate.publish.build.tasks import ArticlesTask
from syndicate.workers import pool
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON

KILLED = """
import os, signal, sys
from pathlib import Path
from syndicate.config import load
from syndicate.publish.build.publisher import start_page_workers
from syndicate.publish.build.tasks import ArticlesTask
from syndicate.publish.output.folder import locked
from syndicate.clock import EPOCH

config = load(Path(sys.argv[1]))
with locked(config.output), start_page_workers(config, compress=False) as workers:
    list(workers.run_all([[ArticlesTask(keys=(), at=EPOCH) for _ in range(8)] for _ in workers.shards]))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def newsroom(sqlite_store, publication):
    return Newsroom(sqlite_store, publication())


@pytest.mark.neighbours
def test_a_process_that_dies_is_reported_as_an_error(newsroom):
    reported = pytest.raises(SyndicateError, match="a build process died")
    with start_page_workers(newsroom.config, compress=False) as workers, reported:
        for process in multiprocessing.active_children():
            process.kill()
        list(workers.run_all([[ArticlesTask(keys=(), at=NOON)]] * len(workers.shards)))


@pytest.mark.neighbours
def test_several_processes_write_what_one_writes(sqlite_store, publication, tmp_path, monkeypatch):
    """Three lanes, of which each has pages, archives and feeds of its own."""
    monkeypatch.setattr(tasks, "PAGE_SIZE", 2)
    config = publication(publication={"url": "https://news.example"}, syndication={"items": 3})
    newsroom = Newsroom(sqlite_store, config)
    for day in range(23):
        tags, section = (f"tag-{day % 4}",), f"Section {day % 3}"
        date = NOON - timedelta(days=40 - day)
        newsroom.file(f"day-{day:02}", date=date, section=section, tags=tags)
    newsroom.build()
    alone = newsroom.files()
    shutil.rmtree(config.output)
    monkeypatch.setattr(pool, "available_cores", lambda: 3)
    monkeypatch.setattr(publisher, "_MIN_ARTICLES_FOR_WORKERS", 1)
    newsroom.build()
    assert "archive/7/atom.xml" in alone
    assert newsroom.files() == alone


@pytest.mark.neighbours
def test_the_workers_of_a_build_that_was_killed_release_the_folder(tmp_path):
    config = tmp_path / "killed/config.toml"
    config.parent.mkdir()
    config.write_text(
        '[publication]\nid = "6f9c1c1e-9a55-4f0e-8a3c-2c8f3c7f0a11"\ntitle = "T"\nurl = "https://news.example"\n'
    )
    killed = subprocess.run([sys.executable, "-c", KILLED, config], check=False, timeout=60)
    assert killed.returncode == -9
    with (config.parent / "feeds/.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

"""The crew: nobody of it outlives the build, and whoever dies is missed."""

import fcntl
import importlib
import multiprocessing
import shutil
import subprocess
import sys
from datetime import timedelta

import pytest

from syndicate.errors import SyndicateError
from syndicate.publish.build import page_workers as crews
from syndicate.publish.build import pagination
from syndicate.publish.build.tasks import ArticlesTask
from syndicate.workers import pool
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON

# the package has a function of the same name
building = importlib.import_module("syndicate.publish.build.build")

KILLED = """
import os, signal, sys
from pathlib import Path
from syndicate.config import load
from syndicate.publish import crew as crews
from syndicate.publish import layout
from syndicate.publish.output.folder import held
from syndicate.publish.build.tasks import Articles
from syndicate.clock import EPOCH

config = load(Path(sys.argv[1]))
with held(config.output), crews.crew(config, compress=False) as crew:
    list(crew.run_all([[Articles(keys=(), at=EPOCH) for _ in range(8)] for _ in crew.shards]))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def newsroom(sqlite_store, publication):
    return Newsroom(sqlite_store, publication())


def test_a_process_that_dies_is_told_as_an_error(newsroom):
    told = pytest.raises(SyndicateError, match="a process of the build died")
    with crews.crew(newsroom.config, compress=False) as crew, told:
        for process in multiprocessing.active_children():
            process.kill()
        list(crew.run_all([[ArticlesTask(keys=(), at=NOON)]] * len(crew.shards)))


def test_a_crew_makes_what_one_printer_makes(sqlite_store, publication, tmp_path, monkeypatch):
    """Three lanes, of which each has pages, archives and feeds of its own."""
    monkeypatch.setattr(pagination, "STORIES", 2)
    config = publication(publication={"url": "https://news.example"}, syndication={"items": 3})
    newsroom = Newsroom(sqlite_store, config)
    for day in range(23):
        tags, section = (f"tag-{day % 4}",), f"Section {day % 3}"
        date = NOON - timedelta(days=40 - day)
        newsroom.file(f"day-{day:02}", date=date, section=section, tags=tags)
    newsroom.build()
    alone = newsroom.files()
    shutil.rmtree(config.output)
    monkeypatch.setattr(pool, "cores", lambda: 3)
    monkeypatch.setattr(building, "_WORTH_A_CREW", 1)
    newsroom.build()
    assert "archive/7/atom.xml" in alone
    assert newsroom.files() == alone


def test_the_crew_of_a_build_that_was_killed_lets_go_of_the_folder(tmp_path):
    config = tmp_path / "killed/config.toml"
    config.parent.mkdir()
    config.write_text(
        '[publication]\nid = "6f9c1c1e-9a55-4f0e-8a3c-2c8f3c7f0a11"\ntitle = "T"\nurl = "https://news.example"\n'
    )
    subprocess.run([sys.executable, "-c", KILLED, config], check=False, timeout=60)
    with (config.parent / "feeds/.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

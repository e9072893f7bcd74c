"""The crew: nobody of it outlives the build, and whoever dies is missed."""

import fcntl
import multiprocessing
import subprocess
import sys

import pytest

from syndicate.errors import SyndicateError
from syndicate.publish import crew as crews
from syndicate.publish.tasks import Articles
from tests.feeds.samples import NOON
from tests.publish.newsroom import Newsroom

KILLED = """
import os, signal, sys
from pathlib import Path
from syndicate.config import load
from syndicate.publish import crew as crews
from syndicate.publish.folder import held
from syndicate.publish.tasks import Articles
from syndicate.clock import EPOCH

config = load(Path(sys.argv[1]))
with held(config.output), crews.crew(config, compress=False) as crew:
    list(crew.do([[Articles(keys=(), at=EPOCH) for _ in range(8)] for _ in crew.lanes]))
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
        list(crew.do([[Articles(keys=(), at=NOON)]] * len(crew.lanes)))


def test_the_crew_of_a_build_that_was_killed_lets_go_of_the_folder(tmp_path):
    config = tmp_path / "killed/config.toml"
    config.parent.mkdir()
    config.write_text(
        '[publication]\nid = "6f9c1c1e-9a55-4f0e-8a3c-2c8f3c7f0a11"\ntitle = "T"\nurl = "https://news.example"\n'
    )
    subprocess.run([sys.executable, "-c", KILLED, config], check=False, timeout=60)
    with (config.parent / "feeds/.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

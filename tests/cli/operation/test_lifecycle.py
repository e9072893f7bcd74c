"""A reload inside one process: what the old config had running is closed."""

import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from syndicate.cli.context import CommandContext
from syndicate.cli.operation.lifecycle import Lifecycle, ServingAddress
from syndicate.cli.operation.signals import SignalHandlers

pytestmark = pytest.mark.neighbours

CONFIG = """\
[publication]
id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
title = "Morning Post"
postal_address = "1 Harbour Street, Exampleton"

[[newsletters]]
name = "breaking"

[[schedules]]
name = "breaking"
newsletter = "breaking"
every = "1h"

[bounces]
maildir = "bounces"
address = "bounces@news.example"

[store]
url = "sqlite:///syndicate.db"
"""
WATCHED = ("articles", "editions", "authors", "pages")
RUNNER_THREADS = {
    "APScheduler",
    "delivery",
    "staff mail",
    "pending intake",
    "bounces by maildir",
    "intake",
    "editions",
    "authors",
    "pages",
}
"""One of each while a publication runs: what fires, sends, polls or watches for it."""


class NoSignals(SignalHandlers):
    """Those of a process that gets no signal; the handlers of the test's own process stay."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._runner_stop = self.stop

    def request_stop(self) -> None:
        self.stop.set()
        self._runner_stop.set()


@pytest.fixture
def runner_threads():
    """Count the threads of runners that began in this test, by their names."""
    earlier = set(threading.enumerate())

    def count():
        names = Counter(thread.name for thread in set(threading.enumerate()) - earlier)
        return {name: names[name] for name in RUNNER_THREADS}

    return count


@pytest.fixture
def running(tmp_path, monkeypatch, runner_threads):
    """A publication that runs in this process, with folders to watch."""
    for folder in (*WATCHED, "bounces/new", "bounces/cur", "bounces/tmp"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "config.toml").write_text(CONFIG)
    monkeypatch.delenv("PORT", raising=False)
    address = ServingAddress(CommandContext(tmp_path / "config.toml"), "127.0.0.1", 0)
    lifecycle = Lifecycle(address, NoSignals(), serve_only=False)
    lifecycle.start()
    yield lifecycle
    lifecycle.stop()
    address.listener.close()


def reload(lifecycle, old, new):
    before = lifecycle.config
    path = before.root / "config.toml"
    path.write_text(path.read_text().replace(old, new))
    lifecycle.reload()
    assert lifecycle.config != before


def open_files(folder):
    """Name the files in a folder that this process has open."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # it was that of the listing itself
            found.add(descriptor.readlink())
    return {path.name for path in found if path.is_relative_to(folder)}


def test_a_reload_leaves_one_runner_and_a_stop_none(running, runner_threads):
    assert runner_threads() == dict.fromkeys(RUNNER_THREADS, 1)
    reload(running, "Morning Post", "Evening Post")
    assert runner_threads() == dict.fromkeys(RUNNER_THREADS, 1)
    reload(running, "Evening Post", "Night Post")
    assert runner_threads() == dict.fromkeys(RUNNER_THREADS, 1)
    running.stop()
    assert runner_threads() == dict.fromkeys(RUNNER_THREADS, 0)


def test_a_reload_closes_the_store_that_another_takes_the_place_of(running):
    folder = running.config.root
    assert "syndicate.db" in open_files(folder)
    reload(running, "syndicate.db", "other.db")
    opened = open_files(folder)
    assert "other.db" in opened
    assert not any(name.startswith("syndicate.db") for name in opened)

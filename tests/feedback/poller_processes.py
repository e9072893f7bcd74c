"""Processes that read reports from a Maildir: begun at a time, and to be killed.

Each function is called in a process of its own (`bench.fork_server`).
"""

import json
import logging
import os
import random
import signal
from pathlib import Path
from threading import Event

import structlog

from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.feedback.doors.poller import DoorPoller
from syndicate.feedback.recorder import FeedbackRecorder
from syndicate.store import Store


def poll(url: str, tables: str) -> None:
    """Read what is in the Maildir."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    config = Config.model_validate(json.loads(tables))
    store = Store.open(url)
    links = SignedLinks(config, store.secret("links"))
    poller = DoorPoller(store, config, FeedbackRecorder(config, links))
    for found in poller.poll_all(Event()):
        assert not found.problem, found.problem
    store.close()


def poll_and_die(url: str, tables: str, seed: int) -> None:
    """Read, and be killed where a report is stored and its file is not removed yet."""
    remove, chance = os.unlink, random.Random(seed)

    def remove_or_die(path: str | Path, *, dir_fd: int | None = None) -> None:
        if chance.random() < 1 / 4:
            os.kill(os.getpid(), signal.SIGKILL)
        remove(path, dir_fd=dir_fd)

    os.unlink = remove_or_die  # type: ignore[assignment]
    poll(url, tables)

"""A process that takes a report and is killed between two statements (`bench.fork_server`)."""

import logging
import os
import signal
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, event

from syndicate.config import Config
from syndicate.store import Store
from tests.feedback.reported import Newsroom

TABLES = {
    "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"},
    "bounces": {"address": "bounce@news.example.org", "soft": 2},
    "root": ".",
}


def opened(url: str) -> Newsroom:
    """Open the publication of these tests."""
    return Newsroom(Store.open(url), Config.model_validate(TABLES))


def take(url: str, report: str, at: str, kill_at: int, marked: str) -> None:
    """Take a report, and mark it as done; kill the process at step `kill_at`.

    Steps, from 1, are: before each statement, before the commit, and before the mark.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    newsroom, steps = opened(url), count(1)

    def step(*_: Any) -> None:
        if next(steps) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "commit"):
        event.listen(Engine, name, step)
    newsroom.take(Path(report).read_bytes(), at=datetime.fromisoformat(at))
    step()
    Path(marked).touch()

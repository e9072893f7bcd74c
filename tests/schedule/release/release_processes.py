"""Processes of a newsroom whose editions wait for approval: begun at a time, and to be killed.

Each function is called in a process of its own (`bench.fork_server`), at a simulated time.
"""

import contextlib
import json
import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from syndicate import clock
from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.model.articles import Revision
from syndicate.model.subscribers import Actor, Cause
from syndicate.schedule.wiring import Services
from syndicate.store import NewArticle, Store
from tests.sample_articles import add_article

NOON = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def tick(url: str, tables: str, minute: int) -> None:
    """Publish, release, compose and hand over what is due at a minute."""
    services = _services(url, tables, minute)
    services.tick(clock.now())
    services.store.close()


def approve(url: str, tables: str, minute: int, edition: int) -> None:
    """Approve an edition at a minute, if it still waits and is what was seen."""
    services = _services(url, tables, minute)
    with contextlib.suppress(Refused):
        services.release.approve(edition, _by_editor("approved by Maren Tolk"))
    services.store.close()


def replace(url: str, tables: str, minute: int, edition: int) -> None:
    """Replace an edition for those who have not got it."""
    services = _services(url, tables, minute)
    with contextlib.suppress(Refused):
        services.replace(edition, (), _by_editor("replaced by Maren Tolk"))
    services.store.close()


def save_article(store: Store, slug: str, minute: int, *, version: int = 1) -> None:
    """File an article, or its next version."""
    at = NOON + minute * MINUTE
    revision = Revision(title=f"{slug} {version}", body=f"<p>{slug}</p>", excerpt=slug)
    with store.write() as tx:
        found = tx.articles.by_id(slug)
        names: dict[str, Any] = {
            "id": slug,
            "slug": slug,
            "path": f"{slug}.md",
            "source": f"{slug}{version}",
        }
        if found is None:
            add_article(tx, revision, at=at, **names)
        else:
            tx.articles.revise(found, NewArticle(revision=revision, **names), at)


def _by_editor(how: str) -> Cause:
    return Cause(who=Actor.REVIEWER, how=how, at=clock.now())


def _services(url: str, tables: str, minute: int) -> Services:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began, at = time.monotonic(), NOON + minute * MINUTE

    def now() -> datetime:
        return at + timedelta(seconds=time.monotonic() - began)

    setattr(clock, "now", now)  # noqa: B010 - mypy minds the other way
    values = json.loads(tables)
    config = Config.model_validate(values | {"root": Path(values["root"])})
    return Services(Store.open(url), config)

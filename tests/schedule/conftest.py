"""A publication under test: store, config, outbox, and a clock that is an argument."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syndicate.config import Config
from syndicate.deliver.outbox import Outbox
from syndicate.model.articles import Article, Revision
from syndicate.schedule.wiring import Services, TickReport
from syndicate.store import NewArticle, Store
from tests.causes import by_test
from tests.sample_articles import add_article

NOW = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BREAKING = {
    "name": "breaking",
    "newsletter": "breaking",
    "every": "10m",
    "select": {"breaking": True, "max": 5, "max_age": "24h"},
    "begin_with": "all",
    "max_late": "30m",
}


@dataclass
class ScheduleHarness:
    """What the tests of schedules do and look at."""

    store: Store
    config: Config
    titles: list[str] = field(default_factory=list)

    @property
    def services(self) -> Services:
        return Services(self.store, self.config)

    def file(self, slug: str, *, at: datetime = NOW, **changes: Any) -> Article:
        values = {"title": slug.title(), "body": f"<p>All about {slug}.</p>", "excerpt": slug}
        revision = Revision(**{**values, "breaking": True, **changes})
        with self.store.write() as tx:
            found = tx.articles.by_id(slug)
            names: dict[str, Any] = {"id": slug, "slug": slug, "path": f"{slug}.md", "source": slug}
            if found is None:
                return add_article(tx, revision, at=at, **names)
            return tx.articles.revise(found, NewArticle(revision=revision, **names), at)

    def subscribe(self, *addresses: str, newsletter: str = "breaking") -> None:
        with self.store.write() as tx:
            for address in addresses:
                tx.subscribers.subscribe(address, newsletter, cause=by_test(NOW))

    def tick(self, at: datetime = NOW, *, trial: bool = False) -> TickReport:
        return self.services.tick(at, trial=trial)

    def mail(self) -> list[tuple[str, str]]:
        """What is in the outbox: to whom, and the subject; in the order of file names."""
        kept = sorted(Outbox.of(self.config).messages(), key=lambda one: one.name)
        return [(one.to, one.subject) for one in kept]


@pytest.fixture
def harness(store: Store, publication: Callable[..., Config]) -> ScheduleHarness:
    """A publication with the breaking schedule, on each database."""
    return ScheduleHarness(store, publication(schedules=[BREAKING]))


@pytest.fixture
def make_harness(
    sqlite_store: Store, publication: Callable[..., Config]
) -> Callable[..., ScheduleHarness]:
    """A factory of publications with tables of their own, on SQLite."""

    def make(**tables: Any) -> ScheduleHarness:
        return ScheduleHarness(sqlite_store, publication(**{"schedules": [BREAKING], **tables}))

    return make

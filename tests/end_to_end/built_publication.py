"""A publication brought up from files: imported, with a reader, and built."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from syndicate.config import Config, load
from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import ImportResult
from syndicate.publish.build.build import BuildSummary
from syndicate.publish.build.publisher import Publisher
from syndicate.store import Store
from tests.causes import by_test

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

CONFIG = """\
[publication]
id = "0b0e8c1e-6c2f-4b37-9a1e-5b8f6a3d9e01"
title = "Real Post"
postal_address = "1 Real Street"

[syndication]
items = 1000

[[newsletters]]
name = "all"

[[schedules]]
name = "all"
newsletter = "all"
every = "10m"
begin_with = "all"
select = { max = 100 }
"""


@dataclass(frozen=True)
class Publication:
    """One that was imported and built."""

    config: Config
    store: Store
    files: list[Path]
    filed: list[ImportResult]
    built: BuildSummary

    @property
    def output(self) -> Path:
        return self.config.output


def bring_up(folder: Path, files: list[Path]) -> Publication:
    config = load(folder / "config.toml")
    store = Store.of(config)
    with store.write() as tx:
        for newsletter in config.newsletters:
            address = "reader@example.org"
            tx.subscribers.subscribe(address, newsletter.name, cause=by_test(NOW))
    filed = list(import_articles(store, config, files, at=NOW))
    built = Publisher(store, config).publish(NOW, number=True)
    return Publication(config, store, files, filed, built)

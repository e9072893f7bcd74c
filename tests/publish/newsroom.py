"""A newsroom for the tests of publishing: files articles in a store and builds."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from syndicate.config import Config
from syndicate.model.articles import Article, Figure, Revision
from syndicate.publish.build.build import BuildSummary
from syndicate.publish.build.publisher import Publisher
from syndicate.publish.output.formats import COMPRESSED_SUFFIXES
from syndicate.publish.records.manifest import Manifest, PublishedFile
from syndicate.store import NewArticle, Store
from tests.render.feeds.samples import NOON
from tests.sample_articles import add_article

PICTURE = Figure(
    src="media/2cea274d0bedc39ec4ab6ba9e59ec889.png",
    alt="A quay",
    caption="The quay",
    credit="Ann",
    width=10,
    height=10,
    type="image/png",
    length=7,
)


@dataclass
class Newsroom:
    """Files articles and builds."""

    store: Store
    config: Config

    def file(
        self, slug: str, *, at: datetime = NOON, renamed: str | None = None, **values: Any
    ) -> Article:
        """File an article, or the next revision of the one that has the slug."""
        given = {"title": slug.title(), "body": f"<p>About {slug}.</p>", "excerpt": slug} | values
        with self.store.write() as tx:
            there = tx.articles.by_slug(slug)
            names = {
                "slug": renamed or slug,
                "path": f"articles/{slug}.md",
                "source": given["body"][:64],
            }
            if there is None:
                return add_article(tx, Revision(**given), id=f"urn:test:{slug}", at=at, **names)
            new = NewArticle(id=there.id, revision=Revision(**given), **names)
            return tx.articles.revise(there, new, at)

    def retract(self, slug: str, *, at: datetime = NOON) -> None:
        with self.store.write() as tx:
            article = tx.articles.by_slug(slug)
            assert article is not None
            tx.articles.retract(article, at)

    def restore(self, slug: str) -> None:
        with self.store.write() as tx:
            article = tx.articles.by_slug(slug)
            assert article is not None
            tx.articles.restore(article)

    def keep_picture(self, data: bytes = b"picture") -> None:
        self.config.media.mkdir(exist_ok=True)
        (self.config.root / PICTURE.src).write_bytes(data)

    def build(
        self,
        *,
        at: datetime = NOON + timedelta(hours=1),
        everything: bool = False,
        trial: bool = False,
    ) -> BuildSummary:
        publisher = Publisher(self.store, self.config)
        built = publisher.publish(at, number=not trial, everything=everything, trial=trial)
        assert not built.failed, built.failed
        return built

    def elsewhere(self, folder: Path) -> Self:
        """Publish the same store into an empty folder, with the same pictures."""
        folder.mkdir()
        if self.config.media.is_dir():
            shutil.copytree(self.config.media, folder / "media")
        return type(self)(self.store, self.config.override(root=folder))

    def manifest(self) -> dict[str, PublishedFile]:
        """What the manifest says, by path."""
        with Manifest.opened(self.config.output) as seen:
            assert seen
            return {file.path: file for file in seen.files()}

    def files(self) -> dict[str, bytes]:
        """What lies in the output, without the build's own files and without twins."""
        return {path: data for path, data in self.everything().items() if not is_twin(path)}

    def everything(self) -> dict[str, bytes]:
        """What lies in the output, without the build's own files."""
        return {path: (self.config.output / path).read_bytes() for path in self._paths()}

    def titles(self) -> list[str]:
        """The titles in the feed of everything."""
        return [item["title"] for item in json.loads(self.files()["feed.json"])["items"]]

    def _paths(self) -> Iterator[str]:
        for place in sorted(self.config.output.rglob("*")):
            if place.is_file() and not place.name.startswith("."):
                yield place.relative_to(self.config.output).as_posix()


def is_twin(path: str) -> bool:
    return path.endswith(COMPRESSED_SUFFIXES)

"""The files that a publication has once: front page, assets, sitemaps, and the list of feeds."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from syndicate.body.missing_media import without_files
from syndicate.publish.build.pagination import STORIES
from syndicate.publish.build.report import OutputFile
from syndicate.publish.build.tasks import Missing
from syndicate.publish.build.topic_index import CHUNKS, TopicIndex
from syndicate.publish.build.writer import PageWriter
from syndicate.publish.output.manifest import Manifest
from syndicate.render import addresses, topics
from syndicate.render.feeds import Feed, opml
from syndicate.render.pages.home_page import LEAST, NAVIGATION, HomePage
from syndicate.render.sitemaps import CHUNK, NEWS_FOR, NEWS_LIMIT, Sitemaps, newest_change
from syndicate.render.topics import TopicKind

_OWNER = "site"
_SITEMAPS = "sitemaps"


class SiteFiles:
    """Lays out these files as of a moment."""

    def __init__(self, printer: PageWriter, manifest: Manifest) -> None:
        self._store = printer.store
        self._config = printer.config
        self._frame = printer.frame
        self._pages = printer.list_pages
        self._sitemaps = Sitemaps(printer.config)
        self.manifest = manifest
        self.lists = TopicIndex(manifest.database)

    def assets(self) -> Iterator[OutputFile]:
        """Style sheets and scripts, that pages load, and the key that search engines ask for."""
        for path, data in self._frame.assets().items():
            yield OutputFile(path=path, owner=_OWNER, render=partial(bytes, data))
        indexnow = self._config.indexnow
        if indexnow.key and indexnow.address:
            path = addresses.output_path(indexnow.address)
            yield OutputFile(path=path, owner=_OWNER, render=indexnow.key.encode)

    def logos(self) -> Iterator[tuple[OutputFile, Path, str]]:
        """Lay out its logos, each with where it is kept and the key that names it."""
        for key, address, picture in addresses.logos(self._config):
            source = self._config.path(picture)
            path = addresses.output_path(address)
            yield OutputFile(path=path, owner=_OWNER, render=source.read_bytes), source, key

    def front(self, at: datetime, missing: Missing) -> Iterator[OutputFile]:
        """Home page and breaking news, which change with the time."""
        window = self._config.publication.breaking_for
        size = self.lists.size(addresses.HOME)
        pages = max(size - LEAST, 0) // STORIES
        newest = self.lists.rows(addresses.HOME, pages * STORIES, size)
        keys = [row.article for row in reversed(newest) if not row.withdrawn]
        with self._store.read() as tx:
            found = tx.published.articles(keys)
            strip = tx.published.breaking(at - window, at)
        articles = [
            without_files(article, missing.get(article.key, ())).as_of(at, window)
            for article in found
        ]
        sections = [(t.name, t.page) for t in self.lists.largest(TopicKind.SECTION, NAVIGATION)]
        older = topics.everything().numbered(pages) if pages else None
        front = HomePage.of(articles, strip, sections=sections, older=older)
        home = partial(self._pages.home, front, strip, at=at)
        yield OutputFile(
            path=addresses.output_path(addresses.HOME), owner=_OWNER, render=home, packed=True
        )
        breaking = partial(self._pages.breaking, strip, at=at)
        path = addresses.output_path(addresses.BREAKING)
        yield OutputFile(path=path, owner=_OWNER, render=breaking, packed=True)

    def offers(self) -> Iterator[OutputFile]:
        """How to follow, and all feeds in a list."""
        feeds = [
            Feed.of(topic, self._config, since=self.lists.oldest(topic.home))
            for topic in self.lists.topics()
        ] or [Feed.everything(self._config)]
        subscribe = partial(self._pages.subscribe, feeds)
        path = addresses.output_path(addresses.SUBSCRIBE)
        yield OutputFile(path=path, owner=_OWNER, render=subscribe, packed=True)
        listed = partial(opml.render, self._config, feeds)
        path = addresses.output_path(addresses.OPML)
        yield OutputFile(path=path, owner=_OWNER, render=listed, packed=True)

    def chunks(self, numbers: Iterable[int] | None = None) -> Iterator[OutputFile]:
        """Lay out the sitemaps of articles: those of some numbers, or all of them."""
        size = self.lists.size(CHUNKS)
        last = -(-size // CHUNK)
        for number in range(1, last + 1) if numbers is None else numbers:
            if number > last:
                continue
            rows = self.lists.rows(CHUNKS, (number - 1) * CHUNK, number * CHUNK)
            entries = [row.note for row in rows]
            yield OutputFile(
                path=chunk_path(number),
                owner=_SITEMAPS,
                render=partial(self._sitemaps.articles, entries),
                modified=newest_change(entries),
                packed=True,
            )

    def sitemaps(self, at: datetime) -> Iterator[OutputFile]:
        """Lay out the sitemaps of lists and of news, the index, and robots.txt, which names it.

        The one of news is there even where it names nothing, since search engines
        may have been given its address; the index leaves it out then.
        """
        with self._store.read() as tx:
            news = tx.published.since(at - NEWS_FOR, at, limit=NEWS_LIMIT)
        listed = self._listed()
        maps = [(f.path, f.modified) for f in self.manifest.owned(_SITEMAPS) if is_map(f.path)]
        maps.sort(key=lambda one: (len(one[0]), one[0]))
        dates = [modified for _, modified in listed if modified]
        maps.append((addresses.output_path(addresses.sitemap("pages")), max(dates, default=None)))
        if recent := self._sitemaps.newest(news):
            maps.append((addresses.output_path(addresses.sitemap("news")), recent))
        for address, render in (
            (addresses.sitemap("pages"), partial(self._sitemaps.pages, listed)),
            (addresses.sitemap("news"), partial(self._sitemaps.news, news)),
            (addresses.SITEMAP, partial(self._sitemaps.index, maps)),
        ):
            path = addresses.output_path(address)
            yield OutputFile(path=path, owner=_OWNER, render=render, packed=True)
        robots = addresses.output_path(addresses.ROBOTS)
        yield OutputFile(path=robots, owner=_OWNER, render=self._sitemaps.robots)

    def _listed(self) -> list[tuple[str, str | None]]:
        """Return the address of home page and lists, each with the newest change on it."""
        found: list[tuple[str, str | None]] = []
        for topic in self.lists.topics():
            there = self.manifest.entry(addresses.output_path(topic.page))
            modified = there.modified if there else None
            if topic.kind is TopicKind.EVERYTHING:
                found.insert(0, (addresses.HOME, modified))
            found.append((topic.page, modified))
        return found or [(addresses.HOME, None)]


def chunk_path(number: int) -> str:
    """Return the path of one of the sitemaps of articles, counted from 1."""
    return addresses.output_path(addresses.sitemap(f"articles-{number}"))


def is_map(path: str) -> bool:
    """Whether a path is a sitemap itself, not a compressed twin of one."""
    return path.endswith(".xml")

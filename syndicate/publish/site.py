"""The site: which files a publication consists of, and how each of them is made.

Nothing is rendered here before a file's `render` is called, so that one that
fails is one that fails.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Self

from syndicate.config import Config
from syndicate.model.articles import MEDIA, Article
from syndicate.render import addresses, fingerprint
from syndicate.render.amp import Amp
from syndicate.render.feeds import FORMATS, Entry, Feed, opml
from syndicate.render.feeds.channel import channel
from syndicate.render.pages import Pages
from syndicate.render.sitemaps import Sitemaps
from syndicate.render.templates import Templates
from syndicate.store import Store

_PICTURE = re.compile(rf'\ssrc="({re.escape(MEDIA)}[^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of the output: where it is, how it is served, and how it is made."""

    path: str
    render: Callable[[], bytes]
    status: int = 200
    location: str | None = None
    made_of: str | None = None
    """Names everything that its bytes depend on: the same name, the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the store says at one moment."""

    at: datetime
    articles: tuple[Article, ...]
    """What readers may see, newest first."""
    withdrawn: tuple[Article, ...]
    """What they could see, and was taken back."""
    redirects: Mapping[str, str]
    """Slugs that articles had, with those they have."""

    @classmethod
    def of(cls, store: Store, at: datetime) -> Self:
        """Read what is public at `at`."""
        with store.read() as tx:
            return cls(
                at=at,
                articles=tuple(tx.articles.public(at)),
                withdrawn=tuple(tx.articles.withdrawn()),
                redirects=tx.articles.redirects(),
            )


class Site:
    """The files of a publication, as of a snapshot of its store."""

    def __init__(self, config: Config, templates: Templates, snapshot: Snapshot) -> None:
        self._config = config
        self._snapshot = snapshot
        self._pages = Pages(config, templates)
        self._amp = Amp(config, templates)
        self._sitemaps = Sitemaps(config)
        self._style = fingerprint(config, templates)

    def assets(self) -> Iterator[File]:
        """Style sheets and scripts, that pages load."""
        for path, data in self._pages.assets().items():
            yield File(path=path, render=partial(bytes, data))

    def logo(self) -> tuple[File, Path] | None:
        """Return the logo, with where the publication keeps it, if it has one."""
        picture = self._config.publication.logo
        if picture is None:
            return None
        source = self._config.path(picture)
        path = addresses.file(addresses.logo_of(picture))
        return File(path=path, render=source.read_bytes), source

    def pictures(self) -> Iterator[tuple[File, Article]]:
        """Every picture of ours, with the first article that shows it."""
        shown: dict[str, Article] = {}
        for article in self._snapshot.articles:
            for src in _pictures(article):
                shown.setdefault(src, article)
        for src in sorted(shown):
            yield File(path=src, render=self.source(src).read_bytes), shown[src]

    def source(self, src: str) -> Path:
        """Return where the publication keeps a picture."""
        return self._config.media / src.removeprefix(MEDIA)

    def page(self, article: Article) -> File:
        """Return the page of an article."""
        render = partial(self._pages.article, article)
        return File(path=_file(article), render=render, made_of=self._made_of(article))

    def amp_page(self, article: Article) -> File | None:
        """Return the AMP page of an article, where the publication has such pages."""
        if not self._config.amp.enabled:
            return None
        path = addresses.file(addresses.amp(article))
        render = partial(self._amp.article, article)
        return File(path=path, render=render, made_of=self._made_of(article))

    def notices(self) -> Iterator[File]:
        """Say at its address what became of a withdrawn article, and of an old slug."""
        for article in self._snapshot.withdrawn:
            render = partial(self._pages.withdrawn, article)
            yield File(path=_file(article), render=render, status=410)
        known = {a.slug: a for a in (*self._snapshot.articles, *self._snapshot.withdrawn)}
        for old, slug in self._snapshot.redirects.items():
            if slug not in known:  # not public yet
                continue
            to = addresses.page(known[slug])
            path = addresses.file(f"/articles/{old}/")
            render = partial(self._pages.redirect, to)
            yield File(path=path, render=render, status=301, location=to)

    def lists(self, articles: Sequence[Article]) -> Iterator[File]:
        """Home page, sections, breaking news, and how to follow it all."""
        at, pages = self._snapshot.at, self._pages
        yield File(path=addresses.file(addresses.HOME), render=partial(pages.home, articles, at=at))
        for address, name in _sections(articles).items():
            yield File(
                path=addresses.file(address), render=partial(pages.section, name, articles, at=at)
            )
        yield File(
            path=addresses.file(addresses.BREAKING),
            render=partial(pages.breaking, articles, at=at),
        )
        feeds = Feed.all(self._config, articles)
        yield File(path=addresses.file(addresses.SUBSCRIBE), render=partial(pages.subscribe, feeds))

    def feeds(
        self, articles: Sequence[Article], entry: Callable[[Article], Entry | None]
    ) -> Iterator[File]:
        """Write every feed in every format, the one of everything after the sections' own.

        `entry` tells an article, or returns None where it has to be left out.
        """
        feeds = Feed.all(self._config, articles)
        for feed in reversed(feeds):
            entries = [told for article in feed.articles if (told := entry(article))]
            head = channel(self._config, entries, section=feed.section)
            for each in FORMATS:
                path = addresses.file(feed.home + each.file)
                yield File(path=path, render=partial(each.render, head, entries))
        yield File(
            path=addresses.file(addresses.OPML), render=partial(opml.render, self._config, feeds)
        )

    def sitemaps(self, articles: Sequence[Article]) -> Iterator[File]:
        """Sitemaps, then the index that names them, and robots.txt, which names the index."""
        sitemaps = self._sitemaps.of(articles, at=self._snapshot.at)
        for each in sitemaps:
            yield File(path=addresses.file(each.address), render=each.render)
        index = partial(self._sitemaps.index, sitemaps)
        yield File(path=addresses.file(addresses.SITEMAP), render=index)
        yield File(path=addresses.file(addresses.ROBOTS), render=self._sitemaps.robots)

    def _made_of(self, article: Article) -> str:
        """Name what an article's pages depend on: the article, config, templates and our code."""
        return hashlib.sha256(f"{self._style}{article!r}".encode("utf-8", "replace")).hexdigest()


def _file(article: Article) -> str:
    return addresses.file(addresses.page(article))


def _sections(articles: Sequence[Article]) -> dict[str, str]:
    """Return address and name of each section, spelt as its newest article does."""
    named = [article.section for article in reversed(articles) if article.section]
    return {addresses.section(name): name for name in named}


def _pictures(article: Article) -> Iterator[str]:
    """Iterate over the pictures of ours that an article shows."""
    if article.image and article.image.local:
        yield article.image.src
    yield from _PICTURE.findall(article.body)

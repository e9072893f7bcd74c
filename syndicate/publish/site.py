"""The site: which files a publication consists of, and how each of them is made.

Nothing is rendered here before a file's `render` is called, so that one that
fails is one that fails.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Self

from syndicate.config import Config
from syndicate.model.articles import MEDIA, Article
from syndicate.render import addresses
from syndicate.render.amp import Amp
from syndicate.render.feeds import FORMATS, Entry
from syndicate.render.feeds.channel import channel
from syndicate.render.pages import Pages
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
        return File(path=_file(article), render=partial(self._pages.article, article))

    def amp_page(self, article: Article) -> File | None:
        """Return the AMP page of an article, where the publication has such pages."""
        if not self._config.amp.enabled:
            return None
        path = addresses.file(addresses.amp(article))
        return File(path=path, render=partial(self._amp.article, article))

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
        """Home page, sections and breaking news."""
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

    def feeds(self, entries: Sequence[Entry]) -> Iterator[File]:
        """Write every format of the one feed."""
        told = channel(self._config, entries)
        for each in FORMATS:
            yield File(path=each.file, render=partial(each.render, told, entries))


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

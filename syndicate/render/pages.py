"""Web pages: the article, the home page, sections, and the strip of breaking news.

An article's page is a function of the article, the config and the templates
alone; what changes by the hour stands on the other pages.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from babel.dates import format_skeleton, format_time
from markupsafe import Markup

from syndicate.config import Config
from syndicate.model.articles import Article, Figure
from syndicate.render import addresses, jsonld, markup, page_body, words
from syndicate.render.feeds import Feed
from syndicate.render.feeds.channel import title
from syndicate.render.front import Front, breaking, sections
from syndicate.render.story import Story, direction
from syndicate.render.templates import Templates

SECTION_STORIES = 60
"""How many stories a section's page holds."""
TEASER = 150
"""Characters of the line under a headline in a list."""


class Pages:
    """The pages of one publication, as bytes of UTF-8."""

    def __init__(self, config: Config, templates: Templates) -> None:
        self._config = config
        self._templates = templates

    def article(self, article: Article) -> bytes:
        """Return an article's page."""
        story = Story.of(article, self._config)
        base = addresses.base(self._config)
        return self._page(
            "article",
            story=story,
            article=article,
            canonical=article.canonical_url or self._absolute(addresses.page(article)),
            opening=page_body.lay_out(story.opening, base=base, words=story.words, lead=True),
            body=page_body.lay_out(story.body, base=base, words=story.words),
            description=markup.shorten(article.excerpt, 300),
            amp=self._absolute(addresses.amp(article)) if self._config.amp.enabled else None,
            data=Markup(jsonld.article(article, self._config)),  # noqa: S704 - escaped there
        )

    def home(self, articles: Sequence[Article], *, at: datetime) -> bytes:
        """Return the home page of the public articles, newest first, as it is at `at`."""
        strip = breaking(articles, self._config, at)
        front = Front.of(articles, strip)
        return self._list("home", addresses.HOME, strip, at, front=front)

    def section(self, name: str, articles: Sequence[Article], *, at: datetime) -> bytes:
        """Return the page of one section.

        `articles` are all the public ones, newest first: the strip is taken from
        them, the list from those whose section has the same address.
        """
        address = addresses.section(name)
        inside = [a for a in articles if a.section and addresses.section(a.section) == address]
        strip = breaking(articles, self._config, at)
        return self._list(
            "section",
            address,
            strip,
            at,
            name=name,
            stories=inside[:SECTION_STORIES],
            own_feeds=addresses.feeds(address),
            feed_title=title(self._config, name),
        )

    def sections(self, articles: Sequence[Article]) -> tuple[str, ...]:
        """Name the sections that have a page: one name for each address."""
        return tuple(name for name, _ in sections(articles))

    def breaking(self, articles: Sequence[Article], *, at: datetime) -> bytes:
        """Return the page with nothing but the strip, which article pages take it from.

        It is a small whole page, since AMP pages link to it.
        """
        strip = breaking(articles, self._config, at)
        return self._list("breaking", addresses.BREAKING, strip, at)

    def subscribe(self, feeds: Sequence[Feed]) -> bytes:
        """Return the page that says what a feed is, how to follow, and which there are."""
        everything, *sections = feeds
        return self._page(
            "subscribe",
            canonical=self._absolute(addresses.SUBSCRIBE),
            everything=everything,
            sections=sections,
        )

    def withdrawn(self, article: Article) -> bytes:
        """Return what stands where an article was taken back."""
        said = words.of(article.language or self._config.publication.language)
        return self._page("withdrawn", article=article, said=said)

    def redirect(self, address: str) -> bytes:
        """Return a page that leads from an old address to `address`, one from the root."""
        return self._page("redirect", target=address, canonical=self._absolute(address))

    def assets(self) -> dict[str, bytes]:
        """Return what pages load, by its path in the output."""
        return {addresses.file(asset[0]): asset[1] for asset in self._assets.values()}

    def _list(
        self, template: str, address: str, strip: Article | None, at: datetime, **values: Any
    ) -> bytes:
        """Render a page that depends on the time and on many articles."""
        return self._page(
            template,
            strip=strip,
            strip_until=strip and strip.published + self._config.publication.breaking_for,
            at=at,
            canonical=self._absolute(address),
            when=lambda article: self._when(article, at),
            summary_line=lambda article: markup.shorten(article.excerpt, TEASER),
            **values,
        )

    def _page(self, template: str, **values: Any) -> bytes:
        text = self._templates.render(f"page/{template}.html", self._frame | values)
        return markup.printable(text).encode()

    @cached_property
    def _frame(self) -> dict[str, Any]:
        """What every page needs."""
        publication = self._config.publication
        return {
            "publication": publication,
            "language": publication.language,
            "direction": direction(publication.language),
            "zone": publication.timezone,
            "words": words.of(publication.language),
            "ads": self._config.ads,
            "feeds": addresses.FEEDS,
            "link": self._linked,
            "absolute": self._absolute,
            "address": addresses,
            "figure": self._figure,
            "picture": lambda picture: addresses.figure(picture, self._config),
            "asset": lambda name: self._linked(self._assets[name][0]),
        }

    @cached_property
    def _assets(self) -> dict[str, tuple[str, bytes]]:
        """Address and content of each asset; the address changes with the content."""
        made = {}
        for name in ("page.css", "breaking.js", "favicon.svg"):
            values = {"ads": self._config.ads, "publication": self._config.publication}
            content = self._templates.render(f"page/{name}", values).encode()
            stem, _, suffix = name.rpartition(".")
            mark = hashlib.sha256(content).hexdigest()[:8]
            made[name] = (f"/assets/{stem}.{mark}.{suffix}", content)
        return made

    def _linked(self, address: str) -> str:
        return addresses.linked(address, self._config)

    def _absolute(self, address: str) -> str:
        return addresses.absolute(address, self._config)

    def _figure(self, picture: Figure) -> str:
        """Return the address of a picture as pages load it."""
        return self._linked(f"/{picture.src}") if picture.local else picture.src

    def _when(self, article: Article, at: datetime) -> str:
        """Write when an article appeared, as short as it can be told at `at`."""
        publication = self._config.publication
        locale = words.locale(publication.language)
        then = article.published.astimezone(publication.timezone)
        today = at.astimezone(publication.timezone)
        if then.date() == today.date():
            return format_time(then, "short", locale=locale).replace("\u202f", " ")
        skeleton = "MMMd" if then.year == today.year else "yMMMd"
        return format_skeleton(skeleton, then, locale=locale)

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

from syndicate.body import markup
from syndicate.config import Config
from syndicate.model import pictures
from syndicate.model.articles import Article, Figure, Person
from syndicate.model.compiled_body import CompiledBody
from syndicate.render import addresses, ui_strings
from syndicate.render.article_view import ArticleViews, text_direction
from syndicate.render.body_renderer import BodyRenderer
from syndicate.render.feeds import Feed, offered_formats
from syndicate.render.feeds.channel import feed_title
from syndicate.render.pages.home_page import HomePage
from syndicate.render.templates import Templates
from syndicate.render.topics import Topic, TopicKind

TEASER = 150
"""Characters of the line under a headline in a list."""


class PageRenderer:
    """The pages of one publication, as bytes of UTF-8."""

    def __init__(
        self, config: Config, templates: Templates, stories: ArticleViews | None = None
    ) -> None:
        """Set `stories` that others tell, too, or tell them here."""
        self._config = config
        self._stories = stories or ArticleViews(config)
        self._plain = templates
        self._bodies = BodyRenderer.of(config, "page")
        self._base = addresses.base(config)

    def article(self, article: Article, galley: CompiledBody | None = None) -> bytes:
        """Return an article's page; without its `galley`, its body is cut here."""
        story, data = self._stories.of(article)
        opening, body = self._bodies.set(article, galley)
        return self._page(
            "article",
            story=story,
            article=article,
            canonical=article.canonical_url or self._absolute(addresses.page(article)),
            opening=Markup(opening),  # noqa: S704 - sanitised at import
            body=Markup(body),  # noqa: S704 - sanitised at import
            description=story.description,
            amp=self._absolute(addresses.amp(article)) if self._config.amp.enabled else None,
            data=data,
        )

    def home(self, front: HomePage, strip: Article | None, *, at: datetime) -> bytes:
        """Return the home page as it is at `at`, with the breaking article of the strip if any."""
        return self._page(
            "home",
            canonical=self._absolute(addresses.HOME),
            **self._strip(strip),
            front=front,
            at=at,
            when=lambda article: self._when(article, at),
        )

    def listing(
        self,
        topic: Topic,
        stories: Sequence[str],
        *,
        address: str,
        person: Person | None = None,
        number: int | None = None,
        newer: str | None = None,
        older: str | None = None,
    ) -> bytes:
        """Return one page of a topic's list, newest first; without a number, that of the newest.

        `stories` are as `teaser` tells them, `person` is the author whose page it is.
        It says nothing that time changes.
        """
        return self._page(
            "listing",
            canonical=self._absolute(address),
            selection=topic,
            stories=[Markup(story) for story in stories],  # noqa: S704 - our own template
            person=person,
            number=number,
            newest=number is None,
            newer=newer,
            older=older,
            own_feeds=offered_formats(topic, self._config),
            feed_title=feed_title(self._config, topic),
        )

    def teaser(self, article: Article) -> str:
        """Return a story as lists tell it; that of its own section doesn't show the section."""
        return self._templates.render("page/teaser.html", {"article": article})

    def breaking(self, strip: Article | None, *, at: datetime) -> bytes:
        """Return the page with nothing but the strip, which other pages take it from.

        It is a small whole page, since AMP pages link to it.
        """
        return self._page(
            "breaking", canonical=self._absolute(addresses.BREAKING), **self._strip(strip), at=at
        )

    def subscribe(self, feeds: Sequence[Feed]) -> bytes:
        """Return the page that says what a feed is, how to follow, and which there are.

        The first of `feeds` is that of everything.
        """
        said = ui_strings.page_strings(self._config.publication.language)
        headings = {
            TopicKind.FEED: said.feeds,
            TopicKind.SECTION: said.sections,
            TopicKind.TAG: said.tags,
            TopicKind.AUTHOR: said.authors,
        }
        everything, *others = feeds
        return self._page(
            "subscribe",
            canonical=self._absolute(addresses.SUBSCRIBE),
            everything=everything,
            signup=self._signup(),
            groups=[
                (heading, [feed for feed in others if feed.topic.kind is kind])
                for kind, heading in headings.items()
            ],
        )

    def _signup(self) -> dict[str, Any] | None:
        """Return what the form for newsletters needs; None where nobody can sign up."""
        offered = [newsletter for newsletter in self._config.newsletters if newsletter.offered]
        if not offered or not self._config.signup.enabled:
            return None
        return {
            "action": f"{self._config.web_url}/signup",
            "newsletters": offered,
            "fields": self._config.signup.fields,
        }

    def withdrawn(self, article: Article) -> bytes:
        """Return what stands where an article was taken back."""
        said = ui_strings.page_strings(article.language or self._config.publication.language)
        return self._page("withdrawn", article=article, said=said)

    def redirect(self, address: str) -> bytes:
        """Return a page that leads from an old address to `address`, one from the root."""
        return self._page("redirect", target=address, canonical=self._absolute(address))

    def assets(self) -> dict[str, bytes]:
        """Return what pages load, by its path in the output."""
        return {addresses.output_path(asset[0]): asset[1] for asset in self._assets.values()}

    def _strip(self, article: Article | None) -> dict[str, Any]:
        until = article and article.published + self._config.publication.breaking_for
        return {"strip": article, "strip_until": until}

    def _page(self, template: str, **values: Any) -> bytes:
        text = self._templates.render(f"page/{template}.html", values)
        return markup.encode(text)

    @cached_property
    def _templates(self) -> Templates:
        return self._plain.with_globals(self._frame)

    @cached_property
    def _frame(self) -> dict[str, Any]:
        """What every page needs."""
        publication = self._config.publication
        return {
            "publication": publication,
            "language": publication.language,
            "direction": text_direction(publication.language),
            "zone": publication.timezone,
            "words": ui_strings.page_strings(publication.language),
            "ads": self._config.ads,
            "theme": self._config.theme,
            "summary_line": _summary_line,
            "logo": addresses.masthead(self._config),
            "logo_dark": addresses.masthead_dark(self._config),
            "icon": addresses.icon_of(self._config),
            "feeds": addresses.FEEDS,
            "link": self._linked,
            "absolute": self._absolute,
            "address": addresses,
            "figure": self._figure,
            "srcset": lambda picture: pictures.srcset(picture, self._linked("/")),
            "source": lambda picture: pictures.source(picture, self._linked("/")),
            "preview": pictures.preview,
            "picture": lambda picture: addresses.figure(picture, self._config),
            "asset": lambda name: self._linked(self._assets[name][0]),
        }

    @cached_property
    def _assets(self) -> dict[str, tuple[str, bytes]]:
        """Address and content of each asset; the address changes with the content."""
        made = {}
        for name in ("page.css", "breaking.js", "favicon.svg"):
            values = {
                "ads": self._config.ads,
                "publication": self._config.publication,
                "theme": self._config.theme,
            }
            content = self._plain.render(f"page/{name}", values).encode()
            stem, _, suffix = name.rpartition(".")
            mark = hashlib.sha256(content).hexdigest()[:8]
            made[name] = (f"/assets/{stem}.{mark}.{suffix}", content)
        return made

    def _linked(self, address: str) -> str:
        return self._base + address

    def _absolute(self, address: str) -> str:
        return addresses.absolute(address, self._config)

    def _figure(self, picture: Figure) -> str:
        """Return the address of a picture as pages load it."""
        return self._linked(f"/{picture.src}") if picture.local else picture.src

    def _when(self, article: Article, at: datetime) -> str:
        """Write when an article appeared, as short as it can be told at `at`."""
        publication = self._config.publication
        locale = ui_strings.locale(publication.language)
        then = article.published.astimezone(publication.timezone)
        today = at.astimezone(publication.timezone)
        if then.date() == today.date():
            return format_time(then, "short", locale=locale).replace("\u202f", " ")
        skeleton = "MMMd" if then.year == today.year else "yMMMd"
        return format_skeleton(skeleton, then, locale=locale)


def _summary_line(article: Article) -> str:
    return markup.shorten(article.excerpt, TEASER)

"""Web pages that change with every article: home page, lists, breaking news, feeds to follow."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from syndicate.model.articles import Article, Person
from syndicate.render import addresses
from syndicate.render.feeds.channel import feed_title
from syndicate.render.feeds.formats import Feed, offered_formats
from syndicate.render.formatting import short_date
from syndicate.render.pages.page_frame import PageFrame
from syndicate.render.topics import Topic, TopicKind

MIN_ARTICLES = 15
"""Articles on the home page where there are older ones; more follow until a list page ends."""
RAIL_ARTICLES = 10
MASTHEAD_SECTIONS = 8
"""Sections linked in the masthead."""
LEAD_CANDIDATES = 8
"""The lead is one of this many newest: a picture doesn't justify an old article."""


class ListPages:
    """The home page and the lists of one publication, as bytes of UTF-8."""

    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame
        self._config = frame.config

    def home(
        self,
        articles: Sequence[Article],
        breaking: Article | None,
        *,
        sections: Sequence[tuple[str, str]] = (),
        older: str | None = None,
        at: datetime,
    ) -> bytes:
        """Render the home page as of `at`, with the strip of a breaking article, if any.

        `articles` are the newest first; `sections` are name and address of those in the masthead;
        `older` is the address of the list page with the articles that follow. The rail of the
        latest leaves out the lead and the breaking article, so no article is there three times.
        """
        publication = self._config.publication
        zone, language = publication.timezone, publication.language
        lead = _lead(articles, breaking)
        above = {article.key for article in (lead, breaking) if article is not None}
        latest = [article for article in articles if article.key not in above]
        return self._frame.render(
            "home",
            canonical=self._frame.absolute(addresses.HOME),
            **self._strip(breaking),
            front={
                "lead": lead,
                "field": [article for article in articles if article is not lead],
                "latest": latest[:RAIL_ARTICLES],
                "sections": sections,
                "older": older,
            },
            at=at,
            when=lambda article: short_date(article.published, at, zone, language),
        )

    def listing(
        self,
        topic: Topic,
        teasers: Sequence[str],
        *,
        address: str,
        person: Person | None = None,
        number: int | None = None,
        newer: str | None = None,
        older: str | None = None,
    ) -> bytes:
        """Render one page of a topic's list, newest first; `number` is None for the newest.

        `teasers` come from `teaser`, `person` is the author whose page it is. Nothing on
        the page depends on the time of the build.
        """
        return self._frame.render(
            "listing",
            canonical=self._frame.absolute(address),
            selection=topic,
            stories=[Markup(teaser) for teaser in teasers],  # noqa: S704 - our own template
            person=person,
            number=number,
            newest=number is None,
            newer=newer,
            older=older,
            own_feeds=offered_formats(topic, self._config),
            feed_title=feed_title(self._config, topic),
        )

    def teaser(self, article: Article) -> str:
        """Render an article's entry in lists, the same in every list."""
        return self._frame.templates.render("page/teaser.html", {"article": article})

    def breaking(self, breaking: Article | None, *, at: datetime) -> bytes:
        """Render the page from which article pages load the strip of breaking news.

        It is a whole page, since AMP pages link to it.
        """
        canonical = self._frame.absolute(addresses.BREAKING)
        return self._frame.render("breaking", canonical=canonical, **self._strip(breaking), at=at)

    def subscribe(self, feeds: Sequence[Feed]) -> bytes:
        """Render the page that explains feeds and lists them; the first is that of everything."""
        everything, *others = feeds
        groups = {kind: [feed for feed in others if feed.topic.kind is kind] for kind in TopicKind}
        return self._frame.render(
            "subscribe",
            canonical=self._frame.absolute(addresses.SUBSCRIBE),
            everything=everything,
            signup=self._signup(),
            groups={kind: listed for kind, listed in groups.items() if listed},
        )

    def _signup(self) -> dict[str, Any] | None:
        """Return the values of the newsletter form; None where nobody can sign up."""
        offered = [newsletter for newsletter in self._config.newsletters if newsletter.offered]
        if not offered or not self._config.signup.enabled:
            return None
        return {
            "action": f"{self._config.web_url}/signup",
            "newsletters": offered,
            "fields": self._config.signup.fields,
        }

    def _strip(self, article: Article | None) -> dict[str, Any]:
        until = article and article.published + self._config.publication.breaking_for
        return {"strip": article, "strip_until": until}


def _lead(articles: Sequence[Article], strip: Article | None) -> Article | None:
    """Choose the newest article with a picture; the breaking one only if there is no other."""
    newest = articles[:LEAD_CANDIDATES]
    pictured = [article for article in newest if article.lead and article.lead.src]
    breaking = strip.key if strip else None
    ranks = ([article for article in pictured if article.key != breaking], pictured, newest)
    return next((rank[0] for rank in ranks if rank), None)

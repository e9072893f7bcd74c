"""The web pages of a publication: articles and their AMP pages, home page, lists, feeds to follow.

The pages of articles, and those that replace one, depend on article, config and templates alone,
never on the time of the build. AMP pages are the article's page as far as AMP allows it
(amp.dev/documentation). The others change with every article.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from markupsafe import Markup

from syndicate.body.compiler import compile_body
from syndicate.config import Config
from syndicate.language import translator
from syndicate.model import pictures
from syndicate.model.articles import Article, CompiledBody, Figure, Person, Revision
from syndicate.model.front_page import SectionStories, arrange
from syndicate.model.own_pages import OwnPage
from syndicate.model.people import NOBODY, AuthorProfile, People
from syndicate.render import addresses, authors
from syndicate.render.article_end import ArticleEnd, StoryCard
from syndicate.render.article_view import ArticleView, BodyRenderer, ensure_current
from syndicate.render.feeds.channel import feed_title
from syndicate.render.feeds.follow_page import follow_values
from syndicate.render.feeds.formats import Feed, offered_formats
from syndicate.render.formatting import join_names, short_date, text_direction
from syndicate.render.newsletter_offer import NewsletterOffer
from syndicate.render.share_card import SHARE_CARD, ShareCard
from syndicate.render.site_frame import Medium, SiteFrame
from syndicate.render.structured_data import news_article, script_json, website
from syndicate.render.templates import Templates
from syndicate.render.topic_head import topic_head
from syndicate.render.topics import ListPage, TopicKind
from syndicate.text import to_utf8, whole_sentences

TEASER_LENGTH = 150
"""Characters of the line under a headline in a list."""
_TEASER_SENTENCES = 3
MIN_ARTICLES = 15
"""Articles on the home page where there are older ones; more follow until a list page ends."""
_TEASER_SIZES = "(min-width: 48rem) 13rem, calc(100vw - 2.5rem)"
"""The displayed width of pictures in lists."""
_LEAD_SIZES = "(min-width: 48rem) 28rem, calc(100vw - 2.5rem)"
"""The displayed width of the picture of a list's lead."""


class PageFrame:
    """Renders the page templates of one publication."""

    def __init__(
        self,
        config: Config,
        templates: Templates,
        people: People = NOBODY,
        own_pages: tuple[OwnPage, ...] = (),
    ) -> None:
        self.config = config
        self.people = people
        self.plain = templates
        self.own_pages = own_pages
        self._base = addresses.base(config)
        self._language = config.publication.language

    def render(self, name: str, **values: Any) -> bytes:
        """Render `page/<name>.html` as UTF-8; raise TemplateError."""
        return to_utf8(self.templates.render(f"page/{name}.html", values))

    def site_frame(self, medium: Medium = "page") -> SiteFrame:
        """Return the head and foot of pages in a medium."""
        listed = bool(self.people.listed)
        return SiteFrame(self.config, self.plain, self.own_pages, authors=listed, medium=medium)

    def absolute(self, address: str) -> str:
        """Return an address from the root with scheme and host."""
        return addresses.absolute(address, self.config)

    def assets(self) -> dict[str, bytes]:
        """Return the files that pages load, by their path in the output."""
        assets = {addresses.output_path(asset[0]): asset[1] for asset in self._assets.values()}
        return assets | {addresses.output_path(self._card.address): self._card.draw()}

    @cached_property
    def templates(self) -> Templates:
        """The templates, with the values that every page needs."""
        return self.plain.with_globals(
            {
                **common_values(self.config),
                "names": self._names,
                "summary_line": _summary_line,
                "frame": self.site_frame(),
                "link": self._linked,
                "face": partial(authors.face, link=self._linked),
                "absolute": self.absolute,
                "shelf": addresses.newsletters(self.config),
                "figure": self._picture_address,
                "srcset": lambda picture: pictures.srcset(picture, self._linked("/")),
                "source": lambda picture: pictures.source(picture, self._linked("/")),
                "preview": pictures.preview,
                "thumbnail": pictures.thumbnail,
                "picture": lambda picture: addresses.figure(picture, self.config),
                "share_card": {"url": self.absolute(self._card.address), **SHARE_CARD},
                "asset": lambda name: self._linked(self._assets[name][0]),
            }
        )

    @cached_property
    def _card(self) -> ShareCard:
        return ShareCard.of(self.config)

    @cached_property
    def _assets(self) -> dict[str, tuple[str, bytes]]:
        """Address and content of each asset; the address changes with the content."""
        config = self.config
        values = {"ads": config.ads, "publication": config.publication, "theme": config.theme}
        assets = {}
        for name in ("page.css", "breaking.js", "share.js"):
            render = self.plain.stylesheet if name.endswith(".css") else self.plain.render
            content = render(f"page/{name}", values).encode()
            stem, _, suffix = name.rpartition(".")
            digest = hashlib.sha256(content).hexdigest()[:8]
            assets[name] = (f"/assets/{stem}.{digest}.{suffix}", content)
        return assets

    def _names(self, article: Article) -> str:
        """Return the authors of an article as lists name them."""
        return join_names([author.name for author in article.authors], self._language)

    def _picture_address(self, picture: Figure) -> str:
        """Return where a page loads a picture from."""
        return self._linked(f"/{picture.src}") if picture.local else picture.src

    def _linked(self, address: str) -> str:
        return self._base + address


def common_values(config: Config) -> dict[str, Any]:
    """Return the values that web pages and AMP pages share."""
    publication = config.publication
    return {
        "publication": publication,
        "language": publication.language,
        "direction": text_direction(publication.language),
        "zone": publication.timezone,
        **translator(publication.language).for_templates,
        "ads": config.ads,
        "theme": config.theme,
        "address": addresses,
        "section_title": config.section_title,
    }


class ArticlePages:
    """The article pages of one publication, as bytes of UTF-8.

    `article` and `amp` compile the body first unless `compiled` is current.
    """

    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame
        self._config = frame.config
        self._bodies = BodyRenderer(frame.config, "page")
        self._amp_bodies = BodyRenderer(frame.config, "amp")
        self._end = ArticleEnd(frame.config)
        self._shown: dict[str, Any] = {}

    def article(
        self,
        article: Article,
        compiled: CompiledBody | None = None,
        cards: Sequence[StoryCard] = (),
    ) -> bytes:
        """Render an article's page, which ends with other articles as `cards`."""
        absolute = self._frame.absolute
        return self._frame.render(
            "article",
            **self._values(article, *self._bodies.render(article, compiled)),
            cards=cards,
            canonical=article.canonical_url or absolute(article.address),
            amp=absolute(addresses.amp(article)) if self._config.amp.enabled else None,
        )

    def amp(
        self,
        article: Article,
        compiled: CompiledBody | None = None,
        cards: Sequence[StoryCard] = (),
    ) -> bytes:
        """Render an article's AMP page, on which every address is absolute."""
        compiled = ensure_current(article, compiled)
        values = {
            **self._values(article, *self._amp_bodies.render(article, compiled)),
            "cards": cards,
            "canonical": self._frame.absolute(article.address),
            "extensions": sorted(compiled.extensions() | self._amp_extensions),
        }
        return to_utf8(self._amp_templates.render("amp/article.html", values))

    def withdrawn(self, article: Article) -> bytes:
        """Render the page at the address of a retracted article."""
        notice = translator(article.language or self._config.publication.language)
        return self._frame.render("withdrawn", article=article, notice=notice)

    def redirect(self, address: str) -> bytes:
        """Render a page that redirects to `address`, a path from the root."""
        return self._frame.render(
            "redirect", target=address, canonical=self._frame.absolute(address)
        )

    def _values(self, article: Article, opening: Markup, body: Markup) -> dict[str, Any]:
        """Return what both pages of an article show; `data` is its JSON-LD for search engines.

        What is around the last body is cached: the AMP page is rendered right after the page.
        """
        if self._shown.get("article") is not article:
            people = self._frame.people
            view = ArticleView(article, self._config, people)
            data = news_article(article, self._config, people)
            self._shown = {"article": article, "story": view, "data": data}
            self._shown |= {"description": view.description, "end": self._end.values(article)}
            self._shown["url"] = self._frame.absolute(article.address)
            self._shown["reading_time"] = view.reading_time(body)
        return {**self._shown, "opening": opening, "body": body}

    @cached_property
    def _amp_templates(self) -> Templates:
        amp, plain = self._config.amp, self._frame.plain
        css = plain.stylesheet("amp/amp.css", {"theme": self._config.theme})
        return plain.with_globals(
            {
                **common_values(self._config),
                "frame": self._frame.site_frame("amp"),
                "link": self._frame.absolute,
                "face": partial(authors.face, link=self._frame.absolute, amp=True),
                "analytics": amp.analytics,
                "analytics_config": script_json(amp.analytics.config),
                "consent": amp.consent,
                "consent_config": script_json(_consent(amp.consent.check_url)),
                "css": Markup(css),  # noqa: S704 - our own template
            }
        )

    @cached_property
    def _amp_extensions(self) -> set[str]:
        """The AMP extensions that every page requires, whatever its article contains."""
        slots = (self._config.ads.header, self._config.ads.post_top)
        wanted = {
            "amp-ad": any(slot.amp for slot in slots),
            "amp-analytics": self._config.amp.analytics.wanted,
            "amp-consent": self._config.amp.consent.ask,
        }
        return {extension for extension, is_wanted in wanted.items() if is_wanted}


def _consent(check_url: str | None) -> dict[str, object]:
    """Return the configuration of amp-consent (amp.dev/documentation/components/amp-consent)."""
    remote = {"consentRequired": "remote", "checkConsentHref": check_url} if check_url else {}
    always = {"consentInstanceId": "publication", "consentRequired": True}
    return {**always, "promptUI": "consent-question", **remote}


class ListPages:
    """The home page and the lists of one publication, as bytes of UTF-8."""

    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame
        self._config = frame.config
        self._bodies = BodyRenderer(frame.config, "page")

    @property
    def people(self) -> People:
        """The authors that have a file."""
        return self._frame.people

    def home(
        self,
        articles: Sequence[Article],
        breaking: Article | None,
        *,
        sections: Sequence[SectionStories] = (),
        older: str | None = None,
        at: datetime,
    ) -> bytes:
        """Render the home page as of `at`, with the strip of a breaking article that doesn't lead.

        `articles` are the newest first, `sections` those that have blocks; `older` is the address
        of the list page with the articles that follow.
        """
        config = self._config
        zone, language = config.publication.timezone, config.publication.language
        front = arrange(articles, breaking, sections)
        leads = breaking and front.lead and front.lead.key == breaking.key
        return self._frame.render(
            "home",
            canonical=self._frame.absolute(addresses.HOME),
            data=website(config),
            **self._strip(None if leads else breaking),
            front=front,
            older=older,
            offer=NewsletterOffer.of(config.front_newsletters, config, self._frame.own_pages),
            at=at,
            when=lambda article: short_date(article.published, at, zone, language),
        )

    def listing(
        self,
        page: ListPage,
        teasers: Sequence[str],
        person: Person | None = None,
        *,
        lead: str = "",
    ) -> bytes:
        """Render one page of a topic's list.

        `lead` and `teasers` come from `teaser`, `person` is the author whose page it is. Nothing
        on the page depends on the time of the build.
        """
        newest = page.number is None
        head = topic_head(page.topic, person, self._config, self._frame.people, self._bodies)
        return self._frame.render(
            "listing",
            canonical=self._frame.absolute(page.address),
            selection=page.topic,
            head=head,
            lead=Markup(lead),  # noqa: S704 - our own template
            stories=[Markup(teaser) for teaser in teasers],  # noqa: S704 - the same
            number=page.number,
            newest=newest,
            newer=page.newer,
            older=page.older,
            own_feeds=offered_formats(page.topic, self._config),
            feed_title=feed_title(self._config, page.topic),
        )

    def teaser(self, article: Article, *, lead: bool = False) -> str:
        """Render an article's entry in lists, the same in every list, or in those it leads.

        A lead has a large picture and its whole summary.
        """
        values = {"article": article, "lead": lead, "sizes": _LEAD_SIZES if lead else _TEASER_SIZES}
        return self._frame.templates.render("page/lists/teaser.html", values)

    def card(self, article: Article) -> StoryCard:
        """Render an article as the page of another ends with it."""
        html = self._frame.templates.render("page/article/card.html", {"article": article})
        pictured = bool(article.lead and article.lead.src)
        return StoryCard(article.address, article.title, Markup(html), pictured)  # noqa: S704 - ours

    def breaking(self, breaking: Article | None, newest: Sequence[Article] = ()) -> bytes:
        """Render the list of the `newest` breaking articles, from which pages load the strip.

        `breaking` is the article in the strip, if any.
        """
        canonical = self._frame.absolute(addresses.BREAKING)
        return self._frame.render(
            "breaking", canonical=canonical, **self._strip(breaking), newest=newest
        )

    def subscribe(self, feeds: Sequence[Feed]) -> bytes:
        """Render the page that explains feeds and lists them; the first is that of everything."""
        everything, *others = feeds
        groups = {kind: [feed for feed in others if feed.topic.kind is kind] for kind in TopicKind}
        return self._frame.render(
            "subscribe",
            canonical=self._frame.absolute(addresses.SUBSCRIBE),
            everything=everything,
            **follow_values(self._config, everything, self._frame.own_pages),
            groups={kind: listed for kind, listed in groups.items() if listed},
        )

    def authors(self, cards: Sequence[tuple[AuthorProfile, str | None]]) -> bytes:
        """Render the page of authors, each with the address of what they wrote, if there is any."""
        canonical = self._frame.absolute(addresses.AUTHORS)
        return self._frame.render("authors", canonical=canonical, cards=cards)

    def not_found(self, newest: Sequence[Article]) -> bytes:
        """Render what is shown in place of a page that doesn't exist, with the `newest` stories."""
        search = addresses.search(self._config)
        return self._frame.render("not_found", newest=newest, search=search)

    def own_page(self, page: OwnPage) -> bytes:
        """Render a page that the publication has written about itself."""
        revision = Revision(title=page.title, body=page.body, figures=page.figures)
        compiled = compile_body(revision, slug=page.slug, page=page.address)
        body = BodyRenderer(self._config, "page").join((*compiled.opening, *compiled.body))
        canonical = self._frame.absolute(page.address)
        return self._frame.render("own_page", canonical=canonical, own_page=page, body=body)

    def _strip(self, article: Article | None) -> dict[str, Any]:
        until = article and article.published + self._config.publication.breaking_for
        return {"strip": article, "strip_until": until}


def _summary_line(article: Article) -> str:
    return whole_sentences(article.excerpt, TEASER_LENGTH, count=_TEASER_SENTENCES)

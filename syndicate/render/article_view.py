"""What templates show around an article's body: byline, dates, comments, translations.

Web pages, AMP pages and mail share it. Times are in the publication's zone, texts in the
article's language.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from syndicate.config import Config
from syndicate.model.articles import Article, Comments
from syndicate.render import addresses, jsonld, ui_strings
from syndicate.text import shorten

_DESCRIPTION = 300
"""The maximum length of the description for search engines, in characters."""
MIN_UPDATE = timedelta(minutes=5)
"""An update sooner after publication is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """The values of one article for templates."""

    article: Article
    language: str
    zone: ZoneInfo
    words: ui_strings.PageStrings
    publisher: str
    """The publisher, named for articles without authors; may be empty."""
    credit: str
    comments: str
    """The text about comments; empty if nothing is known."""
    comments_address: str | None
    description: str

    @classmethod
    def of(cls, article: Article, config: Config) -> Self:
        """Prepare an article of a publication."""
        language = article.language or config.publication.language
        strings = ui_strings.page_strings(language)
        return cls(
            article=article,
            language=language,
            zone=config.publication.timezone,
            words=strings,
            publisher=config.publication.author or "",
            credit=strings.credit(article.contributors),
            comments=_comments(article.comments, strings),
            comments_address=_comments_address(article.comments),
            description=shorten(article.excerpt, _DESCRIPTION),
        )

    def byline(self, link: Callable[[str], str]) -> Markup:
        """Return the byline, each author with a link to their page; empty without authors.

        `link` turns an address from the root into the channel's own.
        """
        names = [
            f'<a rel="author" href="{escape(link(addresses.author(person.name)))}">'
            f"{escape(person.name)}</a>"
            for person in self.article.authors
        ]
        if not names and self.publisher:
            names = [str(escape(self.publisher))]
        byline = self.words.by.format(names=self.words.all_of(names)) if names else ""
        return Markup(byline)  # noqa: S704 - escaped above

    @property
    def direction(self) -> str:
        """The text direction, `ltr` or `rtl`."""
        return text_direction(self.language)

    @property
    def translations(self) -> list[tuple[str, str, str]]:
        """Language tag, name in that language, and address of each translation."""
        own = self.language.lower()
        return [
            (tag, ui_strings.locale(tag).get_display_name() or tag, translation_address(where))
            for tag, where in sorted(self.article.translations.items())
            if tag.lower() != own
        ]

    @property
    def updated(self) -> datetime | None:
        """When it last changed; None if that is not worth showing."""
        article = self.article
        if article.modified - article.published < MIN_UPDATE:
            return None
        return article.modified

    @property
    def updated_same_day(self) -> bool:
        """Whether it changed on the day of publication, so that the time is enough."""
        published = self.article.published.astimezone(self.zone)
        return published.date() == self.article.modified.astimezone(self.zone).date()


class ArticleViews:
    """The views and structured data of one publication's articles.

    The last one is cached: its AMP page is rendered right after its page.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._last: tuple[ArticleView, Markup] | None = None

    def of(self, article: Article) -> tuple[ArticleView, Markup]:
        """Return an article's view and its JSON-LD for search engines."""
        last = self._last
        if last is None or last[0].article is not article:
            data = Markup(jsonld.news_article(article, self._config))  # noqa: S704 - escaped there
            last = self._last = ArticleView.of(article, self._config), data
        return last


def translation_address(where: str) -> str:
    """Return the address of a translation: a URL as it is, or from the root for a slug."""
    return where if addresses.is_web(where) else f"/articles/{where}/"


@lru_cache(maxsize=256)
def text_direction(language: str) -> str:
    """Return `ltr` or `rtl` for a BCP 47 language."""
    return str(ui_strings.locale(language).text_direction)


def _comments(comments: Comments | None, strings: ui_strings.PageStrings) -> str:
    if comments is None:
        return ""
    if comments.count is not None:
        return strings.count_comments(comments.count)
    return strings.comments if _comments_address(comments) else ""


def _comments_address(comments: Comments | None) -> str | None:
    return comments.url if comments and addresses.is_web(comments.url) else None

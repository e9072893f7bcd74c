"""An article as a page tells it: what page and AMP share before they part.

Times are shown in the publication's zone, words in the article's language.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from syndicate.body import markup
from syndicate.config import Config
from syndicate.model.articles import Article, Comments
from syndicate.render import addresses, jsonld, ui_strings

_DESCRIPTION = 300
"""Characters of what search engines show under a headline, at most."""
WORTH_SAYING = timedelta(minutes=5)
"""An update sooner after publication than this is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """What is told around an article's body."""

    article: Article
    language: str
    zone: ZoneInfo
    words: ui_strings.PageStrings
    house: str
    """Who stands for an article without authors; may be empty."""
    credit: str
    comments: str
    """What is said of the comments; empty where nothing is known."""
    comments_address: str | None
    description: str

    @classmethod
    def of(cls, article: Article, config: Config) -> Self:
        """Prepare an article of a publication."""
        language = article.language or config.publication.language
        said = ui_strings.page_strings(language)
        return cls(
            article=article,
            language=language,
            zone=config.publication.timezone,
            words=said,
            house=config.publication.author or "",
            credit=said.credit(article.contributors),
            comments=_comments(article.comments, said),
            comments_address=_discussed_at(article.comments),
            description=markup.shorten(article.excerpt, _DESCRIPTION),
        )

    def byline(self, link: Callable[[str], str]) -> Markup:
        """Say who wrote it, each author with a link to their page; empty for nobody.

        `link` makes of an address from the root what the channel links to.
        """
        names = [
            f'<a rel="author" href="{escape(link(addresses.author(person.name)))}">'
            f"{escape(person.name)}</a>"
            for person in self.article.authors
        ]
        if not names and self.house:
            names = [str(escape(self.house))]
        said = self.words.by.format(names=self.words.all_of(names)) if names else ""
        return Markup(said)  # noqa: S704 - escaped above

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, by the language."""
        return text_direction(self.language)

    @property
    def translations(self) -> list[tuple[str, str, str]]:
        """Language tag, the language's name in itself, and address of each translation."""
        own = self.language.lower()
        return [
            (tag, ui_strings.locale(tag).get_display_name() or tag, translation_address(where))
            for tag, where in sorted(self.article.translations.items())
            if tag.lower() != own
        ]

    @property
    def updated(self) -> datetime | None:
        """When it last changed, if readers should be told."""
        article = self.article
        if article.modified - article.published < WORTH_SAYING:
            return None
        return article.modified

    @property
    def updated_same_day(self) -> bool:
        """Whether it changed on the day it appeared, so that the time alone will do."""
        published = self.article.published.astimezone(self.zone)
        return published.date() == self.article.modified.astimezone(self.zone).date()


class ArticleViews:
    """Tells the articles of one publication to people and to search engines.

    The last one is remembered: its AMP page is made after its page.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._last: tuple[ArticleView, Markup] | None = None

    def of(self, article: Article) -> tuple[ArticleView, Markup]:
        """Tell an article; and, as JSON-LD, what search engines are told."""
        told = self._last
        if told is None or told[0].article is not article:
            data = Markup(jsonld.news_article(article, self._config))  # noqa: S704 - escaped there
            told = self._last = ArticleView.of(article, self._config), data
        return told


def translation_address(where: str) -> str:
    """Return the address of a translation: one on the web, or from the root for a slug of ours."""
    return where if addresses.is_web(where) else f"/articles/{where}/"


@lru_cache(maxsize=256)
def text_direction(language: str) -> str:
    """Return `ltr` or `rtl` for a BCP 47 language."""
    return str(ui_strings.locale(language).text_direction)


def _comments(comments: Comments | None, said: ui_strings.PageStrings) -> str:
    if comments is None:
        return ""
    if comments.count is not None:
        return said.count_comments(comments.count)
    return said.comments if _discussed_at(comments) else ""


def _discussed_at(comments: Comments | None) -> str | None:
    return comments.url if comments and addresses.is_web(comments.url) else None

"""An article as a page tells it: what page and AMP share before they part.

Times are shown in the publication's zone, words in the article's language.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from syndicate.config import Config
from syndicate.model.articles import Article
from syndicate.render import addresses, words

WORTH_SAYING = timedelta(minutes=5)
"""An update sooner after publication than this is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is told around an article's body."""

    article: Article
    language: str
    zone: ZoneInfo
    words: words.Words
    house: str
    """Who stands for an article without authors; may be empty."""
    credit: str
    comments: str
    """What is said of the comments; empty where nothing is known."""
    comments_address: str | None

    @classmethod
    def of(cls, article: Article, config: Config) -> Self:
        """Prepare an article of a publication."""
        language = article.language or config.publication.language
        said = words.of(language)
        return cls(
            article=article,
            language=language,
            zone=config.publication.timezone,
            words=said,
            house=config.publication.author or "",
            credit=said.credit(article.contributors),
            comments=_comments(article, said),
            comments_address=article.comments if isinstance(article.comments, str) else None,
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
        return direction(self.language)

    @property
    def translations(self) -> list[tuple[str, str, str]]:
        """Language tag, the language's name in itself, and address of each translation."""
        own = self.language.lower()
        return [
            (tag, words.locale(tag).get_display_name() or tag, translation_address(where))
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


def translation_address(where: str) -> str:
    """Return the address of a translation: one on the web, or from the root for a slug of ours."""
    return where if addresses.is_web(where) else f"/articles/{where}/"


def direction(language: str) -> str:
    """Return `ltr` or `rtl` for a BCP 47 language."""
    return str(words.locale(language).text_direction)


def _comments(article: Article, said: words.Words) -> str:
    if isinstance(article.comments, int):
        return said.count_comments(article.comments)
    return said.comments if addresses.is_web(article.comments) else ""

"""What templates show around an article's body: byline, dates, comments, translations.

Web pages, AMP pages and mail share it. Times are in the publication's zone, texts in the
article's language.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from syndicate.config import Config
from syndicate.language import Translator, translator
from syndicate.model.articles import Article, Person
from syndicate.render import addresses
from syndicate.render.formatting import join_names, locale, text_direction
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
    translator: Translator
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
        words, comments = translator(language), article.comments
        address = comments.url if comments and addresses.is_web(comments.url) else None
        return cls(
            article=article,
            language=language,
            zone=config.publication.timezone,
            translator=words,
            publisher=config.publication.author or "",
            credit=_credit(article.contributors, words),
            comments=_comments(comments.count, address, words) if comments else "",
            comments_address=address,
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
        joined = join_names(names, self.translator.language)
        byline = self.translator.gettext("By %(names)s", names=joined) if names else ""
        return Markup(byline)  # noqa: S704 - escaped above

    @property
    def gettext(self) -> Callable[..., str]:
        """The function of templates for texts in the article's language."""
        return self.translator.for_templates["gettext"]

    @property
    def direction(self) -> str:
        """The text direction, `ltr` or `rtl`."""
        return text_direction(self.language)

    @property
    def translations(self) -> list[tuple[str, str, str]]:
        """Language tag, name in that language, and address of each translation."""
        own = self.language.lower()
        return [
            (tag, locale(tag).get_display_name() or tag, translation_address(where))
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


def translation_address(where: str) -> str:
    """Return the address of a translation: a URL as it is, or from the root for a slug."""
    return where if addresses.is_web(where) else f"/articles/{where}/"


def _comments(count: int | None, address: str | None, words: Translator) -> str:
    if count is None:
        return words.gettext("Comments") if address else ""
    if count == 0:
        return words.gettext("No comments")
    return words.ngettext("1 comment", "%(num)s comments", count)


def _credit(contributors: Sequence[Person], words: Translator) -> str:
    """Return who contributed, grouped by place in the given order; empty for nobody."""
    places: dict[str | None, list[str]] = {}
    for person in contributors:
        places.setdefault(person.place, []).append(person.name)
    if not places:
        return ""
    groups = []
    for place, names in places.items():
        people = join_names(names, words.language)
        if place:
            people = words.gettext("%(names)s from %(place)s", names=people, place=place)
        groups.append(people)
    if len(groups) == 2 and len(contributors) > len(groups):  # noqa: PLR2004
        # Translators: before the last of two groups, "Ada and Bo from Rome, and Cy from Oslo".
        people = words.gettext(", and ").join(groups)
    else:
        people = join_names(groups, words.language)
    return words.gettext("Reporting was contributed by %(people)s.", people=people)

"""What is shown of an article: its body, and around it byline, dates and comments.

Web pages, AMP pages and mail share what is around it. Times are in the publication's zone, texts in
the article's language. A compiled body becomes the HTML of one channel: placeholders become
addresses and UI strings.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache

from markupsafe import Markup, escape

from syndicate.body import callouts
from syndicate.body.compiler import compile_body, is_current
from syndicate.config import Config
from syndicate.language import Translator, translator
from syndicate.model import pictures
from syndicate.model.articles import (
    BASE,
    ORIGIN,
    UI_STRING,
    Article,
    Channel,
    CompiledBody,
    Figure,
    Part,
    Person,
)
from syndicate.model.people import NOBODY, People
from syndicate.render import addresses, authors
from syndicate.render.formatting import join_names, locale, text_direction
from syndicate.render.reading_time import reading_minutes
from syndicate.text import shorten

_DESCRIPTION = 300
"""The maximum length of the description for search engines, in characters."""
_UI_STRING = re.compile(f"{UI_STRING}(\\w+){UI_STRING}")
MIN_UPDATE = timedelta(minutes=5)
"""An update sooner after publication is not shown."""


class ArticleView:
    """The values of one article of a publication for templates."""

    def __init__(
        self, article: Article, config: Config, people: People = NOBODY, *, around: str = ""
    ) -> None:
        """`around` is the language of what it is shown in, if not the publication's.

        Its own texts are in it where there are none in the article's language.
        """
        publication, comments = config.publication, article.comments
        self.article = article
        self.language = article.language or publication.language
        self.zone = publication.timezone
        self.direction = text_direction(self.language)
        self.translator = translator(self.language, around or publication.language)
        self.gettext = self.translator.for_templates["gettext"]
        self.publisher = publication.author or ""
        """The publisher, named for articles without authors; may be empty."""
        self.credit = _credit(article.contributors, self.translator)
        address = comments.url if comments and addresses.is_web(comments.url) else None
        self.comments = _comments(comments.count, address, self.translator) if comments else ""
        """The text about comments; empty if nothing is known."""
        self.comments_address = address
        self.description = shorten(article.excerpt, _DESCRIPTION)
        self.profiles = authors.profiles_of(article.authors, people)
        """The authors that have a file, as they are named in the article, and what it says."""

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

    def reading_time(self, body: str) -> str:
        """Return how long it takes to read a body, as HTML; empty for one without text."""
        minutes = reading_minutes(body)
        if not minutes:
            return ""
        return self.translator.ngettext("1 min read", "%(num)s min read", minutes)

    @property
    def sponsor_logo(self) -> Figure | None:
        """The logo of the sponsor, at its displayed size."""
        logo = self.article.sponsor.logo if self.article.sponsor else None
        return pictures.logo(logo) if logo else None

    @property
    def portraits(self) -> list[Figure]:
        """The portraits beside the byline: of all authors, or none."""
        found = [profile.portrait for _, profile in self.profiles if profile.portrait]
        return found if len(found) == len(self.article.authors) else []

    @property
    def translations(self) -> list[tuple[str, str, str]]:
        """Language tag, name in that language, and address of each translation."""
        translations = []
        for tag, where in sorted(self.article.translations.items()):
            if tag.lower() != self.language.lower():
                address = where if addresses.is_web(where) else f"/articles/{where}/"
                translations.append((tag, locale(tag).get_display_name() or tag, address))
        return translations

    @property
    def updated(self) -> datetime | None:
        """When it last changed; None if that is not worth showing."""
        published, modified = self.article.published, self.article.modified
        return modified if modified - published >= MIN_UPDATE else None

    @property
    def updated_same_day(self) -> bool:
        """Whether it changed on the day of publication, so that the time is enough."""
        published = self.article.published.astimezone(self.zone)
        return published.date() == self.article.modified.astimezone(self.zone).date()


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


class BodyRenderer:
    """Renders the bodies of a publication's articles for one channel.

    Web pages alone use addresses without a host.
    """

    def __init__(self, config: Config, channel: Channel) -> None:
        self._channel = channel
        self._language = config.publication.language
        self._base = addresses.base(config)
        self._origin = "" if channel == "page" else config.url.removesuffix(self._base)

    def render(
        self, article: Article, compiled: CompiledBody | None = None
    ) -> tuple[Markup, Markup]:
        """Return lead figure and body; the body is compiled first unless `compiled` is current."""
        compiled = ensure_current(article, compiled)
        words = translator(article.language or self._language, self._language)
        return self._join(compiled.opening, words), self._join(compiled.body, words)

    def join(self, parts: tuple[Part, ...]) -> Markup:
        """Render parts of a text in the publication's language."""
        return self._join(parts, translator(self._language))

    def _join(self, parts: tuple[Part, ...], words: Translator) -> Markup:
        channel = self._channel
        html = "".join(part if isinstance(part, str) else part[channel] for part in parts)
        if UI_STRING in html:
            strings = _ui_strings(words)
            html = _UI_STRING.sub(lambda match: escape(strings[match[1]]), html)
        html = html.replace(BASE, self._origin + self._base).replace(ORIGIN, self._origin)
        return Markup(html)  # noqa: S704 - sanitised at import


@cache
def _ui_strings(words: Translator) -> dict[str, str]:
    """Return the texts of the placeholders that `syndicate.body` writes."""
    return {
        "table": words.gettext("Table"),
        "media": words.gettext("Open the recording"),
        "on_the_web": words.gettext("Open what is shown here"),
        "video": words.gettext("Video"),
        "embedded": words.gettext("Embedded content"),
        **callouts.titles(words),
    }


def ensure_current(article: Article, compiled: CompiledBody | None) -> CompiledBody:
    """Return `compiled` if it is current, else compile the article's body."""
    if compiled is not None and is_current(compiled):
        return compiled
    return compile_body(article, slug=article.slug)

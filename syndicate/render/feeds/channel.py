"""The one model behind the three formats: a channel and its entries.

Everything in it is ready to be written: text is plain, on one line and free of
what XML can't hold; every address is absolute; a body is HTML with its figures.
A format only arranges it, so that the three say the same.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote, urlsplit
from uuid import uuid5

from syndicate.clock import EPOCH, utc
from syndicate.config import Config
from syndicate.model.articles import Article, Figure, Person
from syndicate.render import addresses, markup
from syndicate.render.story import Story

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_EMAIL = re.compile(r"[^@\s<>()]+@[^@\s<>()]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One article as a feed tells it."""

    id: str
    url: str
    title: str
    summary: str
    """Plain text."""
    content: str | None
    """HTML, the whole text; None where the publication gives summaries alone."""
    published: datetime
    modified: datetime
    authors: tuple[Person, ...]
    """Never empty."""
    contributors: tuple[Person, ...] = ()
    categories: tuple[str, ...] = ()
    """The section first, then the tags, each once."""
    image: Figure | None = None
    comments: int | None = None
    comments_url: str | None = None
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """The publication, or one section of it, as a feed tells it."""

    id: str
    """Made from the publication's own: it stays when the publication moves."""
    title: str
    description: str
    url: str
    """The page that it belongs to, with a slash at the end."""
    language: str
    author: Person
    logo: str | None = None
    """The address of a picture that stands for the publication."""
    updated: datetime
    """The newest change among its entries; the epoch where there are none.

    Never the time of the build: what says the same is the same bytes.
    """

    def address(self, path: str) -> str:
        """Return where a format of it is (`addresses.RSS` and its like): beside its page."""
        return self.url + path.removeprefix("/")


def channel(config: Config, entries: Iterable[Entry], *, section: str | None = None) -> Channel:
    """Describe the publication, or a section of it, as of these entries."""
    publication = config.publication
    home = addresses.section(section) if section else addresses.HOME
    name = title(config, section)
    return Channel(
        id=(uuid5(publication.id, f"feed {home}") if section else publication.id).urn,
        title=name,
        description=name if section else plain(publication.description) or name,
        url=addresses.absolute(home, config),
        language=publication.language,
        author=_house(config),
        logo=addresses.logo(config),
        updated=max((entry.modified for entry in entries), default=EPOCH),
    )


def title(config: Config, section: str | None = None) -> str:
    """Name a feed: "Morning Post", or "Morning Post: City"."""
    return ": ".join(filter(None, (plain(config.publication.title), plain(section or ""))))


def entry(config: Config, article: Article) -> Entry:
    """Tell an article as a feed entry."""
    url = f"{config.url}{quote(article.address)}"
    comments = article.comments
    return Entry(
        id=markup.printable(article.id),
        url=url,
        title=plain(article.title) or article.slug,
        summary=plain(article.excerpt),
        content=_content(config, article, url) if config.feeds.full_text else None,
        published=utc(article.published),
        modified=utc(article.modified),
        authors=_people(article.authors) or (_house(config),),
        contributors=_people(article.contributors),
        categories=_categories(article),
        image=_image(config, article.lead, url),
        comments=comments if isinstance(comments, int) else None,
        comments_url=_web_address(comments) if isinstance(comments, str) else None,
        language=_language(article.language) or config.publication.language,
    )


def plain(text: str) -> str:
    """Return text on one line, without what XML can't hold."""
    return " ".join(markup.printable(text).split())


def rfc3339(at: datetime) -> str:
    """Write a time as Atom and JSON Feed want it, to the second."""
    return f"{utc(at).replace(microsecond=0, tzinfo=None).isoformat()}Z"


def _content(config: Config, article: Article, url: str) -> str:
    """Return what the article's page shows, lead picture first, with absolute addresses."""
    story = Story.of(article, config)
    for part in (story.opening, story.body):
        markup.absolute(part, config.url, url)
    return markup.to_html(story.opening) + markup.to_html(story.body)


def _image(config: Config, figure: Figure | None, page: str) -> Figure | None:
    if figure is None or not figure.src:
        return None
    src = _web_address(markup.address_of(markup.printable(figure.src), config.url, page))
    if src is None:
        return None
    alt, caption, credit = plain(figure.alt), plain(figure.caption), plain(figure.credit)
    return replace(figure, src=src, alt=alt, caption=caption, credit=credit)


def _house(config: Config) -> Person:
    """Return who stands for what has no author of its own."""
    return Person(name=plain(config.publication.author or "") or plain(config.publication.title))


def _people(people: Sequence[Person]) -> tuple[Person, ...]:
    """Keep of each person what every format can hold: the name, a web and a mail address."""
    return tuple(
        Person(
            name=name,
            url=_web_address(person.url or ""),
            email=_mail_address(person.email or ""),
        )
        for person in people
        if (name := plain(person.name))
    )


def _mail_address(address: str) -> str | None:
    """Return a mail address as it is, or None where XML can't hold it or it is none."""
    held = markup.printable(address) == address
    return address if held and _EMAIL.fullmatch(address) else None


def _categories(article: Article) -> tuple[str, ...]:
    named = (plain(word) for word in (article.section or "", *article.tags))
    return tuple(dict.fromkeys(word for word in named if word))


def _language(tag: str | None) -> str | None:
    return tag if tag and _LANGUAGE.fullmatch(tag) else None


def _web_address(address: str) -> str | None:
    """Return an http(s) address with everything odd in it percent-encoded, or None."""
    address = quote(plain(address), safe="%/:?#[]@!$&'()*+,;=~-._")
    try:
        parts = urlsplit(address)
    except ValueError:  # such as http://[half
        return None
    return address if parts.scheme in {"http", "https"} and parts.netloc else None

"""The model behind all feed formats: a channel and its entries.

Its values need no further processing: text is plain, on one line and valid in XML, every
address is absolute, and a body is HTML with its figures. The formats only arrange them, so
that all have the same content.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import quote
from uuid import uuid5

from syndicate.body import markup
from syndicate.clock import to_utc
from syndicate.config import Config
from syndicate.language import translator
from syndicate.model.articles import Article, Comments, Figure, Person, Recording
from syndicate.model.compiled_body import CompiledBody
from syndicate.model.urls import http_url
from syndicate.render import addresses
from syndicate.render.body_renderer import BodyRenderer
from syndicate.render.feeds.history import FeedHistory, Tombstone
from syndicate.render.feeds.podcast import PodcastChannel
from syndicate.render.topics import Topic, TopicKind
from syndicate.text import one_line, printable, to_utf8

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_EMAIL = re.compile(r"[^@\s<>()]+@[^@\s<>()]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEntry:
    """One article in a feed."""

    id: str
    url: str
    title: str
    summary: str
    """Plain text."""
    content: bytes | None
    """The full text as HTML in UTF-8; None in feeds of summaries."""
    published: datetime
    modified: datetime
    authors: tuple[Person, ...]
    """Never empty."""
    contributors: tuple[Person, ...] = ()
    categories: Mapping[str, str | None] = field(default_factory=dict)
    """The section, with the address of all sections as its scheme, then the tags, with none."""
    image: Figure | None = None
    audio: Recording | None = None
    """A recording of known length."""
    comments: Comments = field(default_factory=Comments)
    original: str | None = None
    """Where it was first published, if on another site."""
    translations: Mapping[str, str] = field(default_factory=dict)
    """Addresses of other languages by tag, each language once, in order."""
    rights: str | None = None
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedChannel:
    """The properties of the feed of one topic."""

    id: str
    """Derived from the publication's id, so that it stays when the address changes."""
    title: str
    description: str
    url: str
    """The page of its topic, with a slash at the end."""
    language: str
    author: Person
    logo: str | None = None
    icon: str | None = None
    """Addresses of the publication's logo, and of its square icon."""
    accent: str = "#000000"
    """The accent colour, as `#rrggbb`."""
    rights: str | None = None
    categories: tuple[str, ...] = ()
    """The categories of all of its entries."""
    podcast: PodcastChannel | None = None
    hubs: tuple[str, ...] = ()
    """Addresses of WebSub hubs; archives have none."""
    archive: FeedHistory | None = None
    """Its position among the feed's archives; None if there are none."""
    deleted: tuple[Tombstone, ...] = ()
    """Retracted entries; only Atom can express them."""
    private: bool = False
    """Whether it is a private feed, which directories are asked not to list."""
    updated: datetime
    """The newest change among its entries; the epoch if there are none.

    It is never the time of the build: the same content has the same bytes.
    """

    minutes: int
    """Minutes between polls, a divisor of 60."""

    def address(self, path: str) -> str:
        """Return the feed's address in the format of `path`, such as `addresses.RSS`."""
        archived = self.archive.own if self.archive else {}
        return archived.get(addresses.output_path(path)) or self.url + path.removeprefix("/")

    def links(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield relation and address of the links of a document to others, not to the page."""
        for hub in self.hubs:
            yield "hub", hub
        if self.archive:
            yield from self.archive.links(addresses.output_path(path))


def build_channel(
    config: Config,
    topic: Topic,
    *,
    updated: datetime,
    has_audio: bool = False,
    archive: FeedHistory | None = None,
    deleted: tuple[Tombstone, ...] = (),
) -> FeedChannel:
    """Return the model of a topic's feed; with `has_audio` it is a podcast."""
    publication = config.publication
    is_everything = topic.kind is TopicKind.EVERYTHING
    name = feed_title(config, topic)
    rss = addresses.absolute(topic.home.rstrip("/") + addresses.RSS, config)
    return FeedChannel(
        id=(publication.id if is_everything else uuid5(publication.id, f"feed {topic.home}")).urn,
        title=name,
        description=one_line(publication.description) or name if is_everything else name,
        url=addresses.absolute(topic.home, config),
        language=publication.language,
        author=_publisher(config),
        logo=addresses.logo(config),
        icon=addresses.icon(config),
        accent=config.theme.light.accent,
        rights=_rights(config),
        categories=() if is_everything else (one_line(topic.name),),
        podcast=PodcastChannel.of(config, rss, is_everything=is_everything) if has_audio else None,
        hubs=() if archive and archive.own else config.hubs,
        minutes=config.syndication.minutes,
        archive=archive,
        deleted=deleted,
        updated=updated,
    )


def feed_title(config: Config, topic: Topic | None = None) -> str:
    """Return the title of a feed: "Morning Post", or "Morning Post: City"."""
    name = topic.name if topic else ""
    return ": ".join(filter(None, (one_line(config.publication.title), one_line(name))))


def build_entry(
    config: Config,
    article: Article,
    compiled: CompiledBody | None = None,
    *,
    full_text: bool | None = None,
) -> ChannelEntry:
    """Return an article as an entry; its body is compiled first unless `compiled` is current.

    `full_text` is whether it has the full text or only a summary; None for `syndication.full_text`.
    """
    full = config.syndication.full_text if full_text is None else full_text
    url = f"{config.url}{quote(article.address)}"
    bodies = BodyRenderer.of(config, "feed")
    comments, original = article.comments or Comments(), _http_url(article.canonical_url)
    is_own = original and original.rstrip("/") == url.rstrip("/")
    language = _language(article, config)
    return ChannelEntry(
        id=printable(article.id),
        url=url,
        title=one_line(article.title) or article.slug,
        summary=one_line(article.excerpt),
        content=to_utf8("".join(bodies.render(article, compiled))) if full else None,
        published=to_utc(article.published),
        modified=to_utc(article.modified),
        authors=_people(article.authors) or (_publisher(config),),
        contributors=_people(article.contributors),
        categories=_categories(config, article),
        image=_image(config, article.lead, url),
        comments=replace(comments, url=_http_url(comments.url), feed=_http_url(comments.feed)),
        audio=_audio(config, article.audio, url),
        original=None if is_own else original,
        translations=_translations(config, article, language),
        rights=_rights(config),
        language=language,
    )


def build_withdrawn_entry(config: Config, article: Article) -> ChannelEntry:
    """Return the notice of a retracted article, for formats without tombstones.

    It has the article's id and is newer, so it replaces the article in feed readers.
    """
    language = _language(article, config)
    words, title = translator(language), one_line(article.title) or article.slug
    at = to_utc(article.retracted_at or article.modified)
    return ChannelEntry(
        id=printable(article.id),
        url=f"{config.url}{quote(article.address)}",
        title=words.gettext("[withdrawn] %(title)s", title=title),
        summary=words.gettext("This article has been withdrawn") + ".",
        content=None,
        published=to_utc(article.published),
        modified=max(at, to_utc(article.published)),
        authors=_people(article.authors) or (_publisher(config),),
        rights=_rights(config),
        language=language,
    )


def build_tombstone(config: Config, article: Article) -> Tombstone:
    """Return the tombstone of a retracted article."""
    words = translator(config.publication.language)
    return Tombstone(
        ref=printable(article.id),
        when=to_utc(article.retracted_at or article.modified),
        url=f"{config.url}{quote(article.address)}",
        by=_publisher(config).name,
        comment=words.gettext("This article has been withdrawn"),
    )


def rfc3339(at: datetime) -> str:
    """Format a time for Atom and JSON Feed, in seconds."""
    return f"{to_utc(at).replace(microsecond=0, tzinfo=None).isoformat()}Z"


def _image(config: Config, figure: Figure | None, page: str) -> Figure | None:
    if figure is None or not figure.src:
        return None
    src = _http_url(markup.absolute_address(printable(figure.src), config.url, page))
    if src is None:
        return None
    alt, caption, credit = one_line(figure.alt), one_line(figure.caption), one_line(figure.credit)
    return replace(figure, src=src, alt=alt, caption=caption, credit=credit)


def _publisher(config: Config) -> Person:
    """Return the publication's author, who stands in for authors that an article lacks."""
    return Person(
        name=one_line(config.publication.author or "") or one_line(config.publication.title)
    )


def _people(people: Sequence[Person]) -> tuple[Person, ...]:
    """Return people with the properties that every format supports: name, URL, mail address."""
    return tuple(
        Person(name=name, url=_http_url(person.url), email=_mail_address(person.email or ""))
        for person in people
        if (name := one_line(person.name))
    )


def _mail_address(address: str) -> str | None:
    """Return a mail address unchanged; None if it is invalid or XML can't contain it."""
    is_valid = _EMAIL.fullmatch(address) and printable(address) == address
    return address if is_valid else None


def _categories(config: Config, article: Article) -> dict[str, str | None]:
    categories: dict[str, str | None] = {one_line(article.section or ""): f"{config.url}/sections/"}
    for tag in article.tags:
        categories.setdefault(one_line(tag), None)
    return {name: scheme for name, scheme in categories.items() if name}


def _audio(config: Config, recording: Recording | None, page: str) -> Recording | None:
    """Return a recording of known length, which podcast clients rely on; otherwise None."""
    if recording is None or not recording.length:
        return None
    src = _http_url(markup.absolute_address(printable(recording.src), config.url, page))
    type_, title = one_line(recording.type), one_line(recording.title)
    return replace(recording, src=src, type=type_, title=title) if src else None


def _translations(config: Config, article: Article, own: str) -> dict[str, str]:
    """Return the addresses of other languages, one for each, as Atom requires."""
    links: dict[str, tuple[str, str]] = {}
    for tag, target in article.translations.items():
        href = _http_url(target) or f"{config.url}/articles/{quote(one_line(target))}/"
        if _LANGUAGE.fullmatch(tag):
            links.setdefault(tag.lower(), (tag, href))
    return dict(link for lower, link in sorted(links.items()) if lower != own.lower())


def _rights(config: Config) -> str | None:
    return one_line(config.publication.rights or "") or None


def _language(article: Article, config: Config) -> str:
    """Return the language of an article, where its tag is valid, or the publication's."""
    tag = article.language or ""
    return tag if _LANGUAGE.fullmatch(tag) else config.publication.language


def _http_url(address: str | None) -> str | None:
    return http_url(one_line(address)) if address else None

"""The one model behind the three formats: a channel and its entries.

Everything in it is ready to be written: text is plain, on one line and free of
what XML can't hold; every address is absolute; a body is HTML with its figures.
A format only arranges it, so that the three say the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote
from uuid import uuid5

from syndicate.body import markup
from syndicate.clock import to_utc
from syndicate.config import Config
from syndicate.model.articles import Article, Comments, Figure, Person, Recording
from syndicate.model.compiled_body import CompiledBody
from syndicate.model.urls import http_url
from syndicate.render import addresses, ui_strings
from syndicate.render.body_renderer import BodyRenderer
from syndicate.render.feeds.history import FeedHistory, RelatedLink, Tombstone
from syndicate.render.feeds.podcast import PodcastChannel
from syndicate.render.topics import Topic, TopicKind

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_EMAIL = re.compile(r"[^@\s<>()]+@[^@\s<>()]+")
_UNKNOWN = Comments()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A recording; length in bytes, duration in seconds."""

    url: str
    type: str
    length: int
    duration: int | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """What an entry belongs to."""

    name: str
    scheme: str | None = None
    """The address of all sections, where it is the section; None for a tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEntry:
    """One article as a feed tells it."""

    id: str
    url: str
    title: str
    summary: str
    """Plain text."""
    content: bytes | None
    """HTML in UTF-8, the whole text; None where the publication gives summaries alone."""
    published: datetime
    modified: datetime
    authors: tuple[Person, ...]
    """Never empty."""
    contributors: tuple[Person, ...] = ()
    categories: tuple[Category, ...] = ()
    """The section first, then the tags, each once."""
    image: Figure | None = None
    audio: Enclosure | None = None
    comments: Comments = _UNKNOWN
    original: str | None = None
    """Where it appeared first, if that is not here."""
    translations: tuple[RelatedLink, ...] = ()
    """Other languages than its own, each once, by their tag."""
    rights: str | None = None
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedChannel:
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
    icon: str | None = None
    """The address of a small square one."""
    accent: str = "#000000"
    """The colour of its links."""
    rights: str | None = None
    categories: tuple[str, ...] = ()
    """What all of its entries belong to."""
    podcast: PodcastChannel | None = None
    """Where it has recordings."""
    hubs: tuple[str, ...] = ()
    """Addresses of WebSub hubs that tell of what is new; archives have none."""
    archive: FeedHistory | None = None
    """Where it stands in its history; None where it is all of it."""
    deleted: tuple[Tombstone, ...] = ()
    """What was taken back; Atom alone has a word for that."""
    private: bool = False
    """Whether one reader alone follows it, and directories are asked to leave it out."""
    updated: datetime
    """The newest change among its entries; the epoch where there are none.

    Never the time of the build: what says the same is the same bytes.
    """

    minutes: int
    """How long readers keep it before they ask again; divides an hour."""

    def address(self, path: str) -> str:
        """Return where a format of it is (`addresses.RSS` and its like): beside its page."""
        own = self.archive.own if self.archive else {}
        return own.get(addresses.output_path(path)) or self.url + path.removeprefix("/")

    def links(self, path: str) -> tuple[RelatedLink, ...]:
        """Return what a format of it links to, besides itself and its page."""
        hubs = (RelatedLink(rel="hub", href=hub) for hub in self.hubs)
        return (*hubs, *(self.archive.links(addresses.output_path(path)) if self.archive else ()))


def build_channel(
    config: Config,
    topic: Topic,
    *,
    updated: datetime,
    heard: bool = False,
    archive: FeedHistory | None = None,
    deleted: tuple[Tombstone, ...] = (),
) -> FeedChannel:
    """Describe a topic's feed: one that was `updated` then, and may be `heard`."""
    publication = config.publication
    whole = topic.kind is TopicKind.EVERYTHING
    name = feed_title(config, topic)
    rss = addresses.absolute(topic.home.rstrip("/") + addresses.RSS, config)
    return FeedChannel(
        id=(publication.id if whole else uuid5(publication.id, f"feed {topic.home}")).urn,
        title=name,
        description=plain(publication.description) or name if whole else name,
        url=addresses.absolute(topic.home, config),
        language=publication.language,
        author=_house(config),
        logo=addresses.logo(config),
        icon=addresses.icon(config),
        accent=config.theme.light.accent,
        rights=_rights(config),
        categories=() if whole else (plain(topic.name),),
        podcast=PodcastChannel.of(config, rss, whole=whole) if heard else None,
        hubs=() if archive and archive.own else config.hubs,
        minutes=config.syndication.minutes,
        archive=archive,
        deleted=deleted,
        updated=updated,
    )


def feed_title(config: Config, topic: Topic | None = None) -> str:
    """Name a feed: "Morning Post", or "Morning Post: City"."""
    name = topic.name if topic else ""
    return ": ".join(filter(None, (plain(config.publication.title), plain(name))))


def build_entry(
    config: Config,
    article: Article,
    galley: CompiledBody | None = None,
    *,
    full_text: bool | None = None,
) -> ChannelEntry:
    """Tell an article as a feed entry; without its `galley`, its body is cut here.

    With `full_text` false it is a summary alone; None: as the config says.
    """
    full = config.syndication.full_text if full_text is None else full_text
    url = f"{config.url}{quote(article.address)}"
    return ChannelEntry(
        id=markup.printable(article.id),
        url=url,
        title=plain(article.title) or article.slug,
        summary=plain(article.excerpt),
        content=_content(config, article, galley) if full else None,
        published=to_utc(article.published),
        modified=to_utc(article.modified),
        authors=_people(article.authors) or (_house(config),),
        contributors=_people(article.contributors),
        categories=_categories(config, article),
        image=_image(config, article.lead, url),
        comments=_comments(article.comments),
        audio=_audio(config, article.audio, url),
        original=_original(article, url),
        translations=_translations(config, article),
        rights=_rights(config),
        language=_language(article.language) or config.publication.language,
    )


def build_withdrawn_entry(config: Config, article: Article) -> ChannelEntry:
    """Tell a retracted article for readers that know no tombstones.

    The id is the same and it is new, so it takes the place of what they have:
    a headline and one sentence, as the page says it.
    """
    language = _language(article.language) or config.publication.language
    said = ui_strings.page_strings(language)
    at = to_utc(article.retracted_at or article.modified)
    return ChannelEntry(
        id=markup.printable(article.id),
        url=f"{config.url}{quote(article.address)}",
        title=said.withdrawn_title.format(title=plain(article.title) or article.slug),
        summary=f"{said.withdrawn}.",
        content=None,
        published=to_utc(article.published),
        modified=max(at, to_utc(article.published)),
        authors=_people(article.authors) or (_house(config),),
        rights=_rights(config),
        language=language,
    )


def build_tombstone(config: Config, article: Article) -> Tombstone:
    """Say of a retracted article when it was taken back."""
    said = ui_strings.page_strings(config.publication.language)
    return Tombstone(
        ref=markup.printable(article.id),
        when=to_utc(article.retracted_at or article.modified),
        url=f"{config.url}{quote(article.address)}",
        by=_house(config).name,
        comment=said.withdrawn,
    )


def plain(text: str) -> str:
    """Return text on one line, without what XML can't hold."""
    return " ".join(markup.printable(text).split())


def rfc3339(at: datetime) -> str:
    """Write a time as Atom and JSON Feed want it, to the second."""
    return f"{to_utc(at).replace(microsecond=0, tzinfo=None).isoformat()}Z"


def _content(config: Config, article: Article, galley: CompiledBody | None) -> bytes:
    """Return what the article's page shows, lead picture first, with absolute addresses."""
    return markup.encode("".join(BodyRenderer.of(config, "feed").render(article, galley)))


def _image(config: Config, figure: Figure | None, page: str) -> Figure | None:
    if figure is None or not figure.src:
        return None
    src = _web_address(markup.absolute_address(markup.printable(figure.src), config.url, page))
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
            url=_web_address(person.url),
            email=_mail_address(person.email),
        )
        for person in people
        if (name := plain(person.name))
    )


def _mail_address(address: str | None) -> str | None:
    """Return a mail address as it is, or None where XML can't hold it or it is none."""
    if not address or markup.printable(address) != address:
        return None
    return address if _EMAIL.fullmatch(address) else None


def _categories(config: Config, article: Article) -> tuple[Category, ...]:
    section = plain(article.section or "")
    tags = dict.fromkeys(plain(tag) for tag in article.tags)
    return (
        *((Category(name=section, scheme=f"{config.url}/sections/"),) if section else ()),
        *(Category(name=tag) for tag in tags if tag and tag != section),
    )


def _audio(config: Config, recording: Recording | None, page: str) -> Enclosure | None:
    """Return a recording with an honest length: readers trust it when they download."""
    if recording is None or not recording.length:
        return None
    url = _web_address(markup.absolute_address(markup.printable(recording.src), config.url, page))
    if url is None:
        return None
    return Enclosure(
        url=url,
        type=plain(recording.type),
        length=recording.length,
        duration=recording.duration,
        title=plain(recording.title) or None,
    )


def _comments(comments: Comments | None) -> Comments:
    """Return what is known of comments, with addresses on the web alone."""
    if comments is None:
        return _UNKNOWN
    url, feed = _web_address(comments.url), _web_address(comments.feed)
    return Comments(count=comments.count, url=url, feed=feed)


def _original(article: Article, url: str) -> str | None:
    """Return where an article appeared first, unless that is its own page."""
    original = _web_address(article.canonical_url)
    return original if original and original.rstrip("/") != url.rstrip("/") else None


def _translations(config: Config, article: Article) -> tuple[RelatedLink, ...]:
    """Return where other languages are; Atom takes one link for each."""
    links: dict[str, RelatedLink] = {}
    for tag, where in article.translations.items():
        language = _language(tag)
        href = _web_address(where) or f"{config.url}/articles/{quote(plain(where))}/"
        if language:
            link = RelatedLink(rel="alternate", href=href, type="text/html", hreflang=language)
            links.setdefault(language.lower(), link)
    own = _language(article.language) or config.publication.language
    return tuple(links[tag] for tag in sorted(links) if tag != own.lower())


def _rights(config: Config) -> str | None:
    return plain(config.publication.rights or "") or None


def _language(tag: str | None) -> str | None:
    return tag if tag and _LANGUAGE.fullmatch(tag) else None


def _web_address(address: str | None) -> str | None:
    return http_url(plain(address)) if address else None

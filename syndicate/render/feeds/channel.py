"""The model behind all feed formats: a channel, with its archives and the parts of its documents.

The formats only arrange the values of a channel and of its `entries`, so that all have the same
content.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from syndicate.clock import EPOCH, to_utc
from syndicate.config import Config
from syndicate.config.sections.feeds import PodcastSettings
from syndicate.model.articles import Person
from syndicate.render import addresses
from syndicate.render.feeds.entries import EntryFragments, Tombstone, publisher, rights_line
from syndicate.render.topics import Topic, TopicKind, configured_section
from syndicate.text import one_line

_PODCASTS = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The namespace of the guids of podcasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHistory:
    """The position of a document in the archives of its feed (RFC 5005, section 4).

    Each mapping has absolute addresses by the name of a format's file (`rss.xml`), and is empty
    if there is no such document.
    """

    own: Mapping[str, str] = field(default_factory=dict)
    """The document itself; empty if it is beside its page."""
    current: Mapping[str, str] = field(default_factory=dict)
    prev_archive: Mapping[str, str] = field(default_factory=dict)
    next_archive: Mapping[str, str] = field(default_factory=dict)
    archived: bool = False
    """Whether this is an archive document, which never changes."""


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
    podcast: PodcastSettings | None = None
    """Its author and guid are never None; None for a feed without recordings."""
    cover: str | None = None
    """The address of the podcast's cover."""
    hubs: tuple[str, ...] = ()
    """Addresses of WebSub hubs; archives have none."""
    archive: FeedHistory | None = None
    """Its position among the feed's archives; None if there are none."""
    deleted: tuple[Tombstone, ...] = ()
    """Retracted entries; only Atom can express them."""
    private: bool = False
    """Whether it is a private feed: directories are asked not to list it, hosts not to import."""
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
        archive, file = self.archive or FeedHistory(), addresses.output_path(path)
        for rel, documents in (
            ("current", archive.current),
            ("prev-archive", archive.prev_archive),
            ("next-archive", archive.next_archive),
        ):
            if file in documents:
                yield rel, documents[file]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentParts:
    """The parts of a document, which together are its bytes.

    They make responses with only the new and changed entries (RFC 3229, manipulation `feed`).
    """

    head: bytes
    """Everything before the first entry: the elements of the feed itself."""
    entries: tuple[bytes, ...]
    """The entries, and tombstones, as they are written in every document."""
    tail: bytes
    separator: bytes = b""
    """The bytes between two entries."""

    def document(self, entries: Iterable[bytes]) -> bytes:
        """Return a document of the same feed with some of the entries, or all."""
        return b"".join((self.head, self.separator.join(entries), self.tail))


def build_channel(
    config: Config, topic: Topic, entries: Sequence[EntryFragments], archive: FeedHistory | None
) -> FeedChannel:
    """Return the model of a topic's feed with these entries; with a recording it is a podcast."""
    publication = config.publication
    is_everything = topic.kind is TopicKind.EVERYTHING
    name = feed_title(config, topic)
    return FeedChannel(
        id=(publication.id if is_everything else uuid5(publication.id, f"feed {topic.home}")).urn,
        title=name,
        description=_description(config, topic) or name,
        url=addresses.absolute(topic.home, config),
        language=publication.language,
        author=publisher(config),
        logo=addresses.logo(config),
        icon=addresses.icon(config),
        accent=config.theme.light.accent,
        rights=rights_line(config),
        categories=() if is_everything else (one_line(topic.name),),
        podcast=_podcast(config, topic) if any(entry.has_audio for entry in entries) else None,
        cover=addresses.cover(config),
        hubs=() if archive and archive.own else config.hubs,
        minutes=config.syndication.minutes,
        archive=archive,
        deleted=tuple(entry.tombstone for entry in entries if entry.tombstone),
        updated=max((entry.modified for entry in entries), default=EPOCH),
    )


def _description(config: Config, topic: Topic) -> str:
    """Return what a feed is about: the publication, or a section that says so; else empty."""
    if topic.kind is TopicKind.EVERYTHING:
        return one_line(config.publication.description)
    section = configured_section(topic.name, config) if topic.kind is TopicKind.SECTION else None
    return one_line(section.description) if section else ""


def _podcast(config: Config, topic: Topic) -> PodcastSettings:
    """Return the podcast's settings with its author and the guid of a topic's feed.

    A configured guid is that of the feed of everything, so that a podcast that moved here keeps it.
    """
    podcast, publication = config.podcast, config.publication
    own = guid(addresses.absolute(topic.home.rstrip("/") + addresses.RSS, config))
    kept = podcast.guid if topic.kind is TopicKind.EVERYTHING else None
    author = podcast.author or publication.author or publication.title
    return podcast.model_copy(update={"guid": kept or own, "author": author})


def guid(address: str) -> UUID:
    """Return the `podcast:guid` of a feed's address, without scheme and final slashes."""
    return uuid5(_PODCASTS, address.partition("://")[2].rstrip("/"))


def feed_title(config: Config, topic: Topic) -> str:
    """Return the title of a feed: "Morning Post", or "Morning Post: City"."""
    return ": ".join(filter(None, (one_line(config.publication.title), one_line(topic.name))))


def rfc3339(at: datetime) -> str:
    """Format a time for Atom and JSON Feed, in seconds."""
    return f"{to_utc(at).replace(microsecond=0, tzinfo=None).isoformat()}Z"

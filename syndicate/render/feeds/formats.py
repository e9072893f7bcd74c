"""The feeds that a publication offers to readers, one for each topic, their formats and list."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Self

from lxml import etree

from syndicate.clock import EPOCH, to_utc
from syndicate.config import Config
from syndicate.render import addresses, topics
from syndicate.render.feeds import atom, json_feed, rss
from syndicate.render.feeds.channel import DocumentParts, FeedChannel, feed_title
from syndicate.render.feeds.entries import ChannelEntry
from syndicate.render.topics import Topic
from syndicate.text import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedWriter:
    """The functions and names of one format."""

    name: str
    """Its name in config.toml."""
    title: str
    """Its name for readers."""
    file: str
    """The name of its file, beside the page of the feed."""
    type: str
    """Its media type."""
    write_entry: Callable[[ChannelEntry], bytes]
    """Writes an entry as a fragment for any number of documents; it depends on nothing else."""
    write_document: Callable[[FeedChannel, Iterable[bytes]], bytes]
    """Writes a document around fragments."""
    split_document: Callable[[bytes], DocumentParts | None]
    """Splits such a document into its parts."""


FORMATS = tuple(
    FeedWriter(
        name=name,
        title=title,
        type=type_,
        file=addresses.output_path(address),
        write_entry=module.write_entry,
        write_document=module.write_document,
        split_document=module.split_document,
    )
    for (title, type_, address), (name, module) in zip(
        addresses.FEEDS, (("rss", rss), ("atom", atom), ("json", json_feed)), strict=True
    )
)
"""The main one first, which is also the first in autodiscovery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A topic's feed, as readers see it."""

    topic: Topic
    title: str
    formats: tuple[tuple[str, str, str], ...]
    """Name, media type and address of each, the main one first."""
    since: datetime
    """When its oldest article was published; the epoch if there is none."""

    @classmethod
    def of(cls, topic: Topic, config: Config, *, since: int = 0) -> Self:
        """Return the feed of a topic; `since` is in microseconds since the epoch."""
        return cls(
            topic=topic,
            title=feed_title(config, topic),
            formats=offered_formats(topic, config),
            since=EPOCH + timedelta(microseconds=since),
        )


def topic_formats(topic: Topic, config: Config) -> tuple[FeedWriter, ...]:
    """Return the formats of a topic's feed."""
    own = topics.custom_feed(topic, config)
    return tuple(writer for writer in FORMATS if own is None or writer.name in own.formats)


def offered_formats(topic: Topic, config: Config) -> tuple[tuple[str, str, str], ...]:
    """Return name, media type and address of each format of a topic's feed."""
    return tuple(
        (writer.title, writer.type, topic.home + writer.file)
        for writer in topic_formats(topic, config)
    )


def write_opml(config: Config, feeds: Sequence[Feed]) -> bytes:
    """Write the list of feeds as readers import it, dated by the newest of their first articles.

    OPML 2.0 (opml.org/spec2.opml).
    """
    publication = config.publication
    root = etree.Element("opml", version="2.0")
    head, body = etree.SubElement(root, "head"), etree.SubElement(root, "body")
    modified = max(feed.since for feed in feeds)
    for name, text in (
        ("title", one_line(publication.title)),
        ("dateModified", format_datetime(to_utc(modified), usegmt=True)),
        ("ownerName", one_line(publication.author or "") or one_line(publication.title)),
        ("docs", "http://opml.org/spec2.opml"),
    ):
        etree.SubElement(head, name).text = text
    for feed in feeds:
        _, type_, address = feed.formats[0]
        outline = {
            "type": "rss",
            "text": feed.title,
            "title": feed.title,
            "xmlUrl": addresses.absolute(address, config),
            "htmlUrl": addresses.absolute(feed.topic.home, config),
            "language": publication.language,
            **({"version": "RSS2"} if type_ == "application/rss+xml" else {}),
        }
        etree.SubElement(body, "outline", outline)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))

"""The formats that a feed can be written in, and those that each topic's is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from syndicate.config import Config, FeedFormat
from syndicate.render import addresses, topics
from syndicate.render.feeds import atom, json_feed, rss
from syndicate.render.feeds.channel import ChannelEntry, FeedChannel
from syndicate.render.feeds.document_parts import DocumentParts
from syndicate.render.topics import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedWriter:
    """One way to write a channel."""

    name: FeedFormat
    title: str
    """What people call it."""
    file: str
    """Its name, beside the page that the feed belongs to."""
    type: str
    """Its media type."""
    write_entry: Callable[[ChannelEntry], bytes]
    """Writes an entry: a fragment that depends on nothing else, for any number of documents."""
    write_document: Callable[[FeedChannel, Iterable[bytes]], bytes]
    """Joins fragments to a document."""
    split_document: Callable[[bytes], DocumentParts | None]
    """Takes such a document apart again."""


_MODULES = {
    addresses.RSS: (FeedFormat.RSS, rss),
    addresses.ATOM: (FeedFormat.ATOM, atom),
    addresses.JSON: (FeedFormat.JSON, json_feed),
}

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
    for title, type_, address in addresses.FEEDS
    for name, module in [_MODULES[address]]
)
"""The main one first: it is what autodiscovery offers first."""


def topic_formats(topic: Topic, config: Config) -> tuple[FeedWriter, ...]:
    """Return the formats that a topic's feed is written in."""
    own = topics.custom_feed(topic, config)
    if own is None:
        return FORMATS
    return tuple(each for each in FORMATS if each.name in own.formats)


def offered_formats(topic: Topic, config: Config) -> tuple[tuple[str, str, str], ...]:
    """Return name, media type and address of each format of a topic's feed."""
    return tuple(
        (each.title, each.type, topic.home + each.file) for each in topic_formats(topic, config)
    )

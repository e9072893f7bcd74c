"""The feed formats, and which of them each topic's feed has."""

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
    """The functions and names of one format."""

    name: FeedFormat
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
"""The main one first, which is also the first in autodiscovery."""


def topic_formats(topic: Topic, config: Config) -> tuple[FeedWriter, ...]:
    """Return the formats of a topic's feed."""
    own = topics.custom_feed(topic, config)
    if own is None:
        return FORMATS
    return tuple(writer for writer in FORMATS if writer.name in own.formats)


def offered_formats(topic: Topic, config: Config) -> tuple[tuple[str, str, str], ...]:
    """Return name, media type and address of each format of a topic's feed."""
    return tuple(
        (writer.title, writer.type, topic.home + writer.file)
        for writer in topic_formats(topic, config)
    )

"""RSS, Atom and JSON Feed, all written from one model.

`feed` is what readers can follow; `channel` the model of a feed and its entries, with its
`history` of archives; `formats` lists the writers: `rss`, `atom`, `json_feed`. For RSS and
Atom: `xml_elements`, `media_rss`, `podcast`, `access_restriction`. `document_parts` divides a
document for delta responses; `opml` lists all feeds.
"""

from syndicate.render.feeds.channel import ChannelEntry, FeedChannel
from syndicate.render.feeds.document_parts import DocumentParts
from syndicate.render.feeds.feed import Feed
from syndicate.render.feeds.formats import FORMATS, FeedWriter, offered_formats, topic_formats
from syndicate.render.feeds.history import FeedHistory, Tombstone

__all__ = [
    "FORMATS",
    "ChannelEntry",
    "DocumentParts",
    "Feed",
    "FeedChannel",
    "FeedHistory",
    "FeedWriter",
    "Tombstone",
    "offered_formats",
    "topic_formats",
]

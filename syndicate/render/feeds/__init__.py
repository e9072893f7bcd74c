"""Feeds: what is offered (`feed`), one model (`channel`), three formats that share a signature."""

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

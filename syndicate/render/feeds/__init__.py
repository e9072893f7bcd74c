"""Feeds: what is offered (`feed`), one model (`channel`), three formats that share a signature."""

from syndicate.render.feeds.channel import Channel, Entry
from syndicate.render.feeds.feed import Feed
from syndicate.render.feeds.formats import FORMATS, Format, formats, offered
from syndicate.render.feeds.history import Archive, Tombstone
from syndicate.render.feeds.parts import Parts

__all__ = [
    "FORMATS",
    "Archive",
    "Channel",
    "Entry",
    "Feed",
    "Format",
    "Parts",
    "Tombstone",
    "formats",
    "offered",
]

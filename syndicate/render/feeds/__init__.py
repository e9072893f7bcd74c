"""Feeds: what each holds (`feed`), one model (`channel`), three formats that share a signature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from syndicate.render import addresses
from syndicate.render.feeds import atom, json_feed, rss
from syndicate.render.feeds.channel import Channel, Entry
from syndicate.render.feeds.feed import Feed


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write a channel."""

    title: str
    """What people call it."""
    file: str
    """Its name, beside the page that the feed belongs to."""
    type: str
    """Its media type."""
    render: Callable[[Channel, Sequence[Entry]], bytes]


_RENDER = {
    addresses.RSS: rss.render,
    addresses.ATOM: atom.render,
    addresses.JSON: json_feed.render,
}

FORMATS = tuple(
    Format(title=title, type=type_, file=addresses.file(address), render=_RENDER[address])
    for title, type_, address in addresses.FEEDS
)
"""The main one first: it is what autodiscovery offers first."""

__all__ = ["FORMATS", "Channel", "Entry", "Feed", "Format"]

"""RSS 2.0 (rssboard.org/rss-specification, and the practices of rssboard.org/rss-profile).

With it: `content:encoded` for the whole text, Dublin Core for people without a
mail address, `atom:link` and `atom:updated`, `slash:comments`, and Media RSS.

feedgen writes it. Three of its habits are mended here: it formats dates by
changing the locale of the whole process, it dates a feed with the time of its
construction, and an author without a mail address is lost.
"""

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from syndicate.render import addresses
from syndicate.render.feeds import media
from syndicate.render.feeds.channel import Channel, Entry, rfc3339

_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": media.NAMESPACE,
    "slash": "http://purl.org/rss/1.0/modules/slash/",
}


def render(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """Write a channel as RSS 2.0."""
    feed = FeedGenerator()
    feed._FeedGenerator__rss_lastBuildDate = None  # noqa: SLF001 - no setter takes None
    feed.register_extension("ours", _ChannelExtension, _ItemExtension, atom=False)
    feed.ours.channel = channel
    feed.title(channel.title)
    feed.description(channel.description)
    feed.language(channel.language)
    feed.generator("Syndicate")
    feed.image(url=channel.logo, title=channel.title, link=channel.url)
    feed.link(href=channel.address(addresses.RSS), rel="self", type="application/rss+xml")
    feed.link(href=channel.url, rel="alternate")  # last: feedgen's <link> is the last one named
    for entry in entries:
        _add(feed.add_entry(order="append"), entry)
    return bytes(feed.rss_str(pretty=True))


def _add(item: FeedEntry, entry: Entry) -> None:
    item.title(entry.title)
    item.link(href=entry.url)
    item.guid(entry.id, permalink=False)
    item.description(escape(entry.summary, quote=False))  # a description is read as HTML
    item.category([{"term": category} for category in entry.categories])
    item.comments(entry.comments_url)
    item.ours.entry = entry


class _ChannelExtension:
    """What feedgen leaves out of a channel."""

    channel: Channel

    def extend_ns(self) -> dict[str, str]:
        return _NAMESPACES

    def extend_rss(self, feed: etree._Element) -> None:
        _text(feed[0], "lastBuildDate", _rfc822(self.channel.updated))


class _ItemExtension:
    """What feedgen leaves out of an item."""

    entry: Entry

    def extend_rss(self, item: etree._Element) -> None:
        entry = self.entry
        if entry.content:
            _text(item, "content:encoded", entry.content)
        for author in entry.authors:
            _text(item, "dc:creator", author.name)
        for contributor in entry.contributors:
            _text(item, "dc:contributor", contributor.name)
        _text(item, "dc:language", entry.language)
        _text(item, "pubDate", _rfc822(entry.published))
        _text(item, "atom:updated", rfc3339(entry.modified))
        if entry.comments is not None:
            _text(item, "slash:comments", str(entry.comments))
        if entry.image:
            media.add(item, entry.image)


def _text(parent: etree._Element, name: str, text: str) -> None:
    prefix, _, local = name.rpartition(":")
    tag = f"{{{_NAMESPACES[prefix]}}}{local}" if prefix else local
    etree.SubElement(parent, tag).text = text


def _rfc822(at: datetime) -> str:
    return format_datetime(at, usegmt=True)

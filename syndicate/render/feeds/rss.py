"""RSS 2.0 (rssboard.org/rss-specification, and the practices of rssboard.org/rss-profile).

Extensions: `content:encoded` for the full text, Dublin Core for people without a mail address
and for modification times, `atom:link`, the archives of RFC 5005, `slash:comments`,
`wfw:commentRss`, `sy:` for the polling interval, Media RSS, the icon and colour that Feedly shows
(webfeeds), and what podcast directories require: Apple's elements and the podcast namespace
(help.apple.com/itc/podcasts_connect, github.com/Podcastindex-org/podcast-namespace).

feedgen writes it. Corrected here: it changes the locale of the whole process to format dates,
dates a feed with the time of its construction, drops authors without a mail address, and
supports no links but the one to the feed itself.
"""

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from html import escape

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from syndicate.clock import to_utc
from syndicate.config.sections.feeds import PodcastSettings
from syndicate.render import addresses
from syndicate.render.feeds import xml_elements as xml
from syndicate.render.feeds.channel import FeedChannel, rfc3339
from syndicate.render.feeds.entries import ChannelEntry

_DECLARED = xml.namespaces(
    "content dc dcterms media atom slash thr sy fh itunes podcast webfeeds wfw"
)
_FRAME = xml.XmlFrame("rss", "channel", items=("item",), declared=_DECLARED, text="content:encoded")

split_document = _FRAME.split


def write_entry(entry: ChannelEntry) -> bytes:
    """Write an entry as an `<item>`, the same for every feed that contains it."""
    written = FeedEntry()
    written.title(entry.title)
    written.link(href=entry.url)
    written.guid(entry.id, permalink=False)
    written.description(escape(entry.summary, quote=False))  # a description is read as HTML
    written.category([{"term": name, "scheme": sch} for name, sch in entry.categories.items()])
    written.comments(entry.comments.url)
    if entry.audio:
        audio = entry.audio
        written.enclosure(url=audio.src, length=audio.length, type=audio.type)
    item = written.rss_entry(extensions=False)
    if entry.content:
        xml.add(item, "content:encoded")
    _add_people_and_times(item, entry)
    for language, href in entry.translations.items():
        link = {"rel": "alternate", "type": "text/html", "hreflang": language, "href": href}
        xml.add(item, "atom:link", attributes=link)
    count, feed = entry.comments.count, entry.comments.feed
    xml.add_texts(item, {"slash:comments": count, "thr:total": count, "wfw:commentRss": feed})
    if entry.image:
        xml.add_picture(item, entry.image)
    if entry.audio:
        by = ", ".join(author.name for author in entry.authors)
        xml.add_texts(item, {"itunes:title": entry.title, "itunes:author": by})
        xml.add_texts(item, {"itunes:episodeType": "full", "itunes:duration": entry.audio.duration})
    return _FRAME.write_item(item, entry.content)


def write_document(channel: FeedChannel, fragments: Iterable[bytes]) -> bytes:
    """Write a feed around items."""
    feed = FeedGenerator()
    feed._FeedGenerator__rss_lastBuildDate = None  # noqa: SLF001 - no setter takes None
    feed.register_extension("ours", _RssExtension, atom=False)
    feed.ours.channel = channel
    feed.title(channel.title)
    feed.description(channel.description)
    feed.language(channel.language)
    feed.rights(channel.rights)
    feed.category([{"term": category} for category in channel.categories])
    feed.docs("https://www.rssboard.org/rss-specification")
    feed.generator("Syndicate")
    feed.ttl(channel.minutes)
    feed.image(url=channel.logo, title=channel.title, link=channel.url)
    feed.link(href=channel.address(addresses.RSS), rel="self", type="application/rss+xml")
    feed.link(href=channel.url, rel="alternate")  # last: feedgen takes the last one as <link>
    return _FRAME.insert_items(feed.rss_str(pretty=True), b"".join(fragments))


def _add_people_and_times(item: etree._Element, entry: ChannelEntry) -> None:
    for author in entry.authors:
        xml.add(item, "dc:creator", author.name)
    for contributor in entry.contributors:
        xml.add(item, "dc:contributor", contributor.name)
    about = {"dc:language": entry.language, "dc:rights": entry.rights, "dc:source": entry.original}
    xml.add_texts(item, about)
    xml.add(item, "pubDate", _rfc822(entry.published))
    xml.add(item, "dcterms:modified", rfc3339(entry.modified))


def _add_podcast(parent: etree._Element, channel: FeedChannel, podcast: PodcastSettings) -> None:
    xml.add(parent, "itunes:author", podcast.author)
    if podcast.email:
        owner = {"itunes:name": podcast.author, "itunes:email": podcast.email}
        xml.add_texts(xml.add(parent, "itunes:owner"), owner)
    category = parent
    for name in podcast.category.split("/", 1):
        category = xml.add(category, "itunes:category", attributes={"text": name.strip()})
    explicit = "true" if podcast.explicit else "false"
    xml.add_texts(parent, {"itunes:explicit": explicit, "itunes:type": podcast.type})
    if channel.cover:
        xml.add(parent, "itunes:image", attributes={"href": channel.cover})
    xml.add(parent, "podcast:guid", str(podcast.guid))
    locked = "yes" if podcast.locked or channel.private else "no"
    xml.add(parent, "podcast:locked", locked, {"owner": podcast.email})
    xml.add(parent, "podcast:medium", "podcast")


class _RssExtension:
    """Adds the elements of a channel that feedgen doesn't support."""

    channel: FeedChannel

    def extend_ns(self) -> dict[str | None, str]:
        return _DECLARED

    def extend_rss(self, feed: etree._Element) -> None:
        parent, channel = feed[0], self.channel
        xml.add(parent, "lastBuildDate", _rfc822(channel.updated))
        for rel, href in channel.links(addresses.RSS):
            xml.add(parent, "atom:link", attributes={"rel": rel, "href": href})
        hourly = 60 // channel.minutes
        xml.add_texts(parent, {"sy:updatePeriod": "hourly", "sy:updateFrequency": hourly})
        if channel.archive and channel.archive.archived:
            xml.add(parent, "fh:archive")
        if channel.podcast:
            _add_podcast(parent, channel, channel.podcast)
        if channel.icon:
            xml.add(parent, "webfeeds:icon", channel.icon)
            xml.add(parent, "webfeeds:accentColor", channel.accent.removeprefix("#"))
        if channel.private:
            xml.add_restriction(parent)
            xml.add(parent, "itunes:block", "Yes")


def _rfc822(at: datetime) -> str:
    return format_datetime(to_utc(at), usegmt=True)

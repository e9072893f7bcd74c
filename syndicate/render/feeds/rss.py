"""RSS 2.0 (rssboard.org/rss-specification, and the practices of rssboard.org/rss-profile).

Extensions: `content:encoded` for the full text, Dublin Core for people without a mail address
and for modification times, `atom:link`, the archives of RFC 5005, `slash:comments`,
`wfw:commentRss`, `sy:` for the polling interval, Media RSS, the icon and colour that Feedly shows
(webfeeds), and what podcast directories require: Apple's elements and the podcast namespace
(help.apple.com/itc/podcasts_connect, github.com/Podcastindex-org/podcast-namespace).
"""

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from html import escape

from lxml import etree

from syndicate.clock import to_utc
from syndicate.config.sections.feeds import PodcastSettings
from syndicate.render import addresses
from syndicate.render.feeds.channel import FeedChannel, rfc3339
from syndicate.render.feeds.entries import ChannelEntry
from syndicate.render.feeds.xml_elements import (
    XmlFrame,
    add,
    add_picture,
    add_restriction,
    add_texts,
    namespaces,
)

_DECLARED = namespaces("content dc dcterms media atom slash thr sy fh itunes podcast webfeeds wfw")
_FRAME = XmlFrame("rss", "channel", items=("item",), declared=_DECLARED, text="content:encoded")

split_document = _FRAME.split


def write_entry(entry: ChannelEntry) -> bytes:
    """Write an entry as an `<item>`, the same for every feed that contains it."""
    item = etree.Element("item")
    description = escape(entry.summary, quote=False)  # which is read as HTML
    add_texts(item, {"title": entry.title, "link": entry.url, "description": description})
    add(item, "guid", entry.id, {"isPermaLink": "false"})
    for category, scheme in entry.categories.items():
        add(item, "category", category, {"domain": scheme})
    add_texts(item, {"comments": entry.comments.url})
    if audio := entry.audio:
        file = {"url": audio.src, "length": audio.length, "type": audio.type}
        add(item, "enclosure", attributes=file)
    if entry.content:
        add(item, "content:encoded")
    _add_people_and_times(item, entry)
    for language, href in entry.translations.items():
        link = {"rel": "alternate", "type": "text/html", "hreflang": language, "href": href}
        add(item, "atom:link", attributes=link)
    count, feed = entry.comments.count, entry.comments.feed
    add_texts(item, {"slash:comments": count, "thr:total": count, "wfw:commentRss": feed})
    if entry.image:
        add_picture(item, entry.image)
    if audio:
        by = ", ".join(author.name for author in entry.authors)
        add_texts(item, {"itunes:title": entry.title, "itunes:author": by})
        add_texts(item, {"itunes:episodeType": "full", "itunes:duration": audio.duration})
    return _FRAME.write_item(item, entry.content)


def write_document(channel: FeedChannel, fragments: Iterable[bytes]) -> bytes:
    """Write a feed around items."""
    root, parent = _FRAME.elements()
    root.set("version", "2.0")
    title, page = channel.title, channel.url
    add_texts(parent, {"title": title, "link": page, "description": channel.description})
    own = {"href": channel.address(addresses.RSS), "rel": "self", "type": "application/rss+xml"}
    add(parent, "atom:link", attributes=own)
    for category in channel.categories:
        add(parent, "category", category)
    docs = "https://www.rssboard.org/rss-specification"
    add_texts(parent, {"copyright": channel.rights, "docs": docs, "generator": "Syndicate"})
    if channel.logo:
        add_texts(add(parent, "image"), {"url": channel.logo, "title": title, "link": page})
    add_texts(parent, {"language": channel.language, "ttl": channel.minutes})
    add(parent, "lastBuildDate", _rfc822(channel.updated))
    for rel, href in channel.links(addresses.RSS):
        add(parent, "atom:link", attributes={"rel": rel, "href": href})
    hourly = 60 // channel.minutes
    add_texts(parent, {"sy:updatePeriod": "hourly", "sy:updateFrequency": hourly})
    if channel.archive and channel.archive.archived:
        add(parent, "fh:archive")
    if channel.podcast:
        _add_podcast(parent, channel, channel.podcast)
    if channel.icon:
        add(parent, "webfeeds:icon", channel.icon)
        add(parent, "webfeeds:accentColor", channel.accent.removeprefix("#"))
    if channel.private:
        add_restriction(parent)
        add(parent, "itunes:block", "Yes")
    return _FRAME.write_document(root, fragments)


def _add_people_and_times(item: etree._Element, entry: ChannelEntry) -> None:
    for author in entry.authors:
        add(item, "dc:creator", author.name)
    for contributor in entry.contributors:
        add(item, "dc:contributor", contributor.name)
    about = {"dc:language": entry.language, "dc:rights": entry.rights, "dc:source": entry.original}
    add_texts(item, about)
    add(item, "pubDate", _rfc822(entry.published))
    add(item, "dcterms:modified", rfc3339(entry.modified))


def _add_podcast(parent: etree._Element, channel: FeedChannel, podcast: PodcastSettings) -> None:
    add(parent, "itunes:author", podcast.author)
    if podcast.email:
        owner = {"itunes:name": podcast.author, "itunes:email": podcast.email}
        add_texts(add(parent, "itunes:owner"), owner)
    category = parent
    for name in podcast.category.split("/", 1):
        category = add(category, "itunes:category", attributes={"text": name.strip()})
    explicit = "true" if podcast.explicit else "false"
    add_texts(parent, {"itunes:explicit": explicit, "itunes:type": podcast.type})
    if channel.cover:
        add(parent, "itunes:image", attributes={"href": channel.cover})
    add(parent, "podcast:guid", str(podcast.guid))
    locked = "yes" if podcast.locked or channel.private else "no"
    add(parent, "podcast:locked", locked, {"owner": podcast.email})
    add(parent, "podcast:medium", "podcast")


def _rfc822(at: datetime) -> str:
    return format_datetime(to_utc(at), usegmt=True)

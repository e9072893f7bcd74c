"""Atom 1.0 (RFC 4287), with comments (RFC 4685), archives (RFC 5005), deletions (RFC 6721).

And Media RSS. feedgen writes it. Corrected here: feedgen drops all attributes of an entry's
links but the address, supports few kinds of links in a feed, writes text without a type, and
times with an offset instead of Z.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from syndicate.model.articles import Person
from syndicate.render import addresses
from syndicate.render.feeds import access_restriction, media_rss
from syndicate.render.feeds.channel import ChannelEntry, FeedChannel, rfc3339
from syndicate.render.feeds.document_parts import DocumentParts
from syndicate.render.feeds.history import RelatedLink, Tombstone
from syndicate.render.feeds.xml_elements import NAMESPACES, XmlFrame, add, namespaces, tag

_DECLARED = namespaces("media", "thr", "fh", "at")
_FRAME = XmlFrame(
    "feed",
    items=("entry", "at:deleted-entry"),
    declared={None: NAMESPACES["atom"], **_DECLARED},
    text="content",
)
_TEXTS = frozenset({"title", "subtitle", "summary", "rights"})


def write_entry(entry: ChannelEntry) -> bytes:
    """Write an entry, the same for every feed that contains it.

    feedgen's elements have no namespace until they are parsed within a feed.
    """
    element = _entry(entry)
    element.set(tag("xml:lang"), entry.language)
    by_name = {child.tag: child for child in element}
    for name in _TEXTS & by_name.keys():
        by_name[name].set("type", "text")
    by_name["updated"].text = rfc3339(entry.modified)
    by_name["published"].text = rfc3339(entry.published)
    alternate, *others = _links(entry)
    by_name["link"].attrib.update(alternate.attributes)
    for link in others:
        add(element, "link", attributes=link.attributes)
    if entry.comments.count is not None:
        add(element, "thr:total", str(entry.comments.count))
    if entry.image:
        media_rss.add_picture(element, entry.image)
    return _FRAME.write_item(element, entry.content)


def write_document(channel: FeedChannel, fragments: Iterable[bytes]) -> bytes:
    """Write a feed around entries."""
    feed = FeedGenerator()
    feed.register_extension("ours", _AtomExtension, rss=False)
    feed.ours.channel = channel
    feed.id(channel.id)
    feed.title(channel.title)
    feed.subtitle(channel.description)
    feed.updated(channel.updated)
    feed.language(channel.language)
    feed.author(_person(channel.author))
    feed.category([{"term": category} for category in channel.categories])
    feed.generator("Syndicate")
    feed.icon(channel.icon)
    feed.logo(channel.logo)
    feed.rights(channel.rights)
    feed.link(href=channel.address(addresses.ATOM), rel="self", type="application/atom+xml")
    feed.link(href=channel.url, rel="alternate", type="text/html")
    return _FRAME.insert_items(feed.atom_str(pretty=True), b"".join(fragments))


def split_document(document: bytes) -> DocumentParts | None:
    """Split a feed into tombstones and entries; None if `write_document` didn't write it."""
    return _FRAME.split(document)


def _entry(entry: ChannelEntry) -> etree._Element:
    """Write the elements that feedgen supports."""
    element = FeedEntry()
    element.id(entry.id)
    element.title(entry.title)
    element.link(href=entry.url)
    element.updated(entry.modified)
    element.published(entry.published)
    element.author([_person(author) for author in entry.authors])
    element.contributor([_person(contributor) for contributor in entry.contributors])
    element.category([{"term": topic.name, "scheme": topic.scheme} for topic in entry.categories])
    element.rights(entry.rights)
    if entry.summary:
        element.summary(entry.summary)
    if entry.content:
        element.content("", type="html")
    return element.atom_entry(extensions=False)


def _links(entry: ChannelEntry) -> list[RelatedLink]:
    links = [
        RelatedLink(rel="alternate", href=entry.url, type="text/html", hreflang=entry.language)
    ]
    links.extend(entry.translations)
    if entry.original:
        links.append(RelatedLink(rel="via", href=entry.original, type="text/html"))
    if url := entry.comments.url:
        links.append(
            RelatedLink(rel="replies", href=url, type="text/html", count=entry.comments.count)
        )
    if feed := entry.comments.feed:
        links.append(RelatedLink(rel="replies", href=feed, type=_feed_type(feed)))
    if audio := entry.audio:
        links.append(
            RelatedLink(
                rel="enclosure",
                href=audio.url,
                type=audio.type,
                length=audio.length,
                title=audio.title,
            )
        )
    return links


def _feed_type(address: str) -> str:
    """Guess from its address whether a feed of comments is Atom or RSS."""
    named = re.search(r"\batom\b", urlsplit(address).path, re.IGNORECASE)
    return f"application/{'atom' if named else 'rss'}+xml"


def _person(person: Person) -> dict[str, str]:
    elements = {"name": person.name, "uri": person.url, "email": person.email}
    return {name: value for name, value in elements.items() if value}


class _AtomExtension:
    """Corrects the elements of a feed, and adds those that feedgen doesn't support."""

    channel: FeedChannel

    def extend_ns(self) -> dict[str | None, str]:
        return _DECLARED

    def extend_atom(self, feed: etree._Element) -> None:
        channel = self.channel
        for child in feed:
            if child.tag in _TEXTS:
                child.set("type", "text")
        feed.find("updated").text = rfc3339(channel.updated)
        for link in channel.links(addresses.ATOM):
            add(feed, "link", attributes=link.attributes)
        if channel.archive and channel.archive.archived:
            add(feed, "fh:archive")
        if channel.private:
            access_restriction.add_restriction(feed)
        for tombstone in channel.deleted:
            _add_tombstone(feed, tombstone)


def _add_tombstone(feed: etree._Element, tombstone: Tombstone) -> None:
    when = rfc3339(tombstone.when)
    element = add(feed, "at:deleted-entry", attributes={"ref": tombstone.ref, "when": when})
    if tombstone.by:
        add(add(element, "at:by"), "name", tombstone.by)
    if tombstone.comment:
        add(element, "at:comment", tombstone.comment)
    add(
        element, "link", attributes={"rel": "alternate", "type": "text/html", "href": tombstone.url}
    )

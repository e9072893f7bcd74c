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
from syndicate.render.feeds import xml_elements as xml
from syndicate.render.feeds.channel import FeedChannel, rfc3339
from syndicate.render.feeds.entries import ChannelEntry

_DECLARED = xml.namespaces("media thr fh at")
_FRAME = xml.XmlFrame(
    "feed",
    items=("entry", "at:deleted-entry"),
    declared={None: xml.NAMESPACES["atom"], **_DECLARED},
    text="content",
)
split_document = _FRAME.split

_TEXTS = frozenset({"title", "subtitle", "summary", "rights"})


def write_entry(entry: ChannelEntry) -> bytes:
    """Write an entry, the same for every feed that contains it.

    feedgen's elements have no namespace until they are parsed within a feed.
    """
    written = FeedEntry()
    written.id(entry.id)
    written.title(entry.title)
    written.link(href=entry.url)
    written.updated(entry.modified)
    written.published(entry.published)
    written.author([_person(author) for author in entry.authors])
    written.contributor([_person(contributor) for contributor in entry.contributors])
    written.category([{"term": name, "scheme": sch} for name, sch in entry.categories.items()])
    written.rights(entry.rights)
    if entry.summary:
        written.summary(entry.summary)
    if entry.content:
        written.content("", type="html")
    element = written.atom_entry(extensions=False)
    element.set(xml.tag("xml:lang"), entry.language)
    by_name = {child.tag: child for child in element}
    for name in _TEXTS & by_name.keys():
        by_name[name].set("type", "text")
    by_name["updated"].text = rfc3339(entry.modified)
    by_name["published"].text = rfc3339(entry.published)
    alternate = {"rel": "alternate", "type": "text/html", "hreflang": entry.language}
    by_name["link"].attrib.update(alternate)
    _add_links(element, entry)
    xml.add_texts(element, {"thr:total": entry.comments.count})
    if entry.image:
        xml.add_picture(element, entry.image)
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


def _add_links(element: etree._Element, entry: ChannelEntry) -> None:
    html = {"type": "text/html"}
    for hreflang, href in entry.translations.items():
        attributes = {"rel": "alternate", **html, "hreflang": hreflang, "href": href}
        xml.add(element, "link", attributes=attributes)
    if entry.original:
        xml.add(element, "link", attributes={"rel": "via", **html, "href": entry.original})
    if url := entry.comments.url:
        count = {"thr:count": entry.comments.count}
        xml.add(element, "link", attributes={"rel": "replies", **html, **count, "href": url})
    if feed := entry.comments.feed:
        # guessed from its address
        is_atom = re.search(r"\batom\b", urlsplit(feed).path, re.IGNORECASE)
        type_ = f"application/{'atom' if is_atom else 'rss'}+xml"
        xml.add(element, "link", attributes={"rel": "replies", "type": type_, "href": feed})
    if audio := entry.audio:
        about = {"type": audio.type, "title": audio.title or None, "length": audio.length}
        xml.add(element, "link", attributes={"rel": "enclosure", **about, "href": audio.src})


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
        for rel, href in channel.links(addresses.ATOM):
            xml.add(feed, "link", attributes={"rel": rel, "href": href})
        if channel.archive and channel.archive.archived:
            xml.add(feed, "fh:archive")
        if channel.private:
            xml.add_restriction(feed)
        for tombstone in channel.deleted:
            about = {"ref": tombstone.ref, "when": rfc3339(tombstone.when)}
            element = xml.add(feed, "at:deleted-entry", attributes=about)
            xml.add(xml.add(element, "at:by"), "name", tombstone.by)
            xml.add(element, "at:comment", tombstone.comment)
            link = {"rel": "alternate", "type": "text/html", "href": tombstone.url}
            xml.add(element, "link", attributes=link)

"""Atom 1.0 (RFC 4287), with comments (RFC 4685), archives (RFC 5005), deletions (RFC 6721).

And Media RSS.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from lxml import etree

from syndicate.model.articles import Person
from syndicate.render import addresses
from syndicate.render.feeds.channel import FeedChannel, rfc3339
from syndicate.render.feeds.entries import ChannelEntry
from syndicate.render.feeds.xml_elements import (
    NAMESPACES,
    XmlFrame,
    add,
    add_picture,
    add_restriction,
    add_texts,
    namespaces,
    tag,
)

_FRAME = XmlFrame(
    "feed",
    items=("entry", "at:deleted-entry"),
    declared={**namespaces("media thr fh at"), None: NAMESPACES["atom"]},
    text="content",
)
_PLAIN = {"type": "text"}

split_document = _FRAME.split


def write_entry(entry: ChannelEntry) -> bytes:
    """Write an entry, the same for every feed that contains it."""
    element = etree.Element("entry", {tag("xml:lang"): entry.language})
    add(element, "id", entry.id)
    add(element, "title", entry.title, _PLAIN)
    add(element, "updated", rfc3339(entry.modified))
    for author in entry.authors:
        _add_person(element, "author", author)
    if entry.content:
        add(element, "content", attributes={"type": "html"})
    link = {"href": entry.url, "rel": "alternate", "type": "text/html", "hreflang": entry.language}
    add(element, "link", attributes=link)
    if entry.summary:
        add(element, "summary", entry.summary, _PLAIN)
    for category, scheme in entry.categories.items():
        add(element, "category", attributes={"term": category, "scheme": scheme})
    for contributor in entry.contributors:
        _add_person(element, "contributor", contributor)
    add(element, "published", rfc3339(entry.published))
    if entry.rights:
        add(element, "rights", entry.rights, _PLAIN)
    _add_links(element, entry)
    add_texts(element, {"thr:total": entry.comments.count})
    if entry.image:
        add_picture(element, entry.image)
    return _FRAME.write_item(element, entry.content)


def write_document(channel: FeedChannel, fragments: Iterable[bytes]) -> bytes:
    """Write a feed around entries."""
    feed, _ = _FRAME.elements()
    feed.set(tag("xml:lang"), channel.language)
    add(feed, "id", channel.id)
    add(feed, "title", channel.title, _PLAIN)
    add(feed, "updated", rfc3339(channel.updated))
    _add_person(feed, "author", channel.author)
    own = {"href": channel.address(addresses.ATOM), "rel": "self", "type": "application/atom+xml"}
    add(feed, "link", attributes=own)
    add(feed, "link", attributes={"href": channel.url, "rel": "alternate", "type": "text/html"})
    for category in channel.categories:
        add(feed, "category", attributes={"term": category})
    add_texts(feed, {"generator": "Syndicate", "icon": channel.icon, "logo": channel.logo})
    if channel.rights:
        add(feed, "rights", channel.rights, _PLAIN)
    add(feed, "subtitle", channel.description, _PLAIN)
    for rel, href in channel.links(addresses.ATOM):
        add(feed, "link", attributes={"rel": rel, "href": href})
    if channel.archive and channel.archive.archived:
        add(feed, "fh:archive")
    if channel.private:
        add_restriction(feed)
    for tombstone in channel.deleted:
        about = {"ref": tombstone.ref, "when": rfc3339(tombstone.when)}
        element = add(feed, "at:deleted-entry", attributes=about)
        add(add(element, "at:by"), "name", tombstone.by)
        add(element, "at:comment", tombstone.comment)
        link = {"rel": "alternate", "type": "text/html", "href": tombstone.url}
        add(element, "link", attributes=link)
    return _FRAME.write_document(feed, fragments)


def _add_person(parent: etree._Element, role: str, person: Person) -> None:
    about = {"name": person.name, "email": person.email, "uri": person.url}
    add_texts(add(parent, role), about)


def _add_links(element: etree._Element, entry: ChannelEntry) -> None:
    html = {"type": "text/html"}
    for hreflang, href in entry.translations.items():
        attributes = {"rel": "alternate", **html, "hreflang": hreflang, "href": href}
        add(element, "link", attributes=attributes)
    if entry.original:
        add(element, "link", attributes={"rel": "via", **html, "href": entry.original})
    if url := entry.comments.url:
        count = {"thr:count": entry.comments.count}
        add(element, "link", attributes={"rel": "replies", **html, **count, "href": url})
    if feed := entry.comments.feed:
        # guessed from its address
        is_atom = re.search(r"\batom\b", urlsplit(feed).path, re.IGNORECASE)
        type_ = f"application/{'atom' if is_atom else 'rss'}+xml"
        add(element, "link", attributes={"rel": "replies", "type": type_, "href": feed})
    if audio := entry.audio:
        about = {"type": audio.type, "title": audio.title or None, "length": audio.length}
        add(element, "link", attributes={"rel": "enclosure", **about, "href": audio.src})

"""Atom 1.0 (RFC 4287), with comment counts (RFC 4685) and Media RSS.

feedgen writes it. Mended here: links of an entry lose everything but their
address, and times are written with an offset in place of the plain Z.
"""

from collections.abc import Sequence

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from syndicate.model.articles import Person
from syndicate.render import addresses
from syndicate.render.feeds import media
from syndicate.render.feeds.channel import Channel, Entry, rfc3339

_THREADS = "http://purl.org/syndication/thread/1.0"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def render(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """Write a channel as Atom 1.0."""
    feed = FeedGenerator()
    feed.register_extension("ours", _FeedExtension, _EntryExtension, rss=False)
    feed.ours.channel = channel
    feed.id(channel.id)
    feed.title(channel.title)
    feed.subtitle(channel.description)
    feed.updated(channel.updated)
    feed.language(channel.language)
    feed.author(_person(channel.author))
    feed.generator("Syndicate")
    feed.logo(channel.logo)
    feed.link(href=channel.address(addresses.ATOM), rel="self", type="application/atom+xml")
    feed.link(href=channel.url, rel="alternate", type="text/html")
    for entry in entries:
        _add(feed.add_entry(order="append"), entry)
    return bytes(feed.atom_str(pretty=True))


def _add(written: FeedEntry, entry: Entry) -> None:
    written.id(entry.id)
    written.title(entry.title)
    written.link(href=entry.url)
    written.updated(entry.modified)
    written.published(entry.published)
    written.author([_person(author) for author in entry.authors])
    written.contributor([_person(contributor) for contributor in entry.contributors])
    written.category([{"term": category} for category in entry.categories])
    if entry.summary:
        written.summary(entry.summary)
    if entry.content:
        written.content(entry.content, type="html")
    written.ours.entry = entry


def _person(person: Person) -> dict[str, str]:
    facts = {"name": person.name, "uri": person.url, "email": person.email}
    return {key: value for key, value in facts.items() if value}


class _FeedExtension:
    """What feedgen spoils in a feed."""

    channel: Channel

    def extend_ns(self) -> dict[str, str]:
        return {"media": media.NAMESPACE, "thr": _THREADS}

    def extend_atom(self, feed: etree._Element) -> None:
        feed.find("updated").text = rfc3339(self.channel.updated)


class _EntryExtension:
    """What feedgen spoils in an entry, or leaves out.

    feedgen's Atom elements are in no namespace until they are written.
    """

    entry: Entry

    def extend_atom(self, written: etree._Element) -> None:
        entry = self.entry
        written.set(_LANGUAGE, entry.language)
        written.find("updated").text = rfc3339(entry.modified)
        written.find("published").text = rfc3339(entry.published)
        written.find("link").attrib.update({"rel": "alternate", "type": "text/html"})
        if entry.comments_url:
            replies = {"rel": "replies", "type": "text/html", "href": entry.comments_url}
            etree.SubElement(written, "link", replies)
        if entry.comments is not None:
            etree.SubElement(written, f"{{{_THREADS}}}total").text = str(entry.comments)
        if entry.image:
            media.add(written, entry.image)

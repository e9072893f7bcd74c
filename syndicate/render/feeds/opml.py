"""OPML 2.0 (opml.org/spec2.opml): the list of all feeds, as readers import it."""

from collections.abc import Sequence
from email.utils import format_datetime

from lxml import etree

from syndicate.clock import to_utc
from syndicate.config import Config
from syndicate.render import addresses
from syndicate.render.feeds.formats import Feed
from syndicate.text import one_line


def render(config: Config, feeds: Sequence[Feed]) -> bytes:
    """Write the list of feeds, dated by the newest of their first articles."""
    publication = config.publication
    root = etree.Element("opml", version="2.0")
    head, body = etree.SubElement(root, "head"), etree.SubElement(root, "body")
    modified = max(feed.since for feed in feeds)
    for name, text in (
        ("title", one_line(publication.title)),
        ("dateModified", format_datetime(to_utc(modified), usegmt=True)),
        ("ownerName", one_line(publication.author or "") or one_line(publication.title)),
        ("docs", "http://opml.org/spec2.opml"),
    ):
        etree.SubElement(head, name).text = text
    for feed in feeds:
        _, type_, address = feed.formats[0]
        outline = {
            "type": "rss",
            "text": feed.title,
            "title": feed.title,
            "xmlUrl": addresses.absolute(address, config),
            "htmlUrl": addresses.absolute(feed.topic.home, config),
            "language": publication.language,
            **({"version": "RSS2"} if type_ == "application/rss+xml" else {}),
        }
        etree.SubElement(body, "outline", outline)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))

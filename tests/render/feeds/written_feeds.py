"""Feeds of one publication in all formats, and how readers and plain parsers read them."""

import json
from calendar import timegm
from datetime import timedelta
from pathlib import Path

import feedparser
from lxml import etree

from syndicate.config import Config
from syndicate.model.articles import Comments, Person
from syndicate.render.feeds.entries import build_entry
from syndicate.render.feeds.formats import FORMATS
from tests.render.feeds.samples import NOON, a_channel

NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "thr": "http://purl.org/syndication/thread/1.0",
}
CONFIG = Config.model_validate(
    {
        "publication": {
            "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "title": "Morning Post",
            "description": "News from the harbour",
            "url": "https://news.example",
            "language": "en-GB",
        },
        "root": Path("/nowhere"),
    }
)
BRANDED = CONFIG.override(
    publication=CONFIG.publication.model_copy(update={"logo": Path("art/Logo.png")})
)
RICH = {
    "section": "City",
    "tags": ("trams", "quay"),
    "authors": (Person(name="Ann", url="https://ann.example/"), Person(name="Bo")),
    "contributors": (Person(name="Cy"),),
    "date": NOON - timedelta(hours=2),
    "updated": NOON,
    "comments": Comments(count=12),
}
HOSTILE = [
    "ends the CDATA ]]> and goes on",
    "AT&amp;T, AT&amp;amp;T, AT&T",
    "bell\x07 null\x00 escape\x1b[31m",
    "lone \ud800 surrogate and \ufffe",
    "emoji 👩🏽‍🚀 and flags 🇻🇳",
    "\u202eright to left\u202c עברית العربية",
    "</div></content></item> <script>alert(1)</script>",
    "quotes \" ' and <!-- comments --> & <?php",
    "Zażółć gęślą jaźń",
]


def written(*articles, config=CONFIG):
    entries = [build_entry(config, article) for article in articles]
    head = a_channel(config, entries)
    return {
        each.file: each.write_document(head, map(each.write_entry, entries)) for each in FORMATS
    }


def read(feed):
    parsed = feedparser.parse(feed)
    assert not parsed.bozo, parsed.bozo_exception
    return parsed


def at(parts):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(timegm(parts), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def contents(made):
    """The bodies as they are written, before any reader cleans them."""
    channel_ = etree.fromstring(made["rss.xml"])
    feed = etree.fromstring(made["atom.xml"])
    return {
        "rss.xml": [e.text for e in channel_.iterfind(".//content:encoded", NAMES)],
        "atom.xml": [e.text for e in feed.iterfind(".//a:content", NAMES)],
        "feed.json": [item["content_html"] for item in json.loads(made["feed.json"])["items"]],
    }

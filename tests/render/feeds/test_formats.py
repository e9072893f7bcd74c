"""The three formats: each as its specification wants it."""

import json
import re

import pytest
from lxml import etree

from syndicate.model.articles import Comments
from syndicate.render.feeds import atom, json_feed, rss
from tests.render.feeds.samples import TRAM, an_article, conform
from tests.render.feeds.written_feeds import BRANDED, CONFIG, HOSTILE, NAMES, RICH, read, written
from tests.shared_folder import SHARED, needs_shared


def test_rss_holds_every_element_once_and_in_its_place():
    root = etree.fromstring(written(an_article(**RICH))["rss.xml"])
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    assert root.findtext("channel/title") == "Morning Post"
    assert root.findtext("channel/link") == "https://news.example/"
    assert root.findtext("channel/description") == "News from the harbour"
    assert root.findtext("channel/language") == "en-GB"
    assert root.findtext("channel/lastBuildDate") == "Wed, 04 Mar 2026 12:00:00 GMT"
    (own,) = root.findall("channel/a:link", NAMES)
    assert dict(own.attrib) == {
        "rel": "self",
        "type": "application/rss+xml",
        "href": "https://news.example/rss.xml",
    }
    (item,) = root.findall("channel/item")
    tags = [child.tag for child in item]
    assert tags.index("description") < tags.index(f"{{{NAMES['content']}}}encoded")
    assert item.findtext("link") == "https://news.example/articles/harbour-tram/"
    assert item.find("guid").get("isPermaLink") == "false"
    assert item.findtext("pubDate") == "Wed, 04 Mar 2026 10:00:00 GMT"
    assert item.findtext("dcterms:modified", namespaces=NAMES) == "2026-03-04T12:00:00Z"
    assert item.findtext("slash:comments", namespaces=NAMES) == "12"
    assert [c.text for c in item.findall("dc:creator", NAMES)] == ["Ann", "Bo"]
    assert [c.text for c in item.findall("category")] == ["City", "trams", "quay"]
    assert item.find("author") is None, "an author in RSS is a mail address"


def test_rss_and_atom_hold_the_lead_picture_with_its_credit():
    made = written(an_article())
    for path in ("rss.xml", "atom.xml"):
        (content,) = etree.fromstring(made[path]).iterfind(".//media:content", NAMES)
        assert dict(content.attrib) == {
            "url": f"https://news.example/{TRAM.src}",
            "medium": "image",
            "type": "image/jpeg",
            "width": "1200",
            "height": "800",
            "fileSize": "123456",
        }
        credit = content.find("media:credit", NAMES)
        assert credit.text == "Ann Example"
        assert dict(credit.attrib) == {"role": "photographer", "scheme": "urn:ebu"}
        assert content.findtext("media:description", namespaces=NAMES) == TRAM.caption


def test_atom_holds_every_element_once_and_in_its_place():
    config = CONFIG
    commented = RICH | {
        "comments": Comments(
            count=7, url="https://talk.example/7", feed="https://talk.example/7.rss"
        )
    }
    root = etree.fromstring(written(an_article(**commented), config=config)["atom.xml"])
    assert root.findtext("a:id", namespaces=NAMES) == config.publication.id.urn
    assert root.findtext("a:updated", namespaces=NAMES) == "2026-03-04T12:00:00Z"
    assert root.findtext("a:author/a:name", namespaces=NAMES) == "Morning Post"
    assert {(link.get("rel"), link.get("href")) for link in root.findall("a:link", NAMES)} == {
        ("self", "https://news.example/atom.xml"),
        ("alternate", "https://news.example/"),
    }
    (entry,) = root.findall("a:entry", NAMES)
    assert [dict(link.attrib) for link in entry.findall("a:link", NAMES)] == [
        {
            "href": "https://news.example/articles/harbour-tram/",
            "rel": "alternate",
            "type": "text/html",
            "hreflang": "en-GB",
        },
        {
            "href": "https://talk.example/7",
            "rel": "replies",
            "type": "text/html",
            "{http://purl.org/syndication/thread/1.0}count": "7",
        },
        {"rel": "replies", "type": "application/rss+xml", "href": "https://talk.example/7.rss"},
    ]
    assert entry.find("a:content", NAMES).get("type") == "html"
    assert entry.findtext("a:published", namespaces=NAMES) == "2026-03-04T10:00:00Z"
    assert entry.findtext("a:updated", namespaces=NAMES) == "2026-03-04T12:00:00Z"
    names = [name.text for name in entry.findall("a:author/a:name", NAMES)]
    assert names == ["Ann", "Bo"]
    assert entry.findtext("a:contributor/a:name", namespaces=NAMES) == "Cy"


@pytest.mark.parametrize(
    ("feed", "kind"),
    [
        ("https://atom.example/7.rss", "rss"),
        ("https://anatomy.example/phantom/feed/", "rss"),
        ("https://talk.example/7/comments.atom", "atom"),
        ("https://talk.example/Atom?topic=7", "atom"),
    ],
)
def test_a_feed_of_comments_says_what_it_is_in(feed, kind):
    made = written(an_article(comments=Comments(feed=feed)))["atom.xml"]
    (link,) = etree.fromstring(made).iterfind("a:entry/a:link[@rel='replies']", NAMES)
    assert (link.get("href"), link.get("type")) == (feed, f"application/{kind}+xml")


def test_json_feed_holds_what_its_specification_names():
    made = written(an_article(**RICH))["feed.json"]
    assert made.startswith(b'{\n "version": "https://jsonfeed.org/version/1.1",')
    feed = json.loads(made)
    assert feed["feed_url"] == "https://news.example/feed.json"
    assert feed["home_page_url"] == "https://news.example/"
    (item,) = feed["items"]
    assert item["authors"] == [{"name": "Ann", "url": "https://ann.example/"}, {"name": "Bo"}]
    assert item["image"] == f"https://news.example/{TRAM.src}"
    assert item["date_published"] == "2026-03-04T10:00:00Z"
    assert item["date_modified"] == "2026-03-04T12:00:00Z"
    assert item["tags"] == ["City", "trams", "quay"]
    assert item["_syndicate"]["contributors"] == [{"name": "Cy"}]
    assert item["_syndicate"]["comments"] == 12


def test_every_format_shows_the_logo_in_its_own_element():
    made = written(an_article(**RICH), config=BRANDED)
    logo = "https://news.example/assets/logo.png"
    shown = etree.fromstring(made["rss.xml"]).find("channel/image")
    assert [(child.tag, child.text) for child in shown] == [
        ("url", logo),
        ("title", "Morning Post"),
        ("link", "https://news.example/"),
    ]
    assert shown.getnext().tag == "language"
    assert etree.fromstring(made["atom.xml"]).findtext("a:logo", namespaces=NAMES) == logo
    assert json.loads(made["feed.json"])["icon"] == logo
    assert read(made["rss.xml"]).feed.image.href == logo


def test_without_a_logo_no_format_names_one():
    made = written(an_article())
    assert etree.fromstring(made["rss.xml"]).find("channel/image") is None
    assert etree.fromstring(made["atom.xml"]).find("a:logo", NAMES) is None
    assert "icon" not in json.loads(made["feed.json"])


@needs_shared
def test_atom_is_valid_by_the_grammar_of_its_rfc():
    assert SHARED
    grammar = etree.RelaxNG(etree.parse(SHARED / "schema" / "atom.rng"))
    hostile = [
        an_article(id=f"urn:test:{n}", title=text, excerpt=text) for n, text in enumerate(HOSTILE)
    ]
    for articles in ([], [an_article(**RICH)], hostile):
        for config in (CONFIG, BRANDED):
            made = written(*articles, config=config)
            grammar.assertValid(etree.fromstring(made["atom.xml"]))


@needs_shared
def test_json_feed_has_only_keys_of_the_types_that_its_schema_names():
    assert SHARED
    schema = json.loads((SHARED / "schema" / "jsonfeed-1.1.schema.json").read_bytes())
    articles = [an_article(**RICH), an_article(image=TRAM)]
    feed = json.loads(written(*articles, config=BRANDED)["feed.json"])
    conform(feed, schema, schema)


def test_every_format_cites_its_specification():
    for module in (rss, atom, json_feed):
        assert re.search(r"rssboard|RFC 4287|jsonfeed\.org", module.__doc__ or "")

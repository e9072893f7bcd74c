"""Fragments and the documents around them: history, deletions, hubs, how often to ask."""

import json
from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from lxml import etree

from syndicate.publish.output.formats import feed_cache_control
from syndicate.render.feeds import atom, json_feed, rss
from syndicate.render.feeds.channel import FeedHistory
from syndicate.render.feeds.entries import build_entry, build_tombstone, build_withdrawn_entry
from syndicate.render.feeds.formats import FORMATS
from tests.render.feeds.samples import NOON, a_channel, an_article, conform
from tests.render.feeds.test_agreement import FULL, OWNED
from tests.render.feeds.written_feeds import CONFIG, RICH, written
from tests.shared_folder import SHARED, needs_shared

NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "fh": "http://purl.org/syndication/history/1.0",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
FILES = [each.file for each in FORMATS]
LATER = NOON + timedelta(days=1)


def at(folder: str) -> dict[str, str]:
    return {file: f"https://news.example/{folder}{file}" for file in FILES}


def documents(head, *entries):
    return {
        each.file: each.write_document(head, map(each.write_entry, entries)) for each in FORMATS
    }


def links(root):
    found = (
        root.iterfind("{*}link") if root.tag != "rss" else root.iterfind("channel/a:link", NAMES)
    )
    return {(link.get("rel"), link.get("href")) for link in found}


@pytest.mark.parametrize("each", FORMATS, ids=FILES)
def test_a_fragment_is_the_same_lines_in_every_document(each):
    entry = build_entry(CONFIG, an_article(**RICH))
    other = build_entry(CONFIG, an_article(id="urn:test:2", slug="b"))
    fragment = each.write_entry(entry)
    for head in (a_channel(CONFIG, [entry]), a_channel(CONFIG, [entry, other], section="City")):
        document = each.write_document(head, [each.write_entry(other), fragment])
        assert fragment in document
        assert b"xmlns" not in fragment


@pytest.mark.parametrize("each", FORMATS, ids=FILES)
def test_a_document_without_entries_is_whole(each):
    document = each.write_document(a_channel(CONFIG, []), [])
    if each.file == "feed.json":
        assert json.loads(document)["items"] == []
    else:
        assert len(etree.fromstring(document)) > 0
    assert document.endswith(b"\n")


@pytest.mark.parametrize(("each", "type_"), [(rss, "rss"), (atom, "atom")])
def test_a_document_says_of_which_type_it_is_where_it_names_itself(each, type_):
    root = etree.fromstring(each.write_document(a_channel(CONFIG, []), []))
    types = [link.get("type") for link in root.iter("{*}link") if link.get("rel") == "self"]
    assert types == [f"application/{type_}+xml"]


@pytest.mark.parametrize("each", [rss, atom])
def test_a_document_is_laid_out_as_if_written_in_one_go(each):
    entry = build_entry(CONFIG, an_article(**RICH))
    made = each.write_document(a_channel(CONFIG, [entry]), [each.write_entry(entry)] * 2)
    tree = etree.fromstring(made, etree.XMLParser(remove_blank_text=True))
    again = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    assert made.rstrip() == again.rstrip()


def test_the_newest_document_leads_to_the_archives():
    entry = build_entry(CONFIG, an_article())
    archive = FeedHistory(current=at(""), prev_archive=at("archive/7/"))
    made = documents(replace(a_channel(CONFIG, [entry]), archive=archive), entry)
    for file in ("rss.xml", "atom.xml"):
        root = etree.fromstring(made[file])
        assert {
            ("self", f"https://news.example/{file}"),
            ("current", f"https://news.example/{file}"),
            ("prev-archive", f"https://news.example/archive/7/{file}"),
        } <= links(root)
        assert root.find(".//fh:archive", NAMES) is None
    feed = json.loads(made["feed.json"])
    assert feed["feed_url"] == "https://news.example/feed.json"
    assert feed["next_url"] == "https://news.example/archive/7/feed.json"


def test_an_archive_says_that_it_is_one_and_where_it_lies():
    entry = build_entry(CONFIG, an_article())
    archive = FeedHistory(
        own=at("archive/7/"),
        current=at(""),
        prev_archive=at("archive/6/"),
        next_archive=at("archive/8/"),
        archived=True,
    )
    made = documents(replace(a_channel(CONFIG, [entry]), archive=archive), entry)
    for file in ("rss.xml", "atom.xml"):
        root = etree.fromstring(made[file])
        assert {
            ("self", f"https://news.example/archive/7/{file}"),
            ("next-archive", f"https://news.example/archive/8/{file}"),
        } <= links(root)
        assert len(root.findall(".//fh:archive", NAMES)) == 1
    assert json.loads(made["feed.json"])["feed_url"] == "https://news.example/archive/7/feed.json"
    assert json.loads(made["feed.json"])["next_url"] != json.loads(made["feed.json"])["feed_url"]


def test_hubs_are_named_in_every_format():
    head = replace(a_channel(CONFIG, []), hubs=("https://hub.example/", "https://hub.example/2"))
    made = documents(head)
    for file in ("rss.xml", "atom.xml"):
        assert ("hub", "https://hub.example/2") in links(etree.fromstring(made[file]))
    assert json.loads(made["feed.json"])["hubs"] == [
        {"type": "WebSub", "url": "https://hub.example/"},
        {"type": "WebSub", "url": "https://hub.example/2"},
    ]


def test_a_retracted_article_has_a_tombstone_in_atom():
    gone = an_article(id="urn:test:gone", retracted_at=LATER)
    head = replace(a_channel(CONFIG, []), deleted=(build_tombstone(CONFIG, gone),))
    made = documents(head)
    (grave,) = etree.fromstring(made["atom.xml"]).findall("at:deleted-entry", NAMES)
    assert dict(grave.attrib) == {"ref": "urn:test:gone", "when": "2026-03-05T12:00:00Z"}
    assert grave.findtext("at:by/a:name", namespaces=NAMES) == "Morning Post"
    assert grave.findtext("at:comment", namespaces=NAMES) == "This article has been withdrawn"
    assert grave.find("a:link", NAMES).get("href") == f"https://news.example{gone.address}"
    assert b"urn:test:gone" not in made["rss.xml"] + made["feed.json"]


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "[withdrawn] The harbour tram runs again"), ("de", "[zurückgezogen] The harbour tram runs again")],
)  # fmt: skip
def test_its_last_entry_takes_the_place_of_what_readers_have(language, title):
    gone = an_article(**RICH, retracted_at=LATER, language=language)
    entry = build_withdrawn_entry(CONFIG, gone)
    assert (entry.id, entry.url) == (gone.id, build_entry(CONFIG, gone).url)
    assert entry.title == title
    assert entry.modified == LATER > build_entry(CONFIG, gone).modified
    for document in documents(a_channel(CONFIG, [entry]), entry).values():
        for secret in (b"It runs again", b"figcaption", b".jpg", b"trams"):
            assert secret not in document
    (read,) = feedparser.parse(documents(a_channel(CONFIG, [entry]), entry)["atom.xml"]).entries
    assert read.summary == entry.summary != ""


def test_how_often_to_ask_is_the_same_by_every_word():
    head = etree.fromstring(written(an_article())["rss.xml"])[0]
    seconds = int(feed_cache_control(CONFIG).split("max-age=")[1].split(",")[0])
    assert int(head.findtext("ttl") or 0) * 60 == seconds
    assert head.findtext("sy:updatePeriod", namespaces=NAMES) == "hourly"
    assert 3600 / int(head.findtext("sy:updateFrequency", namespaces=NAMES) or 0) == seconds


def test_a_section_is_the_category_of_its_feed():
    head = a_channel(CONFIG, [], section="City")
    assert etree.fromstring(rss.write_document(head, []))[0].findtext("category") == "City"
    category = etree.fromstring(atom.write_document(head, [])).find("a:category", NAMES)
    assert category is not None
    assert category.get("term") == "City"
    assert b"City" in json_feed.write_document(head, [])


@needs_shared
def test_atom_with_everything_in_it_is_valid_by_the_grammar_of_its_rfc():
    assert SHARED
    grammar = etree.RelaxNG(etree.parse(SHARED / "schema" / "atom.rng"))
    entry = build_entry(OWNED, an_article(**FULL))
    gone = an_article(id="urn:test:gone", retracted_at=LATER)
    head = replace(
        a_channel(OWNED, [entry], section="City"),
        hubs=("https://hub.example/",),
        archive=FeedHistory(own=at("a/7/"), current=at(""), prev_archive=at("a/6/"), archived=True),
        deleted=(build_tombstone(OWNED, gone),),
    )
    made = documents(head, entry, build_withdrawn_entry(OWNED, gone))
    grammar.assertValid(etree.fromstring(made["atom.xml"]))
    schema = json.loads((SHARED / "schema" / "jsonfeed-1.1.schema.json").read_bytes())
    conform(json.loads(made["feed.json"]), schema, schema)


def test_an_entry_has_at_most_one_alternate_for_a_language_and_type():
    twice = {"de": "a", "DE": "b", "en-gb": "own", "no language!": "c"}
    entry = build_entry(CONFIG, an_article(translations=twice))
    assert list(entry.translations) == ["de"]


@pytest.mark.parametrize("private", [True, False])
def test_a_private_feed_asks_directories_not_to_list_it(private):
    head = replace(a_channel(CONFIG, []), private=private)
    channel = etree.fromstring(rss.write_document(head, []))[0]
    feed = etree.fromstring(atom.write_document(head, []))
    restriction = "{http://www.bloglines.com/about/specs/fac-1.0}restriction"
    for element in (channel.find(restriction), feed.find(restriction)):
        assert (element is not None and element.get("relationship") == "deny") == private
    assert (b"<itunes:block>Yes<" in etree.tostring(channel)) == private


def test_a_carriage_return_in_a_body_survives_xml():
    entry = replace(build_entry(CONFIG, an_article()), content=b"<pre>a\rb</pre>")
    item = etree.fromstring(
        rss.write_document(a_channel(CONFIG, [entry]), [rss.write_entry(entry)])
    )
    assert item.findtext(".//{*}encoded") == "<pre>a\rb</pre>"

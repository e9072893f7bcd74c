"""Private documents: what the public ones say in full, but for what would lead others to them."""

import gzip
import json
import re
import zlib
from datetime import timedelta
from html import unescape
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from syndicate.config import Config
from syndicate.model.articles import Person, Recording, Status
from syndicate.publish.build.private_feeds import GzipTemplate, PrivateFeedWriter
from syndicate.render.pages import ListPages, PageFrame
from syndicate.render.templates import Templates
from syndicate.store import Store
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON
from tests.shared_folder import SHARED, needs_shared

WORD = b"7-secret"
LATER = NOON + timedelta(hours=2)
TABLES: dict[str, Any] = {
    "publication": {"url": "https://news.example"},
    "web": {"url": "https://letters.example"},
    "syndication": {"items": 3},
    "sections": [{"title": "Harbour"}],
    "websub": {"hubs": ["https://hub.example/"]},
    "feeds": [
        {"name": "red", "formats": ["atom"], "items": 2, "full_text": False}
        | {"select": {"tags": ["red"]}}
    ],
}
FILES = ("rss.xml", "atom.xml", "feed.json")
PLACES = ("", "sections/city/", "sections/harbour/", "tags/trams/", "authors/ann/")
"""Where feeds are; Harbour has no story."""


def opened(store, folder, **tables):
    """A newsroom with stories of each kind, one of them taken back."""
    title = {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Morning Post"}
    given = {**TABLES, "publication": TABLES["publication"] | title, **tables}
    made = Newsroom(store, Config.model_validate(given | {"root": folder}))
    sound = Recording(src="https://cdn.example/a.mp3", type="audio/mpeg", length=9)
    facts: dict[str, Any] = {
        "section": "City",
        "tags": ("trams", "red"),
        "authors": (Person(name="Ann"),),
    }
    for day in range(7):
        at = NOON - timedelta(days=60 - day)
        made.file(f"day-{day}", date=at, audio=sound if day == 5 else None, **facts)
    made.build()
    made.retract("day-6", at=NOON + timedelta(minutes=90))
    made.build(at=LATER)
    return made


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """A newsroom that no test changes."""
    folder = tmp_path_factory.mktemp("publication")
    store = Store.open(f"sqlite:///{folder}/syndicate.db")
    yield opened(store, folder)
    store.close()


@pytest.fixture
def newsroom(sqlite_store, tmp_path):
    """One that the test may change."""
    return opened(sqlite_store, tmp_path)


def writer_of(newsroom, **limits):
    pages = ListPages(PageFrame(newsroom.config, Templates(newsroom.config.templates)))
    return PrivateFeedWriter(newsroom.store, newsroom.config, pages, **limits)


def private(newsroom, path, writer=None):
    found = (writer or writer_of(newsroom)).document(f"/{path}")
    return found and found[1].render(WORD)


def without(document, *patterns):
    for pattern in patterns:
        document, count = re.subn(pattern, b"", document)
        assert count, pattern
    return document


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("file", FILES)
def test_it_is_the_public_document_but_for_what_leads_others_to_it(settled, place, file):
    public = settled.files()[place + file]
    mine = private(settled, place + file)
    archived = place in {"", "sections/city/"}
    if file == "feed.json":
        public = without(public, rb' "hubs": \[[^]]*\],\n', *[rb' "next_url": .*\n'] * archived)
    else:
        links = [rb".*rel=.hub.*\n", *[rb".*rel=.prev-archive.*\n"] * archived]
        public = without(public, *links)
        mine = without(mine, rb".*access:restriction.*\n")
    if file == "rss.xml":
        mine = without(mine, rb".*itunes:block.*\n")
        public = public.replace(b">no</podcast:locked>", b">yes</podcast:locked>")
    own = b"https://letters.example/feeds/private/7-secret/" + (place + file).encode()
    address = b"https://news.example/" + (place + file).encode()
    assert mine.count(own) == 1
    assert mine.count(WORD) == 1
    assert mine.replace(own, address) == public


def test_it_says_that_it_is_for_one_reader(settled):
    rss = etree.fromstring(private(settled, "rss.xml"))[0]
    atom = etree.fromstring(private(settled, "atom.xml"))
    for root in (rss, atom):
        (denied,) = root.findall("{http://www.bloglines.com/about/specs/fac-1.0}restriction")
        assert (denied.prefix, dict(denied.attrib)) == ("access", {"relationship": "deny"})
    itunes = "{http://www.itunes.com/dtds/podcast-1.0.dtd}block"
    assert rss.findtext(itunes) == "Yes"
    assert rss.findtext("{https://podcastindex.org/namespace/1.0}locked") == "yes"
    for path in FILES:
        assert b"hub.example" in settled.files()[path]
        assert b"hub.example" not in private(settled, path)


def test_public_documents_say_nothing_of_it(settled):
    for path, data in settled.files().items():
        assert b"bloglines" not in data, path
        assert b"itunes:block" not in data, path


@pytest.mark.parametrize("tables", [{"syndication": {"items": 3, "full_text": False}}, {}])
@pytest.mark.parametrize("file", FILES)
def test_it_holds_the_whole_text_where_the_public_one_has_summaries(
    sqlite_store, tmp_path, file, tables
):
    newsroom = opened(sqlite_store, tmp_path, **tables)
    whole = {"rss.xml": b"content:encoded>", "atom.xml": b"<content ", "feed.json": b"content_html"}
    assert (whole[file] in newsroom.files()[file]) is not bool(tables)
    mine = private(newsroom, file)
    assert mine.count(b"About day-5.") == 1
    assert whole[file] in mine


def test_so_does_that_of_a_feed_whose_public_one_has_summaries(settled):
    assert b"About day-5." not in settled.files()["feeds/red/atom.xml"]
    mine = private(settled, "feeds/red/atom.xml")
    assert b"About day-5." in mine
    assert len(feedparser.parse(mine).entries) == 2


def test_readers_know_the_entries_from_the_public_document(settled):
    for file in FILES[:2]:
        ours = feedparser.parse(private(settled, file))
        theirs = feedparser.parse(settled.files()[file])
        assert not ours.bozo
        assert [one.id for one in ours.entries] == [one.id for one in theirs.entries]
        assert ours.feed.get("id") == theirs.feed.get("id")
    ours, theirs = json.loads(private(settled, FILES[2])), json.loads(settled.files()[FILES[2]])
    assert [one["id"] for one in ours["items"]] == [one["id"] for one in theirs["items"]]


@needs_shared
@pytest.mark.parametrize("place", [*PLACES, "feeds/red/"])
def test_it_is_atom_by_its_grammar(settled, place):
    assert SHARED
    grammar = etree.RelaxNG(etree.parse(SHARED / "schema" / "atom.rng"))
    root = etree.fromstring(private(settled, f"{place}atom.xml"))
    for grave in root.findall("{http://purl.org/atompub/tombstones/1.0}deleted-entry"):
        root.remove(grave)
    assert grammar.validate(root), grammar.error_log


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "index.html", "opml.xml", "feeds/red/rss.xml", "feeds/blue/atom.xml", "atom.xml/",
        "sections/atom.xml", "sections/city/", "sections/CITY/atom.xml", "sections//city/atom.xml",
        "archive/1/atom.xml", "sections/city/archive/1/atom.xml", "../atom.xml", "./atom.xml",
        "/atom.xml", "sections/city/../../atom.xml", "tags/quay/rss.xml", "articles/day-1/index.html",
        "xatom.xml", ".manifest.sqlite", "atom.xml.gz", "atom.xml\0", "\udcff/atom.xml",
    ],
)  # fmt: skip
def test_there_is_none_but_of_what_readers_follow(settled, path):
    assert private(settled, path) is None


def test_there_is_none_before_the_first_build(sqlite_store, publication):
    newsroom = Newsroom(sqlite_store, publication(**TABLES))
    assert private(newsroom, "atom.xml") is None
    newsroom.build()
    assert feedparser.parse(private(newsroom, "atom.xml")).entries == []


def test_what_is_new_and_what_changed_are_in_it_with_the_build(newsroom):
    writer = writer_of(newsroom)
    assert private(newsroom, "tags/trams/rss.xml", writer)
    before = private(newsroom, "atom.xml", writer)
    newsroom.file("new", body="<p>Brand new.</p>")
    newsroom.file("day-5", title="Otherwise", body="<p>Corrected.</p>", tags=("trams",))
    assert private(newsroom, "atom.xml", writer) == before
    newsroom.build(at=LATER)
    now = private(newsroom, "atom.xml", writer)
    assert b"Brand new." in now
    assert b"Corrected." in now
    assert b"About day-5." not in now
    assert b"Corrected." in private(newsroom, "tags/trams/rss.xml", writer)


def test_what_was_unpublished_since_the_build_is_left_out(newsroom):
    newsroom.file("day-5", body="<p>Not for you yet.</p>", status=Status.DRAFT)
    newsroom.file("day-4", body="<p>Nor this.</p>", date=LATER + timedelta(days=9))
    mine = private(newsroom, "atom.xml")
    for words in (b"Not for you yet.", b"Nor this.", b"day-5", b"day-4"):
        assert words not in mine


def test_it_is_rendered_once_for_all_and_again_for_what_changed(newsroom):
    writer = writer_of(newsroom)
    _, first = writer.document("/atom.xml")
    assert writer.document("/atom.xml")[1] is first
    newsroom.file("new", section="Harbour")
    newsroom.build(at=LATER)
    assert writer.document("/atom.xml")[1] is not first
    assert writer.document("/atom.xml")[1].digest != first.digest


def test_the_cache_has_a_limit_and_what_exceeds_it_is_served_all_the_same(newsroom):
    _, whole = writer_of(newsroom).document("/rss.xml")
    one = writer_of(newsroom, cache_size=whole.size)
    none = writer_of(newsroom, cache_size=1)
    for file in FILES:
        assert private(newsroom, file, one) == private(newsroom, file, none)
    assert one._documents.currsize <= whole.size
    assert not none._documents


def test_it_is_the_same_for_every_process(settled):
    (_, one), (_, other) = (writer_of(settled).document("/rss.xml") for _ in range(2))
    assert (one.digest, one.render(WORD)) == (other.digest, other.render(WORD))


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.binary(max_size=100))
def test_a_template_is_gzipped_like_a_whole_document(parts, word):
    template = GzipTemplate(tuple(parts))
    packed = template.render_gzipped(word)
    assert gzip.decompress(packed) == word.join(parts) == template.render(word)
    inflater = zlib.decompressobj(31)  # as browsers do: one member, and nothing after it
    assert inflater.decompress(packed) == template.render(word)
    assert (inflater.eof, inflater.unused_data) == (True, b"")


def test_a_placeholder_costs_a_few_bytes(settled):
    _, template = writer_of(settled).document("/atom.xml")
    whole = len(gzip.compress(template.render(WORD), 6))
    assert len(template.render_gzipped(WORD)) < whole + 300


def test_a_link_by_file_follows_its_article(newsroom):
    body = '<p><a href="article:articles/tram.md">tram</a></p>'
    newsroom.file("day-5", date=NOON - timedelta(days=55), body=body)
    newsroom.build(at=LATER)
    writer = writer_of(newsroom)
    assert "<p>tram</p>" in unescape(private(newsroom, "atom.xml", writer).decode())
    newsroom.file("tram", date=NOON - timedelta(days=90))
    newsroom.build(at=LATER)
    shown = private(newsroom, "atom.xml", writer)
    assert b"https://news.example/articles/tram/" in shown

"""The feeds of the sections beside the one of everything, and where readers find them."""

import json
from datetime import timedelta

import feedparser
import pytest
from lxml import etree, html

from syndicate.render.feeds.formats import FORMATS
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON
from tests.shared_folder import SHARED, needs_shared

ATOM = {"a": "http://www.w3.org/2005/Atom"}
HOME = "https://news.example"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
NAMES = [each.file for each in FORMATS]


@pytest.fixture
def newsroom(copy_of, publication):
    return copy_of(publication(publication={"url": HOME}), fill)


def fill(made):
    """File two articles in City, one in Port, and one in no section."""
    made.file("tram", section="City", date=NOON - timedelta(days=3))
    made.file("quay", section="city", date=NOON - timedelta(days=2))
    made.file("crane", section="Port", date=NOON - timedelta(days=1))
    made.file("weather", date=NOON)
    made.build()


def ids(feed):
    return [item["id"].removeprefix("urn:test:") for item in json.loads(feed)["items"]]


def own_id(feed):
    return etree.fromstring(feed).findtext("a:id", namespaces=ATOM)


def test_each_section_has_a_feed_of_its_articles_alone(newsroom):
    made = newsroom.files()
    assert ids(made["feed.json"]) == ["weather", "crane", "quay", "tram"]
    assert ids(made["sections/city/feed.json"]) == ["quay", "tram"]
    assert ids(made["sections/port/feed.json"]) == ["crane"]


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_an_entry_says_the_same_in_every_feed(newsroom, name):
    made = newsroom.files()
    inside = feedparser.parse(made[f"sections/city/{name}"])
    everything = feedparser.parse(made[name])
    assert not inside.bozo
    assert inside.entries == everything.entries[2:]


def test_a_feed_names_itself_once_and_its_sections_page(newsroom):
    made = newsroom.files()
    rss = etree.fromstring(made["sections/city/rss.xml"])
    atom = etree.fromstring(made["sections/city/atom.xml"])
    own = json.loads(made["sections/city/feed.json"])
    place = f"{HOME}/sections/city/"
    for root in (rss, atom):
        selves = root.xpath("//a:link[@rel='self']/@href", namespaces=ATOM)
        assert selves == [place + ("rss.xml" if root is rss else "atom.xml")]
    assert (own["feed_url"], own["home_page_url"]) == (f"{place}feed.json", place)
    assert rss.findtext("channel/link") == place
    assert atom.xpath("a:link[@rel='alternate']/@href", namespaces=ATOM) == [place]
    titles = {rss.findtext("channel/title"), atom.findtext("a:title", namespaces=ATOM)}
    assert titles | {own["title"]} == {"Morning Post: city"}


def test_a_feed_keeps_its_own_id_when_the_publication_moves_and_shares_it_with_none(
    newsroom, publication, tmp_path
):
    (tmp_path / "moved").mkdir()
    moved = publication(publication={"url": "https://elsewhere.example/paper"})
    other = Newsroom(newsroom.store, moved.override(root=tmp_path / "moved"))
    other.build()
    feeds = ("atom.xml", "sections/city/atom.xml", "sections/port/atom.xml")
    before = [own_id(newsroom.files()[feed]) for feed in feeds]
    assert before == [own_id(other.files()[feed]) for feed in feeds]
    assert len(set(before)) == 3
    assert before[0] == newsroom.config.publication.id.urn
    assert all(one.startswith("urn:uuid:") for one in before)


def test_a_section_feed_holds_as_many_articles_as_any_other(sqlite_store, publication):
    newsroom = Newsroom(sqlite_store, publication(syndication={"items": 2}))
    for day in (1, 2, 3):
        newsroom.file(f"day-{day}", section="City", date=NOON - timedelta(days=9 - day))
    newsroom.file("other", date=NOON)
    newsroom.build()
    assert ids(newsroom.files()["sections/city/feed.json"]) == ["day-3", "day-2"]


def test_a_retracted_article_is_said_to_be_withdrawn_in_every_feed_it_was_in(newsroom):
    newsroom.retract("quay", at=NOON)
    newsroom.build()
    made = newsroom.files()
    for place in ("", "sections/city/"):
        assert "quay" in ids(made[f"{place}feed.json"])
        withdrawn = feedparser.parse(made[f"{place}rss.xml"]).entries
        (title,) = [e.title for e in withdrawn if e.id == "urn:test:quay"]
        assert title.startswith("[withdrawn]")
        (grave,) = etree.fromstring(made[f"{place}atom.xml"]).findall(
            f"{{{TOMBSTONES}}}deleted-entry"
        )
        assert grave.get("ref") == "urn:test:quay"
    feeds = [data for path, data in made.items() if path.rpartition("/")[2] in NAMES]
    assert not any(b"About quay" in feed for feed in feeds)


def test_a_section_that_is_empty_leaves_nothing_behind(newsroom):
    newsroom.file("crane", section="City", date=NOON - timedelta(days=1))
    newsroom.build()
    assert not (newsroom.config.output / "sections/port").exists()
    made = newsroom.files()
    assert ids(made["sections/city/feed.json"]) == ["crane", "quay", "tram"]
    assert not any(b"sections/port" in data for data in made.values())


def test_a_new_article_leaves_the_feeds_of_other_sections_alone(newsroom):
    newsroom.file("ferry", section="Port", date=NOON)
    written = newsroom.build().written
    assert "sections/port/rss.xml" in written
    assert not [path for path in written if path.startswith("sections/city/") and "xml" in path]
    assert "opml.xml" not in written


@needs_shared
def test_every_atom_feed_keeps_the_grammar_of_its_rfc(newsroom):
    assert SHARED
    grammar = etree.RelaxNG(file=str(SHARED / "schema/atom.rng"))
    feeds = [data for path, data in newsroom.files().items() if path.endswith("atom.xml")]
    assert len(feeds) == 3
    for feed in feeds:
        grammar.assertValid(etree.fromstring(feed))


def test_the_list_of_feeds_names_them_all_and_each_is_there(newsroom):
    made = newsroom.files()
    root = etree.fromstring(made["opml.xml"])
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") == root.findtext("head/ownerName") == "Morning Post"
    assert root.findtext("head/dateModified") == "Tue, 03 Mar 2026 12:00:00 GMT"
    outlines = root.findall("body/outline")
    assert {outline.get("type") for outline in outlines} == {"rss"}
    assert [outline.get("text") for outline in outlines] == [
        "Morning Post",
        "Morning Post: city",
        "Morning Post: Port",
    ]
    for outline in outlines:
        feed = feedparser.parse(made[outline.get("xmlUrl").removeprefix(f"{HOME}/")])
        assert feed.feed.title == outline.get("title") == outline.get("text")
        assert feed.feed.link == outline.get("htmlUrl")


def test_pages_offer_the_feed_of_everything_first_and_a_section_its_own(newsroom):
    def offered(path):
        page = html.fromstring(newsroom.files()[path].decode())
        return page.xpath("//link[@rel='alternate']/@href")

    everything = [f"/{name}" for name in NAMES]
    assert offered("index.html") == offered("articles/tram/index.html") == everything
    own = [f"/sections/city/{name}" for name in NAMES]
    assert offered("sections/city/index.html") == everything + own


def test_the_page_about_feeds_leads_to_every_document_there_is(newsroom):
    made = newsroom.files()
    page = html.fromstring(made["subscribe/index.html"].decode())
    led_to = {address.lstrip("/") for address in page.xpath("//main//a/@href")}
    assert led_to >= {path for path in made if path.rpartition("/")[2] in [*NAMES, "opml.xml"]}
    shown = [code.text_content() for code in page.cssselect(".address code")]
    assert shown == [f"{HOME}/rss.xml"]


def test_a_publication_without_articles_has_its_feed_and_the_page_about_it(
    sqlite_store, publication
):
    empty = Newsroom(sqlite_store, publication())
    empty.build()
    made = empty.files()
    assert len(etree.fromstring(made["opml.xml"]).findall("body/outline")) == 1
    assert b"/rss.xml" in made["subscribe/index.html"]


def test_what_the_configuration_names_can_be_followed_before_it_has_a_story_and_after(
    sqlite_store, publication
):
    sections = [{"title": "City"}, {"title": "Harbour"}]
    feeds = [{"name": "tides", "title": "Tides", "select": {"tags": ["tide"]}, "formats": ["atom"]}]
    empty = Newsroom(sqlite_store, publication(sections=sections, feeds=feeds))
    empty.file("tram", section="City", tags=("rail",))
    empty.build()
    before = followed(empty)
    assert list(before) == [
        *("/", "/feeds/tides/", "/sections/city/", "/sections/harbour/", "/tags/rail/")
    ]
    assert before["/feeds/tides/"] == ["/feeds/tides/atom.xml"]
    assert not empty.build().written
    empty.file("springs", section="Harbour", tags=("tide",))
    empty.build()
    assert followed(empty) == before | {"/tags/tide/": [f"/tags/tide/{name}" for name in NAMES]}
    empty.retract("springs")
    empty.build()
    assert followed(empty) == before


def followed(newsroom):
    """Return the feeds that /subscribe/ offers, by the page of each: it offers the same.

    Each is there, and the first of them is in the list of feeds.
    """
    made = newsroom.files()
    page = html.fromstring(made["subscribe/index.html"].decode())
    offers = {
        feed.cssselect(".name")[0].get("href"): [
            a.get("href") for a in feed.cssselect(".formats a")
        ]
        for feed in page.cssselect("li.feed")
    }
    outlines = etree.fromstring(made["opml.xml"]).findall("body/outline")
    base = newsroom.config.url
    assert [(line.get("htmlUrl"), line.get("xmlUrl")) for line in outlines] == [
        (base + home, base + feeds[0]) for home, feeds in offers.items()
    ]
    for home, feeds in offers.items():
        assert all(feed[1:] in made for feed in feeds)
        if home != "/":
            own = html.fromstring(made[f"{home[1:]}index.html"].decode())
            assert [a.get("href") for a in own.cssselect("header .formats a")] == feeds
    return offers

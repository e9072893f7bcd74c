"""What feed readers find on our pages and in our list of feeds, by the rules of each.

The rules are those of their sources and documentation: Miniflux (`subscription/finder.go`,
`icon/finder.go`, `opml.go`), NetNewsWire (`FeedFinder`, `FeedSpecifier`), FreshRSS (SimplePie's
locator, `favicons.php`, `ImportService.php`), Feedly (its namespace `webfeeds`, links in the
order of the page), Inoreader (the same links). Each is rewritten here in a few lines.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

import feedparser
import httpx
import pytest
from lxml import etree, html
from PIL import Image

from tests.publish.serving import Served, serving

pytestmark = pytest.mark.neighbours

FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
ATOM = "{http://www.w3.org/2005/Atom}"
WEBFEEDS = "{http://webfeeds.org/rss/1.0}"
PAGES = ["/", "/subscribe/", "/articles/tram/", "/sections/city/", "/latest/", "/breaking.html"]


@dataclass
class Web:
    """A publication, as a program sees it that knows one address."""

    client: httpx.Client

    def page(self, path: str) -> etree._Element:
        answer = self.client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        tree = html.document_fromstring(answer.content)
        tree.make_links_absolute(f"{answer.url}")
        return tree

    def outlines(self) -> list[etree._Element]:
        answer = self.client.get("/opml.xml")
        assert answer.headers["content-type"] == "text/x-opml; charset=utf-8"
        root = etree.fromstring(answer.content)
        assert (root.tag, root.get("version")) == ("opml", "2.0")
        return list(root.iterfind("body//outline"))


@pytest.fixture
def served(sqlite_store, publication, tmp_path) -> Iterator[Served]:
    Image.new("RGB", (512, 512), "teal").save(tmp_path / "icon.png")
    icon = {"icon": tmp_path / "icon.png"}
    with serving(sqlite_store, publication, publication=icon) as made:
        yield made


@pytest.fixture
def plain(sqlite_store, publication) -> Iterator[Served]:
    """One without pictures of its own."""
    with serving(sqlite_store, publication) as made:
        yield made


@pytest.fixture
def web(served: Served) -> Iterator[Web]:
    with web_of(served) as client:
        yield Web(client)


def web_of(served: Served) -> httpx.Client:
    """Publish three articles, and return a client."""
    served.newsroom.file("tram", section="City", tags=("harbour",))
    served.newsroom.file("quay", section="City")
    served.newsroom.file("crane", section="Port")
    served.newsroom.build()
    return httpx.Client(base_url=served.url, trust_env=False)


# which feed: each returns the one that a reader subscribes to, from what is in a page's head


def first(page: etree._Element) -> str:
    """Feedly, Inoreader, FreshRSS: the first `link rel=alternate` of a feed's type."""
    return next(found for found, _ in alternates(page))


def netnewswire(page: etree._Element) -> str:
    """The best by its score: early in the head, then "rss" or "json" in the address."""

    def score(at: int, address: str, title: str) -> int:
        points = 50 - 5 * at
        points -= 10 * sum(word in address for word in ("comments", "podcast"))
        points += 5 * ("rss" in address) + 6 * ("json" in address)
        return points - 10 * ("comments" in title.lower()) + ("json" in title.lower())

    found = list(alternates(page))
    return max(
        ((score(at, *link), link[0]) for at, link in enumerate(found)), key=lambda pair: pair[0]
    )[1]


def miniflux(page: etree._Element) -> dict[str, str]:
    """All links of a feed's type, whatever their relation; its user chooses by title."""
    links = [link for type_ in FEED_TYPES for link in page.iterfind(f".//link[@type='{type_}']")]
    links += page.findall(".//link[@type='application/json']")
    return {link.get("href", ""): link.get("title", "") for link in links}


def alternates(page: etree._Element) -> Iterator[tuple[str, str]]:
    for link in page.iterfind("head/link[@rel='alternate']"):
        if link.get("type") in FEED_TYPES:
            yield link.get("href", ""), link.get("title", "")


@pytest.mark.parametrize("choose", [first, netnewswire])
@pytest.mark.parametrize("path", PAGES)
def test_on_every_page_a_reader_comes_upon_the_feed_of_everything(
    web: Web, path: str, choose: Callable[[etree._Element], str]
):
    assert choose(web.page(path)) == urljoin(f"{web.client.base_url}", "/rss.xml")


@pytest.mark.parametrize("path", PAGES)
def test_who_has_to_choose_a_feed_is_offered_each_once_under_a_name_of_its_own(web: Web, path: str):
    offered = miniflux(web.page(path))
    assert set(offered) >= {
        urljoin(f"{web.client.base_url}", name) for name in ("rss.xml", "atom.xml")
    }
    assert len(set(offered.values())) == len(offered)
    assert all(offered.values())
    for address in offered:
        feed = web.client.get(address)
        assert feed.headers["content-type"].partition(";")[0] in FEED_TYPES


def test_the_page_of_a_section_offers_its_own_feed_too(web: Web):
    offered = miniflux(web.page("/sections/city/"))
    own = urljoin(f"{web.client.base_url}", "/sections/city/rss.xml")
    assert offered[own] == "Morning Post: City (RSS)"


def test_the_canonical_address_of_a_page_is_on_the_host_that_readers_were_given(web: Web):
    """Miniflux looks for feeds from there on."""
    for path in PAGES:
        (canonical,) = web.page(path).iterfind("head/link[@rel='canonical']")
        assert canonical.get("href", "").startswith(f"{web.client.base_url}")


def test_addresses_that_readers_guess_are_feeds_or_lead_to_one(web: Web):
    guessed = ["/feed", "/feed/", "/index.xml", "/rss.xml", "/atom.xml", "/feed.json", "/rss"]
    for path in guessed:
        found = web.client.get(path, follow_redirects=True)
        assert found.headers["content-type"].partition(";")[0] in FEED_TYPES, path
        assert len(found.history) <= 1
    # Miniflux, which follows none, offers each of these that is there as a feed
    for path in (
        "feed.atom",
        "feed.xml",
        "feed/",
        "index.rss",
        "index.xml",
        "rss/",
        "rss/feed.xml",
    ):
        assert web.client.get(f"/{path}").status_code in {301, 404}


# the list of feeds


def test_a_list_is_imported_whole_with_names_and_pages_by_every_reader(web: Web):
    outlines = web.outlines()
    assert len(outlines) >= 3
    for named in ("title", "text"):  # Miniflux and NetNewsWire; FreshRSS takes `text` alone
        names = [outline.get(named, "") for outline in outlines]
        assert all(names)
        assert len(set(names)) == len(names)
    for outline in outlines:
        assert outline.get("type") == "rss"  # else FreshRSS, Feedly and Inoreader skip or guess
        feed = feedparser.parse(web.client.get(outline.get("xmlUrl", "")).content)
        assert not feed.bozo
        assert feed.feed.title == outline.get("title")
        assert feed.feed.link == outline.get("htmlUrl")
        assert web.page(outline.get("htmlUrl", "")) is not None
        assert not outline.findall("outline")


def test_the_page_that_tells_how_to_follow_names_every_feed_of_the_list(web: Web):
    linked = {link.get("href") for link in web.page("/subscribe/").iterfind(".//main//a")}
    assert {outline.get("xmlUrl") for outline in web.outlines()} <= linked
    assert f"{web.client.base_url}/opml.xml" in linked


# which picture


def icons_of(web: Web) -> dict[str, str]:
    """The address of the picture that each reader shows beside a feed, "" for none."""
    home = web.page("/")
    head = {link.get("rel", ""): link.get("href", "") for link in home.iterfind("head/link")}
    rss = etree.fromstring(web.client.get("/rss.xml").content)[0]
    atom = etree.fromstring(web.client.get("/atom.xml").content)
    feed_json = json.loads(web.client.get("/feed.json").content)
    of_atom = atom.findtext(f"{ATOM}icon") or atom.findtext(f"{ATOM}logo")
    in_head = head.get("icon", "")
    return {
        "Feedly": rss.findtext(f"{WEBFEEDS}icon") or in_head,
        "FreshRSS": in_head,
        "Miniflux, Atom": of_atom or in_head,
        "Miniflux, RSS": rss.findtext("image/url") or in_head,
        "NetNewsWire": feed_json.get("icon") or head.get("apple-touch-icon") or in_head,
        "NetNewsWire, page": head.get("apple-touch-icon") or in_head,
    }


def test_every_reader_shows_the_icon_of_the_publication(web: Web):
    icons = icons_of(web)
    assert set(icons.values()) == {f"{web.client.base_url}/assets/icon.png"}
    assert web.client.get("/assets/icon.png").headers["content-type"] == "image/png"
    assert web.page("/").find("head/link[@rel='apple-touch-icon']") is not None
    rss = etree.fromstring(web.client.get("/rss.xml").content)[0]
    assert rss.findtext(f"{WEBFEEDS}accentColor") == "0B5C8A"


def test_without_an_icon_they_show_the_one_that_we_draw(plain: Served):
    with web_of(plain) as client:
        icons = set(icons_of(Web(client)).values())
        assert icons == {
            f"{client.base_url}/favicon.ico",
            f"{client.base_url}/apple-touch-icon.png",
        }
        kinds = {client.get(icon).headers["content-type"] for icon in icons}
        assert kinds == {"image/x-icon", "image/png"}
        assert b"webfeeds:" not in client.get("/rss.xml").content.partition(b"<item>")[0]


# when they come back


def test_miniflux_and_freshrss_come_back_when_we_say_and_keep_their_validators(web: Web):
    answer = web.client.get("/rss.xml")
    directives = answer.headers["cache-control"].replace(" ", "").split(",")
    (freshness,) = (int(item[8:]) for item in directives if item.startswith("max-age="))
    ttl = etree.fromstring(answer.content).findtext("channel/ttl")
    assert freshness == 60 * int(ttl or 0)  # Miniflux waits for the longer, FreshRSS for the first
    assert "no-store" not in directives
    assert "expires" not in answer.headers  # Miniflux takes "0" to mean: keep no validators
    assert answer.headers["etag"]


def test_the_404_page_is_the_one_that_was_built_until_it_is_built_anew(web: Web, served: Served):
    def lost(path: str = "/nothing") -> httpx.Response:
        answer = web.client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-cache")
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        return answer

    assert lost().text == lost("/newsletters/nothing/").text == web.client.get("/404.html").text
    served.newsroom.file("pier")
    served.newsroom.build()
    assert "/articles/pier/" in lost().text

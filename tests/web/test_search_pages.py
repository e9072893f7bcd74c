"""The page that readers search on."""

import json
from datetime import timedelta
from itertools import chain

import pytest
from lxml import etree, html

from syndicate import clock
from syndicate.publish.records.search_index import SEARCH_NAME
from syndicate.web.app import application
from syndicate.web.search_pages import PAGE_SIZE, _page_numbers
from tests.publish.newsroom import Newsroom
from tests.web.asgi_client import Client

URL = "https://news.example"


class SearchedSite:
    """A newsroom and a client of its site."""

    def __init__(self, store, config):
        self.newsroom = Newsroom(store, config)
        self.now = clock.now()
        self.client = Client(application(store, config))

    def file(self, slug, **values):
        self.newsroom.file(slug, **{"date": self.now - timedelta(hours=1)} | values)

    def build(self):
        self.newsroom.build(at=self.now)

    def search(self, query, **more):
        return self.client.get("/search", params={"q": query, **more})

    def headlines(self, query, **more):
        page = html.document_fromstring(self.search(query, **more).text)
        return [title.text_content() for title in page.xpath("//main//h2")]


@pytest.fixture
def site(sqlite_store, publication):
    """A factory of searched sites; tables are given as in config.toml."""

    def open_(**tables):
        return SearchedSite(sqlite_store, publication(**{"publication": {"url": URL}} | tables))

    return open_


def test_results_have_headline_excerpt_section_and_date(site):
    site = site(publication={"url": f"{URL}/post", "timezone": "UTC"})
    site.file("tram", title="A <tram>", section="City", body="<p>To the harbour &amp; on.</p>")
    site.build()
    page = site.search("tram harb")
    assert page.status_code == 200
    assert f'<a href="{URL}/post/articles/tram/">A &lt;<mark>tram</mark>&gt;</a>' in page.text
    assert "To the <mark>harbour</mark> &amp; on." in page.text
    assert f'href="{URL}/post/sections/city/"' in page.text
    assert f'<time datetime="{(site.now - timedelta(hours=1)).isoformat()[:13]}' in page.text
    assert "1 story" in page.text
    assert f'action="{URL}/post/search"' in page.text


def test_a_query_is_shown_as_text(site):
    site = site()
    site.build()
    page = site.search('"><script>alert(1)</script>')
    assert "<script" not in page.text
    assert "&#34;&gt;&lt;script&gt;" in page.text


def test_an_empty_query_gets_a_form(site):
    site = site()
    site.file("tram")
    site.build()
    for path in ("/search", "/search?q=", "/search?q=%20"):
        page = html.document_fromstring(site.client.get(path).text)
        assert page.xpath("//form//input[@name='q']/@value") == [""]
        assert not page.xpath("//ol")


def test_without_a_match_the_newest_stories_are_shown(site):
    site = site()
    for number in range(7):
        site.file(f"tram-{number}", date=site.now - timedelta(hours=number + 1))
    site.build()
    page = site.search("-tram")
    assert "No story matches “-tram”." in page.text
    assert "<p>Try fewer or different words.</p>" in page.text
    narrowed = site.client.get("/search?q=zebra&time=day").text
    assert "<p>Try fewer or different words, and choose all sections and any time.</p>" in narrowed
    assert site.headlines("zebra") == [f"Tram-{number}" for number in range(5)]


def test_results_come_page_by_page(site):
    site = site()
    for number in range(2 * PAGE_SIZE + 5):
        site.file(f"tram-{number}", date=site.now - timedelta(hours=number + 1))
    site.build()
    address, seen = "?q=tram&order=date", list[list[str]]()
    while address:
        page = html.document_fromstring(site.client.get(f"/search{address}").text)
        seen.append([title.text_content() for title in page.xpath("//main//h2")])
        address = "".join(page.xpath("//a[@rel='next']/@href"))
    assert [len(titles) for titles in seen] == [PAGE_SIZE, PAGE_SIZE, 5]
    assert [*chain.from_iterable(seen)] == [f"Tram-{number}" for number in range(2 * PAGE_SIZE + 5)]
    assert page.xpath("//nav/span[@aria-current='page']/text()") == ["3"]
    assert page.xpath("//a[@rel='prev']/@href") == ["?q=tram&order=date&page=2"]
    for odd in ("9", "0", "-1", "²", "x", "9" * 5000):
        assert site.search("tram", page=odd).status_code == 200


def test_the_first_page_and_those_near_the_present_one_are_linked():
    assert _page_numbers(1, 1) == []
    assert _page_numbers(1, 9) == [1, 2, 3]
    assert _page_numbers(6, 9) == [1, 4, 5, 6, 7, 8]


def test_a_section_and_a_time_can_be_chosen(site):
    site = site()
    site.file("old-tram", section="City", date=site.now - timedelta(days=20))
    site.file("new-tram", section="Islands")
    site.build()
    assert site.headlines("tram", section="city") == ["Old-Tram"]
    assert site.headlines("tram", time="week") == ["New-Tram"]
    assert len(site.headlines("tram", section="moon", time="eternity")) == 2
    page = html.document_fromstring(site.search("tram", section="city").text)
    assert page.xpath("//select[@name='section']/option/@value") == ["", "city", "islands"]
    assert page.xpath("//option[@selected]/@value") == ["city"]


def test_what_is_hidden_since_the_build_is_not_shown(site):
    site = site()
    for slug in ("tram", "ferry"):
        site.file(slug)
    site.build()
    site.newsroom.retract("tram")
    assert site.headlines("about") == ["Ferry"]


def test_a_page_is_cached_only_as_long_as_it_is_current_and_not_listed_by_engines(site):
    site = site()
    site.file("tram")
    site.build()
    page = site.search("tram")
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["x-robots-tag"] == "noindex"
    assert page.headers["referrer-policy"] == "no-referrer"
    again = site.client.get(
        "/search", params={"q": "tram"}, headers={"If-None-Match": page.headers["etag"]}
    )
    assert (again.status_code, again.text) == (304, "")
    assert site.client.head("/search", params={"q": "tram"}).text == ""


@pytest.mark.parametrize("query", ['"', "*", "NEAR(", "a" * 10_000, "\0", "- -", "%", "\ud83d"])
def test_no_query_is_an_error(site, query):
    site = site()
    site.file("tram")
    site.build()
    assert site.search(query.encode("utf-8", "surrogatepass")).status_code == 200


def test_before_the_first_build_the_page_asks_for_patience(site):
    site = site()
    assert site.search("tram").status_code == 503
    assert site.client.get("/search").status_code == 200


def test_a_search_that_takes_too_long_is_given_up(site, monkeypatch):
    site = site()
    for number in range(30):
        site.file(f"tram-{number}")
    site.build()
    monkeypatch.setattr("syndicate.publish.records.search_index._TIMEOUT", -1.0)
    monkeypatch.setattr("syndicate.publish.records.search_index._STEPS", 1)
    assert site.search("tram").status_code == 503


def test_who_searches_too_often_has_to_wait(site, monkeypatch):
    monkeypatch.setattr("syndicate.web.search_pages._BURST", 2)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)  # no time passes between two questions
    site = site()
    site.file("tram")
    site.build()
    pages = [site.search("tram") for _ in range(4)]
    assert [page.status_code for page in pages] == [200, 200, 429, 429]
    assert 1 <= int(pages[-1].headers["retry-after"]) <= 2
    assert pages[-1].headers["cache-control"] == "no-store"
    assert "You’ve searched a lot in a short time." in pages[-1].text
    assert site.client.get("/search").status_code == 200


def test_no_log_and_no_figure_has_the_query(site, tmp_path):
    log_file = tmp_path / "access.log"
    site = site(web={"access_log": str(log_file), "monitors": ["127.0.0.1/32"]})
    site.file("tram")
    site.build()
    site.search("secretillness")
    figures = site.client.get("/metrics").text
    assert 'kind="search"' in figures
    site.client._app.close()
    log = log_file.read_text()
    assert '"path":"/search"' in log
    assert '"kind":"search"' in log
    assert "secretillness" not in log + figures


def test_the_index_is_never_served(site):
    site = site()
    site.file("tram")
    site.build()
    assert site.client.get(f"/{SEARCH_NAME}").status_code == 404


def test_a_publication_may_have_no_search(site):
    site = site(web={"search": False})
    site.file("tram")
    site.build()
    assert site.search("tram").status_code == 404
    assert site.client.get("/opensearch.xml").status_code == 404


def test_browsers_and_engines_find_the_search(site):
    site = site(web={"url": "https://letters.example"})
    site.file("tram")
    site.build()
    home = site.client.get("/")
    page = html.document_fromstring(home.text)
    (address,) = page.xpath("//link[@rel='search']/@href")
    (data,) = page.xpath("//script[@type='application/ld+json']/text()")
    action = json.loads(data)["potentialAction"]
    template = "https://letters.example/search?q={search_term_string}"
    assert action["target"]["urlTemplate"] == template
    assert "form-action 'self' https://letters.example;" in home.headers["content-security-policy"]
    answer = site.client.get(address)
    assert answer.headers["content-type"] == "application/opensearchdescription+xml"
    names = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
    document = etree.fromstring(answer.content)
    assert document.xpath("string(o:ShortName)", namespaces=names) == "Morning Post"
    assert document.xpath("string(o:Url/@template)", namespaces=names) == (
        "https://letters.example/search?q={searchTerms}"
    )

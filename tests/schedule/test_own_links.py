"""Links of our own: to articles, files, pages that are made on request, and nowhere."""

from datetime import timedelta

import pytest

from syndicate.schedule.own_links import TOKEN_PAGES, OwnLinks
from syndicate.web.app import application
from tests.schedule.conftest import BREAKING, NOW, ScheduleHarness

URL, WEB = "https://post.example/news", "https://letters.post.example"
NEWSLETTERS = [{"name": "breaking"}, {"name": "closed", "archive": False}]


@pytest.fixture
def make(sqlite_store, publication):
    def build(**tables):
        settings = {"publication": {"url": URL}, "web": {"url": WEB}}
        values = {"schedules": [BREAKING], "newsletters": NEWSLETTERS, **settings, **tables}
        return ScheduleHarness(sqlite_store, publication(**values))

    return build


def dead(harness, *paths, base=URL):
    """Return the paths that lead nowhere."""
    links = {f"{base}{path}": path for path in paths}
    found = OwnLinks(harness.store, harness.config).find_dead(links, NOW)
    return [links[link] for link in found]


@pytest.mark.sql
def test_a_link_leads_to_an_article_while_readers_may_see_it(store, publication):
    harness = ScheduleHarness(store, publication(publication={"url": URL}))
    harness.file("ferry", old_addresses=("/2019/05/ferry/",))
    tram = harness.file("tram")
    harness.file("later", date=NOW + timedelta(days=1))
    harness.services.publish(NOW)
    with harness.store.write() as tx:
        tx.articles.retract(tram, NOW)
    harness.services.publish(NOW)
    assert dead(
        harness,
        *("/articles/ferry/", "/articles/ferry", "/articles/ferry/?utm_source=x#end"),
        *("/2019/05/ferry/", "/2019/05/ferry", "/articles/ferry/amp/"),
        *("/articles/tram/", "/articles/later/", "/articles/never/", "/2019/05/tram/", "/%00"),
    ) == ["/articles/tram/", "/articles/later/", "/articles/never/", "/2019/05/tram/", "/%00"]


def test_a_link_leads_to_a_file_or_to_what_the_server_redirects_to(make):
    harness = make()
    harness.file("ferry", section="City")
    harness.services.publish(NOW)
    assert dead(
        harness,
        *("", "/", "/rss.xml", "/feed", "/sections/city/", "/sections/city", "/sections/city/feed"),
        *(
            "/latest/../rss.xml",
            "/rss.xml/",
            "/nothing.xml",
            "/sections/sea/",
            "/sections/sea/feed",
        ),
        *("/../../etc/passwd", "/" + "x" * 300, "/%00", "/favicon.ico"),
    ) == [
        *("/rss.xml/", "/nothing.xml", "/sections/sea/", "/sections/sea/feed"),
        *("/../../etc/passwd", "/" + "x" * 300, "/%00"),
    ]


def test_a_link_leads_to_a_page_that_is_made_on_request(make):
    harness = make()
    harness.subscribe("ada@example.org")
    harness.file("ferry")
    harness.tick()
    assert dead(
        harness,
        *("/signup", "/newsletters/", "/newsletters/breaking/", "/newsletters/breaking/1/"),
        *("/newsletters/breaking/feed.xml", "/unsubscribe/abc", "/signup/"),
        *("/newsletters/closed/", "/newsletters/none/", "/newsletters/breaking/2/"),
        base=WEB,
    ) == ["/signup/", "/newsletters/closed/", "/newsletters/none/", "/newsletters/breaking/2/"]
    large = [f"/newsletters/breaking/{'9' * digits}/" for digits in (19, 5000)]
    assert dead(harness, *large, base=WEB) == large
    assert dead(make(signup={"enabled": False}), "/signup") == ["/signup"]


def test_links_to_others_are_not_ours(make):
    links = [
        "https://post.example/elsewhere/", "https://post.example/newsroom", "https://other.example/",
        "https://post.example:8443/news/x", "mailto:a@post.example", "tel:1", "#x", "",
        "http://[half", "ftp://post.example/news/x", "https://a.letters.post.example/x",
    ]  # fmt: skip
    harness = make()
    assert OwnLinks(harness.store, harness.config).find_dead(links, NOW) == []
    mine = ["http://post.example/news/x", "HTTPS://POST.example:443/news/x"]
    assert OwnLinks(harness.store, harness.config).find_dead(mine, NOW) == mine


def test_what_something_else_serves_is_left_to_it(make):
    harness = make(preflight={"elsewhere": ["/shop/", "/imprint"]})
    paths = ["/shop/tea", "/imprint", "/imprint/", "/shopping"]
    assert dead(harness, *paths) == ["/shopping"]


def test_the_pages_that_are_made_on_request_are_those_of_the_web_server(make):
    app = application(make().store, make(websub={"own": True}).config)
    assert app._prefixes <= TOKEN_PAGES | {"newsletters", "search", "signup"}

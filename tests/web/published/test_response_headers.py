"""What the server says of published files beside their bytes: the table of docs/serving.md."""

from pathlib import Path

import httpx
import pytest

from syndicate.config import Config
from syndicate.render.feeds import rss
from syndicate.render.feeds.entries import build_entry
from tests.render.feeds.samples import a_channel, an_article
from tests.web.published.published_folder import PUBLICATION, RSS, put, served

pytestmark = pytest.mark.neighbours

CONFIG = Config.model_validate({"publication": PUBLICATION, "root": Path()})


# links


@pytest.mark.parametrize("path", ["rss.xml", "atom.xml", "feed.json", "sections/city/rss.xml"])
def test_a_feed_names_itself_once_and_each_hub(client, path):
    (told,) = client.get(f"/{path}").headers.get_list("link")
    assert told.split(", ") == [
        f'<https://news.example/{path}>; rel="self"',
        '<https://hub.example/>; rel="hub"',
        '<https://other.example/hub>; rel="hub"',
    ]


def test_an_archive_names_itself_and_no_hub(client, feeds):
    put(feeds, "archive/1/rss.xml", RSS)
    told = client.get("/archive/1/rss.xml").headers["link"]
    assert told == '<https://news.example/archive/1/rss.xml>; rel="self"'


def test_what_is_no_feed_links_to_nothing(client):
    for path in ("/", "/opml.xml", "/page.css"):
        assert "link" not in client.get(path).headers


def test_a_304_repeats_the_links(client):
    tag = client.get("/rss.xml").headers["etag"]
    again = client.get("/rss.xml", headers={"if-none-match": tag})
    assert 'rel="self"' in again.headers["link"]


# freshness


def test_feeds_are_kept_as_long_as_the_config_says_and_longer_while_we_are_down(feeds):
    with served(feeds, syndication={"poll_every": "15m"}) as client:
        told = client.get("/rss.xml").headers["cache-control"]
        assert told == "public, max-age=900, stale-while-revalidate=900, stale-if-error=86400"


def test_a_full_archive_is_immutable_and_an_open_one_is_polled(client, feeds):
    put(feeds, "archive/1/rss.xml", RSS, settled=True)
    put(feeds, "archive/2/rss.xml", RSS)
    assert "immutable" in client.get("/archive/1/rss.xml").headers["cache-control"]
    assert "max-age=300" in client.get("/archive/2/rss.xml").headers["cache-control"]


# pages


def test_pages_say_what_browsers_keep_to(client):
    headers = client.get("/articles/dam/").headers
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "script-src 'self'" in headers["content-security-policy"]
    for name in ("referrer-policy", "permissions-policy", "content-security-policy"):
        assert name not in client.get("/rss.xml").headers


def test_sources_of_advertisements_are_in_the_policy(feeds):
    with served(feeds, ads={"csp_sources": ["https://ads.example"]}) as client:
        assert "https://ads.example" in client.get("/").headers["content-security-policy"]


# methods


def test_a_reader_in_a_browser_may_ask_before_it_asks(client):
    ask = {
        "origin": "https://reader.example",
        "access-control-request-method": "GET",
        "access-control-request-headers": "if-none-match",
    }
    answer = client.options("/rss.xml", headers=ask)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "If-None-Match" in answer.headers["access-control-allow-headers"]
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "ETag" in client.get("/rss.xml").headers["access-control-expose-headers"]


# codings


def test_brotli_has_a_tag_of_its_own_and_the_same_bytes(client):
    plain = client.get("/rss.xml", headers={"accept-encoding": "identity"})
    answer = client.get("/rss.xml", headers={"accept-encoding": "gzip, br"})
    assert answer.headers["content-encoding"] == "br"
    assert answer.headers["etag"] == plain.headers["etag"][:-1] + '-br"'
    assert answer.content == plain.content


def test_who_takes_no_coding_at_all_is_told_so(client):
    answer = client.get("/rss.xml", headers={"accept-encoding": "*;q=0"})
    assert answer.status_code == 406
    assert answer.headers["vary"] == "Accept-Encoding"


# conditions


def test_who_goes_on_from_another_version_is_told_so(client):
    tag = client.get("/media/dam.jpg").headers["etag"]
    for condition, status in ((tag, 200), ("*", 200), ('"other"', 412), (f"W/{tag}", 412)):
        assert client.get("/media/dam.jpg", headers={"if-match": condition}).status_code == status
    before = {"if-unmodified-since": "Thu, 01 Jan 2026 00:00:00 GMT"}
    assert client.get("/media/dam.jpg", headers=before).status_code == 412
    modified = client.get("/media/dam.jpg").headers["last-modified"]
    same = {"if-unmodified-since": modified}
    assert client.get("/media/dam.jpg", headers=same).status_code == 200


# addresses


@pytest.mark.parametrize(
    ("guess", "feed"),
    [
        ("/feed", "/rss.xml"),
        ("/feed/", "/rss.xml"),
        ("/rss", "/rss.xml"),
        ("/index.xml", "/rss.xml"),
        ("/atom", "/atom.xml"),
        ("/feed.atom", "/atom.xml"),
        ("/sections/city/feed/", "/sections/city/rss.xml"),
        ("/feed?utm=x", "/rss.xml?utm=x"),
    ],
)
def test_addresses_of_feeds_that_people_guess_lead_to_them(client, guess, feed):
    answer = client.get(guess)
    assert (answer.status_code, answer.headers["location"]) == (301, feed)


@pytest.mark.parametrize(
    ("path", "at"), [("/news", "/news"), ("/news/", "/news"), ("/zeitung/ü", "/zeitung/%C3%BC")]
)
def test_under_a_path_every_way_leads_to_it(feeds, path, at):
    public = PUBLICATION | {"url": f"https://news.example{path}", "icon": "icon.png"}
    with served(feeds, publication=public) as client:
        for asked, there in (
            ("/articles/dam", "/articles/dam/"),
            ("/articles/old/?a=b", "/articles/dam/?a=b"),
            ("/feed", "/rss.xml"),
            ("/sections/city/feed/", "/sections/city/rss.xml"),
            ("/apple-touch-icon-precomposed.png", "/apple-touch-icon.png"),
        ):
            answer = client.get(asked)
            assert (answer.status_code, answer.headers["location"]) == (301, at + there)
        assert client.get("/rss.xml").headers["link"].startswith(f"<https://news.example{at}/rss")


def test_browsers_elsewhere_may_follow_a_guess_and_read_a_refusal(client):
    def is_told(path: str, **headers: str) -> bool:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = client.get(path, headers=names)
        assert answer.status_code in {301, 406, 412, 416}
        return ("access-control-allow-origin", "*") in answer.headers.items()

    for guess in ("/feed", "/rss", "/atom?x=y", "/sections/city/feed.xml"):
        assert is_told(guess), guess
    assert not is_told("/articles/dam")
    for asked in (
        {"if_match": '"other"'},
        {"accept_encoding": "*;q=0"},
        {"range": "bytes=99999999-"},
    ):
        assert is_told("/rss.xml", **asked), asked
        assert not is_told("/media/dam.jpg", **asked), asked


def test_a_guess_is_the_format_that_the_client_accepts_and_the_feed_itself_has_one(client):
    for accept, feed in (
        ("application/atom+xml", "/atom.xml"),
        ("application/feed+json, */*;q=0.1", "/feed.json"),
        ("text/html", "/rss.xml"),
    ):
        answer = client.get("/feed", headers={"accept": accept})
        assert (answer.headers["location"], answer.headers["vary"]) == (feed, "Accept")
        assert (
            client.get("/rss.xml", headers={"accept": accept})
            .headers["content-type"]
            .startswith("application/rss+xml")
        )


def test_a_guess_where_no_feed_is_leads_nowhere(client):
    assert client.get("/articles/dam/feed/").status_code == 404
    assert client.get("/favicon.ico").status_code == 404


def test_a_compressed_twin_is_no_address_of_its_own(client, feeds):
    put(feeds, "rss.xml.gz", b"twin")
    put(feeds, "media/notes.tar.gz", b"somebody's own")
    assert client.get("/rss.xml.gz").status_code == 404
    assert client.get("/media/notes.tar.gz").status_code == 200


# what a reader lacks


def feed(*stories: str) -> bytes:
    """Write a feed of stories, each named by the number that it begins with."""
    entries = [
        build_entry(CONFIG, an_article(id=f"urn:x:{story[0]}", slug=f"s{story[0]}", title=story))
        for story in stories
    ]
    return rss.write_document(a_channel(CONFIG, entries), map(rss.write_entry, entries))


def test_a_reader_that_accepts_it_gets_what_it_lacks_and_no_more(client, feeds):
    put(feeds, "rss.xml", feed("1 dam", "2 tram"))
    first = client.get("/rss.xml", headers={"accept-encoding": "gzip"})
    put(feeds, "rss.xml", feed("3 ferry", "1 dam", "2 tram"))
    put(feeds, "rss.xml", feed("4 fish", "3 ferry", "1 dam is dry", "2 tram"))
    ask = {"a-im": "feed", "if-none-match": first.headers["etag"]}
    answer = client.get("/rss.xml", headers=ask)
    assert answer.status_code == 226
    assert answer.headers["im"] == "feed"
    assert answer.headers["cache-control"] == "no-store, im"
    assert answer.headers["vary"] == "Accept-Encoding, A-IM, If-None-Match"
    assert "2 tram" not in answer.text
    assert all(story in answer.text for story in ("4 fish", "3 ferry", "1 dam is dry"))
    now = client.get("/rss.xml", headers={"accept-encoding": answer.headers["content-encoding"]})
    assert answer.headers["etag"] == now.headers["etag"]
    again = {"a-im": "feed", "if-none-match": answer.headers["etag"]}
    assert client.get("/rss.xml", headers=again).status_code == 304


@pytest.mark.parametrize("wish", ["vcdiff, feed", "feed;q=0.5", "FEED"])
def test_the_wish_may_stand_among_others(client, feeds, wish):
    assert _after_a_change(client, feeds, {"a-im": wish}).status_code == 226


@pytest.mark.parametrize("wish", ["vcdiff", "feed;q=0", "feeds", ""])
def test_who_does_not_accept_it_gets_all(client, feeds, wish):
    answer = _after_a_change(client, feeds, {"a-im": wish})
    assert answer.status_code == 200
    assert "vary" in answer.headers
    assert "A-IM" not in answer.headers["vary"]


def test_a_program_that_asks_by_way_of_feedparser_and_takes_226_for_an_error_gets_all(
    client, feeds
):
    agent = {
        "a-im": "feed",
        "user-agent": "rss2email/3.14 (https://github.com/rss2email/rss2email)",
    }
    assert _after_a_change(client, feeds, agent).status_code == 200


def test_a_tag_that_nobody_knows_gets_all(client, feeds):
    answer = _after_a_change(client, feeds, {"a-im": "feed", "if-none-match": '"unknown"'})
    assert answer.status_code == 200


def _after_a_change(client: httpx.Client, feeds, headers: dict[str, str]) -> httpx.Response:
    put(feeds, "rss.xml", feed("1 dam", "2 tram"))
    tag = client.get("/rss.xml").headers["etag"]
    put(feeds, "rss.xml", feed("3 ferry", "1 dam", "2 tram"))
    return client.get("/rss.xml", headers={"if-none-match": tag} | headers)

"""The archive of newsletters: lists, editions and feeds for everybody."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree, html

from syndicate.errors import StoreLocked
from syndicate.model.articles import Figure, Revision
from syndicate.model.editions import Draft, EditionKind, Item
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.editions.archive import PAGE_SIZE, ArchiveListPage
from tests.causes import by_test
from tests.render.mail.samples import digest, stories
from tests.sample_articles import add_article
from tests.sample_editions import PLACES, content, freeze, subscribe
from tests.shared_folder import SHARED, needs_shared
from tests.web.asgi_client import Client

AT = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
NEWSLETTERS = [
    {"name": "breaking", "title": "Breaking <news>", "description": "What can't wait."},
    {"name": "briefing", "language": "de"},
    {"name": "board", "archive": False},
]
BASE = "http://127.0.0.1:8000/newsletters/"


@pytest.fixture
def archive(sqlite_store, publication):
    """A factory of clients of a publication's archive; tables as in config.toml."""

    def make(**tables):
        given = {"newsletters": NEWSLETTERS, "publication": {"timezone": "Europe/Berlin"}}
        return Client(application(sqlite_store, publication(**given | tables)))

    return make


def hrefs(answer):
    return html.document_fromstring(answer.text).xpath("//main//a/@href")


def test_where_nobody_can_sign_up_there_is_no_link_to_it(archive):
    client = archive(signup={"enabled": False})
    assert "signup" not in client.get("/newsletters/breaking/").text


def test_without_a_newsletter_for_the_public_there_is_no_shelf(archive):
    client = archive(newsletters=[{"name": "board", "archive": False, "offered": False}])
    assert client.get("/newsletters/").status_code == 404


def test_a_newsletter_lists_its_editions_in_the_publications_zone(archive, sqlite_store):
    freeze(sqlite_store, at=AT)
    freeze(sqlite_store, at=AT + timedelta(days=1), newsletter="briefing")
    page = archive().get("/newsletters/breaking/")
    assert "November 25, 2026" in page.text  # it is past midnight in Berlin
    assert hrefs(page)[-1] == "1/"
    assert f'<link rel="canonical" href="{BASE}breaking/">' in page.text
    assert "noindex" not in page.text
    assert "x-robots-tag" not in page.headers
    feed = '<link rel="alternate" type="application/atom+xml" title="Breaking &lt;news&gt;" href="feed.xml">'
    assert feed in page.text


def test_a_newsletter_speaks_its_language(archive, sqlite_store):
    freeze(sqlite_store, at=AT, newsletter="briefing")
    schedule = {"name": "morning", "newsletter": "briefing", "cron": "0 7 * * mon-fri"}
    page = archive(schedules=[schedule]).get("/newsletters/briefing/").text
    assert "25. November 2026" in page
    assert "werktags um 07:00 Uhr" in page


@pytest.mark.parametrize("total", [0, 1, 29, 30, 31, 59, 60, 61, 89, 90, 91, 300])
def test_every_edition_is_on_one_page_and_full_pages_never_change(total):
    front = ArchiveListPage.of(None, total)
    assert front
    pages = [front]
    while pages[-1].older is not None:
        pages += filter(None, [ArchiveListPage.of(pages[-1].older, total)])
    seen = [position for sheet in reversed(pages) for position in range(sheet.start, sheet.stop)]
    assert seen == list(range(total))
    assert front.stop - front.start < 2 * PAGE_SIZE
    for number, sheet in enumerate(reversed(pages[1:]), 1):
        assert sheet.stop - sheet.start == PAGE_SIZE
        later = ArchiveListPage.of(number, total + 1000)
        assert later
        assert (later.number, later.start, later.stop) == (number, sheet.start, sheet.stop)
    assert ArchiveListPage.of(len(pages), total) is None


def test_the_pages_of_a_list_lead_to_each_other(archive, sqlite_store):
    for number in range(95):
        freeze(sqlite_store, at=AT + timedelta(hours=number), links=())
    client = archive()
    addresses = [urljoin(BASE, "breaking/")]
    listed: list[list[int]] = []
    while len(addresses) > len(listed):
        page = html.document_fromstring(client.get(addresses[-1]).text)
        found = (urljoin(addresses[-1], href) for href in page.xpath("//ol/li/a/@href"))
        listed.append([int(href.removeprefix(f"{BASE}breaking/").rstrip("/")) for href in found])
        older = page.xpath("//main//a[@rel='next']/@href")
        addresses += [urljoin(addresses[-1], href) for href in older]
    assert addresses == [f"{BASE}breaking/", f"{BASE}breaking/page/2/", f"{BASE}breaking/page/1/"]
    assert listed == [list(range(95, 60, -1)), list(range(60, 30, -1)), list(range(30, 0, -1))]
    newer = page.xpath("//main//a[@rel='prev']/@href")
    assert urljoin(addresses[-1], *newer) == addresses[1]
    assert client.get("/newsletters/breaking/page/3/").status_code == 404


def test_an_edition_is_shown_without_its_reader(archive, sqlite_store):
    subscribe(sqlite_store, at=AT)
    for day in range(3):
        freeze(sqlite_store, at=AT + timedelta(days=day))
    page = archive(newsletters=[{"name": "breaking", "tracking": "readers"}]).get(
        "/newsletters/breaking/2/"
    )
    assert "anna@" not in page.text
    assert "Dear" not in page.text
    assert "SLOT" not in page.text
    assert "/c/" not in page.text
    assert hrefs(page) == [*PLACES, f"{BASE[:-12]}signup?newsletter=breaking"]
    assert f'<link rel="canonical" href="{BASE}breaking/2/">' in page.text
    bar = html.document_fromstring(page.text).xpath("//nav[@class='edition-bar']//a/@href")
    signup = f"{BASE[:-12]}signup?newsletter=breaking"
    assert bar == [f"{BASE}breaking/", "../", "../1/", "../3/", signup]
    assert "x-robots-tag" not in page.headers
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_an_edition_is_named_by_subject_and_date_in_the_frame_of_all_pages(archive, sqlite_store):
    image = Figure(src="media/dam.jpg", width=1600, height=900, type="image/jpeg")
    with sqlite_store.write() as tx:
        revision = Revision(title="x", body="", image=image)
        add_article(tx, revision, id="x", slug="x", path=None, source="x", at=AT)
    freeze(sqlite_store, at=AT, subject="Dam </script> & <b>bolt</b>", newsletter="briefing")
    page = html.document_fromstring(archive().get("/newsletters/briefing/1/").text)
    name = "Dam </script> & <b>bolt</b> · 25. November 2026"
    assert page.findtext(".//title") == f"{name} – Morning Post"
    (titles,) = page.xpath("//meta[@property='og:title']/@content")
    assert titles == name
    data = json.loads(page.xpath("//script[@type='application/ld+json']")[0].text)
    assert (data["headline"], data["name"]) == ("Dam </script> & <b>bolt</b>", name)
    assert data["datePublished"] == "2026-11-24T23:30:00+00:00"
    assert data["isPartOf"]["url"] == f"{BASE}briefing/"
    pictures = page.xpath("//meta[@property='og:image']/@content")
    assert pictures == [data["image"]] == ["http://127.0.0.1:8000/media/dam.jpg"]
    assert len(page.xpath("//header[@class='masthead']")) == 1
    assert len(page.xpath("//footer[@class='imprint']")) == 1
    assert page.xpath("//nav[@class='edition-bar']//time")[0].text == "Mittwoch, 25. November 2026"


def test_the_masthead_of_the_mail_is_not_shown_below_that_of_all_pages(
    archive, sqlite_store, publication
):
    served = publication(newsletters=NEWSLETTERS)
    composed = digest(stories(), newsletter=served.newsletter("breaking"), config=served)
    mail = html.document_fromstring(composed.html)
    (masthead,) = mail.cssselect(".mail-masthead")
    assert "Morning PostBreaking <news>" in " ".join(masthead.text_content().split())
    hidden = f'.mail-masthead, .gutters:has(a.headline[href="{served.url}/"]) {{ display: none; }}'
    freeze(sqlite_store, at=AT)
    assert hidden in archive().get("/newsletters/breaking/1/").text
    home = f".//a[@class='headline'][@href='{served.url}/']"
    sections = mail.cssselect(".gutters")
    assert [section for section in sections if section.xpath(home)] == [masthead]


PUBLIC = {
    "en": ("Morning Post sends “Daily” by email.", "Subscribe"),
    "de": ("Morning Post verschickt „Daily“ per E-Mail.", "Abonnieren"),
}


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("language", PUBLIC)
def test_a_public_edition_speaks_to_everybody(
    archive, sqlite_store, publication, language, is_open
):
    newsletters = [{"name": "daily", "language": language}]
    tables = {"newsletters": newsletters, "signup": {"enabled": is_open}}
    subscribe(sqlite_store, at=AT)
    served = publication(**tables)
    composed = digest(stories(), newsletter=served.newsletter("daily"), config=served)
    edition = Draft(
        newsletter="daily",
        schedule=None,
        kind=EditionKind.DIGEST,
        content=composed,
        items=(Item(article=1, revision=1),),
        upto=1,
        newest=1,
        created_at=AT,
        expires_at=AT + timedelta(days=1),
    )
    with sqlite_store.write() as tx:
        tx.editions.add(edition)
    page = html.document_fromstring(archive(**tables).get("/newsletters/daily/1/").text)
    text = " ".join(page.text_content().split())
    sentence, invitation = PUBLIC[language]
    assert text.count(sentence) == 1
    own = [
        *("You’re receiving this", "Unsubscribe", "Preferences", "View in browser", "your address")
    ]
    own += ("Sie erhalten", "Abbestellen", "Einstellungen", "Im Browser", "Ihre Adresse")
    assert not [words for words in own if words in text]
    footer = page.xpath(f"//p[contains(., '{sentence}')]/a")
    assert [link.text for link in footer] == ([invitation] if is_open else [])


@pytest.mark.parametrize(
    "path",
    ["board/", "board", "board/1/", "board/feed.xml", "letters/", "letters/2/", "nowhere/",
     "breaking/2/", "breaking/3/", "breaking/0/", "breaking/01/", "breaking/-1/", "breaking/1e0/",
     "breaking/99999999999/", "breaking/%D9%A1/", "breaking/page/1/", "breaking/page/0/",
     "breaking/page/x/", "Breaking/", "..%2Fbreaking/", "breaking/feed.xml/x", "breaking/x"],
)  # fmt: skip
def test_what_is_not_public_or_not_there_is_not_found(archive, sqlite_store, path):
    anna = subscribe(sqlite_store, at=AT)
    freeze(sqlite_store, at=AT)
    with sqlite_store.write() as tx:
        tx.editions.add_letter(content(), to=anna, created_at=AT, expires_at=AT)
    freeze(sqlite_store, at=AT, newsletter="board")
    answer = archive().get(f"/newsletters/{path}")
    assert answer.status_code == 404
    assert "We can’t find that page" in answer.text


@pytest.mark.parametrize(
    "path", ["/newsletters", "/newsletters/breaking", "/newsletters/breaking/1"]
)
def test_the_slash_at_the_end_is_added(archive, path):
    answer = archive().get(path)
    assert (answer.status_code, urljoin(path, answer.headers["location"])) == (301, f"{path}/")


def test_an_edition_with_a_story_that_was_taken_back_is_gone(archive, sqlite_store):
    with sqlite_store.write() as tx:
        revision = Revision(title="x", body="")
        article = add_article(tx, revision, id="x", slug="x", path=None, source="x", at=AT)
    freeze(sqlite_store, at=AT, article=article.key)
    client = archive()
    assert client.get("/newsletters/breaking/1/").status_code == 200
    with sqlite_store.write() as tx:
        tx.articles.retract(article, AT)
    assert client.get("/newsletters/breaking/1/").status_code == 410
    assert "1/" not in hrefs(client.get("/newsletters/breaking/"))
    assert not feedparser.parse(client.get("/newsletters/breaking/feed.xml").content).entries


def assert_valid(feed):
    assert SHARED
    grammar = etree.RelaxNG(etree.parse(SHARED / "schema" / "atom.rng"))
    grammar.assertValid(etree.fromstring(feed))


@needs_shared
def test_the_feed_is_valid_atom(archive, sqlite_store):
    for day in range(22):
        freeze(sqlite_store, at=AT + timedelta(days=day), subject=f"Day {day} <&> \u0001x")
    answer = archive().get("/newsletters/breaking/feed.xml")
    assert answer.headers["content-type"] == "application/atom+xml"
    assert_valid(answer.content)
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert feed.feed.title == "Morning Post: Breaking <news>"
    assert {(link.rel, link.href) for link in feed.feed.links} == {
        ("self", f"{BASE}breaking/feed.xml"),
        ("alternate", f"{BASE}breaking/"),
    }
    assert len(feed.entries) == 20
    newest = feed.entries[0]
    assert newest.title == "Day 21 <&> x"
    assert newest.link == f"{BASE}breaking/22/"
    assert newest.summary == "The gates were opened early on Tuesday."
    assert newest.updated == "2026-12-15T23:30:00Z"
    assert newest.id.startswith("urn:uuid:")
    assert len({entry.id for entry in feed.entries}) == 20


@needs_shared
def test_a_feed_without_editions_is_valid_too(archive):
    answer = archive().get("/newsletters/briefing/feed.xml")
    assert_valid(answer.content)


def test_the_feed_keeps_the_contract_of_feeds(archive, sqlite_store):
    freeze(sqlite_store, at=AT)
    client, path = archive(), "/newsletters/breaking/feed.xml"
    answers = {
        coding: client.get(path, headers={"accept-encoding": coding})
        for coding in ("identity", "gzip", "br")
    }
    plain = answers["identity"]
    for coding, answer in answers.items():
        assert answer.headers.get("content-encoding", "identity") == coding
        assert answer.content == plain.content
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["link"] == f'<{BASE}breaking/feed.xml>; rel="self"'
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "ETag" in answer.headers["access-control-expose-headers"]
        for tag in (answer.headers["etag"], "*"):
            known = client.get(path, headers={"accept-encoding": coding, "if-none-match": tag})
            assert (known.status_code, known.headers["etag"]) == (304, answer.headers["etag"])
            assert known.headers["link"] == answer.headers["link"]
    assert len({answer.headers["etag"] for answer in answers.values()}) == len(answers)
    asked = client.request("OPTIONS", path)
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, "*")
    assert "If-None-Match" in asked.headers["access-control-allow-headers"]
    for refused, status in (({"if-match": '"x"'}, 412), ({"accept-encoding": "*;q=0"}, 406)):
        answer = client.get(path, headers=refused)
        assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")
        assert answer.headers["access-control-allow-origin"] == "*"
    posted = client.request("POST", path)
    assert posted.status_code == 405
    assert set(posted.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("path", ["breaking/", "breaking/1/", "breaking/feed.xml"])
def test_what_a_client_has_is_not_sent_again(archive, sqlite_store, path):
    freeze(sqlite_store, at=AT)
    client = archive()
    first = client.get(f"/newsletters/{path}")
    asked = {"if-none-match": f'"x", W/{first.headers["etag"]}'}
    again = client.get(f"/newsletters/{path}", headers=asked)
    assert (again.status_code, again.content) == (304, b"")
    same = ("etag", "cache-control", "content-security-policy")
    assert [again.headers[name] for name in same] == [first.headers[name] for name in same]
    freeze(sqlite_store, at=AT)
    assert client.get(f"/newsletters/{path}", headers=asked).status_code == 200


def test_an_unreadable_store_gets_a_kind_page(archive, monkeypatch):
    client = archive()

    def locked(_):
        raise StoreLocked("locked by another process")

    monkeypatch.setattr(Store, "read", locked)
    for path in ("", "breaking/", "breaking/1/", "breaking/page/1/", "breaking/feed.xml"):
        assert client.get(f"/newsletters/{path}").status_code == 503


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    parts=st.lists(
        st.one_of(
            st.sampled_from(
                ["breaking", "1", "page", "feed.xml", "..", ".", "%2F", "//evil.example"]
            ),
            st.text(max_size=12),
        ),
        max_size=4,
    )
)
def test_no_path_breaks_it_or_leads_away(parts, small):
    path = "/newsletters/" + "/".join(_quoted(part) for part in parts)
    answer = small.get(path)
    assert answer.status_code < 500
    location = urljoin(f"http://test{path}", answer.headers.get("location", ""))
    assert location.startswith("http://test/")


@pytest.fixture
def small(archive, sqlite_store):
    freeze(sqlite_store, at=AT)
    return archive()


def _quoted(text):
    raw = text.encode("utf-8", "surrogatepass")
    return "".join(
        chr(b) if chr(b) in "abcdefghijklmnopqrstuvwxyz0123456789./" else f"%{b:02X}" for b in raw
    )


def test_the_archive_of_a_newsletter_that_has_another_name_now_is_found_by_its_old_one(
    archive, sqlite_store
):
    freeze(sqlite_store, at=AT, newsletter="alerts")
    with sqlite_store.write() as tx:
        tx.newsletters.rename("alerts", "breaking", cause=by_test(AT))
    client = archive()
    for rest in ("/", "/1/", "/feed.xml"):
        moved = client.get(f"/newsletters/alerts{rest}")
        assert moved.status_code == 301
        assert moved.headers["location"] == f"{BASE}breaking{rest}"
    assert client.get("/newsletters/breaking/1/").status_code == 200
    assert client.get("/newsletters/nonsense/").status_code == 404

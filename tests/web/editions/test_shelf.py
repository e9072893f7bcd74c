"""The shelf of newsletters: a card for each, and one field for all that are ticked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html

from syndicate import clock
from syndicate.model.articles import Figure, Revision
from syndicate.web.app import application
from tests.sample_articles import add_article
from tests.sample_editions import freeze
from tests.web.asgi_client import Client

AT = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
NEWSLETTERS = [
    {"name": "breaking", "title": "Breaking <news>", "description": "What can't wait."},
    {"name": "briefing", "language": "de", "title": "Am Morgen"},
    {"name": "board", "archive": False},
    {"name": "old", "offered": False},
]
SCHEDULES = [
    {"name": "breaking", "newsletter": "breaking", "every": "1m"},
    {"name": "briefing", "newsletter": "briefing", "cron": "0 7 * * mon-fri"},
]
SHELF = "http://127.0.0.1:8000/newsletters/"


@pytest.fixture
def shelf(sqlite_store, publication):
    """A factory of clients of a publication with newsletters; tables as in config.toml."""

    def make(**tables):
        zone = {"timezone": "Europe/Berlin"}
        given = {"newsletters": NEWSLETTERS, "schedules": SCHEDULES, "publication": zone}
        return Client(application(sqlite_store, publication(**given | tables)))

    return make


def cards(page):
    return html.document_fromstring(page.text).xpath("//li[@class='card']")


def text(element):
    return " ".join(element.text_content().replace("\u00a0", " ").split())


def test_each_newsletter_has_a_card_with_promise_rhythm_and_latest_edition(shelf, sqlite_store):
    freeze(sqlite_store, at=AT, subject="Old")
    freeze(sqlite_store, at=AT, subject="New & <b>bold</b>")
    page = shelf().get("/newsletters/")
    assert page.status_code == 200
    breaking, briefing, board, old = cards(page)
    assert "Breaking <news> as it happens What can't wait. Read the latest" in text(breaking)
    assert "New & <b>bold</b> November 25, 2026" in text(breaking)
    assert breaking.xpath(".//a/@href") == ["breaking/", "breaking/2/"]
    assert "Am Morgen weekdays at 7 AM Send me this" in text(briefing)
    assert briefing.xpath(".//h2/@lang") == ["de"]
    assert board.xpath(".//a/@href") == []
    assert old.xpath(".//input") == []


@pytest.mark.neighbours
def test_what_is_ticked_is_subscribed_with_one_address(site, monkeypatch):
    opened = site(newsletters=NEWSLETTERS)
    page = html.document_fromstring(opened.client.get("/newsletters/").text)
    fields = [("at", page.xpath("//input[@name='at']/@value")[0]), ("email", "anna@example.org")]
    fields += [("newsletter", name) for name in page.xpath("//input[@name='newsletter']/@value")]
    assert [name for key, name in fields if key == "newsletter"] == [
        "breaking",
        "briefing",
        "board",
    ]
    action = page.xpath("//form[@method='post']/@action")[0]
    later = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    chosen = [field for field in fields if field[1] != "board"]
    answer = opened.client.post(action, data=_by_name(chosen))
    assert "Check your inbox" in answer.text
    assert opened.states() == {"breaking": "pending", "briefing": "pending"}


def _by_name(fields):
    names = dict.fromkeys(name for name, _ in fields)
    return {name: [value for key, value in fields if key == name] for name in names}


@pytest.mark.neighbours
def test_who_ticks_nothing_or_is_too_fast_keeps_what_was_typed(site, monkeypatch):
    opened, now = site(newsletters=NEWSLETTERS), clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    page = html.document_fromstring(opened.client.get("/newsletters/").text)
    stamp = page.xpath("//input[@name='at']/@value")[0]
    typed = {"at": stamp, "email": "anna@example.org"}
    for newsletter, words in (([], "Please choose at least one."), (["breaking"], "not a robot")):
        answer = opened.client.post("/signup", data=typed | {"newsletter": newsletter})
        assert answer.status_code == 400
        assert words in html.document_fromstring(answer.text).text_content()
        assert 'value="anna@example.org"' in answer.text
    assert opened.states() == {}


def test_a_newsletter_can_be_ticked_by_its_link_and_a_single_one_needs_no_tick(shelf):
    page = shelf().get("/newsletters/?newsletter=briefing&newsletter=nonsense")
    form = html.document_fromstring(page.text)
    assert form.xpath("//input[@checked]/@value") == ["briefing"]
    (single,) = cards(shelf(newsletters=NEWSLETTERS[:1], schedules=[]).get("/newsletters/"))
    assert single.xpath(".//input/@type") == ["hidden"]


def test_a_cover_is_a_picture_of_the_latest_edition_that_no_other_card_shows(shelf, sqlite_store):
    dam = Figure(
        src="media/dam.jpg", width=1200, height=800, type="image/jpeg", variants=(400, 800)
    )
    with sqlite_store.write() as tx:
        for name in ("dam", "harbour"):
            image = replace(dam, src=f"media/{name}.jpg")
            revision = Revision(title=name, body="", image=image)
            add_article(tx, revision, id=name, slug=name, path=None, source=name, at=AT)
    for newsletter, article in (("breaking", 1), ("briefing", 1), ("old", 2)):
        freeze(sqlite_store, at=AT, newsletter=newsletter, article=article)
    page = shelf().get("/newsletters/")
    covers = [card.xpath(".//img/@src") for card in cards(page)]
    own = "http://127.0.0.1:8000/media/"
    assert covers == [[f"{own}dam.jpg"], [], [], [f"{own}harbour.jpg"]]
    assert f"{own}dam-400.webp 400w" in page.text
    assert "img-src 'self' http://127.0.0.1:8000" in page.headers["content-security-policy"]
    drawn = cards(page)[1].xpath(".//*[@aria-hidden='true']")[0]
    assert text(drawn) == "Morning PostAm Morgen"


def test_a_picture_of_somebody_else_is_no_cover(shelf, sqlite_store):
    with sqlite_store.write() as tx:
        figure = Figure(src="https://pictures.example/dam.jpg")
        revision = Revision(title="x", body="", image=figure)
        add_article(tx, revision, id="x", slug="x", path=None, source="x", at=AT)
    freeze(sqlite_store, at=AT)
    assert "pictures.example" not in shelf().get("/newsletters/").text


def test_search_engines_may_show_the_shelf_and_no_cache_keeps_its_stamp(shelf):
    page = shelf().get("/newsletters/")
    assert f'<link rel="canonical" href="{SHELF}">' in page.text
    assert "noindex" not in page.text
    assert "x-robots-tag" not in page.headers
    assert page.headers["cache-control"] == "no-store"
    feeds = html.document_fromstring(page.text).xpath("//link[@type='application/atom+xml']/@href")
    assert [feed for feed in feeds if "/feed.xml" in feed] == [
        f"{name}/feed.xml" for name in ("breaking", "briefing", "old")
    ]


def test_where_nobody_can_sign_up_there_is_no_form_and_caches_may_keep_it(shelf):
    client = shelf(signup={"enabled": False})
    page = client.get("/newsletters/")
    assert "signup" not in page.text
    assert len(cards(page)) == 3
    known = client.get("/newsletters/", headers={"if-none-match": page.headers["etag"]})
    assert known.status_code == 304


def test_the_privacy_page_is_linked_where_there_is_one(shelf, publication):
    client = shelf()
    assert "/privacy/" not in client.get("/newsletters/").text
    folder = publication().root / "pages"
    folder.mkdir()
    (folder / "privacy.md").write_text("---\ntitle: Privacy\n---\nWe keep your address.\n")
    assert 'href="http://127.0.0.1:8000/privacy/"' in client.get("/newsletters/").text


def test_a_proof_of_work_is_done_on_the_shelf(shelf):
    page = shelf(signup={"proof_of_work": True}).get("/newsletters/")
    assert 'src="http://127.0.0.1:8000/signup/proof.js"' in page.text
    assert 'name="altcha"' in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]

"""An edition in the browser, for the reader whose mail leads there."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from syndicate.config import Newsletter
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import StoreLocked
from syndicate.model.articles import Revision
from syndicate.model.editions import PLACEHOLDERS, Content, placeholder
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.editions.public_copy import public_copy
from syndicate.web.pages import WebPages
from tests.causes import by_test
from tests.sample_articles import add_article
from tests.sample_editions import PLACES, content, freeze, subscribe
from tests.web.asgi_client import Client

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


class Desk:
    """An edition that Anna got."""

    def __init__(self, store, config):
        self.store = store
        with store.write() as tx:
            tx.subscribers.subscribe(
                "anna@example.org", "breaking", name="Anna <b>", cause=by_test(AT)
            )
            self.anna = tx.subscribers.by_email("anna@example.org").key
        self.edition = freeze(store, at=AT).key
        self.client = Client(application(store, config))
        with store.read() as tx:
            self.links = SignedLinks(config, tx.keys.secret("links"))

    def path(self, edition=None, reader=None):
        return urlsplit(self.links.view(edition or self.edition, reader or self.anna)).path


@pytest.fixture
def site(sqlite_store, publication):
    newsletter = {"name": "breaking", "tracking": "readers"}
    return Desk(sqlite_store, publication(newsletters=[newsletter]))


def test_nothing_of_its_reader_is_on_the_page(site):
    page = site.client.get(site.path()).text
    assert "City opens the dam" in page
    assert "Anna" not in page
    assert "anna@" not in page
    for kind in ("unsubscribe", "preferences", "view", "confirm"):
        assert f"/{kind}/" not in page
    assert "SLOT" not in page
    assert '/signup?newsletter=breaking"' in page
    assert "are in the email." in page


SLOT = {name: placeholder("q7", name) for name in PLACEHOLDERS}
FOOTER = f'<a href="{SLOT["unsubscribe"]}">Out</a>'
WAYS_OF_LAYOUT = {
    "in a cell": f"<table><tr><td>{FOOTER}</td></tr></table>",
    "in a list": f"<ul><li>{SLOT['email']}</li><li>{FOOTER}</li></ul>",
    "beside other blocks": f"<div><h1>Dam</h1>To {SLOT['email']}: {FOOTER}<p>x</p></div>",
    "behind what is for Outlook": f"<p><!--[if mso]></p><p><![endif]-->{FOOTER}</p>",
    "in no block": f"To {SLOT['email']} {FOOTER}",
}


@pytest.mark.parametrize("layout", WAYS_OF_LAYOUT)
def test_whatever_the_template_nothing_of_the_reader_is_left_and_the_news_is(publication, layout):
    page = f"<body><p>News</p>{WAYS_OF_LAYOUT[layout]}<p>More news</p></body>"
    frozen = Content(subject="x", preheader="", html=page, text="", nonce="q7")
    newsletter = Newsletter(name="breaking")
    pages = WebPages(publication())
    shown = public_copy(pages, frozen, newsletter, links=(), address="/view/x")
    assert "<p>News</p>" in shown
    assert "<p>More news</p>" in shown
    assert "SLOT" not in shown
    assert shown.count('/signup?newsletter=breaking"') == 1


def test_links_in_it_lead_straight(site):
    page = site.client.get(site.path()).text
    assert f'href="{PLACES[1]}"' in page
    assert "/c/" not in page
    assert "display:none" not in page


def test_it_can_not_be_cached_framed_indexed_or_run_scripts(site):
    answer = site.client.get(site.path())
    policy = answer.headers["content-security-policy"]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert '<meta name="robots" content="noindex">' in answer.text
    for rule in ("default-src 'none'", "form-action 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "script-src" not in policy


def test_looking_counts_nothing(site):
    with site.store.read() as tx:
        before = tx.clicks.counts(site.edition), tx.subscribers.by_key(site.anna)
    site.client.get(site.path())
    site.client.head(site.path())
    with site.store.read() as tx:
        assert (tx.clicks.counts(site.edition), tx.subscribers.by_key(site.anna)) == before


def test_a_bad_link_gets_a_kind_page_that_tells_nothing(site):
    token = site.path().rpartition("/")[2]
    other = site.links.preferences(site.anna).rpartition("/")[2]
    pages = set()
    for bad in (token[:-1], token.swapcase(), "x", "%00", "A" * 4000, other):
        answer = site.client.get(f"/view/{bad}")
        assert (bad, answer.status_code) == (bad, 404)
        pages.add(answer.text)
    (page,) = pages
    assert "This link is incomplete" in page


def test_a_letter_is_not_shown(site):
    with site.store.write() as tx:
        letter = tx.editions.add_letter(content(), to=site.anna, created_at=AT, expires_at=AT)
    answer = site.client.get(site.path(letter))
    assert answer.status_code == 404
    assert "anna@" not in answer.text


@pytest.mark.parametrize(("edition", "reader"), [(4711, None), (None, 4711)])
def test_a_gone_edition_gets_a_kind_page(site, edition, reader):
    answer = site.client.get(site.path(edition, reader))
    assert answer.status_code == 404
    assert "This edition is no longer available" in answer.text


def test_an_erased_readers_copy_is_gone(site):
    with site.store.write() as tx:
        tx.erasures.erase(site.anna, cause=by_test(AT))
    assert site.client.get(site.path()).status_code == 404


def test_the_link_of_a_merged_reader_goes_on_working(site):
    ben = subscribe(site.store, "ben@example.org", at=AT)
    with site.store.write() as tx:
        tx.subscribers.merge(site.anna, ben, cause=by_test(AT))
    page = site.client.get(site.path())
    assert page.status_code == 200
    assert "ben@" not in page.text


def test_a_story_that_was_taken_back_is_not_shown_again(site):
    with site.store.write() as tx:
        revision = Revision(title="x", body="")
        article = add_article(tx, revision, id="x", slug="x", path=None, source="x", at=AT)
        assert article.key == 1
        tx.articles.retract(article, AT)
    answer = site.client.get(site.path())
    assert answer.status_code == 404
    assert "was withdrawn" in answer.text


def test_an_unreadable_store_gets_a_kind_page(site, monkeypatch):
    def locked(_):
        raise StoreLocked("locked by another process")

    monkeypatch.setattr(Store, "read", locked)
    assert site.client.get(site.path()).status_code == 503

"""The page where people sign up: what it offers, and what another page's form fills in."""

import re

import pytest
from lxml import html
from structlog.testing import capture_logs

from tests.web.readers.signup.newsletters import CITY, TWO, boxes

pytestmark = pytest.mark.neighbours


def test_the_page_offers_what_people_can_subscribe_to(site):
    page = site(newsletters=TWO).client.get("/signup")
    assert page.status_code == 200
    assert boxes(page.text) == {"breaking": False, "briefing": False}
    assert "What can&#39;t wait." in page.text
    assert "noindex" not in page.text
    assert "x-robots-tag" not in page.headers


def test_the_page_says_how_often_each_comes_and_how_data_is_handled(site):
    daily = {"name": "daily", "newsletter": "briefing", "cron": "0 7 * * mon-fri"}
    opened = site(newsletters=TWO, schedules=[daily])
    folder = opened.config.root / "pages"
    folder.mkdir()
    (folder / "privacy.md").write_text("---\ntitle: Privacy\n---\nWe keep your address.\n")
    page = opened.client.get("/signup").text
    rhythms = re.findall(r'class="rhythm" lang="en">(.*?)<', page)
    assert [text.replace("\u00a0", " ") for text in rhythms] == [
        "from time to time",
        "weekdays at 7 AM (UTC)",
    ]
    assert re.search(r'<a href="[^"]+/privacy/">How we handle your data</a>', page)


def test_the_only_newsletter_is_ticked_and_so_is_one_that_the_address_names(site):
    assert boxes(site().client.get("/signup").text) == {"breaking": True}
    page = site(newsletters=TWO).client.get("/signup?newsletter=briefing&newsletter=nothing")
    assert boxes(page.text) == {"breaking": False, "briefing": True}


@pytest.mark.parametrize(
    "tables",
    [{"signup": {"enabled": False}}, {"newsletters": [{"name": "staff", "offered": False}]}],
)
def test_where_nobody_can_sign_up_there_is_no_page(site, tables):
    opened = site(**tables)
    assert opened.client.get("/signup").status_code == 404
    for path in ("/signup", "/api/signup"):
        assert opened.client.post(path, data={"email": "anna@example.org"}).status_code == 405
    assert opened.reader() is None


def test_looking_and_asking_otherwise_change_nothing(site):
    opened = site()
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        opened.client.request(method, "/signup?email=anna@example.org&newsletter=breaking")
    assert opened.reader() is None


def test_a_card_of_another_page_fills_in_the_form_and_stores_nothing(site):
    opened = site(newsletters=TWO, signup=CITY)
    card = {"email": "anna@example.org", "newsletter": "briefing", "card": "1"}
    with capture_logs() as logs:
        page = opened.client.post("/signup", data=card)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert boxes(page.text) == {"breaking": False, "briefing": True}
    form = html.fromstring(page.text).forms[0]
    assert form.fields["email"] == "anna@example.org"
    assert "card" not in form.fields
    assert page.text.count("<button") == 1
    assert 'role="alert"' not in page.text, "what the card doesn't ask for isn't missing"
    assert opened.reader() is None
    assert "anna" not in str(logs)
    answer = opened.client.post("/signup", data=dict(form.fields) | {"field-city": "Rome"})
    assert "card" not in dict(form.fields)
    assert answer.status_code in {200, 400}


def test_a_card_with_what_is_no_address_says_so(site):
    opened = site(newsletters=TWO)
    page = opened.client.post("/signup", data={"email": "anna", "card": "1"})
    assert page.status_code == 400
    assert 'aria-invalid="true"' in page.text
    assert opened.reader() is None


def test_the_answer_is_in_the_language_of_the_publication(site):
    opened = site(publication={"language": "de"})
    assert '<html lang="de" dir="ltr">' in opened.client.get("/signup").text
    assert "E-Mail" in opened.client.get("/signup").text


def test_on_this_machine_the_answer_leads_to_the_outbox(site):
    opened = site()
    assert 'href="/outbox"' in opened.sign_up().text
    through = {"x-forwarded-for": "192.0.2.7"}
    page = opened.client.post("/signup", data={"email": "bo@example.org"}, headers=through)
    assert "/outbox" not in page.text

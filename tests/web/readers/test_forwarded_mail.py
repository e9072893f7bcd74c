"""A stranger who has a forwarded mail, or a link that was shared: what they see, and can do."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from email.utils import parseaddr
from itertools import product

import httpx
import pytest

from syndicate import clock
from syndicate.model.subscribers import Action, Actor, ConfirmationKind
from syndicate.web.app import application
from tests.causes import by_reader, by_test
from tests.deliver import editions
from tests.render.mail.samples import alert, story
from tests.web.asgi_client import Client
from tests.web.known_reader import (
    BUTTON,
    TABLES,
    path_of,
    questions_to,
    status_text,
    subscribe_anna,
)
from tests.web.signup_site import SignupSite

pytestmark = pytest.mark.neighbours

HERS = ("anna@example.org", "Rosental", "Bonn", "4711")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def anna(web, sqlite_store, publication):
    """Anna Rosental of Bonn, who gets `breaking`."""
    reader = subscribe_anna(web(**TABLES), sqlite_store, publication(**TABLES))
    with reader.store.write() as tx:
        fields = {"city": "Bonn", "crm": "4711"}
        at = clock.now()
        tx.subscribers.update(reader.key, name="Anna Rosental", fields=fields, cause=by_test(at))
    return reader


@pytest.fixture
def later(monkeypatch):
    """Let time pass."""
    real, ahead = clock.now, []

    def pass_(**time) -> None:
        ahead.append(timedelta(**time))
        monkeypatch.setattr(clock, "now", lambda: real() + sum(ahead, timedelta()))

    return pass_


def outbox(anna):
    return SignupSite(anna.client, anna.store, anna.config).letters()


def mail(anna) -> list[str]:
    """Send an edition; return the paths of our own links in it, its List-Unsubscribe included."""
    newsletter = anna.config.newsletter("breaking")
    content = alert(story(), newsletter=newsletter, config=anna.config)
    now = clock.now()
    editions.freeze(
        anna.store,
        replace(
            editions.draft(), content=content, created_at=now, expires_at=now + timedelta(days=1)
        ),
    )
    (kept,) = outbox(anna)
    text = kept.html + kept.text + kept.source
    paths = re.findall(re.escape(anna.config.web_url) + r"(/[a-z]+/[\w-]{20,})", text)
    assert {path.split("/")[1] for path in paths} == {"unsubscribe", "preferences", "view"}
    return sorted(set(paths))


def letter(anna, subject="Your data at Morning Post") -> str:
    """Return the path of the button in the newest letter of a subject."""
    kept = [kept for kept in outbox(anna) if kept.subject == subject][-1]
    assert parseaddr(kept.to)[1] == "anna@example.org"
    (path, *_) = re.findall(re.escape(anna.config.web_url) + r"(/confirm/[\w-]+)", kept.text)
    return str(path)


def test_no_link_of_a_mail_shows_the_data_of_its_reader(anna):
    links = mail(anna)
    pages = [anna.client.get(path).text for path in links]
    actions = ("", "data", "erase", "download", "join", "leave")
    pages += [
        anna.client.post(path + below, data={"action": action}).text
        for path, below, action in product(links, ("", "/data", "/erase"), actions)
    ]
    for page in pages:
        assert not [word for word in HERS if word in page]
    assert not anna.gone


def test_only_pause_language_and_leaving_are_done_without_the_reader(anna):
    with anna.store.write() as tx:
        tx.subscribers.subscribe("anna@example.org", "secret", cause=by_test(clock.now()))
    before = anna.person
    for action in ("change", "download", "erase", "join", "data", "address"):
        typed = {"name": "Mallory", "field-city": "Ulm", "newsletter": "culture"}
        anna.post(action, **typed, email="mallory@example.net")
    assert replace(anna.person, subscriptions=()) == replace(before, subscriptions=())
    assert anna.states == {"breaking": "confirmed", "secret": "confirmed", "culture": "pending"}


def test_the_way_to_the_data_goes_to_the_address_itself(anna):
    page = anna.post("data")
    assert status_text(page) == "We’ve emailed a link to a•••@example.org. It works for 24 hours."
    path = letter(anna)
    page = anna.client.get(path)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert 'value="Anna Rosental"' in page.text
    assert 'value="Bonn"' in page.text
    assert BUTTON.findall(page.text) == ["change", "download", "confirm-erase"]
    answer = anna.client.post(path, data={"action": "download"})
    assert answer.headers["content-disposition"].startswith('attachment; filename="data-')
    data = json.loads(answer.content)
    assert data["person"]["fields"] == {"city": "Bonn", "crm": "4711"}
    number = data["questions"][0]["letter"]
    assert anna.last.action is Action.EXPORTED
    assert (anna.last.cause.who, anna.last.cause.how) == (Actor.READER, f"link in letter {number}")


def test_erasing_asks_once_more_and_ends_the_link(anna):
    anna.post("data")
    path = letter(anna)
    page = anna.client.post(path, data={"action": "confirm-erase"})
    assert "This can’t be undone." in page.text
    assert BUTTON.findall(page.text) == ["erase"]
    assert not anna.gone
    assert "Goodbye" in anna.client.post(path, data={"action": "erase"}).text
    assert anna.gone
    assert anna.client.get(path).status_code == 404


def test_the_link_to_the_data_works_for_a_day(anna, later):
    anna.post("data")
    path = letter(anna)
    later(hours=23, minutes=59)
    assert anna.client.get(path).status_code == 200
    later(minutes=2)
    for answer in (
        anna.client.get(path),
        *(anna.client.post(path, data={"action": do}) for do in ("download", "erase", "change")),
    ):
        assert answer.status_code == 410
        assert "This link has expired" in answer.text
        assert not [word for word in HERS if word in answer.text]
    assert not anna.gone


def test_who_cannot_be_mailed_is_asked_to_write(web, sqlite_store, publication):
    tables = TABLES | {"mail": {"from": "news@example.org", "reply_to": "desk@example.org"}}
    anna = subscribe_anna(web(**tables), sqlite_store, publication(**tables))
    with anna.store.write() as tx:
        tx.subscribers.suppress("anna@example.org", "bounced", cause=by_test(clock.now()))
    page = anna.get()
    assert "data" not in BUTTON.findall(page.text)
    section = page.text.partition('id="data"')[2]
    assert "desk@example.org" in section
    assert "desk@example.org" in status_text(anna.post("data"))
    assert outbox(anna) == []


def test_letters_to_an_address_have_their_limit_and_the_page_says_so(anna):
    for _ in range(3):
        assert anna.post("data").status_code == 200
    refused = anna.post("data")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 3600
    assert "several emails" in status_text(refused)
    assert anna.post("join", newsletter="culture").status_code == 429
    assert len(outbox(anna)) == 3


# subscribing again


def test_a_newsletter_begins_when_the_address_agrees(anna):
    page = anna.post("join", newsletter="culture")
    assert status_text(page) == (
        "We’ve sent an email to a•••@example.org. Press the button in it to get Culture & more."
    )
    assert anna.states == {"breaking": "confirmed", "culture": "pending"}
    path = letter(anna, "Please confirm your subscription to Morning Post")
    anna.client.post(path, data={"action": "confirm"})
    assert anna.states == {"breaking": "confirmed", "culture": "confirmed"}


@pytest.mark.parametrize("way", ["unsubscribe", "preferences"])
def test_leaving_is_undone_within_the_hour_and_not_after(anna, later, way):
    unsubscribe = path_of(anna.links.unsubscribe(anna.key, "breaking"))

    def undo():
        if way == "unsubscribe":
            return anna.client.post(unsubscribe, data={"action": "undo"})
        return anna.post("join", newsletter="breaking")

    anna.client.post(unsubscribe, data=ONE_CLICK)
    later(minutes=59)
    assert undo().status_code == 200
    assert anna.states == {"breaking": "confirmed"}
    anna.client.post(unsubscribe, data=ONE_CLICK)
    later(minutes=30)
    anna.client.post(unsubscribe, data=ONE_CLICK)
    anna.post("leave-all")
    later(minutes=31)
    page = anna.client.get(unsubscribe)
    assert "undo" not in BUTTON.findall(page.text)
    assert re.search(r'href="http[^"]+/signup\?newsletter=breaking"', page.text)
    undo()
    assert anna.states == {"breaking": "left"}


def test_what_the_operator_took_out_comes_back_by_no_link(anna):
    with anna.store.write() as tx:
        tx.subscribers.unsubscribe(anna.key, "breaking", cause=by_test(clock.now()))
    unsubscribe = path_of(anna.links.unsubscribe(anna.key, "breaking"))
    assert "undo" not in BUTTON.findall(anna.client.get(unsubscribe).text)
    anna.client.post(unsubscribe, data={"action": "undo"})
    anna.post("join", newsletter="breaking")
    assert anna.states == {"breaking": "left"}


def test_an_older_letter_resubscribes_no_reader_who_left_since(anna, later):
    paths = []
    for _ in range(2):
        anna.post("join", newsletter="culture")
        paths.append(letter(anna, "Please confirm your subscription to Morning Post"))
        later(minutes=1)
    old, new = paths
    anna.client.post(new, data={"action": "confirm"})
    anna.post("leave", newsletter="culture")
    later(hours=2)
    page = anna.client.post(old, data={"action": "confirm"})
    assert page.status_code == 410
    assert "This link has expired" in page.text
    assert anna.states["culture"] == "left"
    anna.post("join", newsletter="culture")
    fresh = letter(anna, "Please confirm your subscription to Morning Post")
    anna.client.post(fresh, data={"action": "confirm"})
    assert anna.states["culture"] == "confirmed"


def test_nor_does_it_subscribe_who_has_left_everything_before_they_confirmed(anna, later):
    anna.post("join", newsletter="culture")
    asked = letter(anna, "Please confirm your subscription to Morning Post")
    later(minutes=1)
    anna.post("leave-all")
    page = anna.client.post(asked, data={"action": "confirm"})
    assert page.status_code == 410
    assert anna.states == {"breaking": "left", "culture": "left"}


def test_what_was_never_confirmed_is_not_confirmed_by_undoing(anna):
    with anna.store.write() as tx:
        asked = by_reader("form on the web", clock.now())
        tx.subscribers.add_pending("anna@example.org", ["culture"], cause=asked)
    culture = path_of(anna.links.unsubscribe(anna.key, "culture"))
    anna.client.post(culture, data={"action": "leave"})
    anna.client.post(culture, data={"action": "undo"})
    assert anna.states["culture"] == "left"


def test_unsubscribing_works_for_ever_with_one_click_or_the_button(anna, later):
    for years, data in ((9, ONE_CLICK), (1, {"action": "leave"})):
        with anna.store.write() as tx:
            tx.subscribers.confirm(anna.key, ["breaking"], cause=by_test(clock.now()))
        unsubscribe = path_of(anna.links.unsubscribe(anna.key, "breaking"))
        later(days=365 * years)
        assert anna.client.post(unsubscribe, data=data).status_code == 200
        assert anna.states == {"breaking": "left"}


def test_both_databases_do_it_alike(store, publication):
    config = publication(**TABLES)
    client = Client(application(store, config))
    anna = subscribe_anna(httpx.Client(), store, config)

    def press(path: str, **data: str):
        return client.request("POST", path, data=data)

    assert press(anna.path, action="join", newsletter="culture").status_code == 200
    with store.read() as tx:
        (question,) = questions_to(tx, anna.key, ConfirmationKind.SUBSCRIBE)
    press(path_of(anna.links.confirm(question.letter, anna.key)), action="confirm")
    assert anna.states == {"breaking": "confirmed", "culture": "confirmed"}
    press(anna.path, action="leave", newsletter="culture")
    press(path_of(anna.links.unsubscribe(anna.key, "culture")), action="undo")
    assert anna.states["culture"] == "confirmed"
    press(anna.path, action="data")
    with store.read() as tx:
        (asked,) = questions_to(tx, anna.key, ConfirmationKind.DATA)
    data = path_of(anna.links.confirm(asked.letter, anna.key))
    assert press(data, action="download").json()["person"]["address"] == "anna@example.org"
    press(data, action="erase")
    assert anna.gone

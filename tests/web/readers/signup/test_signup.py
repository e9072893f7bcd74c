"""Signing up over HTTP: what the store knows afterwards, with a letter first and without."""

import re
from typing import Any

import pytest
from lxml import html

from syndicate import clock
from syndicate.model.subscribers import Action
from tests import ROOT
from tests.causes import by_reader, by_test
from tests.web.readers.signup.newsletters import CITY, TWO

pytestmark = pytest.mark.neighbours


def test_a_sign_up_is_pending_and_a_letter_asks(site):
    opened = site()
    page = opened.sign_up()
    assert page.status_code == 200
    assert "Check your inbox" in page.text
    assert opened.states() == {"breaking": "pending"}
    (letter,) = opened.letters()
    assert letter.to == "anna@example.org"
    assert opened.link() in letter.text


@pytest.mark.parametrize("kind", ["data", "files"])
def test_both_encodings_of_a_form_say_the_same(site, kind):
    opened = site(newsletters=TWO)
    sent: dict[str, Any] = {
        "email": "zoë@example.org",
        "name": "Zoë Ångström",
        "newsletter": "briefing",
    }
    if kind == "files":
        sent = {name: (None, value.encode()) for name, value in sent.items()}
    assert opened.client.post("/signup", **{kind: sent}).status_code == 200
    assert opened.states("zoë@example.org") == {"briefing": "pending"}
    assert opened.questions("zoë@example.org")[0].asked["name"] == "Zoë Ångström"


def test_several_boxes_are_several_newsletters(site):
    opened = site(newsletters=TWO)
    opened.sign_up(newsletter=["breaking", "briefing"])
    assert opened.states() == {"breaking": "pending", "briefing": "pending"}


def test_name_and_own_fields_wait_for_the_confirmation(site):
    opened = site(signup=CITY)
    opened.sign_up(name="Anna Lind", **{"fields.city": "Hamburg"})
    assert (opened.reader().name, dict(opened.reader().fields)) == ("", {})
    asked = opened.questions()[0].asked
    assert (asked["name"], asked["fields"]) == ("Anna Lind", {"city": "Hamburg"})


def test_a_sign_up_of_a_known_reader_changes_nothing_stored(site):
    opened = site(newsletters=TWO, signup=CITY)
    with opened.store.write() as tx:
        at = clock.now()
        tx.subscribers.subscribe("anna@example.org", "breaking", name="Anna", cause=by_test(at))
        key = tx.subscribers.by_email("anna@example.org").key
        tx.subscribers.update(key, fields={"city": "Bremen"}, cause=by_test(at))
    before = opened.reader()
    opened.sign_up("ANNA@EXAMPLE.ORG", name="Spam", newsletter="breaking", **{"fields.city": "X"})
    assert opened.reader() == before
    assert len(opened.letters()) == 1


def test_who_asked_and_from_which_network_is_in_the_trail(site):
    opened = site()
    opened.sign_up()
    with opened.store.read() as tx:
        (change,) = tx.audit_log.changes(opened.reader().key)
    assert (change.action, change.newsletter) == (Action.ASKED, "breaking")
    assert (change.cause.how, change.cause.origin) == ("form on the web", "127.0.0.0/24")


def test_a_letter_is_on_its_way_as_soon_as_it_is_committed(site, sqlite_store):
    waiting = []

    def due() -> None:
        with sqlite_store.read() as tx:
            waiting.extend(tx.deliveries.open_editions(clock.now()))

    opened = site(letters_due=due)
    opened.sign_up()
    assert [edition.kind for edition in waiting] == ["letter"]
    opened.client.post(opened.link())
    assert len(waiting) == 2


def test_without_confirmation_the_subscription_begins_at_once(site):
    opened = site(signup={"confirm": False, "welcome": True} | CITY)
    page = opened.sign_up(name="Anna", **{"fields.city": "Hamburg"})
    assert "Thank you for subscribing" in page.text
    reader = opened.reader()
    assert opened.states() == {"breaking": "confirmed"}
    assert reader.subscriptions[0].source == "form on the web"
    assert (reader.name, dict(reader.fields)) == ("Anna", {"city": "Hamburg"})
    (letter,) = opened.letters()
    assert letter.subject == "Welcome to Morning Post"


def test_without_confirmation_who_is_known_keeps_name_and_gets_no_letter(site):
    opened = site(signup={"confirm": False, "welcome": True})
    opened.sign_up(name="Anna")
    opened.sign_up(name="Somebody else")
    assert opened.reader().name == "Anna"
    assert len(opened.letters()) == 1


def test_without_confirmation_a_second_newsletter_changes_no_field(site):
    opened = site(newsletters=TWO, signup={"confirm": False} | CITY)
    opened.sign_up(newsletter="breaking", **{"fields.city": "Hamburg"})
    opened.sign_up(newsletter="briefing", **{"fields.city": "Elsewhere"})
    assert opened.states() == {"breaking": "confirmed", "briefing": "confirmed"}
    assert dict(opened.reader().fields) == {"city": "Hamburg"}


@pytest.mark.parametrize("how", ["left", "erased"])
def test_who_left_is_asked_by_letter_even_then(site, how):
    opened = site(signup={"confirm": False})
    fresh = opened.sign_up("new@example.org").content
    opened.sign_up()
    with opened.store.write() as tx:
        key, cause = tx.subscribers.by_email("anna@example.org").key, by_reader("test", clock.now())
        if how == "left":
            tx.subscribers.unsubscribe(key, "breaking", cause=cause)
        else:
            tx.erasures.erase(key, cause=cause)
    assert opened.sign_up().content == fresh
    assert opened.states() == {"breaking": "left" if how == "left" else "pending"}
    assert [letter.to for letter in opened.letters()] == ["anna@example.org"]
    opened.client.post(opened.link())
    assert opened.states() == {"breaking": "confirmed"}


def test_the_form_of_the_documentation_signs_up(site):
    text = (ROOT / "docs/audience.md").read_text()
    (written,) = re.findall(r"```html\n(<form.*?</form>)", text, re.DOTALL)
    form = html.fragment_fromstring(written)
    assert form.action == "https://letters.example.org/signup"
    assert set(form.fields) == {"email", "name", "newsletter", "subject"}
    sent = dict(form.form_values())
    opened = site(newsletters=TWO)
    answer = opened.client.post("/signup", data=sent | {"email": "anna@example.org"})
    assert answer.status_code == 200
    assert opened.states() == {"breaking": "pending"}

"""Behind the button of a letter: what confirming does, once, and nothing else does."""

import base64
from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import TemplateError
from syndicate.model.subscribers import Action
from syndicate.render.mail.letter import Letter
from syndicate.web.readers.letters import LetterSender
from tests.causes import by_reader, by_test
from tests.web.asgi_client import main

pytestmark = pytest.mark.neighbours

TWO = [{"name": "breaking", "description": "What can't wait."}, {"name": "briefing"}]
CITY = {"fields": [{"name": "city"}]}


@pytest.fixture
def asked(site):
    """A publication of which somebody asked for one of two newsletters."""
    opened = site(newsletters=TWO, signup=CITY)
    opened.sign_up(newsletter="breaking", name="Anna Lind", **{"fields.city": "Hamburg"})
    return opened


def after(monkeypatch, **time) -> None:
    """Move the clock."""
    at = clock.now() + timedelta(**time)
    monkeypatch.setattr(clock, "now", lambda: at)


def test_the_page_says_what_it_is_about_and_has_one_button(asked):
    page = asked.client.get(asked.link())
    assert page.status_code == 200
    assert "Subscribe to Morning Post?" in page.text
    assert "Breaking" in page.text
    assert "Briefing" not in main(page.text)
    assert "What can&#39;t wait." in page.text
    assert "a•••@example.org" in page.text
    assert page.text.count("<button") == 1
    for typed in ("anna@", "Anna Lind", "Hamburg"):
        assert typed not in page.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_only_a_post_confirms(asked, method):
    asked.client.request(method, asked.link())
    assert asked.states() == {"breaking": "pending"}
    assert asked.questions()[0].done_at is None


def test_the_button_subscribes_and_leads_to_the_preferences(asked):
    page = asked.client.post(asked.link())
    assert page.status_code == 200
    assert "You’re subscribed" in page.text
    assert "/preferences/" in page.text
    assert asked.states() == {"breaking": "confirmed"}
    reader = asked.reader()
    assert (reader.name, dict(reader.fields)) == ("Anna Lind", {"city": "Hamburg"})


def test_how_consent_was_given_can_be_shown(asked):
    asked.client.post(asked.link())
    letter = asked.questions()[0].letter
    how = f"button in letter {letter}, after the form on the web"
    assert asked.reader().subscriptions[0].source == how
    with asked.store.read() as tx:
        trail = list(tx.audit_log.changes(asked.reader().key))
    assert [change.action for change in trail] == [Action.ASKED, Action.CONFIRMED, Action.CHANGED]
    assert {change.cause.origin for change in trail} == {"127.0.0.0/24"}


def test_a_second_press_is_fine_and_does_no_more(asked):
    first = asked.client.post(asked.link())
    before = asked.reader()
    assert asked.client.post(asked.link()).content == first.content
    assert asked.client.get(asked.link()).content == first.content
    assert asked.reader() == before


def test_an_old_link_resubscribes_no_reader_who_left(asked):
    asked.client.post(asked.link())
    with asked.store.write() as tx:
        key, cause = asked.reader().key, by_reader("test", clock.now())
        tx.subscribers.unsubscribe(key, "breaking", cause=cause)
    page = asked.client.post(asked.link())
    assert page.status_code == 410
    assert asked.states() == {"breaking": "left"}


def test_who_is_known_keeps_what_is_known(asked):
    with asked.store.write() as tx:
        key = asked.reader().key
        fields = {"city": "Bremen"}
        tx.subscribers.update(key, name="Anna", fields=fields, cause=by_test(clock.now()))
    asked.client.post(asked.link())
    assert (asked.reader().name, dict(asked.reader().fields)) == ("Anna", {"city": "Bremen"})


def test_an_expired_link_says_how_to_get_another_one(asked, monkeypatch):
    link = asked.link()
    after(monkeypatch, days=7, seconds=1)
    for answer in (asked.client.get(link), asked.client.post(link)):
        assert answer.status_code == 410
        assert "This link has expired" in answer.text
        assert f'href="{asked.config.web_url}/signup"' in answer.text
    assert asked.states() == {"breaking": "pending"}


def test_an_expired_link_leads_to_no_form_where_nothing_is_offered(web, asked, monkeypatch):
    link = asked.link()
    after(monkeypatch, days=7, seconds=1)
    later = web(newsletters=[{**newsletter, "offered": False} for newsletter in TWO])
    assert later.get("/signup").status_code == 404
    page = later.get(link)
    assert page.status_code == 410
    assert "/signup" not in page.text


def test_a_link_holds_to_its_last_second(asked, monkeypatch):
    link = asked.link()
    after(monkeypatch, days=6, hours=23, minutes=59)
    assert asked.client.post(link).status_code == 200


def test_what_was_confirmed_in_time_stays_so(asked, monkeypatch):
    link = asked.link()
    asked.client.post(link)
    after(monkeypatch, days=30)
    assert "You’re subscribed" in asked.client.get(link).text


def test_a_welcome_that_cannot_be_composed_stops_no_subscription(site, monkeypatch):
    compose = LetterSender.compose

    def broken(self, letter, *rest):
        if letter is Letter.WELCOME:
            raise TemplateError("email/letter.txt", 3, "'nothing' is undefined")
        return compose(self, letter, *rest)

    monkeypatch.setattr(LetterSender, "compose", broken)
    opened = site(signup={"welcome": True})
    opened.sign_up()
    assert "You’re subscribed" in opened.client.post(opened.link()).text
    assert set(opened.states().values()) == {"confirmed"}
    assert len(opened.letters()) == 1


def test_a_welcome_comes_once(site):
    opened = site(signup={"welcome": True})
    opened.sign_up()
    opened.client.post(opened.link())
    opened.client.post(opened.link())
    subjects = [letter.subject for letter in opened.letters()]
    assert subjects == [
        "Please confirm your subscription to Morning Post",
        "Welcome to Morning Post",
    ]


def test_the_first_of_two_letters_is_as_good_as_the_second(site):
    opened = site(newsletters=TWO)
    opened.sign_up(newsletter="breaking")
    first = opened.link()
    opened.sign_up(newsletter="briefing")
    opened.client.post(first)
    assert opened.states() == {"breaking": "confirmed", "briefing": "pending"}
    opened.client.post(opened.link())
    assert opened.states() == {"breaking": "confirmed", "briefing": "confirmed"}


def test_every_link_that_is_none_of_ours_gets_the_same_page(asked):
    reader, letter = asked.reader().key, asked.questions()[0].letter
    stranger = SignedLinks(asked.config, b"another secret").confirm(letter, reader)
    with asked.store.write() as tx:
        links = SignedLinks(asked.config, tx.keys.secret("links"))
    good = asked.link().rpartition("/")[2]
    tokens = [
        stranger.rpartition("/")[2],
        links.confirm(letter + 1, reader).rpartition("/")[2],
        links.confirm(letter, reader + 1).rpartition("/")[2],
        links.preferences(reader).rpartition("/")[2],
        links.unsubscribe(reader, "breaking").rpartition("/")[2],
        good[:-1],
        good.swapcase(),
        good + "=",
        "%00",
        "%ff" * 40,
        "A" * 4000,
    ]
    for method in ("GET", "POST"):
        answers = [asked.client.request(method, f"/confirm/{token}") for token in tokens]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
        assert "This link is incomplete" in answers[0].text
    assert asked.states() == {"breaking": "pending"}


def test_who_was_forgotten_meanwhile_has_a_bad_link(asked):
    link = asked.link()
    with asked.store.write() as tx:
        tx.erasures.delete_people([asked.reader().key], history=True)
    assert asked.client.post(link).status_code == 404
    assert asked.reader() is None


def test_a_newsletter_that_is_gone_is_not_subscribed_to(web, asked, publication):
    later = web(newsletters=[TWO[1]])
    assert later.get(asked.link()).status_code == 410
    assert later.post(asked.link()).status_code == 410
    assert asked.states() == {"breaking": "pending"}


def test_the_page_speaks_the_language_of_the_newsletter(site):
    opened = site(newsletters=[{"name": "morgen", "title": "Der Morgen", "language": "de"}])
    opened.sign_up()
    page = opened.client.get(opened.link()).text
    assert '<html lang="de" dir="ltr">' in page
    assert "Ja, ich möchte abonnieren" in page


def test_a_link_cannot_be_guessed(site):
    opened = site()
    opened.sign_up()
    folder, _, token = opened.link().rpartition("/")
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw)):
        for bit in (1, 128):
            spoilt = raw[:place] + bytes([raw[place] ^ bit]) + raw[place + 1 :]
            guess = base64.urlsafe_b64encode(spoilt).rstrip(b"=").decode()
            assert opened.client.post(f"{folder}/{guess}").status_code == 404
    assert opened.states() == {"breaking": "pending"}

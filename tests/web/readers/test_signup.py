"""Signing up over HTTP: the form, the JSON, and what the store knows afterwards."""

import json
import re
from typing import Any

import pytest
from lxml import html
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.errors import TemplateError
from syndicate.model.subscribers import Action
from syndicate.store import Store
from syndicate.web.readers.letters import LetterSender
from tests import ROOT
from tests.causes import by_reader, by_test
from tests.web.asgi_client import main

pytestmark = pytest.mark.neighbours

TWO = [
    {"name": "breaking", "description": "What can't wait."},
    {"name": "briefing", "title": "The Briefing"},
    {"name": "staff", "offered": False},
]
CITY = {"fields": [{"name": "city", "label": "Where you live", "required": True}]}


def boxes(page: str) -> dict[str, bool]:
    """Return the boxes of a form, and whether they are ticked."""
    found = re.findall(r'type="checkbox" name="newsletter" value="(\w+)"( checked)?', page)
    return {name: bool(ticked) for name, ticked in found}


# the page


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


# what a sign-up does


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


# without a letter first


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


# what is refused


NO_ADDRESSES = (
    "", "anna", "anna@", "@example.org", "a b@example.org", "anna@example", "anna@example..org",
    "Anna <anna@example.org>", "anna@example.org,bo@example.org", "anna@[127.0.0.1]",
    "x" * 65 + "@example.org", "anna@" + "x" * 250 + ".org",
    "anna@example.org\r\nBcc: bo@example.org", "anna@example.org\0", "\ud800@example.org",
)  # fmt: skip


def test_what_is_no_address_comes_back_with_the_form(site):
    opened = site()
    for email in NO_ADDRESSES:
        sent = email.encode("utf-8", "surrogatepass")
        page = opened.client.post("/signup", data={"email": sent, "name": "Anna Lind"})
        assert (email, page.status_code) == (email, 400)
        assert 'href="#email">Email address</a>: That isn’t a complete email' in page.text
        assert 'aria-describedby="email-error" aria-invalid="true"' in page.text
        assert 'value="Anna Lind"' in page.text
    with opened.store.read() as tx:
        assert list(tx.search.find()) == []


def test_each_error_is_shown_at_its_field(site):
    opened = site(newsletters=TWO, signup=CITY)
    page = opened.sign_up("nobody", name="x" * 201, newsletter="staff").text
    assert re.findall(r'href="#([\w.]+)"', main(page)) == [
        "email",
        "name",
        "fields.city",
        "newsletters",
    ]
    for name in ("email", "name", "fields.city", "newsletters"):
        assert f'id="{name}"' in page
        assert f'id="{name}-error"' in page
    assert opened.sign_up("anna@example.org", **{"fields.city": "Y"}).status_code == 400
    assert opened.reader() is None


def test_what_was_typed_is_kept_and_harmless(site):
    page = site(newsletters=TWO).sign_up(
        "nobody", name='"><script>x</script>', newsletter="briefing"
    )
    assert "<script>x" not in page.text
    assert 'value="&#34;&gt;&lt;script&gt;x&lt;/script&gt;"' in page.text
    assert boxes(page.text) == {"breaking": False, "briefing": True}


def test_addresses_that_last_only_for_a_while_are_refused(site, tmp_path):
    listed = "# for ten minutes\nmailinator.com  # a remark\n\n@Müll.example\n"
    (tmp_path / "disposable.txt").write_text(listed)
    opened = site(signup={"disposable_domains": "disposable.txt"})
    for domain in ("mailinator.com", "Sub.MAILINATOR.com", "müll.example", "a.xn--mll-hoa.example"):
        page = opened.sign_up(f"anna@{domain}")
        assert (domain, page.status_code) == (domain, 400)
        assert "only last a short while" in page.text
    assert opened.sign_up("anna@notmailinator.com").status_code == 200


def test_a_list_of_domains_that_is_no_text_is_named_at_the_start(site, tmp_path):
    from syndicate.errors import ConfigError

    (tmp_path / "disposable.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"signup\.disposable_domains: .*disposable\.txt"):
        site(signup={"disposable_domains": "disposable.txt"})


# JSON


def test_json_signs_up_from_any_page(site):
    opened = site(newsletters=TWO, signup=CITY)
    sent: dict[str, Any] = {"email": "anna@example.org", "name": "Anna"}
    sent["newsletters"] = ["briefing"]
    sent["fields"] = {"city": "Hamburg"}
    answer = opened.client.post("/api/signup", json=sent)
    assert answer.status_code == 202
    assert list(answer.json()) == ["message"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers
    assert opened.states() == {"briefing": "pending"}
    asked = opened.questions()[0].asked
    assert (asked["name"], asked["fields"]) == ("Anna", {"city": "Hamburg"})


def test_a_page_elsewhere_may_ask_beforehand(site):
    headers = {"origin": "https://else.example", "access-control-request-method": "POST"}
    answer = site().client.options("/api/signup", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "content-type"
    assert "access-control-allow-credentials" not in answer.headers


WRONG: tuple[tuple[Any, str], ...] = (
    ({}, "email"),
    ({"email": "anna"}, "email"),
    ({"email": 7}, "email"),
    ({"email": None}, "email"),
    ({"email": "anna@example.org", "name": "a\nb"}, "name"),
    ({"email": "anna@example.org", "newsletters": "breaking"}, "newsletters"),
    ({"email": "anna@example.org", "newsletters": ["staff"]}, "newsletters"),
    ({"email": "anna@example.org", "newsletters": [7]}, "newsletters"),
    ({"email": "anna@example.org", "fields": {"height": "2 m"}}, "fields.height"),
    ({"email": "anna@example.org", "fields": {"city": 7}}, "fields"),
    ({"email": "anna@example.org", "role": "admin"}, "role"),
    ([], "body"),
    ("anna@example.org", "body"),
)


def test_json_says_which_field_is_wrong(site):
    client = site(newsletters=TWO[1:]).client
    for sent, field in WRONG:
        answer = client.post("/api/signup", json=sent)
        assert (sent, answer.status_code) == (sent, 400)
        assert list(answer.json()["errors"]) == [field]


def test_the_answer_is_in_the_language_of_the_publication(site):
    opened = site(publication={"language": "de"})
    assert '<html lang="de" dir="ltr">' in opened.client.get("/signup").text
    assert "E-Mail" in opened.client.get("/signup").text


def test_a_store_that_is_busy_asks_for_patience(site, monkeypatch):
    from syndicate.errors import StoreLocked

    opened = site()

    def locked(_self):
        raise StoreLocked("locked")

    monkeypatch.setattr(Store, "write", locked)
    assert opened.sign_up().status_code == 503
    answer = opened.client.post("/api/signup", json={"email": "anna@example.org"})
    assert (answer.status_code, list(answer.json())) == (503, ["message"])


def test_a_letter_that_cannot_be_composed_is_logged_and_the_page_asks_to_try_again(
    site, monkeypatch
):
    opened = site()

    def broken(*_args):
        raise TemplateError("mail/letter.mjml", 7, "unexpected end")

    monkeypatch.setattr(LetterSender, "compose", broken)
    with capture_logs() as logs:
        page = opened.sign_up()
        answer = opened.client.post("/api/signup", json={"email": "anna@example.org"})
    assert (page.status_code, answer.status_code) == (503, 503)
    assert "Just a moment" in page.text
    assert list(answer.json()) == ["message"]
    reason = "mail/letter.mjml:7: unexpected end"
    warning = {"event": "sign-up failed", "reason": reason, "log_level": "warning"}
    assert logs == [warning | {"event": "page unavailable"}, warning]


def test_on_this_machine_the_answer_leads_to_the_outbox(site):
    opened = site()
    assert 'href="/outbox"' in opened.sign_up().text
    through = {"x-forwarded-for": "192.0.2.7"}
    page = opened.client.post("/signup", data={"email": "bo@example.org"}, headers=through)
    assert "/outbox" not in page.text


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


def test_the_json_of_the_documentation_signs_up(site):
    text = (ROOT / "docs/audience.md").read_text()
    (body,) = re.findall(r"--json '(\{.*?\n\})'", text, re.DOTALL)
    opened = site(newsletters=TWO, signup=CITY)
    headers = {"content-type": "application/json"}
    assert opened.client.post("/api/signup", content=body, headers=headers).status_code == 202
    assert opened.states() == {"breaking": "pending"}
    (shown,) = re.findall(r'`(\{"errors".*?\})`', text)
    wrong = opened.client.post("/api/signup", json={"email": "anna", "fields": {"city": "x"}})
    assert json.loads(shown)["errors"]["email"] == wrong.json()["errors"]["email"]

"""Leaving a newsletter over HTTP: RFC 8058, and the page with the button."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from lxml import html

from syndicate import clock
from syndicate.deliver.message.links import SignedLinks
from syndicate.model.subscribers import SubscriberChange, SubscriptionState
from syndicate.store import Store
from tests.causes import by_test

pytestmark = pytest.mark.neighbours

AT = datetime(2026, 11, 24, 13, 17, tzinfo=UTC)
URLENCODED: dict[str, Any] = {"data": {"List-Unsubscribe": "One-Click"}}
MULTIPART: dict[str, Any] = {"files": {"List-Unsubscribe": (None, "One-Click")}}


@dataclass
class Reader:
    """A subscriber of the newsletter `breaking`, and their link."""

    store: Store
    client: httpx.Client
    key: int
    path: str

    @property
    def state(self) -> SubscriptionState | None:
        with self.store.read() as tx:
            found = tx.subscribers.by_key(self.key)
        return found.subscriptions[0].state if found and found.subscriptions else None

    @property
    def trail(self) -> list[SubscriberChange]:
        with self.store.read() as tx:
            return list(tx.audit_log.changes(self.key))

    @property
    def everything(self) -> Any:
        """All that the store knows of them."""
        with self.store.read() as tx:
            return tx.subscribers.by_key(self.key)


@pytest.fixture
def reader(web, sqlite_store, publication) -> Reader:
    return _reader(web(), sqlite_store, publication())


def _reader(client, store, config, newsletter="breaking") -> Reader:
    with store.write() as tx:
        tx.subscribers.subscribe("anna@example.org", newsletter, cause=by_test(AT))
        found = tx.subscribers.by_email("anna@example.org")
        token = (
            SignedLinks(config, tx.keys.secret("links"))
            .unsubscribe(found.key, newsletter)
            .rpartition("/")[2]
        )
    return Reader(store, client, found.key, f"/unsubscribe/{token}")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_only_a_post_changes_anything(reader, method):
    before = reader.everything
    answer = reader.client.request(method, reader.path)
    assert answer.status_code == (200 if method in {"GET", "HEAD"} else 405)
    assert reader.everything == before


@pytest.mark.parametrize("form", [URLENCODED, MULTIPART], ids=["urlencoded", "multipart"])
def test_one_click_unsubscribes_without_redirect_or_cookie(reader, form):
    answer = reader.client.post(reader.path, **form)
    assert answer.status_code == 200
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert reader.state is SubscriptionState.LEFT


def test_one_click_twice_is_the_same_as_once(reader):
    reader.client.post(reader.path, **URLENCODED)
    once = reader.everything
    assert reader.client.post(reader.path, **URLENCODED).status_code == 200
    assert reader.everything == once


def test_a_charset_that_nobody_knows_is_no_reason_to_keep_a_reader(reader):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n'
        b"Content-Type: text/plain; charset=klingon\r\n\r\nOne-Click\r\n--x--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert reader.client.post(reader.path, content=body, headers=headers).status_code == 200
    assert reader.state == "left"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": {"List-Unsubscribe": "Two-Clicks"}},
        {"data": {"action": "burn"}},
        {"json": {"List-Unsubscribe": "One-Click"}},
        {"data": {"filler": "x" * 20_000, "List-Unsubscribe": "One-Click"}},
        {"data": {f"field{n}": "x" for n in range(250)} | {"List-Unsubscribe": "One-Click"}},
        {"content": b"List-Unsubscribe=One-Click"},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data"}},
    ],
)
def test_a_post_that_says_something_else_is_refused(reader, body):
    answer = reader.client.post(reader.path, **body)
    assert answer.status_code == 400
    assert reader.state is SubscriptionState.CONFIRMED


def test_the_page_names_the_newsletter_and_hides_the_address(reader):
    page = reader.client.get(reader.path).text
    assert "Unsubscribe from Breaking?" in page
    assert "a•••@example.org" in page
    assert "anna@" not in page
    assert re.findall(r'name="action" value="(\w+)"', page) == ["leave"]


def test_the_button_unsubscribes_and_the_page_offers_the_way_back(reader):
    page = reader.client.post(reader.path, data={"action": "leave"})
    assert page.status_code == 200
    assert reader.state == "left"
    assert "You’ve unsubscribed" in page.text
    assert re.findall(r'name="action" value="(\w+)"', page.text) == ["pause", "undo", "reason"]
    back = reader.client.post(reader.path, data={"action": "undo"})
    assert "Welcome back" in back.text
    assert reader.state == "confirmed"


NEWSLETTERS = [
    {"name": "breaking"},
    {"name": "briefing", "title": "The Morning Briefing"},
    {"name": "weekend", "title": "Das Wochenende", "language": "de"},
    {"name": "staff", "offered": False},
    {"name": "letters-page"},
]
SCHEDULES = [
    {"name": "breaking", "newsletter": "breaking", "every": "1m"},
    {"name": "briefing", "newsletter": "briefing", "cron": "0 7 * * mon-fri"},
    {"name": "weekend", "newsletter": "weekend", "cron": "0 9 * * sat"},
    {"name": "staff", "newsletter": "staff", "cron": "0 9 * * sun"},
]


def offered_instead(page):
    found = html.document_fromstring(page.text).xpath("//ul[@class='newsletters']//h3")
    return [heading.text for heading in found if heading.get("id") != "pause"]


@pytest.mark.parametrize(
    ("left", "instead"),
    [
        ("breaking", ["The Morning Briefing", "Das Wochenende"]),
        ("briefing", ["Das Wochenende"]),
        ("weekend", []),
        ("letters-page", []),
    ],
)
def test_who_leaves_is_offered_what_comes_less_often(web, sqlite_store, publication, left, instead):
    tables = {"newsletters": NEWSLETTERS, "schedules": SCHEDULES}
    reader = _reader(web(**tables), sqlite_store, publication(**tables), left)
    page = reader.client.post(reader.path, data={"action": "leave"})
    assert reader.state == "left"  # before anything is offered
    assert offered_instead(page) == instead


def test_no_more_than_three_newsletters_are_offered(web, sqlite_store, publication):
    names = ["breaking", *(f"weekly-{number}" for number in range(5))]
    every = ["1m", *["7d"] * 5]
    tables = {
        "newsletters": [{"name": name} for name in names],
        "schedules": [
            {"name": name, "newsletter": name, "every": interval}
            for name, interval in zip(names, every, strict=True)
        ],
    }
    reader = _reader(web(**tables), sqlite_store, publication(**tables))
    page = reader.client.post(reader.path, data={"action": "leave"})
    assert offered_instead(page) == ["Weekly 0", "Weekly 1", "Weekly 2"]


def test_what_a_reader_gets_already_is_not_offered_and_the_rest_takes_a_letter(
    web, sqlite_store, publication
):
    tables = {"newsletters": NEWSLETTERS, "schedules": SCHEDULES}
    reader = _reader(web(**tables), sqlite_store, publication(**tables))
    with sqlite_store.write() as tx:
        tx.subscribers.subscribe("anna@example.org", "briefing", cause=by_test(AT))
    page = reader.client.post(reader.path, data={"action": "leave"})
    assert offered_instead(page) == ["Das Wochenende"]
    (form,) = html.document_fromstring(page.text).xpath("//form[.//button[@value='join']]")
    answer = reader.client.post(
        form.get("action"), data={"action": "join", "newsletter": "weekend"}
    )
    assert (
        "We’ve sent an email to a•••@example.org"
        in html.document_fromstring(answer.text).text_content()
    )
    with sqlite_store.read() as tx:
        found = tx.subscribers.by_key(reader.key)
    assert {item.newsletter: item.state for item in found.subscriptions}["weekend"] == "pending"


def test_who_leaves_may_pause_instead_and_the_pause_ends_by_itself(reader):
    reader.client.post(reader.path, data={"action": "leave"})
    page = reader.client.post(reader.path, data={"action": "pause"})
    assert "Your mail is paused" in page.text
    assert reader.state == "confirmed"
    until = reader.everything.paused_until
    assert timedelta(days=29) < until - clock.now() < timedelta(days=31)
    actions = [(change.action, change.cause.how) for change in reader.trail[-2:]]
    how = "pause on the unsubscribe page"
    assert actions == [("rejoined", how), ("paused", how)]
    with reader.store.write() as tx:
        before, after = (
            tx.editions.count_readers("breaking", newest=1, segment=None, at=at)
            for at in (clock.now(), until)
        )
    assert (before, after) == (0, 1)


def test_a_pause_that_is_longer_than_a_month_stays(reader):
    until = clock.now() + timedelta(weeks=8)
    with reader.store.write() as tx:
        tx.subscribers.pause(reader.key, until, cause=by_test(AT))
    reader.client.post(reader.path, data={"action": "leave"})
    assert "Your mail is paused" in reader.client.post(reader.path, data={"action": "pause"}).text
    assert reader.everything.paused_until == until
    assert reader.state == "confirmed"


def test_an_old_link_pauses_nobody_back_into_a_newsletter(reader, monkeypatch):
    reader.client.post(reader.path, data={"action": "leave"})
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    page = reader.client.post(reader.path, data={"action": "pause"})
    assert "You’ve unsubscribed" in page.text
    assert 'value="pause"' not in page.text
    assert (reader.state, reader.everything.paused_until) == ("left", None)


def test_who_left_may_say_why_once(reader):
    reader.client.post(reader.path, data={"action": "leave"})
    form = {"action": "reason", "reason": "other", "words": "Too\nloud " + "!" * 400}
    page = reader.client.post(reader.path, data=form)
    assert "Thank you for telling us." in page.text
    assert re.findall(r'name="action" value="(\w+)"', page.text) == ["pause", "undo"]
    left = reader.trail[-1]
    assert left.action == "left"
    assert left.detail.startswith("other: Too loud !!!")
    assert len(left.detail) == len("other: ") + 300
    assert left.cause.origin == "127.0.0.0/24"
    reader.client.post(reader.path, data={"action": "reason", "reason": "too_many"})
    assert reader.trail[-1] == left


def test_a_reason_is_one_of_ours_and_needs_no_words(reader):
    reader.client.post(reader.path, data={"action": "reason", "reason": "too_many"})
    assert "too many" not in {change.detail for change in reader.trail}, "nobody left yet"
    reader.client.post(reader.path, **URLENCODED)
    for reason in ("", "burn"):
        data = {"action": "reason", "reason": reason}
        assert reader.client.post(reader.path, data=data).status_code == 400
    reader.client.post(reader.path, data={"action": "reason", "reason": "never_asked"})
    assert reader.trail[-1].detail == "never asked for it"


def test_who_came_back_has_no_reason_to_give(reader):
    for action in ("leave", "undo", "reason"):
        reader.client.post(reader.path, data={"action": action, "reason": "too_many"})
    assert reader.state == "confirmed"
    assert "too many" not in {change.detail for change in reader.trail}


def test_the_page_leads_to_all_preferences(reader):
    (link,) = re.findall(r'href="[^"]+(/preferences/[^"]+)"', reader.client.get(reader.path).text)
    assert "Your preferences" in reader.client.get(link).text


def test_the_buttons_are_for_our_own_page_and_one_click_for_everybody(reader):
    elsewhere = {"sec-fetch-site": "cross-site", "origin": "https://mail.example"}
    refused = reader.client.post(reader.path, data={"action": "leave"}, headers=elsewhere)
    assert refused.status_code == 403
    assert reader.state == "confirmed"
    assert reader.client.post(reader.path, **URLENCODED, headers=elsewhere).status_code == 200
    assert reader.state == "left"


def test_undo_does_nothing_for_somebody_who_has_not_left(reader):
    before = reader.everything
    assert reader.client.post(reader.path, data={"action": "undo"}).status_code == 400
    assert reader.everything == before


def test_a_suppressed_reader_is_not_offered_a_way_back(reader):
    with reader.store.write() as tx:
        tx.subscribers.suppress("anna@example.org", "complaint", cause=by_test(AT))
    page = reader.client.post(reader.path, data={"action": "leave"})
    assert "<form" not in page.text
    assert reader.client.post(reader.path, data={"action": "undo"}).status_code == 400
    assert reader.state is SubscriptionState.LEFT


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_bad_token_gets_a_kind_page_that_tells_nothing(reader, method):
    folder, token = reader.path.rsplit("/", 1)
    last = "A" if token[-1] != "A" else "B"
    spoilt = [token[:-1], token[:-1] + last, token.swapcase(), token + "="]
    pages = set()
    for bad in [*spoilt, "nonsense", "%00", "%ff" * 40, "A" * 4000]:
        answer = reader.client.request(method, f"{folder}/{bad}", **URLENCODED)
        assert (bad, answer.status_code) == (bad, 404)
        pages.add(answer.text)
    (page,) = pages
    assert "This link is incomplete" in page
    assert reader.state is SubscriptionState.CONFIRMED


def test_a_link_of_another_publication_is_a_bad_token(reader, publication):
    stranger = (
        SignedLinks(publication(), b"another secret")
        .unsubscribe(reader.key, "breaking")
        .rpartition("/")[2]
    )
    assert reader.client.post(f"/unsubscribe/{stranger}", **URLENCODED).status_code == 404
    assert reader.state is SubscriptionState.CONFIRMED


def test_a_link_outlives_its_newsletter(web, sqlite_store, publication):
    reader = _reader(web(), sqlite_store, publication(), newsletter="long-gone")
    assert "Long gone" in reader.client.get(reader.path).text
    assert reader.client.post(reader.path, **URLENCODED).status_code == 200
    assert reader.state is SubscriptionState.LEFT


def test_an_erased_reader_is_shown_as_not_subscribed(reader, publication):
    with reader.store.write() as tx:
        token = (
            SignedLinks(publication(), tx.keys.secret("links"))
            .unsubscribe(4711, "breaking")
            .rpartition("/")[2]
        )
    assert "subscribed to Breaking" in reader.client.get(f"/unsubscribe/{token}").text
    assert reader.client.post(f"/unsubscribe/{token}", **URLENCODED).status_code == 200


def test_the_page_can_not_be_cached_or_framed(reader):
    for answer in (
        reader.client.get(reader.path),
        reader.client.get("/unsubscribe/nonsense"),
        reader.client.post(reader.path, data={"action": "leave"}),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy


def test_a_german_newsletter_says_it_in_german(web, sqlite_store, publication):
    newsletters = [{"name": "morgen", "title": "Der Morgen", "language": "de"}]
    client = web(newsletters=newsletters)
    reader = _reader(client, sqlite_store, publication(newsletters=newsletters), "morgen")
    page = client.get(reader.path).text
    assert '<html lang="de" dir="ltr">' in page
    assert "Der Morgen abbestellen?" in page


def test_a_store_that_is_busy_asks_for_patience(reader, monkeypatch):
    from syndicate.errors import StoreLocked

    def locked(_self):
        raise StoreLocked("locked")

    monkeypatch.setattr(Store, "write", locked)
    answer = reader.client.post(reader.path, **URLENCODED)
    assert answer.status_code == 503
    assert "Nothing has been changed yet" in answer.text


def test_health_is_the_store_s(reader):
    assert reader.client.get("/healthz").text == "ok\n"


def test_a_link_of_a_newsletter_that_has_another_name_now_leaves_that_one(
    web, sqlite_store, publication
):
    reader = _reader(web(newsletters=[{"name": "flash"}]), sqlite_store, publication())
    with sqlite_store.write() as tx:
        tx.newsletters.rename("breaking", "flash", cause=by_test(AT))
    page = reader.client.get(reader.path)
    assert "Flash" in page.text
    assert reader.client.post(reader.path, **URLENCODED).status_code == 200
    assert reader.state is SubscriptionState.LEFT
    with sqlite_store.read() as tx:
        person = tx.subscribers.by_key(reader.key)
    assert [item.newsletter for item in person.subscriptions] == ["flash"]

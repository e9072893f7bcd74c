"""What readers decide by the link in their mails, over real HTTP."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import product

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate import clock
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import StoreLocked
from syndicate.model.subscribers import Action, Actor, ConfirmationKind
from syndicate.store import Store
from syndicate.web.app import application
from tests.causes import by_test
from tests.deliver import editions
from tests.render.mail.samples import alert, story
from tests.web.asgi_client import main
from tests.web.known_reader import (
    BUTTON,
    TABLES,
    dump,
    dump_without_limits,
    path_of,
    questions_to,
    status_text,
    subscribe_anna,
)
from tests.web.signup_site import SignupSite

pytestmark = pytest.mark.neighbours

SLOW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def reader(web, sqlite_store, publication):
    return subscribe_anna(web(**TABLES), sqlite_store, publication(**TABLES))


def test_each_newsletter_says_how_often_it_comes(web, sqlite_store, publication):
    tables = TABLES | {"schedules": [{"name": "x", "newsletter": "breaking", "cron": "0 7 * * *"}]}
    page = subscribe_anna(web(**tables), sqlite_store, publication(**tables)).get().text
    assert '<p class="state rhythm">every day at 7\u00a0AM (UTC)</p>' in page.replace(
        " AM", "\u00a0AM"
    )


def test_the_page_shows_what_may_be_decided(reader):
    page = reader.get()
    assert page.status_code == 200
    assert "a•••@example.org" in page.text
    assert "anna@" not in page.text
    assert BUTTON.findall(page.text) == [
        *("leave", "join", "leave-all", "pause", "language", "address", "data")
    ]
    assert "Culture &amp; more" in page.text
    assert "Secret" not in main(page.text)


def test_who_has_just_left_comes_back_and_goes_again(reader):
    for action, state in (("leave", "left"), ("join", "confirmed"), ("leave", "left")):
        page = reader.post(action, newsletter="breaking")
        assert reader.states == {"breaking": state}
    assert status_text(page) == "You’ve unsubscribed from Breaking."


def test_what_is_not_offered_is_kept_and_not_begun(reader):
    assert reader.post("join", newsletter="secret").status_code == 400
    with reader.store.write() as tx:
        tx.subscribers.subscribe("anna@example.org", "secret", cause=by_test(clock.now()))
        tx.subscribers.subscribe("anna@example.org", "long-gone", cause=by_test(clock.now()))
    assert "Long gone" in reader.get().text
    reader.post("leave", newsletter="long-gone")
    reader.post("leave", newsletter="secret")
    assert reader.states["secret"] == reader.states["long-gone"] == "left"
    assert "Long gone" not in reader.get().text
    reader.post("join", newsletter="secret")
    assert reader.states["secret"] == "confirmed"


def test_everything_is_left_at_once(reader):
    reader.post("join", newsletter="culture")
    page = reader.post("leave-all")
    assert reader.states == {"breaking": "left", "culture": "left"}
    assert "leave-all" not in BUTTON.findall(page.text)


def test_a_pause_is_of_some_weeks_and_can_be_ended(reader):
    page = reader.post("pause", weeks="4")
    left = reader.person.paused_until - clock.now()
    assert timedelta(days=27, hours=23) < left < timedelta(days=28)
    assert status_text(page).startswith("Your newsletters are paused until ")
    assert "resume" in BUTTON.findall(page.text)
    reader.post("resume")
    assert reader.person.paused_until is None
    assert [change.action for change in reader.trail[-2:]] == [Action.PAUSED, Action.RESUMED]


@pytest.mark.usefixtures("within_the_hour")
def test_what_changes_nothing_writes_nothing(reader, tmp_path):
    reader.post("resume")
    before = dump_without_limits(tmp_path)
    reader.post("resume")
    for _ in range(2):
        reader.post("join", newsletter="breaking")
    assert dump_without_limits(tmp_path) == before
    first = reader.post("pause", weeks="4")
    before = dump_without_limits(tmp_path)
    again = reader.post("pause", weeks="4")
    assert status_text(again) == status_text(first)
    assert status_text(first).startswith("Your newsletters are paused until ")
    assert dump_without_limits(tmp_path) == before
    reader.post("pause", weeks="8")
    assert reader.person.paused_until - clock.now() > timedelta(days=55)


def test_one_reader_may_decide_so_often_an_hour(reader, monkeypatch):
    at = clock.now().replace(minute=10, second=0)
    monkeypatch.setattr(clock, "now", lambda: at)
    for _ in range(60):
        assert reader.post("resume").status_code == 200
    before = reader.trail
    for action in ("leave-all", "data", "join", "address"):
        refused = reader.post(action)
        assert refused.status_code == 429
        assert 3300 < int(refused.headers["retry-after"]) <= 3900
        assert "Nothing has been changed yet" in refused.text
    assert reader.get().status_code == 200
    assert reader.trail == before
    with reader.store.write() as tx:
        tx.subscribers.subscribe("bo@example.org", "breaking", cause=by_test(at))
        bo = tx.subscribers.by_email("bo@example.org").key
    other_path = path_of(reader.links.preferences(bo))
    assert reader.client.post(other_path, data={"action": "leave-all"}).status_code == 200
    later = at + timedelta(minutes=65)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert reader.post("leave-all").status_code == 200


def test_a_pause_of_another_length_is_refused(reader):
    for weeks in ("", "3", "-1", "1000000", "1.0", "٤"):
        assert reader.post("pause", weeks=weeks).status_code == 400
    assert reader.person.paused_until is None


def test_the_page_speaks_the_language_that_was_chosen(reader):
    page = reader.post("language", language="de")
    assert status_text(page) == "Gespeichert."
    assert '<html lang="de" dir="ltr">' in page.text
    assert "Ihre Einstellungen" in reader.get().text
    assert reader.person.language == "de"
    assert reader.post("language", language="tlh").status_code == 400


def test_what_a_reader_did_is_in_the_trail_with_its_network(web, sqlite_store, publication):
    tables = TABLES | {"web": {"proxies": ["127.0.0.0/8"]}}
    reader = subscribe_anna(web(**tables), sqlite_store, publication(**TABLES))
    reader.client.headers["x-forwarded-for"] = "192.0.2.77"
    reader.post("join", newsletter="culture")
    reader.post("pause", weeks="1")
    reader.post("language", language="en")
    reader.with_data("change", name="Bo")
    reader.with_data("download")
    reader.post("leave-all")
    causes = [change.cause for change in reader.trail[1:]]
    page, letter = (
        {(cause.who, cause.how, cause.origin) for cause in causes if cause.how.startswith(how)}
        for how in ("preferences page", "link in letter ")
    )
    assert len(reader.trail) == 10
    assert (len(page), len(letter)) == (1, 2)
    for who, _, origin in page | letter:
        assert (who, origin) == (Actor.READER, "192.0.2.0/24")


def test_a_suppressed_reader_sees_that_and_can_only_leave(reader):
    with reader.store.write() as tx:
        tx.subscribers.suppress("anna@example.org", "complaint", cause=by_test(clock.now()))
    page = reader.get()
    assert "send anything to this address" in page.text
    assert "join" not in BUTTON.findall(page.text)
    assert reader.post("join", newsletter="culture").status_code == 400
    reader.post("leave", newsletter="breaking")
    assert reader.states == {"breaking": "left"}


def test_only_a_post_changes_anything(reader, tmp_path):
    before = dump(tmp_path)
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
        query = "?action=leave-all&weeks=1"
        answer = reader.client.request(method, reader.path + query)
        assert answer.status_code == (200 if method in {"GET", "HEAD"} else 405)
    assert dump(tmp_path) == before


def test_a_link_that_is_none_gets_one_kind_page(reader, publication):
    links, key = reader.links, reader.key
    token = links.preferences(key).rpartition("/")[2]
    spoilt = [token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), token + "=", "%00"]
    foreign = [
        links.unsubscribe(key, "breaking").rpartition("/")[2],
        links.confirm(1, key).rpartition("/")[2],
        links.view(1, key).rpartition("/")[2],
        SignedLinks(publication(), b"another secret").preferences(key).rpartition("/")[2],
        links.preferences(4711).rpartition("/")[2],
    ]
    pages = set()
    for bad, method in product((*spoilt, *foreign), ("GET", "POST")):
        data = {"action": "leave-all"} if method == "POST" else None
        answer = reader.client.request(method, f"/preferences/{bad}", data=data)
        assert (bad, answer.status_code) == (bad, 404)
        pages.add(answer.text)
    (page,) = pages
    assert "This link is incomplete" in page
    assert f'<a href="mailto:{publication().mail.sender.address}">' in page
    assert reader.states == {"breaking": "confirmed"}


def test_a_form_of_another_site_is_refused(reader, tmp_path):
    before = dump(tmp_path)
    strange = (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
    )
    for headers, action in product(strange, ("leave-all", "data")):
        answer = reader.client.post(reader.path, data={"action": action}, headers=headers)
        assert answer.status_code == 403
    assert dump(tmp_path) == before


def test_our_own_page_may_post(reader):
    own = str(reader.client.base_url).rstrip("/")
    for headers in ({"sec-fetch-site": "same-origin"}, {"origin": own}, {"origin": "null"}):
        answer = reader.client.post(reader.path, data={"action": "leave-all"}, headers=headers)
        assert answer.status_code == 200


def test_a_post_that_says_something_else_is_refused(reader):
    for body in ({}, {"json": {"action": "leave-all"}}, {"data": {"action": "x"}}):
        assert reader.client.post(reader.path, **body).status_code == 400
    assert reader.states == {"breaking": "confirmed"}


def test_the_page_is_not_cached_and_sets_no_cookie(reader):
    for answer in (reader.get(), reader.post("leave-all"), reader.post("data")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers
        assert "location" not in answer.headers


def test_a_store_that_is_busy_asks_for_patience(reader, monkeypatch):
    def locked(_self):
        raise StoreLocked("locked")

    path = reader.path
    monkeypatch.setattr(Store, "write", locked)
    answer = reader.client.post(path, data={"action": "leave-all"})
    assert answer.status_code == 503
    assert "Nothing has been changed yet" in answer.text


def test_the_link_of_a_merged_reader_leads_to_the_remaining_one(reader):
    old = reader.path
    with reader.store.write() as tx:
        at = clock.now()
        tx.subscribers.subscribe("anna@example.net", "culture", cause=by_test(at))
        new = tx.subscribers.by_email("anna@example.net").key
        tx.subscribers.merge(reader.key, new, cause=by_test(at))
    assert "a•••@example.net" in reader.client.get(old).text
    unsubscribe = path_of(reader.links.unsubscribe(reader.key, "breaking"))
    reader.client.post(unsubscribe, data={"List-Unsubscribe": "One-Click"})
    reader.key = new
    assert reader.states == {"breaking": "left", "culture": "confirmed"}


def test_a_paused_reader_misses_an_edition_and_gets_the_next(store):
    at = editions.NOON
    editions.subscribe(store, "anna@example.org", "bo@example.org")
    with store.write() as tx:
        key = tx.subscribers.by_email("anna@example.org").key
        tx.subscribers.pause(key, at + timedelta(weeks=1), cause=by_test(at))
    assert set(editions.rows(store, editions.freeze(store).key)) == {"bo@example.org"}
    later = replace(editions.draft(), created_at=at + timedelta(weeks=1))
    assert set(editions.rows(store, editions.freeze(store, later).key)) == {
        *("anna@example.org", "bo@example.org")
    }


TEXT = st.text(max_size=40)
ACTIONS = st.sampled_from(
    [
        *("join", "leave", "leave-all", "pause", "resume", "language", "address", "data"),
        *("change", "download", "confirm-erase", ""),
    ]
)
FIELDS = st.dictionaries(
    st.sampled_from(["newsletter", "weeks", "name", "field-city", "language", "email"]) | TEXT,
    TEXT | st.sampled_from(["culture", "de", "2", "bo@example.org", "\x00", "x" * 300]),
    max_size=6,
)


def first_data_link(reader) -> str:
    """Return the link of the first letter that leads to the data; there is a limit of them."""
    with reader.store.read() as tx:
        asked = questions_to(tx, reader.key, ConfirmationKind.DATA)
    if not asked:
        return str(reader.data_link())
    return path_of(reader.links.confirm(asked[-1].letter, reader.key))


@SLOW
@given(action=ACTIONS, fields=FIELDS, behind_letter=st.booleans())
def test_no_form_breaks_the_page(reader, action, fields, behind_letter):
    fields = {key: value.encode("utf-8", "replace").decode() for key, value in fields.items()}
    fields = {key.encode("utf-8", "replace").decode(): value for key, value in fields.items()}
    path = first_data_link(reader) if behind_letter else reader.path
    answer = reader.client.post(path, data=fields | {"action": action})
    assert answer.status_code < 500
    assert reader.get().status_code == 200


@SLOW
@given(body=st.binary(max_size=300), kind=st.sampled_from(["urlencoded", "multipart"]))
def test_no_body_breaks_the_page(reader, body, kind):
    if kind == "multipart":
        head = b'--x\r\nContent-Disposition: form-data; name="action"\r\n\r\nchange\r\n--x\r\n'
        headers = {"content-type": "multipart/form-data; boundary=x"}
        body = head + b'Content-Disposition: form-data; name="name"\r\n\r\n' + body + b"\r\n--x--"
    else:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = b"action=change&name=" + body
    for path in (reader.path, first_data_link(reader)):
        assert reader.client.post(path, content=body, headers=headers).status_code < 500


def test_many_visits_of_scanners_change_nothing(sqlite_store, publication, tmp_path):
    config = publication(**TABLES)
    app = application(sqlite_store, config)
    anna = subscribe_anna(httpx.Client(), sqlite_store, config)

    async def visit() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=config.web_url) as scanner:
            move = {"action": "address", "email": "anna@example.net"}
            await scanner.post(anna.path, data=move)
            sign_up = {"email": "bo@example.org", "newsletter": "culture"}
            await scanner.post("/signup", data=sign_up)
            paths = links_of_mails(anna)
            kinds = {path.split("/")[1] for path in paths}
            assert kinds == {"unsubscribe", "preferences", "view", "confirm"}
            before = dump(tmp_path)
            for path, method in product(paths * 10, ("GET", "HEAD", "OPTIONS")):
                answer = await scanner.request(method, path)
                assert answer.status_code == (405 if method == "OPTIONS" else 200), path
            assert dump(tmp_path) == before

    with ThreadPoolExecutor(1) as thread:  # Playwright occupies the event loop of this one
        thread.submit(asyncio.run, visit()).result()


def links_of_mails(anna) -> list[str]:
    """Send an edition, and the letters that wait; return every link of ours in all of them."""
    newsletter = anna.config.newsletter("breaking")
    content = alert(story(), newsletter=newsletter, config=anna.config)
    now = clock.now()
    paper = replace(
        editions.draft(), content=content, created_at=now, expires_at=now + timedelta(days=1)
    )
    editions.freeze(anna.store, paper)
    mails = SignupSite(anna.client, anna.store, anna.config).letters()
    assert len(mails) == 4
    status_text = "\n".join(mail.html + mail.text for mail in mails)
    found = re.findall(re.escape(anna.config.web_url) + r"(/[^\s\"<>]+)", status_text)
    prefixes = ("/unsubscribe/", "/preferences/", "/view/", "/confirm/")
    return sorted({path for path in found if path.startswith(prefixes)})

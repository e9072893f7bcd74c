"""One click unsubscribes (RFC 8058): a POST of a mail program, and nothing else."""

import pytest

from syndicate.deliver.message.links import SignedLinks
from syndicate.model.subscribers import SubscriptionState
from syndicate.store import Store
from tests.causes import by_test
from tests.web.readers.unsubscribe.leaving_reader import AT, MULTIPART, URLENCODED, known_reader

pytestmark = pytest.mark.neighbours


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


def test_the_buttons_are_for_our_own_page_and_one_click_for_everybody(reader):
    elsewhere = {"sec-fetch-site": "cross-site", "origin": "https://mail.example"}
    refused = reader.client.post(reader.path, data={"action": "leave"}, headers=elsewhere)
    assert refused.status_code == 403
    assert reader.state == "confirmed"
    assert reader.client.post(reader.path, **URLENCODED, headers=elsewhere).status_code == 200
    assert reader.state == "left"


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
    reader = known_reader(web(), sqlite_store, publication(), newsletter="long-gone")
    assert "Long gone" in reader.client.get(reader.path).text
    assert reader.client.post(reader.path, **URLENCODED).status_code == 200
    assert reader.state is SubscriptionState.LEFT


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
    reader = known_reader(web(newsletters=[{"name": "flash"}]), sqlite_store, publication())
    with sqlite_store.write() as tx:
        tx.newsletters.rename("breaking", "flash", cause=by_test(AT))
    page = reader.client.get(reader.path)
    assert "Flash" in page.text
    assert reader.client.post(reader.path, **URLENCODED).status_code == 200
    assert reader.state is SubscriptionState.LEFT
    with sqlite_store.read() as tx:
        person = tx.subscribers.by_key(reader.key)
    assert [item.newsletter for item in person.subscriptions] == ["flash"]

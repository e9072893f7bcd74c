"""The page with the button: what it says, the way back, and the reason for leaving."""

import re

import pytest

from syndicate.deliver.message.links import SignedLinks
from syndicate.model.subscribers import SubscriptionState
from tests.causes import by_test
from tests.web.readers.unsubscribe.leaving_reader import AT, URLENCODED, known_reader

pytestmark = pytest.mark.neighbours


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
    reader = known_reader(client, sqlite_store, publication(newsletters=newsletters), "morgen")
    page = client.get(reader.path).text
    assert '<html lang="de" dir="ltr">' in page
    assert "Der Morgen abbestellen?" in page

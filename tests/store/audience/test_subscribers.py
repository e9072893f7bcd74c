"""Subscribers in the store: one address, one person; who left stays away."""

from datetime import UTC, datetime, timedelta

from syndicate.model.articles import Revision
from syndicate.model.subscribers import SubscribeOutcome, SubscriptionState, normalise_email
from tests.causes import TEST, by_reader

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def subscribe(tx, email="ada@example.org", newsletter="news", **changes):
    return tx.subscribers.subscribe(email, newsletter, **{"cause": TEST, "at": NOW, **changes})


def test_an_address_is_one_person_however_it_is_written(store):
    with store.write() as tx:
        assert subscribe(tx, "Ada@Exämple.org", name="Ada") is SubscribeOutcome.NEW
        assert subscribe(tx, " ada@EXÄMPLE.ORG ") is SubscribeOutcome.KNOWN
        assert subscribe(tx, "ada@xn--exmple-cua.org") is SubscribeOutcome.KNOWN
        people = list(tx.subscribers.all())
    assert [(one.email, one.name) for one in people] == [("Ada@Exämple.org", "Ada")]


def test_an_address_that_idna_refuses_still_has_one_form():
    assert normalise_email("A@under_score.example") == "a@under_score.example"


def test_a_subscription_begins_after_the_newest_public_number(store):
    with store.write() as tx:
        tx.articles.add(
            Revision(title="A", body=""), id="a", slug="a", path=None, source="", at=NOW
        )
        subscribe(tx, "before@example.org")
        tx.articles.assign_numbers(NOW)
        subscribe(tx, "after@example.org")
        since = {one.email: one.subscriptions[0].since for one in tx.subscribers.all()}
    assert since == {"before@example.org": 0, "after@example.org": 1}


def test_who_left_is_brought_back_by_nobody_else(store):
    with store.write() as tx:
        subscribe(tx)
        person = tx.subscribers.by_email("ada@example.org")
        assert tx.subscribers.unsubscribe(person.key, "news", at=NOW, cause=by_reader("one click"))
        assert not tx.subscribers.unsubscribe(person.key, "news", at=NOW, cause=by_reader("again"))
        assert subscribe(tx) is SubscribeOutcome.LEFT
        assert list(tx.subscribers.all("news", SubscriptionState.CONFIRMED)) == []
        assert subscribe(tx, newsletter="other") is SubscribeOutcome.NEW


def test_a_reader_may_come_back_by_their_own_wish(store):
    with store.write() as tx:
        subscribe(tx)
        key = tx.subscribers.by_email("ada@example.org").key
        assert not tx.subscribers.resubscribe(key, "news", at=NOW, cause=by_reader("undo"))
        tx.subscribers.unsubscribe(key, "news", at=NOW, cause=by_reader("one click"))
        assert tx.subscribers.resubscribe(
            key, "news", at=NOW + timedelta(1), cause=by_reader("undo")
        )
        found = tx.subscribers.by_key(key).subscriptions[0]
    assert (found.state, found.source) == (SubscriptionState.CONFIRMED, "undo")


def test_a_suppressed_address_is_not_subscribed(store):
    with store.write() as tx:
        tx.subscribers.suppress("Ada@example.org", "550 5.1.1 no such user", at=NOW, cause=TEST)
        assert subscribe(tx) is SubscribeOutcome.SUPPRESSED
        assert list(tx.subscribers.all()) == []


def test_consent_confirms_a_pending_subscription(store):
    with store.write() as tx:
        subscribe(tx, state=SubscriptionState.PENDING)
        assert subscribe(tx, cause=by_reader("paper form")) is SubscribeOutcome.KNOWN
        found = tx.subscribers.by_email("ada@example.org").subscriptions[0]
    assert (found.state, found.source) == (SubscriptionState.CONFIRMED, "paper form")


def test_people_are_listed_with_all_their_newsletters(store):
    with store.write() as tx:
        subscribe(tx, newsletter="b")
        subscribe(tx, newsletter="a")
        subscribe(tx, "bo@example.org", newsletter="a")
        people = list(tx.subscribers.all())
    assert [[s.newsletter for s in one.subscriptions] for one in people] == [["a", "b"], ["a"]]

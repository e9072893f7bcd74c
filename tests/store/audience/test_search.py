"""The roll: people by what is wanted of them, in a stream, and counts of them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syndicate.config import Criteria
from syndicate.config.segment_expression import parse
from syndicate.model.subscribers import Actor, Cause, SubscriptionState
from syndicate.store import SearchCriteria, StagedReader
from syndicate.store.audience.bulk_import import IMPORTED
from syndicate.store.audience.search import NewsletterCounts
from tests.causes import by_reader, by_test

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PENDING, LEFT = SubscriptionState.PENDING, SubscriptionState.LEFT
WANTED = (
    (SearchCriteria(), "ada bo cy di"),
    (SearchCriteria(newsletter="other"), "ada"),
    (SearchCriteria(state=SubscriptionState.LEFT), "bo"),
    (SearchCriteria(newsletter="other", state=SubscriptionState.LEFT), ""),
    (SearchCriteria(suppressed=True), "di"),
    (SearchCriteria(tag="vip"), "ada"),
    (SearchCriteria(tag="nobody"), ""),
)
"""What may be wanted, and who is it."""


def subscribe(tx, name, newsletter="news", at=NOW, **more):
    tx.subscribers.subscribe(f"{name}@example.org", newsletter, cause=by_test(at), **more)
    return tx.subscribers.by_email(f"{name}@example.org").key


@pytest.fixture
def people(store):
    with store.write() as tx:
        ada = subscribe(tx, "ada")
        subscribe(tx, "ada", "other")
        tx.subscribers.tag(ada, ["vip"], cause=by_test(NOW))
        tx.subscribers.update(ada, fields={"city": "Berlin"}, cause=by_test(NOW))
        bo = subscribe(tx, "bo")
        tx.subscribers.unsubscribe(bo, "news", cause=by_reader("one click", NOW))
        tx.subscribers.add_pending("cy@example.org", ["news"], cause=by_test(NOW))
        di = subscribe(tx, "di")
        tx.subscribers.update(di, fields={"age": "41", "city": ""}, cause=by_test(NOW))
        tx.subscribers.suppress("di@example.org", "bounced", cause=by_test(NOW))
        tx.subscribers.suppress("ed@example.org", "complained", cause=by_test(NOW))
    return store


def test_people_are_found_by_what_is_wanted_of_them(people):
    with people.read() as tx:
        for wanted, names in WANTED:
            found = [subscriber.email.partition("@")[0] for subscriber in tx.search.find(wanted)]
            assert found == names.split(), wanted
            assert tx.search.count(wanted) == len(found)


def test_a_segment_can_be_wanted(people):
    where = parse('field.city = "Berlin"')
    criteria = Criteria(name="x", expression=where, language="en", zone=ZoneInfo("UTC"))
    with people.read() as tx:
        found = list(tx.search.find(SearchCriteria(segment=criteria)))
    assert [one.email for one in found] == ["ada@example.org"]


def test_a_limit_counts_people_and_not_their_subscriptions(people):
    with people.read() as tx:
        found = list(tx.search.find(SearchCriteria(), limit=2))
    assert [len(one.subscriptions) for one in found] == [2, 1]
    assert found[0].tags == ("vip",)


def test_more_people_than_are_fetched_at_once_all_come(store, monkeypatch):
    monkeypatch.setattr("syndicate.store.audience.search._FETCH_SIZE", 3)
    monkeypatch.setattr("syndicate.store.audience.search._BATCH", 2)
    with store.write() as tx:
        for number in range(11):
            key = subscribe(tx, f"r{number}")
            tx.subscribers.tag(key, [f"t{number}"], cause=by_test(NOW))
    with store.read() as tx:
        found = [
            (subscriber.email, subscriber.tags) for subscriber in tx.search.find(SearchCriteria())
        ]
    assert found == [(f"r{number}@example.org", (f"t{number}",)) for number in range(11)]


def test_addresses_of_nobody_that_are_not_mailed_are_listed_by_themselves(people):
    with people.read() as tx:
        unknown = [(found.address, found.reason) for found in tx.search.unknown_suppressions()]
        assert unknown == [("ed@example.org", "complained")]


def test_own_fields_are_known_by_who_has_them(people):
    with people.read() as tx:
        assert tx.search.field_names() == ["age", "city"]


def test_every_newsletter_is_counted_and_nobody_twice(people):
    with people.read() as tx:
        assert tx.search.newsletter_counts() == [
            NewsletterCounts(newsletter="news", confirmed=1, pending=1, left=1, suppressed=1),
            NewsletterCounts(newsletter="other", confirmed=1),
        ]


def test_growth_is_told_by_the_quarter_of_an_hour(store):
    with store.write() as tx:
        ada = subscribe(tx, "ada", at=NOW)
        subscribe(tx, "bo", at=NOW + timedelta(minutes=14))
        subscribe(tx, "cy", "other", at=NOW + timedelta(minutes=15))
        left_at = NOW + timedelta(hours=5)
        tx.subscribers.unsubscribe(ada, "news", cause=by_test(left_at))
        grown = tx.search.growth("news", since=NOW)
        assert [(growth.at, growth.joined, growth.left) for growth in grown] == [
            (NOW, 2, 0),
            (left_at, 0, 1),
        ]
        assert sum(growth.joined for growth in tx.search.growth(None, since=NOW)) == 3
        assert tx.search.growth("news", since=left_at + timedelta(1)) == []


def test_who_never_was_a_reader_has_not_left(store):
    elsewhere = f"{IMPORTED}old.csv, left there 2021-03-04"
    cause = Cause(who=Actor.IMPORT, how=f"{IMPORTED}old.csv", at=NOW)
    with store.write() as tx:
        batch = [
            StagedReader(
                f"{who}@example.org", f"{who}@example.org", "news", NOW, elsewhere, state=LEFT
            )
            for who in ("ada", "bo")
        ]
        tx.bulk_import.add(batch, cause=cause)
        cy = tx.subscribers.add_pending("cy@example.org", ["news"], cause=by_reader("form", NOW))
        tx.subscribers.unsubscribe(cy, "news", cause=by_reader("preferences page", NOW))
        assert tx.search.growth("news", since=NOW) == []
        assert tx.search.newsletter_counts() == [
            NewsletterCounts(newsletter="news", never_joined=3)
        ]
        bo = tx.subscribers.by_email("bo@example.org").key
        tx.subscribers.confirm(bo, ["news"], cause=by_reader("letter", NOW))
        tx.subscribers.unsubscribe(bo, "news", cause=by_reader("one click", NOW))
        [span] = tx.search.growth("news", since=NOW)
        assert (span.joined, span.left) == (1, 1)
        assert tx.search.newsletter_counts() == [
            NewsletterCounts(newsletter="news", never_joined=2, left=1)
        ]


def test_who_asked_first_and_confirmed_then_joined_once(store):
    with store.write() as tx:
        key = tx.subscribers.add_pending("ada@example.org", ["news"], cause=by_test(NOW))
        tx.subscribers.confirm(key, ["news"], cause=by_reader("letter", NOW))
        [one] = tx.search.growth("news", since=NOW)
    assert (one.joined, one.left) == (1, 0)

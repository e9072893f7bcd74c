"""A newsletter that has another name now, and what was kept under the old one."""

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.model.articles import Revision
from syndicate.model.subscribers import Action, SubscriptionState
from syndicate.store import NewsletterRename
from tests.causes import by_reader, by_test
from tests.sample_articles import add_article
from tests.sample_editions import freeze

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ME = by_test(LATER)


def subscribe(tx, email, newsletter, *, at=NOW):
    tx.subscribers.subscribe(email, newsletter, cause=by_test(at))
    return tx.subscribers.by_email(email).key


def leave(tx, email, newsletter, *, at=NOW):
    key = subscribe(tx, email, newsletter)
    tx.subscribers.unsubscribe(key, newsletter, cause=by_reader("one click", at))


def stands(tx, email):
    person = tx.subscribers.by_email(email)
    return {its.newsletter: str(its.state) for its in person.subscriptions}


def test_everybody_goes_along_as_they_stood(store):
    with store.write() as tx:
        subscribe(tx, "ada@example.org", "old")
        tx.subscribers.add_pending("bo@example.org", ["old"], cause=by_test(NOW))
        leave(tx, "cy@example.org", "old")
        subscribe(tx, "di@example.org", "other")
        renamed = tx.newsletters.rename("old", "new", cause=ME)
    assert renamed == NewsletterRename(confirmed=1, pending=1, left=1, both=0, editions=0)
    with store.read() as tx:
        assert stands(tx, "ada@example.org") == {"new": "confirmed"}
        assert stands(tx, "bo@example.org") == {"new": "pending"}
        assert stands(tx, "cy@example.org") == {"new": "left"}
        assert stands(tx, "di@example.org") == {"other": "confirmed"}
        assert tx.newsletters.subscription_counts() == {
            "new": {SubscriptionState.CONFIRMED: 1, SubscriptionState.PENDING: 1},
            "other": {SubscriptionState.CONFIRMED: 1},
        }


def test_the_history_says_what_it_was_called_and_who_moved_it(store):
    with store.write() as tx:
        key = subscribe(tx, "ada@example.org", "old")
        tx.newsletters.rename("old", "new", cause=ME)
        first, last = tx.audit_log.changes(key)
    assert (first.action, first.newsletter) == (Action.SUBSCRIBED, "new")
    assert (last.action, last.newsletter, last.detail) == (Action.RENAMED, "new", "from old")
    assert last.cause == ME


@pytest.mark.parametrize(
    ("old", "new", "becomes"),
    [
        ("confirmed", "confirmed", "confirmed"),
        ("confirmed", "pending", "confirmed"),
        ("pending", "confirmed", "confirmed"),
        ("confirmed", "left", "left"),
        ("left", "confirmed", "left"),
        ("left", "pending", "left"),
        ("pending", "left", "left"),
    ],
)
def test_who_had_both_has_one_and_who_left_either_stays_away(store, old, new, becomes):
    with store.write() as tx:
        for name, state in (("old", old), ("new", new)):
            if state == "left":
                leave(tx, "ada@example.org", name)
            elif state == "pending":
                tx.subscribers.add_pending("ada@example.org", [name], cause=by_test(NOW))
            else:
                subscribe(tx, "ada@example.org", name)
        renamed = tx.newsletters.rename("old", "new", cause=ME)
        assert renamed.both == 1
        assert stands(tx, "ada@example.org") == {"new": becomes}


def test_of_two_subscriptions_the_one_that_remains_began_with_the_earlier(store):
    with store.write() as tx:
        subscribe(tx, "ada@example.org", "old")
        add_article(
            tx, Revision(title="A", body=""), id="a", slug="a", path=None, source="", at=NOW
        )
        tx.articles.assign_numbers(NOW)
        subscribe(tx, "ada@example.org", "new")
        tx.newsletters.rename("old", "new", cause=ME)
        [subscription] = tx.subscribers.by_email("ada@example.org").subscriptions
    assert subscription.since == 0


def test_editions_are_those_of_the_new_name(store):
    edition = freeze(store, at=NOW, newsletter="old").key
    with store.write() as tx:
        renamed = tx.newsletters.rename("old", "new", cause=ME)
        assert renamed.editions == 1
        assert tx.editions.by_key(edition).newsletter == "new"


def test_a_newsletter_is_found_by_every_name_that_it_had(store):
    with store.write() as tx:
        subscribe(tx, "ada@example.org", "first")
        tx.newsletters.rename("first", "second", cause=by_test(NOW))
        tx.newsletters.rename("second", "third", cause=ME)
        assert [tx.newsletters.current_name(name) for name in ("first", "second", "third", "x")] == [
            "third", "third", "third", "x",
        ]  # fmt: skip
        tx.newsletters.rename("third", "first", cause=ME)
        assert {tx.newsletters.current_name(name) for name in ("first", "second", "third")} == {
            "first"
        }

"""The hub's requests and subscriptions in the store: what is claimed, owed, renewed and forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from syndicate.store import CallKind, HubRequest

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RSS, ATOM = "https://post.example/rss.xml", "https://post.example/atom.xml"
ADA, BO = "https://ada.example/cb?id=1", "https://bo.example/cb"
OLD, NEW, NEWER = "a" * 64, "b" * 64, "c" * 64


def ask(
    tx, topic=RSS, callback=ADA, *, at=NOW, mode="subscribe", secret="", lease=3600, sha256=OLD
):
    request = HubRequest(mode=mode, secret=secret, lease=lease, sha256=sha256)
    tx.hub.add_request(topic, callback, callback.split("/")[2], request, at=at)


def subscribe(tx, topic=RSS, callback=ADA, *, at=NOW, **values) -> None:
    """Have a request verified."""
    ask(tx, topic, callback, at=at, **values)
    for call in requests(tx, at):
        tx.hub.confirm(call, at=at)


def enqueue(tx, version, topic=RSS, at=NOW):
    tx.calls.enqueue_for_all(CallKind.DELIVERY, topic, version, at)


def requests(tx, at=NOW):
    return tx.calls.claim(CallKind.VERIFICATION, at, until=at + MINUTE, limit=10)


def owed(tx, at=NOW):
    return tx.calls.claim(CallKind.DELIVERY, at, until=at + MINUTE, limit=10)


def test_what_a_statement_is_given_is_not_in_its_error(store):
    """Errors end up in logs, and a secret is not to."""
    statement = text("INSERT INTO nowhere (secret) VALUES (:secret)")
    with pytest.raises(DBAPIError, match="nowhere") as failed, store.write() as tx:
        tx._connection.execute(statement, {"secret": "hush"})
    assert "hush" not in str(failed.value)


def test_a_newer_request_takes_the_place_of_an_older_one_that_is_being_verified(tx):
    ask(tx, secret="old")
    [old] = requests(tx)
    ask(tx, secret="new", at=NOW + MINUTE / 2)
    tx.hub.confirm(old, at=NOW)
    assert tx.hub.counts().subscriptions == 0
    assert not tx.calls.delete(old)
    tx.calls.settle([old.failed("HTTP 500", NOW + HOUR)])
    [new] = requests(tx, NOW + MINUTE)
    assert (new.payload["secret"], new.attempts) == ("new", 0)


def test_who_is_new_has_what_was_there_and_is_owed_what_comes(tx):
    subscribe(tx)
    assert tx.hub.topics() == {RSS: {OLD}}
    enqueue(tx, OLD)
    assert owed(tx) == []
    enqueue(tx, NEW)
    [one] = owed(tx)
    assert (one.delivered, one.version, one.attempts) == (OLD, NEW, 0)
    tx.calls.settle([one.succeeded()])
    assert tx.hub.topics() == {RSS: {NEW}}
    assert owed(tx, NOW + HOUR / 2) == []


def test_a_newer_version_that_was_sent_instead_is_not_sent_again(tx):
    subscribe(tx)
    enqueue(tx, NEW)
    [one] = owed(tx)
    tx.calls.settle([one.succeeded(NEWER)])
    enqueue(tx, NEWER)
    assert owed(tx, NOW + HOUR / 2) == []


def test_one_topic_is_nobody_elses(tx):
    subscribe(tx)
    subscribe(tx, topic=ATOM)
    enqueue(tx, NEW, ATOM)
    assert [subscription.topic for subscription in owed(tx)] == [ATOM]


def test_what_is_as_it_was_before_is_owed_no_more_unless_something_else_may_have_come(tx):
    subscribe(tx)
    enqueue(tx, NEW)
    enqueue(tx, OLD)
    assert owed(tx) == []
    assert tx.hub.counts().owed == 0
    enqueue(tx, NEW)
    assert len(owed(tx)) == 1  # and it is being sent
    enqueue(tx, OLD)
    [one] = owed(tx)
    tx.calls.settle([one.failed("no reply within 10 s", NOW + HOUR / 2)])
    enqueue(tx, NEW)
    enqueue(tx, OLD)
    assert len(owed(tx)) == 1


def test_a_renewal_replaces_secret_and_lease_and_keeps_what_is_owed(tx):
    subscribe(tx, secret="old")
    enqueue(tx, NEW)
    subscribe(tx, secret="new", lease=7200, sha256=NEW, at=NOW + MINUTE)
    [one] = owed(tx)
    assert (one.payload, one.expires_at) == ({"secret": "new"}, NOW + MINUTE + 2 * HOUR)
    assert (one.delivered, one.version) == (OLD, NEW)


def test_who_comes_back_after_the_lease_is_new(tx):
    subscribe(tx, lease=60)
    enqueue(tx, NEW)
    subscribe(tx, sha256=NEWER, at=NOW + HOUR)
    assert tx.hub.topics() == {RSS: {NEWER}}


def test_nothing_goes_to_whose_lease_ended_and_they_are_forgotten(tx):
    subscribe(tx, lease=60)
    subscribe(tx, callback=BO)
    enqueue(tx, NEW)
    later = NOW + MINUTE
    assert [subscription.endpoint for subscription in owed(tx, later)] == [BO]
    assert tx.hub.delete_expired(later) == 1
    assert tx.hub.counts().subscriptions == 1


def test_old_requests_are_forgotten(tx):
    ask(tx)
    ask(tx, callback=BO, at=NOW + HOUR)
    assert tx.hub.delete_expired(NOW + DAY) == 0
    assert [request.endpoint for request in requests(tx, NOW + HOUR)] == [BO]


def test_unsubscribing_ends_one_subscription(tx):
    subscribe(tx)
    subscribe(tx, callback=BO)
    subscribe(tx, mode="unsubscribe", lease=0)
    assert not tx.hub.exists(RSS, ADA)
    assert tx.hub.exists(RSS, BO)


def test_a_topic_that_is_no_more_is_withdrawn_with_its_subscriptions(tx):
    subscribe(tx)
    subscribe(tx, topic=ATOM)
    assert [subscription.endpoint for subscription in tx.hub.delete_topic(ATOM)] == [ADA]
    assert list(tx.hub.topics()) == [RSS]


def test_who_is_gone_is_no_subscriber_and_others_stay(tx):
    subscribe(tx)
    subscribe(tx, callback=BO)
    enqueue(tx, NEW)
    ada, _ = owed(tx)
    tx.hub.delete(ada)
    assert (tx.hub.exists(RSS, ADA), tx.hub.exists(RSS, BO)) == (False, True)


def test_the_callbacks_of_one_host_are_counted(tx):
    subscribe(tx)
    ask(tx, topic=ATOM)
    ask(tx, topic=ATOM, callback="https://not-ada.example/cb")
    ask(tx, callback=BO)
    tx.calls.enqueue(CallKind.PING, "https://ada.example/", {RSS: NEW}, NOW)
    assert (tx.hub.count("ada.example"), tx.hub.count("bo.example"), tx.hub.count()) == (2, 1, 4)
    assert tx.hub.counts().requests == 3

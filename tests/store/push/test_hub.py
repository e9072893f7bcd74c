"""The hub's books in the store: what is claimed, owed, renewed and forgotten."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from syndicate.store import HubRequest

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RSS, ATOM = "https://post.example/rss.xml", "https://post.example/atom.xml"
ADA, BO = "https://ada.example/cb?id=1", "https://bo.example/cb"
OLD, NEW, NEWER = "a" * 64, "b" * 64, "c" * 64


def asked(topic=RSS, callback=ADA, **values) -> HubRequest:
    """A request that is due."""
    given: dict[str, Any] = {"mode": "subscribe", "secret": "", "lease": 3600, "sha256": OLD}
    given |= {"host": callback.split("/")[2]}
    given |= {"asked_at": NOW, "due_at": NOW} | values
    return HubRequest(topic=topic, callback=callback, **given)


def subscribed(tx, topic=RSS, callback=ADA, **values) -> None:
    request = asked(topic, callback, **values)
    tx.hub.add_request(request)
    tx.hub.confirm(request, at=request.asked_at)


def requests(tx, at=NOW):
    return tx.hub.claim_requests(at, until=at + MINUTE, limit=10)


def owed(tx, at=NOW):
    return tx.hub.claim_deliveries(at, until=at + MINUTE, limit=10)


def test_what_a_statement_is_given_is_not_in_its_error(store):
    """Errors end up in logs, and a secret is not to."""
    statement = text("INSERT INTO nowhere (secret) VALUES (:secret)")
    with pytest.raises(DBAPIError, match="nowhere") as failed, store.write() as tx:
        tx._connection.execute(statement, {"secret": "hush"})
    assert "hush" not in str(failed.value)


def test_a_request_is_claimed_once_until_the_claim_runs_out(tx):
    tx.hub.add_request(asked())
    tx.hub.add_request(asked(callback=BO, due_at=NOW + HOUR))
    assert [request.callback for request in requests(tx)] == [ADA]
    assert requests(tx) == []
    assert [request.callback for request in requests(tx, NOW + MINUTE)] == [ADA]


def test_of_two_who_claim_at_once_one_gets_it(store):
    others: list[object] = []

    def claim() -> None:
        with store.write() as tx:
            others.extend([*owed(tx), *requests(tx)])

    with store.write() as tx:
        subscribed(tx)
        tx.hub.enqueue(RSS, NEW, at=NOW)
        tx.hub.add_request(asked(callback=BO))
    thread = threading.Thread(target=claim)
    with store.write() as tx:
        assert len([*owed(tx), *requests(tx)]) == 2
        thread.start()
        time.sleep(0.3)  # it has looked by now, and waits to write
    thread.join()
    assert others == []


def test_a_newer_request_takes_the_place_of_an_older_one_that_is_being_verified(tx):
    tx.hub.add_request(asked(secret="old"))
    [old] = requests(tx)
    tx.hub.add_request(asked(secret="new", asked_at=NOW + MINUTE, due_at=NOW + MINUTE))
    tx.hub.confirm(old, at=NOW)
    assert tx.hub.counts().subscriptions == 0
    assert not tx.hub.delete_request(old)
    tx.hub.retry_request(old, due_at=NOW + HOUR)
    [new] = requests(tx, NOW + MINUTE)
    assert (new.secret, new.attempts) == ("new", 0)


def test_a_request_that_is_put_off_counts_the_try(tx):
    tx.hub.add_request(asked())
    [one] = requests(tx)
    tx.hub.retry_request(one, due_at=NOW + HOUR)
    assert requests(tx, NOW + MINUTE) == []
    [again] = requests(tx, NOW + HOUR)
    assert again.attempts == 1


def test_who_is_new_has_what_was_there_and_is_owed_what_comes(tx):
    subscribed(tx)
    assert tx.hub.topics(NOW) == {RSS: {(OLD, "")}}
    tx.hub.enqueue(RSS, OLD, at=NOW)
    assert owed(tx) == []
    tx.hub.enqueue(RSS, NEW, at=NOW)
    [one] = owed(tx)
    assert (one.sha256, one.owed, one.attempts) == (OLD, NEW, 0)
    tx.hub.mark_delivered(one, sha256=NEW)
    assert tx.hub.topics(NOW) == {RSS: {(NEW, "")}}
    assert owed(tx, NOW + HOUR / 2) == []


def test_one_topic_is_nobody_elses(tx):
    subscribed(tx)
    subscribed(tx, topic=ATOM)
    tx.hub.enqueue(ATOM, NEW, at=NOW)
    assert [subscription.topic for subscription in owed(tx)] == [ATOM]


def test_what_failed_is_tried_later_and_a_newer_version_at_once(tx):
    subscribed(tx)
    tx.hub.enqueue(RSS, NEW, at=NOW)
    [one] = owed(tx)
    tx.hub.mark_failed(one, error="HTTP 503", due_at=NOW + HOUR / 2)
    tx.hub.enqueue(RSS, NEW, at=NOW)  # the same again changes nothing
    assert owed(tx, NOW + MINUTE) == []
    tx.hub.enqueue(RSS, NEWER, at=NOW + MINUTE)
    [one] = owed(tx, NOW + MINUTE)
    assert (one.owed, one.attempts, one.error) == (NEWER, 0, "HTTP 503")


def test_a_version_that_is_given_up_is_not_owed_again_and_the_next_is(tx):
    subscribed(tx)
    tx.hub.enqueue(RSS, NEW, at=NOW)
    [one] = owed(tx)
    tx.hub.mark_failed(one, error="HTTP 503", due_at=None)
    tx.hub.enqueue(RSS, NEW, at=NOW)
    assert owed(tx, NOW + MINUTE) == []
    assert [(each.callback, each.error) for each in tx.hub.counts().first] == [(ADA, "HTTP 503")]
    tx.hub.enqueue(RSS, NEWER, at=NOW)
    assert len(owed(tx, NOW + MINUTE)) == 1


def test_an_operator_may_have_it_tried_at_once_even_what_was_given_up(tx):
    tx.hub.add_request(asked(topic=ATOM, due_at=NOW + HOUR))
    subscribed(tx)
    subscribed(tx, callback=BO)
    tx.hub.enqueue(RSS, NEW, at=NOW)
    ada, bo = owed(tx)
    tx.hub.mark_failed(ada, error="HTTP 503", due_at=NOW + HOUR)
    tx.hub.mark_failed(bo, error="HTTP 503", due_at=None)
    tx.hub.retry_now(NOW)
    tx.hub.enqueue(RSS, NEW, at=NOW)
    assert [subscription.callback for subscription in owed(tx)] == [ADA, BO]
    assert len(requests(tx)) == 1


def test_what_is_being_tried_is_not_hurried(tx):
    tx.hub.add_request(asked(topic=ATOM))
    subscribed(tx)
    tx.hub.enqueue(RSS, NEW, at=NOW)
    [request], [one] = requests(tx), owed(tx)
    tx.hub.retry_now(NOW)
    assert (requests(tx), owed(tx)) == ([], [])
    tx.hub.retry_request(request, due_at=NOW + HOUR)
    tx.hub.mark_failed(one, error="HTTP 503", due_at=NOW + HOUR / 2)
    tx.hub.retry_now(NOW)  # and again, once the tries are over
    assert (len(requests(tx)), len(owed(tx))) == (1, 1)


def test_a_newer_request_or_version_is_hurried_though_the_one_before_is_being_tried(tx):
    tx.hub.add_request(asked(topic=ATOM))
    subscribed(tx)
    tx.hub.enqueue(RSS, NEW, at=NOW)
    assert (len(requests(tx)), len(owed(tx))) == (1, 1)
    tx.hub.add_request(asked(topic=ATOM, asked_at=NOW + MINUTE, due_at=NOW + HOUR))
    tx.hub.enqueue(RSS, NEWER, at=NOW + HOUR / 2)
    tx.hub.retry_now(NOW)
    assert (len(requests(tx)), len(owed(tx))) == (1, 1)


def test_a_request_that_nobody_was_asked_about_is_as_it_was(tx):
    tx.hub.add_request(asked())
    [one] = requests(tx)
    tx.hub.release_request(one, due_at=NOW)
    [again] = requests(tx)
    assert again.attempts == 0
    [other] = requests(tx, NOW + MINUTE)
    tx.hub.release_request(again, due_at=NOW)  # it is the other's by now
    assert requests(tx) == []
    tx.hub.retry_request(again, due_at=NOW)
    assert requests(tx) == []
    tx.hub.retry_request(other, due_at=NOW)
    assert len(requests(tx)) == 1


def test_what_is_as_it_was_before_is_owed_no_more(tx):
    subscribed(tx)
    tx.hub.enqueue(RSS, NEW, at=NOW)
    tx.hub.enqueue(RSS, OLD, at=NOW)
    assert owed(tx) == []
    assert tx.hub.counts().owed == 0


def test_what_another_has_claimed_since_is_left_to_it(tx):
    subscribed(tx)
    tx.hub.enqueue(RSS, NEW, at=NOW)
    [slow] = owed(tx)
    [other] = owed(tx, NOW + MINUTE)
    tx.hub.mark_failed(slow, error="late", due_at=NOW)
    assert tx.hub.counts().failing == 0
    tx.hub.mark_delivered(other, sha256=NEW)
    assert tx.hub.counts().owed == 0


def test_those_that_failed_last_come_last(tx):
    for name in ("a", "b", "c"):
        subscribed(tx, callback=f"https://{name}.example/")
    tx.hub.enqueue(RSS, NEW, at=NOW)
    first, *rest = owed(tx)
    tx.hub.mark_failed(first, error="HTTP 500", due_at=NOW)
    for one in rest:
        tx.hub.release(one, due_at=NOW + MINUTE)
    names = [subscription.callback[8] for subscription in owed(tx, NOW + MINUTE)]
    assert names == ["b", "c", "a"]


def test_a_renewal_replaces_secret_and_lease_and_keeps_what_is_owed(tx):
    subscribed(tx, secret="old")
    tx.hub.enqueue(RSS, NEW, at=NOW)
    again = asked(secret="new", lease=7200, sha256=NEW, asked_at=NOW + MINUTE)
    tx.hub.add_request(again)
    tx.hub.confirm(again, at=NOW + MINUTE)
    [one] = owed(tx)
    assert (one.secret, one.until) == ("new", NOW + MINUTE + 2 * HOUR)
    assert (one.sha256, one.owed) == (OLD, NEW)


def test_who_comes_back_after_the_lease_is_new(tx):
    subscribed(tx, lease=60)
    tx.hub.enqueue(RSS, NEW, at=NOW)
    subscribed(tx, sha256=NEWER, asked_at=NOW + HOUR)
    assert tx.hub.topics(NOW + HOUR) == {RSS: {(NEWER, "")}}


def test_nothing_goes_to_whose_lease_ended_and_they_are_forgotten(tx):
    subscribed(tx, lease=60)
    subscribed(tx, callback=BO)
    tx.hub.enqueue(RSS, NEW, at=NOW)
    later = NOW + MINUTE
    assert [subscription.callback for subscription in owed(tx, later)] == [BO]
    assert tx.hub.delete_expired(later, asked_before=NOW) == 1
    assert tx.hub.counts().subscriptions == 1


def test_old_requests_are_forgotten(tx):
    tx.hub.add_request(asked())
    tx.hub.add_request(asked(callback=BO, asked_at=NOW + HOUR, due_at=NOW))
    tx.hub.delete_expired(NOW, asked_before=NOW + MINUTE)
    assert [request.callback for request in requests(tx)] == [BO]


def test_unsubscribing_ends_one_subscription(tx):
    subscribed(tx)
    subscribed(tx, callback=BO)
    leaving = asked(mode="unsubscribe", lease=0)
    tx.hub.add_request(leaving)
    tx.hub.confirm(leaving, at=NOW)
    assert not tx.hub.exists(RSS, ADA)
    assert tx.hub.exists(RSS, BO)


def test_a_topic_that_is_no_more_is_withdrawn_with_its_subscriptions(tx):
    subscribed(tx)
    subscribed(tx, topic=ATOM)
    assert [subscription.topic for subscription in tx.hub.delete_topic(ATOM)] == [ATOM]
    assert list(tx.hub.topics(NOW)) == [RSS]


def test_the_callbacks_of_one_host_are_counted(tx):
    subscribed(tx)
    tx.hub.add_request(asked(topic=ATOM))
    subscribed(tx, callback=BO)
    tx.hub.add_request(asked(topic=ATOM, callback="https://not-ada.example/cb"))
    assert (tx.hub.count("ada.example"), tx.hub.count("bo.example"), tx.hub.count()) == (2, 1, 4)

"""The queue of outgoing calls, as the store keeps it, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.store import CallKind, OutgoingCall

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
UNTIL = AT + 10 * MINUTE
HUB, OTHER = "https://hub.example/", "https://other.example/"
PING, PAGE, DELIVERY = CallKind.PING, CallKind.INDEXNOW, CallKind.DELIVERY


@pytest.fixture
def queue(store):
    """A store in which one hub is owed two feeds, and knows a third."""
    with store.write() as tx:
        tx.calls.enqueue(PING, HUB, {"a": "1", "long-name": "1"}, AT)
        tx.calls.remember(PING, HUB, {"known": "1"})
    return store


def claim(store, at=AT, *, until=None, limit=10, kind=PING, endpoint: str | None = HUB):
    with store.write() as tx:
        until = until or at + 10 * MINUTE
        return tx.calls.claim(kind, at, until=until, limit=limit, endpoint=endpoint)


def topics(calls):
    return [call.topic for call in calls]


def pending(store):
    with store.read() as tx:
        return {call.topic: call for call in tx.calls.pending()}


def test_what_is_due_is_claimed_once_short_topics_first(queue):
    assert topics(claim(queue)) == ["a", "long-name"]
    assert claim(queue) == []
    assert topics(claim(queue, UNTIL)) == ["a", "long-name"]


def test_of_many_some_are_claimed(queue):
    assert topics(claim(queue, limit=1)) == ["a"]
    assert topics(claim(queue, limit=1)) == ["long-name"]


def test_kinds_and_endpoints_have_queues_of_their_own(queue):
    with queue.write() as tx:
        tx.calls.enqueue(PING, OTHER, {"b": "1"}, AT)
        tx.calls.enqueue(PAGE, HUB, {"c": "1"}, AT)
        assert tx.calls.is_due(PING, OTHER, AT)
        assert not tx.calls.is_due(PING, OTHER, AT - MINUTE)
        assert not tx.calls.is_due(PAGE, OTHER, AT)
    assert topics(claim(queue, endpoint=None)) == ["a", "b", "long-name"]
    assert topics(claim(queue, kind=PAGE)) == ["c"]


def test_two_never_claim_the_same(queue):
    with queue.write() as tx:
        tx.calls.enqueue(PING, HUB, {f"feed-{number}": "1" for number in range(100)}, AT)
    with ThreadPoolExecutor(4) as pool:
        claimed = [
            topic for some in pool.map(lambda _: topics(claim(queue)), range(20)) for topic in some
        ]
    assert len(claimed) == len(set(claimed)) == 102


def test_a_version_that_comes_meanwhile_stays_due(queue):
    first, second = claim(queue)
    with queue.write() as tx:
        tx.calls.enqueue(PING, HUB, {"a": "2", "long-name": "2"}, AT + MINUTE)
        tx.calls.settle([first.succeeded(), second.failed("late", None)])
    again, other = claim(queue, AT + 2 * MINUTE)
    assert (again.topic, again.version, again.delivered) == ("a", "2", "")
    assert (other.attempts, other.error) == (0, "")


def test_what_another_has_claimed_since_is_left_to_it(queue):
    slow, _ = claim(queue)
    first, _ = claim(queue, UNTIL)
    with queue.write() as tx:
        tx.calls.settle([slow.failed("late", AT)])
        assert not tx.calls.delete(slow)
        tx.calls.settle([first.succeeded()])
    assert topics(claim(queue, UNTIL + 10 * MINUTE)) == ["long-name"]


def test_what_failed_is_tried_later_and_a_newer_version_at_once(queue):
    first, _ = claim(queue)
    with queue.write() as tx:
        tx.calls.settle([first.failed("no", AT + HOUR)])
        tx.calls.enqueue(PING, HUB, {"a": "1"}, AT)  # the same again changes nothing
    kept = pending(queue)["a"]
    assert (kept.due_at, kept.attempts, kept.error) == (AT + HOUR, 1, "no")
    with queue.write() as tx:
        tx.calls.enqueue(PING, HUB, {"a": "2"}, AT)
    new = pending(queue)["a"]
    assert (new.due_at, new.attempts, new.error) == (AT, 0, "no"), "an error stays until a success"
    [call] = claim(queue)
    with queue.write() as tx:
        tx.calls.settle([call.succeeded()])
    assert "a" not in pending(queue)


def test_a_version_that_is_given_up_is_not_owed_again_and_the_next_is(queue):
    first, _ = claim(queue)
    with queue.write() as tx:
        tx.calls.settle([first.failed("no", None)])
        tx.calls.enqueue(PING, HUB, {"a": "1"}, AT)
    assert (pending(queue)["a"].due_at, claim(queue)) == (None, [])
    with queue.write() as tx:
        tx.calls.enqueue(PING, HUB, {"a": "2"}, AT)
    assert topics(claim(queue)) == ["a"]


def test_those_that_failed_last_come_last(queue):
    first, second = claim(queue)
    with queue.write() as tx:
        tx.calls.settle([first.failed("no", AT)])
        tx.calls.enqueue(PING, HUB, {"new": "1"}, AT + MINUTE)
    assert topics(claim(queue, AT + MINUTE)) == ["new", "a"]
    assert second.topic == "long-name"


def test_a_call_that_was_not_made_is_as_it_was(queue):
    first, _ = claim(queue)
    with queue.write() as tx:
        tx.calls.settle([first])  # due again when the claim would have expired
    [again, _] = claim(queue, UNTIL)
    assert (again.attempts, again.error) == (0, "")


def test_topics_and_endpoints_that_are_gone_are_forgotten(queue):
    with queue.write() as tx:
        tx.calls.enqueue(PING, OTHER, {"a": "1"}, AT)
        tx.calls.enqueue(PAGE, OTHER, {"a": "1"}, AT)
        tx.calls.delete_topics(PING, HUB, ["a"])
        assert tx.calls.versions(PING, HUB).keys() == {"known", "long-name"}
        assert tx.calls.versions(PING, HUB, ["known"]) == {"known": "1"}
        assert tx.calls.versions(PING, OTHER) == {"a": "1"}
        tx.calls.delete_other_endpoints(PING, [HUB])
        left = {(calls.kind, calls.endpoint) for calls in tx.calls.pending()}
        assert left == {(PING, HUB), (PAGE, OTHER)}
        tx.calls.delete_topics_outside(PING, "long")
        assert tx.calls.versions(PING, HUB) == {"long-name": "1"}
        assert tx.calls.versions(PAGE, OTHER) == {"a": "1"}


def test_who_is_in_a_hurry_gets_what_waits_and_what_was_given_up_as_well(queue):
    first, second = claim(queue)
    with queue.write() as tx:
        tx.calls.settle([first.failed("no", None), second.failed("no", AT + 6 * HOUR)])
        tx.calls.pause(HUB, AT + HOUR)
        tx.calls.retry_now(AT)
    assert topics(claim(queue)) == ["a", "long-name"]


def test_who_is_in_a_hurry_takes_nothing_away_from_who_is_at_it(queue):
    first, second = claim(queue)
    with queue.write() as tx:
        tx.calls.retry_now(AT)
    assert claim(queue) == []
    with queue.write() as tx:
        tx.calls.settle([first.succeeded(), second.failed("no", AT)])
    assert topics(claim(queue)) == ["long-name"]
    with queue.write() as tx:
        tx.calls.enqueue(PING, HUB, {"long-name": "2"}, AT + HOUR)
        tx.calls.retry_now(AT)
    assert [call.version for call in claim(queue)] == ["2"], "a newer version is nobody's yet"


def test_an_endpoint_that_is_paused_gets_nothing_until_the_longest_pause_ends(queue):
    with queue.write() as tx:
        tx.calls.enqueue(PING, OTHER, {"a": "1"}, AT)
        tx.calls.pause(HUB, AT + HOUR)
        tx.calls.pause(HUB, AT + MINUTE)
        tx.calls.pause(HUB, AT + 2 * HOUR)
        assert not tx.calls.is_due(PING, HUB, AT + 2 * HOUR - MINUTE)
        assert tx.calls.is_due(PING, HUB, AT + 2 * HOUR)
    assert claim(queue, AT + HOUR) == []
    assert topics(claim(queue, AT + HOUR, endpoint=OTHER)) == ["a"]
    assert pending(queue)["long-name"].due_at == AT + 2 * HOUR


def test_what_is_no_longer_wanted_is_not_claimed(queue):
    call = OutgoingCall(
        kind=DELIVERY, endpoint=HUB, topic="a", version="1", due_at=AT, expires_at=AT
    )
    with queue.write() as tx:
        tx.calls.put(call)
    assert claim(queue, kind=DELIVERY) == []
    assert topics(claim(queue, AT - MINUTE, kind=DELIVERY)) == []
    with queue.write() as tx:
        later = OutgoingCall(
            kind=DELIVERY, endpoint=HUB, topic="a", version="2", due_at=AT, expires_at=UNTIL
        )
        tx.calls.put(later)
    assert [call.version for call in claim(queue, kind=DELIVERY)] == ["2"]


def test_pages_that_were_refused_wait_until_something_is_mended(store):
    with store.write() as tx:
        tx.calls.enqueue(PAGE, OTHER, {"a": "1", "b": "1"}, AT)
    refused = claim(store, kind=PAGE, endpoint=OTHER)
    with store.write() as tx:
        tx.calls.settle([call.failed("403", None) for call in refused])
        assert tx.calls.has_error(PAGE, OTHER, "403")
        assert not tx.calls.has_error(PAGE, OTHER, "422")
        [both] = tx.calls.pending()
        assert (both.topic, both.calls, both.due_at, both.error) == ("", 2, None, "403")
        tx.calls.retry_stopped(PAGE, OTHER, AT, still_failing=["403"])
    far = AT + timedelta(days=99)
    assert claim(store, far, kind=PAGE, endpoint=OTHER) == []
    with store.write() as tx:
        tx.calls.retry_stopped(PAGE, OTHER, AT)
    assert topics(claim(store, kind=PAGE, endpoint=OTHER)) == ["a", "b"]


def test_a_page_can_be_told_again_and_what_is_gone_is_told_once(store):
    pages = {"gone": "gone", "given-up": "gone", "page": "1", "refused": "1", "waits": "1"}
    with store.write() as tx:
        tx.calls.enqueue(PAGE, HUB, pages, AT)
    calls = {call.topic: call for call in claim(store, kind=PAGE)}
    with store.write() as tx:
        tx.calls.settle([
            calls["gone"].succeeded(),
            calls["page"].succeeded(),
            calls["given-up"].failed("503", None),
            calls["refused"].failed("403", None),
            calls["waits"].failed("503", AT + HOUR),
        ])  # fmt: skip
        tx.calls.delete_finished(PAGE, keep_version="gone", keep_errors=["403"])
        assert tx.calls.versions(PAGE, HUB).keys() == {"gone", "refused", "waits"}
        tx.calls.enqueue(PAGE, HUB, pages, AT)
    assert topics(claim(store, kind=PAGE)) == ["page", "given-up"]
    with store.write() as tx:
        tx.calls.enqueue(PAGE, HUB, {"gone": "2"}, AT)
    assert topics(claim(store, kind=PAGE)) == ["gone"], "it is back"

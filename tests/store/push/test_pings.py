"""What hubs are owed, as the store keeps it, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
UNTIL = AT + timedelta(minutes=10)
HUB = "https://hub.example/"


@pytest.fixture
def pings(store):
    """A store in which one hub is owed two feeds, and knows a third."""
    with store.write() as tx:
        tx.pings.save(HUB, {"a": "1", "long-name": "1"}, AT)
        tx.pings.save(HUB, {"known": "1"}, None)
    return store


def claim(store, at=AT, *, until=UNTIL, limit=10):
    with store.write() as tx:
        return tx.pings.claim(HUB, at, until=until, limit=limit)


def test_what_is_due_is_claimed_once_short_addresses_first(pings):
    assert [ping.topic for ping in claim(pings)] == ["a", "long-name"]
    assert claim(pings) == []
    assert [ping.topic for ping in claim(pings, UNTIL)] == ["a", "long-name"]


def test_of_many_some_are_claimed(pings):
    assert [ping.topic for ping in claim(pings, limit=1)] == ["a"]
    assert [ping.topic for ping in claim(pings, limit=1)] == ["long-name"]


def test_two_never_claim_the_same(pings):
    with pings.write() as tx:
        tx.pings.save(HUB, {f"feed-{number}": "1" for number in range(100)}, AT)

    def some(_):
        return [ping.topic for ping in claim(pings, limit=10)]

    with ThreadPoolExecutor(4) as pool:
        claimed = [topic for topics in pool.map(some, range(20)) for topic in topics]
    assert len(claimed) == len(set(claimed)) == 102


def test_a_version_that_comes_meanwhile_stays_due(pings):
    first, _ = claim(pings)
    with pings.write() as tx:
        tx.pings.save(HUB, {"a": "2"}, AT + timedelta(minutes=1))
        tx.pings.settle([replace(first, due_at=None)], until=UNTIL)
    (again,) = claim(pings, AT + timedelta(minutes=2))
    assert (again.topic, again.sha256) == ("a", "2")


def test_a_version_that_is_owed_already_keeps_its_attempts(pings):
    first, _ = claim(pings)
    later = AT + timedelta(hours=1)
    with pings.write() as tx:
        tx.pings.settle([replace(first, due_at=later, attempts=3, error="no")], until=UNTIL)
        tx.pings.save(HUB, {"a": "1"}, AT)
        kept = {ping.topic: ping for ping in tx.pings.pending()}["a"]
    assert (kept.due_at, kept.attempts, kept.error) == (later, 3, "no")
    with pings.write() as tx:
        tx.pings.save(HUB, {"a": "2"}, AT)
        new = {ping.topic: ping for ping in tx.pings.pending()}["a"]
    assert (new.due_at, new.attempts, new.error) == (AT, 0, "")


def test_feeds_and_hubs_that_are_gone_are_forgotten(pings):
    with pings.write() as tx:
        tx.pings.save("https://other.example/", {"a": "1"}, AT)
        tx.pings.delete(["a"])
        assert tx.pings.versions(HUB).keys() == {"known", "long-name"}
        tx.pings.delete_other_hubs([HUB])
        assert [ping.hub for ping in tx.pings.pending()] == [HUB]


def test_who_is_in_a_hurry_gets_what_waits_and_what_was_given_up_as_well(pings):
    first, second = claim(pings)
    with pings.write() as tx:
        given_up = replace(first, due_at=None, attempts=9, error="no")
        later = replace(second, due_at=AT + timedelta(hours=6), attempts=4, error="no")
        tx.pings.settle([given_up, later], until=UNTIL)
        tx.pings.retry_now(AT)
    assert [ping.topic for ping in claim(pings)] == ["a", "long-name"]


def test_who_is_in_a_hurry_takes_nothing_away_from_who_is_at_it(pings):
    first, second = claim(pings)
    with pings.write() as tx:
        tx.pings.retry_now(AT)
    assert claim(pings) == []
    with pings.write() as tx:
        tx.pings.settle([replace(first, due_at=None), replace(second, due_at=AT)], until=UNTIL)
    assert [ping.topic for ping in claim(pings)] == ["long-name"]
    with pings.write() as tx:
        tx.pings.save(HUB, {"long-name": "2"}, AT + timedelta(hours=1))
        tx.pings.retry_now(AT)
    assert [ping.sha256 for ping in claim(pings)] == ["2"], "a newer version is nobody's yet"

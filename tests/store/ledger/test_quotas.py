"""Allowances: no more leaves than was allowed, however many processes ask, whatever clocks do."""

import itertools
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.config.values import Rate
from syndicate.store import Store

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
DAY = timedelta(days=1)
TEN = Rate(10, SECOND)


def take(store, rate=TEN, want=100, *, at=NOW, name="relay:first"):
    with store.write() as tx:
        return tx.quotas.take(name, rate, want, at=at)


def give_back(store, count, name="relay:first"):
    with store.write() as tx:
        tx.quotas.release(name, count)


def test_a_bucket_holds_a_second_and_fills_at_its_rate(store):
    assert take(store, want=4) == 4
    assert take(store) == 6
    assert take(store) == 0
    assert take(store, at=NOW + 250 * MILLISECOND) == 2
    assert take(store, at=NOW + 300 * MILLISECOND) == 1, "nothing of the time is lost"
    assert take(store, at=NOW + 60 * SECOND) == 10


@pytest.mark.parametrize(
    ("rate", "first", "apart"),
    [
        ("1/s", 1, SECOND),
        ("20/m", 1, 3 * SECOND),
        ("600/m", 10, 100 * MILLISECOND),
        ("5000/h", 1, 720 * MILLISECOND),
        ("50000/d", 1, 1728 * MILLISECOND),
        ("1000000/s", 1_000_000, timedelta(microseconds=1)),
    ],
)
def test_whatever_it_is_told_in_a_rate_is_spread_over_its_time(sqlite_store, rate, first, apart):
    rate = Rate.parse(rate)
    assert take(sqlite_store, rate, 2_000_000) == first
    assert take(sqlite_store, rate, at=NOW + apart - timedelta(microseconds=1)) == 0
    assert take(sqlite_store, rate, at=NOW + apart) == 1


def test_what_was_not_needed_is_there_again(store):
    assert take(store) == 10
    give_back(store, 4)
    assert take(store) == 4
    give_back(store, 1000)
    assert take(store) == 10, "and no more than a bucket holds"
    give_back(store, 3, "of which nothing was taken")


def test_each_bucket_is_its_own(store):
    assert take(store, name="relay:first") == 10
    assert take(store, name="relay:second") == 10


def test_another_rate_counts_from_there_on(store):
    assert take(store) == 10
    fast = Rate(100, SECOND)
    assert take(store, fast) == 0
    assert take(store, fast, at=NOW + SECOND) == 100


def test_a_clock_that_is_set_back_gives_nothing_twice(store):
    assert take(store) == 10
    assert take(store, at=NOW - SECOND) == 0
    assert take(store, at=NOW) == 0
    assert take(store, at=NOW + 100 * MILLISECOND) == 1


def test_a_clock_that_is_set_back_by_hours_stops_nothing_for_hours(store):
    assert take(store) == 10
    back = NOW - timedelta(hours=2)
    assert take(store, at=back) == 0
    assert take(store, at=back + 500 * MILLISECOND) == 5


STEPS = st.lists(st.tuples(st.integers(-3_000, 3_000), st.integers(1, 60)), min_size=1, max_size=20)


def test_no_more_is_given_than_the_time_allows(sqlite_store):
    """Whatever the clock does, in milliseconds, since the bucket was full."""
    buckets = itertools.count()

    @settings(max_examples=60, deadline=None)
    @given(STEPS, st.integers(1, 50), st.sampled_from([SECOND, 60 * SECOND]))
    def holds(steps, count, per):
        name, rate, given_out = f"bucket {next(buckets)}", Rate(count, per), 0
        at = began = latest = NOW + steps[0][0] * MILLISECOND
        with sqlite_store.write() as tx:
            for number, (step, want) in enumerate(steps):
                at += step * MILLISECOND if number else 0 * SECOND
                latest = max(latest, at)
                given_out += tx.quotas.take(name, rate, want, at=at)
                earned = (latest - began) * count / per
                assert given_out <= max(1, SECOND * count / per) + earned + 1e-6

    holds()


def test_two_who_take_from_a_bucket_share_it(store, store_url):
    together = threading.Barrier(3)
    taken: list[int] = []

    def draw() -> None:
        mine = Store.open(store_url)
        together.wait()
        taken.extend(take(mine, want=3) for _ in range(3))
        mine.close()

    threads = [threading.Thread(target=draw) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 9
    assert sum(taken) == 10


# a day's number


def daily(store, want, *, most=50, at=NOW):
    with store.write() as tx:
        return tx.quotas.take_daily("relay:first", most, want, at=at)


def daily_back(store, count, at=NOW):
    with store.write() as tx:
        tx.quotas.release_daily("relay:first", count, at=at)


def test_a_day_has_its_number_and_the_next_one_its_own(store):
    assert daily(store, 20) == 20
    assert daily(store, 40) == 30
    assert daily(store, 1) == 0
    assert daily(store, 1, at=NOW + timedelta(hours=11, minutes=59)) == 0
    assert daily(store, 200, most=100, at=NOW + timedelta(hours=12)) == 100


def test_what_was_not_needed_of_a_day_is_there_again(store):
    assert daily(store, 50) == 50
    daily_back(store, 20)
    assert daily(store, 50) == 20
    daily_back(store, 1000)
    assert daily(store, 100) == 50
    daily_back(store, 5, NOW + DAY)


def test_a_smaller_number_than_was_taken_gives_nothing(store):
    assert daily(store, 50) == 50
    assert daily(store, 1, most=10) == 0


def test_a_day_is_one_of_utc(store):
    east = NOW.replace(hour=23).astimezone()
    assert daily(store, 50, at=NOW) == 50
    assert daily(store, 1, at=east) == 0


def test_two_who_take_of_a_day_share_it(store, store_url):
    together = threading.Barrier(3)
    taken: list[int] = []

    def draw() -> None:
        mine = Store.open(store_url)
        together.wait()
        taken.extend(daily(mine, 7) for _ in range(4))
        mine.close()

    threads = [threading.Thread(target=draw) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 50

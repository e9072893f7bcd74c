"""Limits count what was allowed, over a window that slides."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_limit_holds_for_its_window_and_what_was_refused_is_not_counted(tx):
    taken = [tx.attempt_limits.take("x", limit=2, per=HOUR, at=NOW) for _ in range(4)]
    assert [wait is None for wait in taken] == [True, True, False, False]
    assert tx.attempt_limits.take("y", limit=2, per=HOUR, at=NOW) is None
    later = NOW + HOUR + timedelta(minutes=5)
    assert [tx.attempt_limits.take("x", limit=2, per=HOUR, at=later) for _ in range(3)] == taken[:3]


def test_no_hour_has_more_than_a_limit_allows_wherever_it_begins(tx):
    minute = timedelta(minutes=1)
    taken = [
        NOW + number * minute
        for number in range(300)
        if tx.attempt_limits.take("x", limit=20, per=HOUR, at=NOW + number * minute) is None
    ]
    assert len(taken) >= 80, "four hours or more: nobody waits for much longer than an hour"
    for begin in taken:
        assert sum(begin <= at < begin + HOUR for at in taken) <= 20


def test_many_at_once_get_no_more_than_a_limit_allows(store):
    def take(_) -> bool:
        with store.write() as tx:
            return tx.attempt_limits.take("x", limit=3, per=HOUR, at=NOW) is None

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(take, range(12))) == 3


def test_a_limit_says_how_long_to_wait(tx):
    first, second = NOW, NOW + timedelta(minutes=20)
    for at in (first, second):
        assert tx.attempt_limits.take("x", limit=2, per=HOUR, at=at) is None
    wait = tx.attempt_limits.take("x", limit=2, per=HOUR, at=second)
    assert timedelta(minutes=40) <= wait <= timedelta(minutes=45)
    a_second = timedelta(seconds=1)
    before = second + wait - a_second
    assert tx.attempt_limits.take("x", limit=2, per=HOUR, at=before) == a_second
    assert tx.attempt_limits.take("x", limit=2, per=HOUR, at=second + wait) is None


def test_what_is_done_once_a_day_goes_by_the_calendar(tx):
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    done = [
        tx.attempt_limits.once("x", per=timedelta(days=1), at=midnight + timedelta(minutes=minutes))
        for minutes in (-2, -1, 0, 1, 24 * 60)
    ]
    assert done == [True, False, True, False, True]

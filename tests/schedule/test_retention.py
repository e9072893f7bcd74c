"""Retention as a schedule does it: once a day, never ahead of its day, as the config says."""

from datetime import timedelta
from threading import Event

import pytest

from syndicate import clock
from syndicate.schedule.retention import RetentionReport, count_purgeable, purge, purge_daily
from tests.causes import by_test

NOW = clock.now()
"""Retention goes by the real clock where it is behind the one that is given."""
DAY = timedelta(days=1)


@pytest.fixture
def harness(make_harness):
    return make_harness(schedules=[], retention={"unconfirmed": "30d", "events": "100d"})


def ask(harness, *names, days):
    with harness.store.write() as tx:
        for name in names:
            cause = by_test(NOW - days * DAY)
            tx.subscribers.add_pending(f"{name}@example.org", ["breaking"], cause=cause)


def names(harness):
    with harness.store.read() as tx:
        return [one.email.partition("@")[0] for one in tx.search.find()]


def test_a_tick_forgets_once_a_day_and_tells(harness):
    ask(harness, "ada", days=31)
    ask(harness, "bo", days=29)
    assert str(harness.tick(NOW).purged) == "1 unconfirmed, 0 letters, 0 events deleted"
    assert names(harness) == ["bo"]
    ask(harness, "cy", days=31)
    assert harness.tick(NOW).purged is None
    assert names(harness) == ["bo", "cy"]


def test_a_trial_of_a_later_day_deletes_nothing_before_its_time(harness):
    ask(harness, "ada", days=29)
    harness.tick(NOW + 300 * DAY)
    assert names(harness) == ["ada"]


def test_changes_are_kept_for_as_long_as_the_config_says_or_for_ever(harness, make_harness):
    harness.subscribe("ada@example.org")
    with harness.store.write() as tx:
        key = tx.subscribers.by_email("ada@example.org").key
        tx.subscribers.tag(key, ["old"], cause=by_test(NOW - 101 * DAY))
        tx.subscribers.tag(key, ["new"], cause=by_test(NOW - 99 * DAY))
    for_ever = make_harness(schedules=[])
    assert count_purgeable(harness.store, for_ever.config, at=NOW) == RetentionReport()
    assert purge(harness.store, for_ever.config, at=NOW) == RetentionReport()
    assert count_purgeable(harness.store, harness.config, at=NOW) == RetentionReport(events=1)
    assert purge(harness.store, harness.config, at=NOW) == RetentionReport(events=1)
    with harness.store.read() as tx:
        assert "+old" not in {one.detail for one in tx.audit_log.changes(key)}


def test_many_go_in_several_steps_and_a_stop_leaves_the_rest_for_later(harness, monkeypatch):
    monkeypatch.setattr("syndicate.schedule.retention.STEP", 2)
    ask(harness, "ada", "bo", "cy", "di", "ed", days=31)
    stop = Event()
    stop.set()
    assert purge(harness.store, harness.config, at=NOW, stop=stop) == RetentionReport()
    assert purge(harness.store, harness.config, at=NOW) == RetentionReport(unconfirmed=5)


def test_counters_of_limits_go_after_two_days(harness):
    hour = timedelta(hours=1)
    with harness.store.write() as tx:
        for days in (1, 3):
            tx.attempt_limits.take("signup", limit=5, per=hour, at=NOW - days * DAY)
    assert purge_daily(harness.store, harness.config, at=NOW, stop=Event()) == RetentionReport()
    with harness.store.write() as tx:
        gone = [
            tx.attempt_limits.take("signup", limit=1, per=hour, at=NOW - days * DAY) is None
            for days in (3, 1)
        ]
    assert gone == [True, False]

"""Retention as a schedule does it: once a day, never ahead of its day, as the config says."""

from datetime import timedelta
from threading import Event

import pytest

from syndicate import clock
from syndicate.model.subscribers import SubscriptionState
from syndicate.schedule.retention import RetentionReport, forget, forget_daily, forgettable
from tests.audience import TEST

NOW = clock.now()
"""Retention goes by the real clock where it is behind the one that is given."""
DAY = timedelta(days=1)


@pytest.fixture
def desk(desk_of):
    return desk_of(schedules=[], retention={"unconfirmed": "30d", "events": "100d"})


def ask(desk, *names, days):
    pending = SubscriptionState.PENDING
    with desk.store.write() as tx:
        for name in names:
            tx.subscribers.subscribe(
                f"{name}@example.org", "breaking", state=pending, cause=TEST, at=NOW - days * DAY
            )


def names(desk):
    with desk.store.read() as tx:
        return [one.email.partition("@")[0] for one in tx.subscribers.all()]


def test_a_tick_forgets_once_a_day_and_tells(desk):
    ask(desk, "ada", days=31)
    ask(desk, "bo", days=29)
    assert str(desk.tick(NOW).forgotten) == "1 unconfirmed, 0 letters, 0 events forgotten"
    assert names(desk) == ["bo"]
    ask(desk, "cy", days=31)
    assert desk.tick(NOW).forgotten is None
    assert names(desk) == ["bo", "cy"]


def test_a_trial_of_a_later_day_deletes_nothing_before_its_time(desk):
    ask(desk, "ada", days=29)
    desk.tick(NOW + 300 * DAY)
    assert names(desk) == ["ada"]


def test_changes_are_kept_for_as_long_as_the_config_says_or_for_ever(desk, desk_of):
    desk.subscribe("ada@example.org")
    with desk.store.write() as tx:
        key = tx.subscribers.by_email("ada@example.org").key
        tx.subscribers.tag(key, ["old"], at=NOW - 101 * DAY, cause=TEST)
        tx.subscribers.tag(key, ["new"], at=NOW - 99 * DAY, cause=TEST)
    for_ever = desk_of(schedules=[])
    assert forgettable(desk.store, for_ever.config, at=NOW) == RetentionReport()
    assert forget(desk.store, for_ever.config, at=NOW) == RetentionReport()
    assert forgettable(desk.store, desk.config, at=NOW) == RetentionReport(events=1)
    assert forget(desk.store, desk.config, at=NOW) == RetentionReport(events=1)
    with desk.store.read() as tx:
        assert "+old" not in {one.detail for one in tx.audit_log.changes(key)}


def test_many_go_in_several_steps_and_a_stop_leaves_the_rest_for_later(desk, monkeypatch):
    monkeypatch.setattr("syndicate.schedule.retention.STEP", 2)
    ask(desk, "ada", "bo", "cy", "di", "ed", days=31)
    stop = Event()
    stop.set()
    assert forget(desk.store, desk.config, at=NOW, stop=stop) == RetentionReport()
    assert forget(desk.store, desk.config, at=NOW) == RetentionReport(unconfirmed=5)


def test_counters_of_limits_go_after_two_days(desk):
    hour = timedelta(hours=1)
    with desk.store.write() as tx:
        for days in (1, 3):
            tx.attempt_limits.take("signup", most=5, per=hour, at=NOW - days * DAY)
    assert forget_daily(desk.store, desk.config, at=NOW, stop=Event()) == RetentionReport()
    with desk.store.write() as tx:
        gone = [
            tx.attempt_limits.take("signup", most=1, per=hour, at=NOW - days * DAY)
            for days in (3, 1)
        ]
    assert gone == [True, False]

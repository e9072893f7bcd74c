"""Alarms about a sender's good name: readers complain, and mail domains refuse."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syndicate.model.alarms import Alarm, AlarmCause, AlarmKind
from syndicate.model.feedback import FeedbackKind
from tests.causes import by_test
from tests.feedback_records import accept_all, report
from tests.sample_editions import freeze
from tests.schedule.conftest import MINUTE, NOW

pytestmark = pytest.mark.neighbours

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def crowd(harness, count, domain="example.com"):
    """Send an edition to so many readers, whose servers accept it; return their numbers."""
    with harness.store.write() as tx:
        for number in range(count):
            tx.subscribers.subscribe(f"r{number}@{domain}", "breaking", cause=by_test(NOW))
    key = freeze(harness.store, at=NOW).key
    with harness.store.write() as tx:
        accept_all(tx, key, NOW)
        return key, [delivery.subscriber for delivery in tx.deliveries.by_edition(key)]


def say(harness, key, readers, kind, **changes):
    with harness.store.write() as tx:
        for reader in readers:
            tx.feedback.add(report(key, reader, kind, at=NOW, **changes))


@pytest.mark.sql
def test_complaints_ring_from_the_second_on_and_say_the_share(newsroom):
    harness = newsroom()
    key, readers = crowd(harness, 49)
    say(harness, key, readers[:1], FeedbackKind.COMPLAINT)
    assert harness.alarms() == {}, "one among fifty says nothing"
    say(harness, key, readers[:2], FeedbackKind.COMPLAINT)
    alarm = harness.alarms()["complaints"]
    assert alarm.subject == "breaking"
    assert alarm.text == (
        "breaking: readers called 4 % of its mail of the last 7 days spam, 2 of 50 messages"
    )
    assert alarm.remedy.startswith(f"`syndicate editions show {key}` shows the edition")
    say(harness, key, readers[:5], FeedbackKind.COMPLAINT)
    assert harness.alarms()["complaints"].text.endswith(
        "5 of 50 messages; its next editions wait for a person"
    )
    assert harness.alarms(NOW + 7 * DAY) == {}, "that mail is older than a week"


def test_complaints_below_the_share_ring_nothing(newsroom):
    harness = newsroom(bounces={"complaints_alarm": 0.05})
    key, readers = crowd(harness, 49)
    say(harness, key, readers[:2], FeedbackKind.COMPLAINT)
    assert harness.alarms() == {}
    say(harness, key, readers[:3], FeedbackKind.COMPLAINT)
    assert harness.alarms().keys() == {"complaints"}


def test_a_domain_that_refuses_us_by_policy_rings_for_a_day(newsroom):
    harness = newsroom()
    answer = {"code": 550, "status": "5.7.26", "text": "unauthenticated", "domain": "gmail.com"}
    key, readers = crowd(harness, 25, "gmail.com")
    say(harness, key, readers[1:20], FeedbackKind.BLOCKED, **answer)
    assert harness.alarms() == {}
    say(harness, key, readers[1:21], FeedbackKind.BLOCKED, **answer)
    alarm = harness.alarms()["blocked"]
    assert alarm.subject == "gmail.com"
    assert alarm.text == (
        "gmail.com refuses our mail by policy: 20 of 25 messages of edition 1, such as "
        "550 5.7.26 unauthenticated, by mx.example.net"
    )
    assert "`syndicate doctor`" in alarm.remedy
    assert harness.alarms(NOW + DAY) == {}


def test_bounces_of_readers_ring_nothing_here(newsroom):
    harness = newsroom()
    key, readers = crowd(harness, 49)
    say(harness, key, readers, FeedbackKind.HARD_BOUNCE)
    say(harness, key, readers, FeedbackKind.SOFT_BOUNCE)
    assert harness.alarms() == {}


@pytest.mark.parametrize(
    ("kind", "again"),
    [(AlarmKind.COMPLAINTS, DAY), (AlarmKind.BLOCKED, DAY), (AlarmKind.SLOT, HOUR)],
)
def test_what_nobody_can_mend_within_hours_rings_again_once_a_day(newsroom, kind, again):
    cause = AlarmCause(kind=kind, subject="x", text="x", remedy="y")
    alarm = replace(Alarm.of(cause, NOW), notified=True, notified_at=NOW)
    assert not alarm.is_due(NOW + again - MINUTE)
    assert alarm.is_due(NOW + again)


def test_complaints_are_told_once_a_day(newsroom):
    harness = newsroom()
    key, readers = crowd(harness, 49)
    say(harness, key, readers[:3], FeedbackKind.COMPLAINT)
    for at, calls in ((NOW, 1), (NOW + 2 * HOUR, 0), (NOW + DAY, 1)):
        harness.ring(at)
        assert [call["cause"] for call in harness.called()] == ["complaints"] * calls

"""When people are notified of an alarm, and when a certificate is about to end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syndicate.model.alarms import Alarm, AlarmCause, AlarmKind

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CAUSE = AlarmCause(kind=AlarmKind.SLOT, subject="breaking", text="it failed", remedy="mend it")
ALARM = Alarm.of(CAUSE, NOON)


def test_it_is_due_at_once_then_each_hour():
    assert ALARM.is_due(NOON)
    notified = replace(ALARM, notified=True, notified_at=NOON)
    assert not notified.is_due(NOON + 59 * MINUTE)
    assert notified.is_due(NOON + 60 * MINUTE)


def test_that_it_is_over_is_due_only_if_people_know_of_it():
    assert not replace(ALARM, over_at=NOON).is_due(NOON)
    assert replace(ALARM, over_at=NOON, notified=True, notified_at=NOON).is_due(NOON)
    assert not replace(ALARM, over_at=NOON, notified=False, notified_at=NOON).is_due(NOON + MINUTE)


def test_it_began_when_its_cause_says_or_when_it_was_first_seen():
    assert ALARM.since == NOON
    assert Alarm.of(replace(CAUSE, since=NOON - MINUTE), NOON).since == NOON - MINUTE


def test_its_text_is_one_line_of_bounded_length():
    text = AlarmCause(kind=AlarmKind.BUILD, subject="", text="a\nb" * 2000, remedy="").text
    assert "\n" not in text
    assert len(text) <= 1000


def test_its_name_leaves_out_what_is_empty():
    assert ALARM.name == "slot breaking"
    assert replace(ALARM, kind=AlarmKind.DISK, subject="store", machine="web-1").name == (
        "disk store web-1"
    )

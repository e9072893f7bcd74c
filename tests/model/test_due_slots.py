"""What is done with a schedule's due slots, and what is recorded of the others."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.config import Schedule
from syndicate.model.schedule_slots import SlotDecision, decide, schedule_timing

if TYPE_CHECKING:
    from syndicate.model.schedule_slots import Slot

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = {"cron": "0 7 * * *"}
HOURLY = {"every": "1h"}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    """Read a time in Berlin; `24T07:00` is in November 2026."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=BERLIN).astimezone(UTC)


def decided(keys, *, now, last=None, since=LONG_AGO, max_late=None, limit=100) -> SlotDecision:
    schedule = Schedule.model_validate({"name": "s", "newsletter": "n", **keys})
    return decide(
        schedule_timing(schedule, BERLIN),
        last=last,
        since=since,
        now=now,
        max_late=max_late,
        limit=limit,
    )


def dealt_with(decision: SlotDecision) -> datetime:
    assert decision.slot is not None
    return decision.slot.due_at


def reasons(decision: SlotDecision) -> list[str]:
    return [reason for _, reason in decision.skipped]


def test_a_new_schedule_with_a_beat_deals_with_the_newest_slot_at_once():
    now = at("24T12:34")

    decision = decided({"every": "24h"}, now=now, since=now, max_late=timedelta(minutes=30))

    assert dealt_with(decision) == at("24T01:00")
    assert decision.skipped == ()


def test_a_new_schedule_by_the_clock_waits_for_its_next_slot():
    since = at("24T12:34")

    assert decided(DAILY, now=since, since=since).slot is None
    assert decided(DAILY, now=at("25T06:59"), since=since).slot is None
    assert dealt_with(decided(DAILY, now=at("25T07:00"), since=since)) == at("25T07:00")


@pytest.mark.parametrize("keys", [DAILY, {"every": "1h"}, {"cron": "0 * * * *"}])
def test_a_slot_at_the_very_time_a_schedule_is_first_seen_is_due(keys):
    now = at("24T07:00")

    assert dealt_with(decided(keys, now=now, since=now)) == now


def test_the_first_slot_of_a_schedule_is_never_too_late():
    decision = decided(
        DAILY, now=at("25T18:00"), since=at("24T12:00"), max_late=timedelta(minutes=30)
    )

    assert dealt_with(decision) == at("25T07:00")


def test_a_slot_that_was_dealt_with_is_not_due_again():
    assert decided(DAILY, now=at("24T12:00"), last=at("24T07:00")).slot is None
    assert decided(HOURLY, now=at("24T07:59"), last=at("24T07:00")).slot is None


def test_of_several_due_slots_the_newest_covers_the_others():
    decision = decided({"cron": "0 7,8,9 * * *"}, now=at("24T09:10"), last=at("24T06:00"))

    assert dealt_with(decision) == at("24T09:00")
    assert [slot.due_at for slot, _ in decision.skipped] == [at("24T07:00"), at("24T08:00")]
    assert reasons(decision) == ["covered by 09:00", "covered by 09:00"]


def test_a_covering_slot_on_another_day_is_named_with_its_date():
    decision = decided(DAILY, now=at("24T08:00"), last=at("22T07:00"))

    assert reasons(decision) == ["covered by 2026-11-24 07:00"]


def test_a_beat_of_seconds_is_named_to_the_second():
    decision = decided({"every": "10s"}, now=at("24T08:00:25"), last=at("24T08:00:00"))

    assert reasons(decision) == ["covered by 08:00:20"]


def test_a_slot_that_would_be_too_late_is_skipped_with_how_late():
    decision = decided(
        DAILY, now=at("24T10:00"), last=at("23T07:00"), max_late=timedelta(minutes=30)
    )

    assert decision.slot is None
    assert reasons(decision) == ["3 h late, limit 30 m"]


def test_a_slot_exactly_at_the_limit_is_not_too_late():
    limit = timedelta(minutes=30)

    assert decided(DAILY, now=at("24T07:30"), last=at("23T07:00"), max_late=limit).slot
    assert not decided(DAILY, now=at("24T07:31"), last=at("23T07:00"), max_late=limit).slot


def test_without_a_limit_nothing_is_too_late():
    assert decided(DAILY, now=at("24T23:00"), last=at("23T07:00")).slot


def test_where_the_newest_is_too_late_so_is_each_of_the_others():
    decision = decided(DAILY, now=at("24T10:00"), last=at("21T07:00"), max_late=timedelta(hours=1))

    assert decision.slot is None
    assert reasons(decision) == [
        "51 h late, limit 1 h",
        "27 h late, limit 1 h",
        "3 h late, limit 1 h",
    ]


def test_a_changed_timing_starts_at_the_change_and_looks_back_at_nothing():
    change = at("24T12:34")

    assert decided(HOURLY, now=change, last=at("20T07:00"), since=change).slot is None
    later = decided(HOURLY, now=at("24T13:10"), last=at("20T07:00"), since=change)
    assert dealt_with(later) == at("24T13:00")
    assert later.skipped == ()


def test_a_clock_behind_the_record_finds_nothing_due():
    assert decided(HOURLY, now=at("23T07:00"), last=at("24T07:00")).slot is None


def test_after_a_year_away_one_slot_is_dealt_with_and_the_newest_missed_are_recorded():
    decision = decided({"every": "1m"}, now=at("24T07:00"), last=LONG_AGO, limit=5)

    assert dealt_with(decision) == at("24T07:00")
    assert len(decision.skipped) == 5
    assert decision.older == (at("24T07:00") - LONG_AGO) // timedelta(minutes=1) - 6


TIMINGS = st.sampled_from(
    [
        {"every": "10s"},
        {"every": "7m"},
        HOURLY,
        DAILY,
        {"cron": "*/20 * * * *"},
        {"cron": "30 2,3 * * *"},
    ]
)
STARTS = st.sampled_from(
    [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC), LONG_AGO]
)
PAUSES = st.lists(st.integers(0, 7200), min_size=1, max_size=30)


@settings(deadline=None)
@given(TIMINGS, STARTS, PAUSES, st.none() | st.integers(60, 3600))
def test_every_slot_is_dealt_with_or_recorded_once_however_the_passes_fall(
    keys, start, pauses, max_late
):
    late = None if max_late is None else timedelta(seconds=max_late)
    timetable = schedule_timing(
        Schedule.model_validate({"name": "s", "newsletter": "n", **keys}), BERLIN
    )
    now, last = start, None
    recorded: list[Slot] = []
    handled: list[tuple[Slot, datetime]] = []
    for pause in pauses:
        now += timedelta(seconds=pause)
        decision = decide(timetable, last=last, since=start, now=now, max_late=late, limit=100_000)
        slots = [slot for slot, _ in decision.skipped]
        slots += [decision.slot] if decision.slot else []
        recorded += slots
        handled += [(decision.slot, now)] if decision.slot else []
        last = slots[-1].due_at if slots else last

    if recorded:
        assert recorded[1:] == timetable.due(recorded[0].due_at, now, limit=100_000)[0]
    assert len({slot.key for slot in recorded}) == len(recorded)
    for slot, then in handled[1:]:
        assert late is None or then - slot.due_at <= late
    if "every" in keys:
        assert recorded
        assert recorded[0] == timetable.latest(start + timedelta(seconds=pauses[0]))
    else:
        assert recorded[:1] == [
            slot
            for slot in timetable.upcoming(start - timedelta(microseconds=1), 1)
            if slot.due_at <= now
        ]

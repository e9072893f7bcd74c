"""When a schedule's slots come: the traps of clocks, time zones and restarts."""

from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.config import Schedule
from syndicate.config.cron import MONTHS, WEEKDAYS, parse
from syndicate.model.schedule_slots import Slot, SlotTrigger, Timing, schedule_timing

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LORD_HOWE, KATHMANDU = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")
ZONES = [BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU]


def schedule(zone: ZoneInfo = BERLIN, **keys: str) -> Timing:
    return schedule_timing(Schedule.model_validate({"name": "s", "newsletter": "n", **keys}), zone)


def at(text: str, zone: tzinfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def due_at(slot: Slot | None) -> datetime:
    assert slot is not None
    return slot.due_at


def local(found, zone: ZoneInfo = BERLIN) -> list[str]:
    return [slot.due_at.astimezone(zone).isoformat(timespec="minutes") for slot in found]


def test_monday_is_monday():
    (slot,) = schedule(cron="0 7 * * 1").upcoming(at("2026-11-24T12:00"), 1)

    assert slot.due_at == at("2026-11-30T07:00")
    assert slot.due_at.astimezone(BERLIN).strftime("%A") == "Monday"


def test_seven_is_sunday():
    (slot,) = schedule(cron="0 7 * * 7").upcoming(at("2026-11-24T12:00"), 1)

    assert slot.due_at.astimezone(BERLIN).strftime("%A") == "Sunday"


def test_hours_of_the_clock_are_hours_of_the_schedules_zone():
    (slot,) = schedule(KATHMANDU, cron="0 7 * * *").upcoming(at("2026-11-24T12:00", UTC), 1)

    assert slot.key == "2026-11-25T07:00[Asia/Kathmandu]"
    assert slot.due_at == at("2026-11-25T01:15", UTC)


def test_a_time_that_the_clocks_leave_out_comes_once_an_hour_later():
    found = schedule(cron="30 2 * * *").upcoming(at("2026-03-28T00:00"), 3)

    assert local(found) == [
        "2026-03-28T02:30+01:00",
        "2026-03-29T03:30+02:00",
        "2026-03-30T02:30+02:00",
    ]
    assert found[1].key == "2026-03-29T02:30[Europe/Berlin]"


def test_a_time_that_comes_twice_is_one_slot_the_first_time():
    found = schedule(cron="30 2 * * *").upcoming(at("2026-10-24T12:00"), 2)

    assert local(found) == ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]


def test_a_time_left_out_is_no_second_slot_where_another_one_comes_then():
    found = schedule(cron="30 2,3 * * *").upcoming(at("2026-03-29T00:00"), 2)

    assert [slot.key for slot in found] == [
        "2026-03-29T03:30[Europe/Berlin]",
        "2026-03-30T02:30[Europe/Berlin]",
    ]


def test_a_half_hour_gap_keeps_the_order():
    found = schedule(LORD_HOWE, cron="0,20,40 2 * * *").upcoming(
        at("2026-10-04T00:00", LORD_HOWE), 3
    )

    assert local(found, LORD_HOWE) == [
        "2026-10-04T02:30+11:00",
        "2026-10-04T02:40+11:00",
        "2026-10-04T02:50+11:00",
    ]


def test_a_midnight_that_the_clocks_leave_out_comes_at_one():
    cairo = ZoneInfo("Africa/Cairo")
    found = schedule(cairo, cron="0 0 * * *").upcoming(at("2026-04-23T12:00", cairo), 2)

    assert local(found, cairo) == ["2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"]


def test_a_slot_put_off_over_midnight_comes_on_the_next_day():
    zone = ZoneInfo("Asia/Pyongyang")  # left out 23:30 to midnight on 4 May 2018
    found = schedule(zone, cron="45 23 * * *").upcoming(at("2018-05-04T00:00", zone), 2)

    assert local(found, zone) == ["2018-05-05T00:15+09:00", "2018-05-05T23:45+09:00"]


def test_a_day_left_out_altogether_sends_nothing_twice():
    zone = ZoneInfo("Pacific/Apia")  # left out all of 30 December 2011
    found = schedule(zone, cron="0 7 * * *").upcoming(at("2011-12-29T12:00", zone), 2)

    assert local(found, zone) == ["2011-12-31T07:00+14:00", "2012-01-01T07:00+14:00"]


def test_a_schedule_through_the_day_skips_what_is_left_out():
    found = schedule(cron="*/30 * * * *").upcoming(at("2026-03-29T01:00"), 3)

    assert local(found) == [
        "2026-03-29T01:30+01:00",
        "2026-03-29T03:00+02:00",
        "2026-03-29T03:30+02:00",
    ]


def test_a_schedule_through_the_day_beats_on_while_the_clocks_go_back():
    found = schedule(cron="*/30 * * * *").upcoming(at("2026-10-25T01:45"), 5)

    assert [slot.key for slot in found] == [
        "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z",
    ]  # fmt: skip
    assert {after.due_at - before.due_at for before, after in pairwise(found)} == {
        timedelta(minutes=30)
    }


def test_listed_hours_do_not_come_twice_while_the_clocks_go_back():
    found = schedule(cron="*/30 0-23 * * *").upcoming(at("2026-10-25T01:45"), 3)

    assert local(found) == [
        "2026-10-25T02:00+02:00",
        "2026-10-25T02:30+02:00",
        "2026-10-25T03:00+01:00",
    ]


def test_a_beat_is_counted_from_the_epoch_whenever_one_asks():
    beat = schedule(every="10m")

    for start in ("2026-11-24T07:03:21", "2026-11-24T07:09:59"):
        assert beat.upcoming(at(start, UTC), 1)[0].key == "2026-11-24T07:10:00Z"


def test_a_daily_beat_is_not_reset_by_ten_deploys_a_day():
    beat = schedule(every="24h")
    starts = [at("2026-11-24T00:00", UTC) + n * timedelta(hours=2.4) for n in range(20)]

    assert {beat.upcoming(start, 1)[0].key for start in starts} == {
        "2026-11-25T00:00:00Z",
        "2026-11-26T00:00:00Z",
    }


@pytest.mark.parametrize("keys", [{"every": "1h"}, {"cron": "0 * * * *"}, {"cron": "0 0-23 * * *"}])
def test_a_slot_at_the_time_itself_is_due_and_not_upcoming(keys):
    timetable = schedule(**keys)
    seven = at("2026-11-24T07:00")

    assert due_at(timetable.latest(seven)) == seven
    assert timetable.upcoming(seven, 1)[0].due_at == at("2026-11-24T08:00")
    assert due_at(timetable.due(at("2026-11-24T06:00"), seven)[0][-1]) == seven
    assert timetable.due(seven, seven) == ([], 0)
    assert due_at(timetable.latest(seven - timedelta(microseconds=1))) == at("2026-11-24T06:00")


@pytest.mark.parametrize("keys", [{"every": "1m"}, {"cron": "*/5 * * * *"}])
def test_a_year_away_costs_no_more_than_its_newest_slots(keys):
    until = at("2026-11-24T07:00")

    slots, older = schedule(**keys).due(until - timedelta(days=365), until, limit=3)

    assert due_at(slots[-1]) == until
    assert older > 365 * 24 * 12 - 25
    assert schedule(**keys).upcoming(slots[0].due_at, 3) == slots[1:]
    assert len(slots) == 3 + 1


@pytest.mark.parametrize("zone", [BERLIN, ZoneInfo("UTC"), ZoneInfo("America/Havana")])
@pytest.mark.parametrize(
    "cron", ["17 * * * *", "*/30 2-3 * * *", "30 2 * * sun", "0 7 31 * *", "15 0 * * mon-fri"]
)
def test_slots_are_counted_as_often_as_they_come(cron, zone):
    timetable = schedule(zone, cron=cron)
    after, until = at("2026-03-01T07:30"), at("2026-11-08T23:45")

    every = list(takewhile(lambda slot: slot.due_at <= until, timetable.pattern.forwards(after)))

    assert timetable.pattern.count(after, until) == len(every)


def test_exactly_as_many_missed_as_the_limit_leave_none_out():
    slots, older = schedule(every="1h").due(at("2026-11-24T00:00"), at("2026-11-24T04:00"), limit=3)

    assert (len(slots), older) == (3 + 1, 0)


def test_the_29th_of_february_is_found_across_the_years():
    rare = schedule(cron="0 7 29 2 *")

    assert rare.upcoming(at("2096-03-01T00:00"), 1)[0].due_at == at("2104-02-29T07:00")
    assert due_at(rare.latest(at("2104-02-28T00:00"))) == at("2096-02-29T07:00")


def test_the_fingerprint_changes_with_the_timing_alone():
    fingerprints = [
        schedule(zone, **keys).fingerprint
        for zone, keys in [
            (BERLIN, {"every": "1h"}),
            (BERLIN, {"every": "2h"}),
            (BERLIN, {"cron": "0 7 * * *"}),
            (NEW_YORK, {"cron": "0 7 * * *"}),
            (BERLIN, {"cron": "1 7 * * *"}),
            (BERLIN, {"cron": "0 * * * *"}),
            (BERLIN, {"cron": "0 0-23 * * *"}),
        ]
    ]

    assert len(set(fingerprints)) == len(fingerprints)
    assert schedule(every="60m").fingerprint == schedule(NEW_YORK, every="1h").fingerprint
    assert (
        schedule(cron="0 7 * * Mon-FRI").fingerprint == schedule(cron="00 07 * * 1-5").fingerprint
    )


@pytest.mark.parametrize("keys", [{"every": "1h"}, {"cron": "0 0-23 * * *"}])
def test_the_trigger_wakes_at_each_slot_and_not_for_those_slept_through(keys):
    trigger = SlotTrigger(schedule(**keys))
    seven, eight, noon = (at(f"2026-11-24T{hour}:00") for hour in ("07", "08", "12"))

    assert trigger.get_next_fire_time(None, seven) == seven
    assert trigger.get_next_fire_time(seven, seven) == eight
    assert trigger.get_next_fire_time(seven, noon) == noon
    assert trigger.get_next_fire_time(noon, eight) == at("2026-11-24T13:00")


def test_apscheduler_takes_the_trigger():
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        print, SlotTrigger(schedule(cron="0 7 * * *")), id="s", misfire_grace_time=None
    )
    scheduler.start(paused=True)
    try:
        due = scheduler.get_job("s").next_run_time
        assert due.astimezone(BERLIN).strftime("%H:%M") == "07:00"
    finally:
        scheduler.shutdown(wait=False)


def fields(last, first=0):
    values = st.integers(first, last)
    ranges = st.tuples(values, values).map(lambda pair: f"{min(pair)}-{max(pair)}")
    steps = st.tuples(ranges | st.just("*"), st.integers(1, last)).map(
        lambda pair: f"{pair[0]}/{pair[1]}"
    )
    return st.just("*") | st.lists(values.map(str) | ranges | steps, min_size=1, max_size=3).map(
        ",".join
    )


DATES = st.tuples(fields(28, 1), st.just("*")) | st.tuples(st.just("*"), fields(7))
EXPRESSIONS = st.tuples(fields(59), fields(23), fields(12, 1), DATES).map(
    lambda parts: f"{parts[0]} {parts[1]} {parts[3][0]} {parts[2]} {parts[3][1]}"
)
TIMES = st.integers(0, 20 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@settings(deadline=None, max_examples=50)
@given(EXPRESSIONS, TIMES)
def test_without_clock_changes_apscheduler_finds_the_same_slots(expression, start):
    """An oracle: its trigger, with every field spelled out and weekdays by name."""
    cron = parse(expression)
    spelled = {
        "minute": cron.minutes,
        "hour": cron.hours,
        "day": cron.days,
        "month": [MONTHS[month - 1] for month in cron.months],
        "day_of_week": [WEEKDAYS[day] for day in cron.weekdays],
    }
    oracle = CronTrigger(
        timezone=UTC, **{name: ",".join(map(str, values)) for name, values in spelled.items()}
    )

    expected, after = [], start + timedelta(microseconds=1)
    for _ in range(4):
        after = oracle.get_next_fire_time(None, after)
        expected.append(after)
        after += timedelta(microseconds=1)

    assert [
        slot.due_at for slot in schedule(ZoneInfo("UTC"), cron=expression).upcoming(start, 4)
    ] == expected


CHANGES = {
    BERLIN: ["2026-03-29", "2026-10-25"],
    NEW_YORK: ["2026-03-08", "2026-11-01"],
    LORD_HOWE: ["2026-04-05", "2026-10-04"],
    KATHMANDU: ["2026-04-05"],
}
NEAR_CHANGES = st.sampled_from(
    [(zone, at(f"{day}T00:00", zone)) for zone, days in CHANGES.items() for day in days]
)


@settings(deadline=None, max_examples=50)
@given(NEAR_CHANGES, fields(59), fields(23), st.integers(-24, 24))
def test_slots_rise_and_read_the_same_backwards_where_the_clocks_change(
    change, minutes, hours, shift
):
    zone, midnight = change
    timetable = schedule(zone, cron=f"{minutes} {hours} * * *")
    start = midnight + timedelta(hours=shift)

    found = timetable.upcoming(start, 12)

    assert all(before.due_at < after.due_at for before, after in pairwise(found))
    assert len({slot.key for slot in found}) == len(found)
    assert timetable.due(start, found[-1].due_at, limit=100) == (found, 0)
    assert timetable.due(start, found[-1].due_at, limit=3) == (found[-4:], 12 - 1 - 3)


@settings(deadline=None)
@given(NEAR_CHANGES, st.integers(0, 59), st.integers(0, 23))
def test_a_daily_slot_comes_once_on_each_day_where_the_clocks_change(change, minute, hour):
    zone, midnight = change
    found = schedule(zone, cron=f"{minute} {hour} * * *").upcoming(midnight - timedelta(days=2), 5)

    days = [slot.due_at.astimezone(zone).date() for slot in found]

    assert {after - before for before, after in pairwise(days)} == {timedelta(days=1)}

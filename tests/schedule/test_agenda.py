"""The coming days: slots by the clocks of their zones, embargoes, what waits and what leaves."""

from datetime import UTC, date, datetime, timedelta

import pytest

from syndicate.schedule.agenda import load_agenda
from tests.causes import by_test
from tests.schedule.conftest import BREAKING, MINUTE, NOW, ScheduleHarness

HOUR = timedelta(hours=1)
BERLIN = {"timezone": "Europe/Berlin"}
BRIEFING = {"name": "briefing", "newsletter": "breaking", "cron": "30 2 * * *", **BERLIN}


@pytest.fixture
def agenda(sqlite_store, publication):
    """Load the agenda of a publication in Berlin with these schedules."""

    def load(*schedules, at=NOW, days=7):
        config = publication(publication=BERLIN, schedules=schedules)
        return load_agenda(sqlite_store, config, at=at, days=days)

    return load


@pytest.mark.parametrize(
    ("at", "due", "change"),
    [
        (  # 02:30 occurs twice on the 25th
            datetime(2026, 10, 23, 12, tzinfo=UTC),
            ["24 00:30", "25 00:30", "26 01:30", "27 01:30"],
            -HOUR,
        ),
        (  # and not at all on the 28th: it is 03:30
            datetime(2027, 3, 26, 12, tzinfo=UTC),
            ["27 01:30", "28 01:30", "29 00:30", "30 00:30"],
            HOUR,
        ),
    ],
)
def test_a_slot_keeps_its_local_time_when_the_clocks_change(agenda, at, due, change):
    loaded = agenda(BRIEFING, at=at, days=4)
    assert [f"{slot:%d %H:%M}" for day in loaded.days for slot, _ in day.slots] == due
    assert [day.clock_change for day in loaded.days if day.clock_change] == [change]


def test_a_slot_stands_under_the_day_that_it_is_here(agenda):
    tokyo = {**BRIEFING, "cron": "0 7 * * mon", "timezone": "Asia/Tokyo"}
    days = [day.day for day in agenda(tokyo).days if day.slots]
    assert days == [date(2026, 11, 29)]


def test_schedules_with_an_interval_or_many_slots_are_one_line_each(agenda):
    often = {**BRIEFING, "name": "often", "cron": "*/30 * * * *"}
    loaded = agenda(BREAKING, often, BRIEFING)
    assert [(item.schedule.name, item.next_at) for item in loaded.frequent] == [
        ("breaking", datetime(2026, 11, 24, 12, 10, tzinfo=UTC)),
        ("often", datetime(2026, 11, 24, 12, 30, tzinfo=UTC)),
    ]
    assert {schedule.name for day in loaded.days for _, schedule in day.slots} == {"briefing"}


def test_it_ends_with_the_day_that_is_so_many_days_later(agenda):
    loaded = agenda(BRIEFING, days=2)
    assert [day.day.day for day in loaded.days] == [24, 25, 26]
    assert loaded.until == datetime(2026, 11, 26, 23, tzinfo=UTC)


def test_it_has_embargoes_what_waits_and_what_is_under_way(store, publication):
    harness = ScheduleHarness(store, publication(schedules=[{**BREAKING, "approve": True}]))
    harness.subscribe("ada@example.org")
    harness.file("ferry")
    harness.file("tram", date=NOW + 30 * HOUR)
    harness.file("next-month", date=NOW + timedelta(days=30))
    harness.tick()
    with store.write() as tx:
        tx.mail_pause.begin(by_test(NOW))
    loaded = load_agenda(store, harness.config, at=NOW + MINUTE, days=7)
    assert loaded.pause == by_test(NOW)
    assert [one.edition.key for one in loaded.waiting] == [1]
    assert [(day.day.day, one.slug) for day in loaded.days for one in day.articles] == [
        (25, "tram")
    ]
    assert loaded.under_way == ()

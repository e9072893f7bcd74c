"""Where a schedule starts: after what was public when it was first seen, unless it says so."""

import threading
from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.model.article_selection import ScheduleStart
from syndicate.schedule.schedule_start import first_seen, schedule_start
from syndicate.schedule.wiring import ManualSend
from tests.schedule.conftest import MINUTE, NOW

READER = "ada@example.org"
DAY = timedelta(days=1)


@pytest.fixture
def paper(harness, publication):
    """A publication with a story of each of six days, a reader, and an hourly schedule."""

    def open_with(**schedule):
        hourly = {"name": "hourly", "newsletter": "breaking", "every": "1h", **schedule}
        harness.config = publication(schedules=[hourly])
        return harness

    harness.subscribe(READER)
    for days in range(1, 7):
        harness.file(f"day-{days}", date=NOW - days * DAY + MINUTE, at=NOW)
    return open_with


def test_a_schedule_of_trials_alone_starts_where_its_last_edition_ended(make_harness):
    harness = make_harness(schedules=[{"name": "b", "newsletter": "breaking", "every": "10m"}])
    harness.subscribe(READER)
    harness.tick(NOW, trial=True)
    harness.file("ferry", at=NOW + MINUTE)
    later = harness.tick(NOW + 10 * MINUTE, trial=True)
    assert outcomes(later) == ["edition 1, 1 article"]
    harness.file("tram", at=NOW + 11 * MINUTE, date=NOW - DAY)
    assert outcomes(harness.tick(NOW + 20 * MINUTE)) == ["edition 2, 1 article"]


def outcomes(ticked):
    return [str(fire) for fire in ticked.fires]


def subjects(harness):
    return [subject for _, subject in harness.mail()]


def test_a_new_schedule_mails_no_archive_and_then_what_is_new(paper):
    harness = paper()
    first = harness.tick()
    assert outcomes(first) == [
        "skipped: 0 new since the schedule was first seen, 2026-11-24 12:00 UTC (begin_with)"
    ]
    harness.file("ferry", at=NOW + MINUTE)
    assert outcomes(harness.tick(NOW + 60 * MINUTE)) == ["edition 1, 1 article"]
    assert subjects(harness) == ["Breaking: Ferry"]


def test_a_schedule_that_is_added_years_later_mails_no_archive_either(paper):
    harness = paper(name="old")
    harness.tick()
    harness = paper(name="new")
    later = NOW + 700 * DAY
    assert outcomes(harness.tick(later))[-1].startswith("skipped: 0 new")
    harness.file("ferry", at=later + MINUTE)
    assert outcomes(harness.tick(later + 60 * MINUTE)) == ["edition 1, 1 article"]


def test_stories_that_wait_for_their_first_slot_are_carried_by_it(paper):
    harness = paper(every=None, cron="0 7 * * *")
    assert outcomes(harness.tick()) == []
    harness.file("ferry", at=NOW + MINUTE)
    harness.file("tram", at=NOW + 2 * MINUTE)
    seven = NOW.replace(hour=7, minute=0) + DAY
    assert outcomes(harness.tick(seven)) == ["edition 1, 2 articles"]


@pytest.mark.parametrize(("begin_with", "carried"), [("24h", 1), ("5d", 5), ("all", 6)])
def test_begin_with_counts_back_by_the_date_of_the_articles(paper, begin_with, carried):
    harness = paper(begin_with=begin_with, select={"max": 100})
    counted = "1 article" if carried == 1 else f"{carried} articles"
    assert outcomes(harness.tick()) == [f"edition 1, {counted}"]


def test_what_is_filed_later_with_an_old_date_goes_out_all_the_same(paper):
    harness = paper()
    harness.tick()
    harness.file("found", date=NOW - 400 * DAY, at=NOW + MINUTE)
    assert outcomes(harness.tick(NOW + 60 * MINUTE)) == ["edition 1, 1 article"]


def test_a_timing_that_changes_keeps_the_beginning(paper):
    harness = paper()
    harness.tick()
    harness.file("ferry", at=NOW + MINUTE)
    harness = paper(every="2h")
    assert outcomes(harness.tick(NOW + 10 * MINUTE)) == []
    assert outcomes(harness.tick(NOW + 120 * MINUTE)) == ["edition 1, 1 article"]


def test_an_article_for_tomorrow_is_carried_tomorrow_though_a_trial_has_numbered_it(paper):
    harness = paper()
    harness.file("tomorrow", date=NOW + DAY, at=NOW)
    harness.services.publish(NOW + 2 * DAY, trial=True)
    harness.file("today", at=NOW + MINUTE)
    harness.services.publish(NOW + 2 * MINUTE)
    assert outcomes(harness.tick(NOW + 3 * MINUTE))[-1].startswith("skipped: 0 new")
    assert outcomes(harness.tick(NOW + DAY + 3 * MINUTE))[-1] == "edition 1, 1 article"
    assert subjects(harness) == ["Breaking: Tomorrow"]


def test_a_trial_keeps_no_beginning_and_shows_what_would_be_mailed_then(paper):
    harness = paper()
    harness.file("tomorrow", date=NOW + DAY, at=NOW)
    tried = harness.tick(NOW - DAY, trial=True)
    assert outcomes(tried)[-1].startswith("skipped: 0 new")
    with harness.store.read() as tx:
        assert tx.schedules.start("hourly") is None
    harness.tick()
    with harness.store.read() as tx:
        assert tx.schedules.start("hourly") == ScheduleStart(number=6, at=NOW)


@pytest.mark.parametrize("today", [NOW, clock.now() + 100 * DAY], ids=["past", "future"])
def test_trials_of_day_after_day_carry_what_each_day_brought(paper, today):
    harness = paper()
    for number in range(5):
        harness.file(f"next-{number}", date=today + number * DAY - MINUTE, at=NOW)
    days = [today + number * DAY for number in range(5)]
    newest = [outcomes(harness.tick(day, trial=True))[-1] for day in days]
    assert newest[0].startswith("skipped: 0 new since the schedule was first seen")
    assert newest[1:] == [f"edition {number}, 1 article" for number in range(1, 5)]


def test_what_is_sent_by_hand_as_a_new_schedule_begins_it(paper):
    harness = paper()
    newsletter = harness.config.newsletter("breaking")
    order = ManualSend(newsletter=newsletter, schedule=harness.config.schedules[0])
    assert harness.services.send(order, at=NOW) is None
    harness.file("ferry", at=NOW + MINUTE)
    assert outcomes(harness.tick(NOW + 2 * MINUTE)) == ["edition 1, 1 article"]


def test_a_test_copy_begins_no_schedule(paper):
    harness = paper(begin_with="24h")
    newsletter = harness.config.newsletter("breaking")
    order = ManualSend(newsletter=newsletter, schedule=harness.config.schedules[0])
    harness.services.send_test_copy(order, to="me@example.org", at=NOW)
    with harness.store.read() as tx:
        assert tx.schedules.start("hourly") is None


@pytest.mark.parametrize("tried_before", [False, True])
@pytest.mark.sql
def test_processes_that_see_a_schedule_first_at_once_agree_where_it_begins(paper, tried_before):
    harness = paper()
    [schedule] = harness.config.schedules
    if tried_before:
        harness.tick(NOW - DAY, trial=True)
    start, returned = threading.Barrier(4, timeout=60), []

    def see(number: int) -> None:
        harness.file(f"late-{number}", at=NOW)
        start.wait()
        at = NOW + number * MINUTE
        with harness.store.write() as tx:
            first_seen(tx, schedule, harness.config, at=at)
            returned.append(schedule_start(tx, schedule.name, at=at, keep=True))

    threads = [threading.Thread(target=see, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with harness.store.read() as tx:
        kept = tx.schedules.start(schedule.name)
    assert kept.number == 10
    assert returned == [kept] * 4

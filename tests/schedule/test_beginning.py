"""Where a new schedule begins: with what becomes public after it is first seen, unless it says so."""

import threading
from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.model.article_window import ScheduleStart
from syndicate.schedule.beginning import begin, seen_since
from syndicate.schedule.manual_send import ManualSend, send_now, send_test_copy
from tests.schedule.conftest import MINUTE, NOW

READER = "ada@example.org"
DAY = timedelta(days=1)


@pytest.fixture
def paper(desk, publication):
    """A newsroom with a story of each of six days, a reader, and an hourly schedule."""

    def open_with(**schedule):
        hourly = {"name": "hourly", "newsletter": "breaking", "every": "1h", **schedule}
        desk.config = publication(schedules=[hourly])
        return desk

    desk.subscribe(READER)
    for days in range(1, 7):
        desk.file(f"day-{days}", date=NOW - days * DAY + MINUTE, at=NOW)
    return open_with


def outcomes(ticked):
    return [str(fire) for fire in ticked.fires]


def subjects(desk):
    return [subject for _, subject in desk.mail()]


def test_a_new_schedule_mails_no_archive_and_then_what_is_new(paper):
    desk = paper()
    first = desk.tick()
    assert outcomes(first) == [
        "skipped: 0 new since the schedule was first seen, 2026-11-24 12:00 UTC (begin_with)"
    ]
    desk.file("ferry", at=NOW + MINUTE)
    assert outcomes(desk.tick(NOW + 60 * MINUTE)) == ["edition 1, 1 article"]
    assert subjects(desk) == ["Breaking: Ferry"]


def test_a_schedule_that_is_added_years_later_mails_no_archive_either(paper):
    desk = paper(name="old")
    desk.tick()
    desk = paper(name="new")
    later = NOW + 700 * DAY
    assert outcomes(desk.tick(later))[-1].startswith("skipped: 0 new")
    desk.file("ferry", at=later + MINUTE)
    assert outcomes(desk.tick(later + 60 * MINUTE)) == ["edition 1, 1 article"]


def test_stories_that_wait_for_their_first_slot_are_carried_by_it(paper):
    desk = paper(every=None, cron="0 7 * * *")
    assert outcomes(desk.tick()) == []
    desk.file("ferry", at=NOW + MINUTE)
    desk.file("tram", at=NOW + 2 * MINUTE)
    seven = NOW.replace(hour=7, minute=0) + DAY
    assert outcomes(desk.tick(seven)) == ["edition 1, 2 articles"]


@pytest.mark.parametrize(("begin_with", "carried"), [("24h", 1), ("5d", 5), ("all", 6)])
def test_begin_with_counts_back_by_the_date_of_the_articles(paper, begin_with, carried):
    desk = paper(begin_with=begin_with, select={"max": 100})
    counted = "1 article" if carried == 1 else f"{carried} articles"
    assert outcomes(desk.tick()) == [f"edition 1, {counted}"]


def test_what_is_filed_later_with_an_old_date_goes_out_all_the_same(paper):
    desk = paper()
    desk.tick()
    desk.file("found", date=NOW - 400 * DAY, at=NOW + MINUTE)
    assert outcomes(desk.tick(NOW + 60 * MINUTE)) == ["edition 1, 1 article"]


def test_a_timing_that_changes_keeps_the_beginning(paper):
    desk = paper()
    desk.tick()
    desk.file("ferry", at=NOW + MINUTE)
    desk = paper(every="2h")
    assert outcomes(desk.tick(NOW + 10 * MINUTE)) == []
    assert outcomes(desk.tick(NOW + 120 * MINUTE)) == ["edition 1, 1 article"]


def test_an_article_for_tomorrow_is_carried_tomorrow_though_a_trial_has_numbered_it(paper):
    desk = paper()
    desk.file("tomorrow", date=NOW + DAY, at=NOW)
    desk.newsroom.publish(NOW + 2 * DAY, trial=True)
    desk.file("today", at=NOW + MINUTE)
    desk.newsroom.publish(NOW + 2 * MINUTE)
    assert outcomes(desk.tick(NOW + 3 * MINUTE))[-1].startswith("skipped: 0 new")
    assert outcomes(desk.tick(NOW + DAY + 3 * MINUTE))[-1] == "edition 1, 1 article"
    assert subjects(desk) == ["Breaking: Tomorrow"]


def test_a_trial_keeps_no_beginning_and_shows_what_would_be_mailed_then(paper):
    desk = paper()
    desk.file("tomorrow", date=NOW + DAY, at=NOW)
    tried = desk.tick(NOW - DAY, trial=True)
    assert outcomes(tried)[-1].startswith("skipped: 0 new")
    with desk.store.read() as tx:
        assert tx.schedules.start("hourly") is None
    desk.tick()
    with desk.store.read() as tx:
        assert tx.schedules.start("hourly") == ScheduleStart(number=6, at=NOW)


@pytest.mark.parametrize("today", [NOW, clock.now() + 100 * DAY], ids=["past", "future"])
def test_trials_of_day_after_day_carry_what_each_day_brought(paper, today):
    desk = paper()
    for number in range(5):
        desk.file(f"next-{number}", date=today + number * DAY - MINUTE, at=NOW)
    days = [today + number * DAY for number in range(5)]
    newest = [outcomes(desk.tick(day, trial=True))[-1] for day in days]
    assert newest[0].startswith("skipped: 0 new since the schedule was first seen")
    assert newest[1:] == [f"edition {number}, 1 article" for number in range(1, 5)]


def test_what_is_sent_by_hand_as_a_new_schedule_begins_it(paper):
    desk = paper()
    newsletter = desk.config.newsletter("breaking")
    order = ManualSend(newsletter=newsletter, schedule=desk.config.schedules[0])
    assert send_now(desk.newsroom, order, at=NOW) is None
    desk.file("ferry", at=NOW + MINUTE)
    assert outcomes(desk.tick(NOW + 2 * MINUTE)) == ["edition 1, 1 article"]


def test_a_test_copy_begins_no_schedule(paper):
    desk = paper(begin_with="24h")
    newsletter = desk.config.newsletter("breaking")
    order = ManualSend(newsletter=newsletter, schedule=desk.config.schedules[0])
    send_test_copy(desk.newsroom, order, to="me@example.org", at=NOW)
    with desk.store.read() as tx:
        assert tx.schedules.start("hourly") is None


@pytest.mark.parametrize("tried_before", [False, True])
def test_processes_that_see_a_schedule_first_at_once_agree_where_it_begins(paper, tried_before):
    desk = paper()
    [schedule] = desk.config.schedules
    if tried_before:
        desk.tick(NOW - DAY, trial=True)
    start, returned = threading.Barrier(4, timeout=60), []

    def see(number: int) -> None:
        desk.file(f"late-{number}", at=NOW)
        start.wait()
        at = NOW + number * MINUTE
        with desk.store.write() as tx:
            seen_since(tx, schedule, desk.config, at=at)
            returned.append(begin(tx, schedule.name, at=at))

    threads = [threading.Thread(target=see, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with desk.store.read() as tx:
        kept = tx.schedules.start(schedule.name)
    assert kept.number == 10
    assert returned == [kept] * 4

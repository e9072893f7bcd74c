"""A tick: publish, compose, deliver; once, whatever happens in between."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.model.articles import Status
from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.editions import EditionKind
from syndicate.render.mail.edition_content import compose_edition as really
from tests.audience import by_reader
from tests.schedule.conftest import BREAKING, MINUTE, NOW

EVERYBODY = ["ada@example.org", "bo@example.org"]


def outcomes(ticked):
    return [str(fire) for fire in ticked.fires]


def fires(desk, schedule="breaking"):
    with desk.store.read() as tx:
        return [str(fire) for fire in tx.fires.recent(schedule)]


def editions(desk):
    with desk.store.read() as tx:
        return [(one, tx.deliveries.totals(one.key)) for one in tx.editions.all()]


def test_a_breaking_article_is_mailed_once_to_everybody(desk):
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    assert outcomes(desk.tick()) == ["edition 1, 1 article"]
    assert desk.mail() == [(address, "Breaking: Ferry") for address in EVERYBODY]
    again = desk.tick()
    assert outcomes(again) == []
    later = desk.tick(NOW + 10 * MINUTE)
    assert outcomes(later) == ["skipped: 0 new since 12:00 UTC"]
    assert len(desk.mail()) == 2
    [(edition, totals)] = editions(desk)
    assert edition.kind is EditionKind.ALERT
    assert totals == DeliveryTotals(accepted=2)


def test_one_story_is_an_alert_and_several_are_a_digest(desk):
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    desk.file("tram")
    assert outcomes(desk.tick()) == ["edition 1, 2 articles"]
    [(edition, _)] = editions(desk)
    assert edition.kind is EditionKind.DIGEST


def test_nothing_new_is_no_edition_and_the_fire_says_so(desk):
    desk.subscribe(*EVERYBODY)
    assert outcomes(desk.tick()) == ["skipped: 0 new"]
    assert editions(desk) == []
    assert desk.mail() == []


def test_the_fire_names_what_age_left_out(desk):
    desk.subscribe(*EVERYBODY)
    for number in range(3):
        desk.file(f"old{number}", date=NOW - timedelta(hours=25))
    desk.file("new")
    assert outcomes(desk.tick()) == ["edition 1, 1 article, 3 older than 24 h"]
    desk.file("older", date=NOW - timedelta(hours=30))
    assert outcomes(desk.tick(NOW + 10 * MINUTE)) == [
        "skipped: 0 new since 12:00 UTC, 1 older than 24 h"
    ]


def test_a_story_that_is_filed_late_or_back_dated_is_not_lost(desk):
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    desk.tick()
    desk.file("backdated", date=NOW - timedelta(hours=20))
    assert outcomes(desk.tick(NOW + 10 * MINUTE)) == ["edition 2, 1 article"]


def test_a_correction_is_not_mailed_again(desk):
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    desk.tick()
    desk.file("ferry", title="Ferry, corrected", at=NOW + MINUTE)
    assert outcomes(desk.tick(NOW + 10 * MINUTE)) == ["skipped: 0 new since 12:00 UTC"]


def test_an_article_flagged_breaking_later_is_mailed_then(desk):
    desk.subscribe(*EVERYBODY)
    desk.file("ferry", breaking=False)
    assert outcomes(desk.tick()) == ["skipped: 0 new"]
    desk.file("tram")
    desk.tick(NOW + 10 * MINUTE)
    desk.file("ferry", breaking=True)
    assert outcomes(desk.tick(NOW + 20 * MINUTE)) == ["edition 2, 1 article"]


def test_a_future_article_goes_out_when_its_time_has_come(desk):
    desk.subscribe(*EVERYBODY)
    desk.file("ferry", date=NOW + 15 * MINUTE)
    assert outcomes(desk.tick()) == ["skipped: 0 new"]
    assert outcomes(desk.tick(NOW + 10 * MINUTE)) == ["skipped: 0 new since 12:00 UTC"]
    assert outcomes(desk.tick(NOW + 20 * MINUTE)) == ["edition 1, 1 article"]


def test_a_retracted_article_and_a_draft_go_out_in_nothing(desk):
    desk.subscribe(*EVERYBODY)
    desk.file("draft", status=Status.DRAFT)
    taken_back = desk.file("ferry")
    with desk.store.write() as tx:
        tx.articles.retract(taken_back, NOW)
    assert outcomes(desk.tick()) == ["skipped: 0 new"]


def test_an_article_taken_back_while_an_edition_is_composed_is_not_in_it(desk, monkeypatch):
    def compose(**values):
        with desk.store.write() as tx:
            tx.articles.retract(ferry, NOW)
        return really(**values)

    desk.subscribe(*EVERYBODY)
    ferry = desk.file("ferry")
    monkeypatch.setattr("syndicate.schedule.composer.compose_edition", compose)
    assert outcomes(desk.tick()) == ["skipped: 0 new"]
    assert desk.mail() == []


def test_what_is_recorded_has_the_time_of_the_real_clock(desk):
    desk.subscribe(*EVERYBODY)
    later = datetime(2100, 1, 1, tzinfo=UTC)
    desk.file("ferry", at=later)
    desk.tick(later)
    with desk.store.read() as tx:
        assert {row.at.year < 2100 for row in tx.deliveries.by_edition(1)} == {True}


def test_a_new_subscriber_does_not_get_what_came_before(desk):
    desk.file("ferry")
    desk.newsroom.publish(NOW)
    desk.subscribe("late@example.org")
    desk.tick()
    assert desk.mail() == []
    desk.file("tram")
    desk.tick(NOW + 10 * MINUTE)
    assert desk.mail() == [("late@example.org", "Breaking: Tram")]


def test_who_left_is_not_mailed(desk):
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    with desk.store.write() as tx:
        key = tx.subscribers.by_email("bo@example.org").key
        tx.subscribers.unsubscribe(key, "breaking", at=NOW, cause=by_reader("one click"))
    desk.tick()
    assert [to for to, _ in desk.mail()] == ["ada@example.org"]


def test_missed_slots_are_covered_by_the_newest(desk):
    desk.subscribe(*EVERYBODY)
    desk.tick()
    desk.file("ferry")
    assert outcomes(desk.tick(NOW + 30 * MINUTE)) == [
        "skipped: covered by 12:30",
        "skipped: covered by 12:30",
        "edition 1, 1 article",
    ]


def test_a_slot_that_is_too_late_is_skipped_and_its_news_goes_into_the_next(desk_of):
    desk = desk_of(
        schedules=[
            {"name": "briefing", "newsletter": "breaking", "cron": "0 7 * * *", "max_late": "30m"}
        ]
    )
    desk.subscribe(*EVERYBODY)
    desk.tick(NOW)
    desk.tick(NOW.replace(hour=7, minute=0) + timedelta(days=1))
    desk.file("ferry")
    late = NOW.replace(hour=10, minute=0, second=0) + timedelta(days=2)
    assert outcomes(desk.tick(late)) == ["skipped: 3 h late, limit 30 m"]
    assert outcomes(desk.tick(late + timedelta(hours=21))) == ["edition 1, 1 article"]


def test_two_schedules_of_one_newsletter_carry_a_story_once(desk_of):
    desk = desk_of(
        schedules=[
            BREAKING,
            {"name": "hourly", "newsletter": "breaking", "every": "1h", "begin_with": "all"},
        ]
    )
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    assert outcomes(desk.tick()) == ["edition 1, 1 article", "skipped: 0 new"]


def test_a_template_that_fails_mails_nobody_and_the_slot_is_tried_again(desk):
    own = desk.config.templates / "email"
    own.mkdir(parents=True)
    (own / "alert.mjml").write_text("<mjml>\n<mj-body>\n{{ nonsense }}\n</mj-body>\n</mjml>\n")
    desk.subscribe(*EVERYBODY)
    desk.tick(NOW - 10 * MINUTE)
    desk.file("ferry")
    failed = desk.tick()
    assert failed.failed
    assert outcomes(failed)[0].startswith("failed: email/alert.mjml:3: 'nonsense' is undefined")
    assert desk.mail() == []
    again = desk.tick(NOW + 10 * MINUTE)
    assert [fire.outcome for fire in again.fires] == ["failed"], "the slot before stands as it was"
    (own / "alert.mjml").unlink()
    mended = desk.tick(NOW + 11 * MINUTE)
    assert outcomes(mended) == ["edition 1, 1 article"]
    assert not mended.failed
    assert len(desk.mail()) == 2
    assert fires(desk) == ["edition 1, 1 article", outcomes(failed)[0], "skipped: 0 new"]


def test_a_mistake_of_ours_in_one_schedule_stops_no_other(desk_of, monkeypatch):
    other = {"name": "other", "newsletter": "other", "every": "1h", "begin_with": "all"}
    desk = desk_of(
        newsletters=[{"name": "breaking"}, {"name": "other"}], schedules=[BREAKING, other]
    )
    desk.subscribe("bo@example.org", newsletter="other")
    desk.file("ferry")

    def compose(*, newsletter, **values):
        if newsletter.name == "breaking":
            raise ZeroDivisionError("a story that breaks it")
        return really(newsletter=newsletter, **values)

    monkeypatch.setattr("syndicate.schedule.composer.compose_edition", compose)
    ticked = desk.tick()
    assert outcomes(ticked) == [
        "failed: ZeroDivisionError('a story that breaks it')",
        "edition 1, 1 article",
    ]
    assert ticked.failed
    assert [to for to, _ in desk.mail()] == ["bo@example.org"]


def test_an_article_put_off_while_it_waits_goes_out_at_its_time(desk):
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    desk.file("tram")
    desk.newsroom.publish(NOW)
    desk.file("ferry", date=NOW + 15 * MINUTE)
    assert outcomes(desk.tick()) == ["edition 1, 1 article"]
    assert {subject for _, subject in desk.mail()} == {"Breaking: Tram"}
    assert outcomes(desk.tick(NOW + 10 * MINUTE)) == ["skipped: 0 new since 12:00 UTC"]
    assert outcomes(desk.tick(NOW + 20 * MINUTE)) == ["edition 2, 1 article"]
    assert outcomes(desk.tick(NOW + 30 * MINUTE)) == ["skipped: 0 new since 12:20 UTC"]


def test_a_trial_of_the_future_holds_nothing_up(desk_of):
    daily = {"name": "daily", "newsletter": "breaking", "cron": "0 7 * * *"}
    desk = desk_of(schedules=[BREAKING, daily])
    desk.subscribe(*EVERYBODY)
    desk.tick(NOW + timedelta(days=365), trial=True)
    desk.file("ferry")
    assert outcomes(desk.tick()) == ["edition 1, 1 article"]
    desk.file("tram")
    seven = NOW.replace(hour=7, minute=0) + timedelta(days=1)
    assert outcomes(desk.tick(seven))[-1].startswith("skipped: 0 new"), (
        "a schedule of its own, due again"
    )
    assert len(desk.mail()) == 4


def test_a_schedule_that_begins_with_all_takes_what_its_readers_had_not(desk_of):
    desk = desk_of(schedules=[BREAKING])
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    desk.file("calm", breaking=False)
    desk.tick()
    added = {"name": "added", "newsletter": "breaking", "every": "1h", "begin_with": "all"}
    desk = desk_of(schedules=[BREAKING, added])
    assert outcomes(desk.tick(NOW + MINUTE)) == ["edition 2, 1 article"]
    assert {subject for _, subject in desk.mail()} == {"Breaking: Ferry", "Calm"}


def test_two_ticks_at_once_mail_nobody_twice_and_miss_nobody(desk):
    readers = [f"r{number}@example.org" for number in range(20)]
    desk.subscribe(*readers)
    desk.file("ferry")
    start, problems = threading.Barrier(4, timeout=60), []

    def one() -> None:
        start.wait()
        try:
            desk.tick()
        except Exception as error:  # noqa: BLE001 - told below
            problems.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(editions(desk)) == 1
    assert sorted(to for to, _ in desk.mail()) == sorted(readers)


def test_an_edition_is_composed_again_when_news_comes_in_meanwhile(desk, monkeypatch):
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    desk.newsroom.publish(NOW)
    newsroom = desk.newsroom
    propose, late = newsroom.desk.propose, ["tram"]

    def slow(*arguments, **named):
        proposal = propose(*arguments, **named)
        while late:
            desk.file(late.pop())
            newsroom.publish(NOW)
        return proposal

    monkeypatch.setattr(newsroom.desk, "propose", slow)
    assert [str(fire) for fire in newsroom.timekeeper.fire_all(NOW)] == ["edition 1, 2 articles"]


def test_what_went_out_is_on_the_pages_and_in_the_feed_first(desk):
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    desk.tick()
    output = desk.config.output
    assert (output / "articles" / "ferry" / "index.html").is_file()
    assert b"Ferry" in (output / "rss.xml").read_bytes()


@pytest.mark.parametrize("moment", ["at the slot", "a second before"])
def test_a_slot_is_due_at_its_very_time(desk_of, moment):
    desk = desk_of(schedules=[{"name": "b", "newsletter": "breaking", "cron": "0 7 * * *"}])
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    desk.tick(NOW)
    seven = NOW.replace(hour=7, minute=0, second=0) + timedelta(days=1)
    at = seven if moment == "at the slot" else seven - timedelta(seconds=1)
    assert len(desk.tick(at).fires) == (moment == "at the slot")


def test_an_article_whose_page_could_not_be_made_is_not_mailed_before_it_is_there(desk):
    own = desk.config.templates / "page"
    own.mkdir(parents=True)
    (own / "article.html").write_text("{{ nonsense }}")
    desk.subscribe(*EVERYBODY)
    desk.file("ferry")
    failed = desk.tick()
    assert failed.failed
    assert outcomes(failed)[0].startswith("failed: ferry has no page yet")
    assert desk.mail() == []
    (own / "article.html").unlink()
    assert outcomes(desk.tick(NOW + MINUTE)) == ["edition 1, 1 article"]

"""A tick: publish, compose, deliver; once, whatever happens in between."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.model.articles import Status
from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.editions import EditionKind
from syndicate.model.schedule_slots import FireOutcome
from syndicate.render.mail.edition_content import compose_edition as really
from syndicate.store.editions.fires import Fire
from tests.causes import by_reader
from tests.schedule.conftest import BREAKING, MINUTE, NOW

EVERYBODY = ["ada@example.org", "bo@example.org"]


def outcomes(ticked):
    return [str(fire) for fire in ticked.fires]


def fires(harness, schedule="breaking"):
    with harness.store.read() as tx:
        return [str(fire) for fire in tx.fires.recent(schedule)]


def editions(harness):
    with harness.store.read() as tx:
        return [(one, tx.deliveries.totals(one.key)) for one in tx.editions.all()]


def test_a_breaking_article_is_mailed_once_to_everybody(harness):
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    assert outcomes(harness.tick()) == ["edition 1, 1 article"]
    assert harness.mail() == [(address, "Breaking: Ferry") for address in EVERYBODY]
    again = harness.tick()
    assert outcomes(again) == []
    later = harness.tick(NOW + 10 * MINUTE)
    assert outcomes(later) == ["skipped: 0 new since 12:00 UTC"]
    assert len(harness.mail()) == 2
    [(edition, totals)] = editions(harness)
    assert edition.kind is EditionKind.ALERT
    assert totals == DeliveryTotals(accepted=2)


def test_one_story_is_an_alert_and_several_are_a_digest(harness):
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    harness.file("tram")
    assert outcomes(harness.tick()) == ["edition 1, 2 articles"]
    [(edition, _)] = editions(harness)
    assert edition.kind is EditionKind.DIGEST


def test_nothing_new_is_no_edition_and_the_fire_says_so(harness):
    harness.subscribe(*EVERYBODY)
    assert outcomes(harness.tick()) == ["skipped: 0 new"]
    assert editions(harness) == []
    assert harness.mail() == []


@pytest.mark.sql
def test_the_fire_names_what_age_left_out(harness):
    harness.subscribe(*EVERYBODY)
    for number in range(3):
        harness.file(f"old{number}", date=NOW - timedelta(hours=25))
    harness.file("new")
    assert outcomes(harness.tick()) == [
        "edition 1, 1 article, 3 older than 24 h; left out: old0, old1, old2"
    ]
    harness.file("older", date=NOW - timedelta(hours=30))
    assert outcomes(harness.tick(NOW + 10 * MINUTE)) == [
        "skipped: 0 new since 12:00 UTC, 1 older than 24 h; left out: older"
    ]
    with harness.store.read() as tx:
        recorded = tx.fires.recent("breaking")
    assert [fire.left_out for fire in recorded] == [("older",), ("old0", "old1", "old2")]


def test_a_story_that_is_filed_late_or_back_dated_is_not_lost(harness):
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    harness.tick()
    harness.file("backdated", date=NOW - timedelta(hours=20))
    assert outcomes(harness.tick(NOW + 10 * MINUTE)) == ["edition 2, 1 article"]


def test_a_correction_is_not_mailed_again(harness):
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    harness.tick()
    harness.file("ferry", title="Ferry, corrected", at=NOW + MINUTE)
    assert outcomes(harness.tick(NOW + 10 * MINUTE)) == ["skipped: 0 new since 12:00 UTC"]


def test_an_article_flagged_breaking_later_is_mailed_then(harness):
    harness.subscribe(*EVERYBODY)
    harness.file("ferry", breaking=False)
    assert outcomes(harness.tick()) == ["skipped: 0 new"]
    harness.file("tram")
    harness.tick(NOW + 10 * MINUTE)
    harness.file("ferry", breaking=True)
    assert outcomes(harness.tick(NOW + 20 * MINUTE)) == ["edition 2, 1 article"]


def test_a_future_article_goes_out_when_its_time_has_come(harness):
    harness.subscribe(*EVERYBODY)
    harness.file("ferry", date=NOW + 15 * MINUTE)
    assert outcomes(harness.tick()) == ["skipped: 0 new"]
    assert outcomes(harness.tick(NOW + 10 * MINUTE)) == ["skipped: 0 new since 12:00 UTC"]
    assert outcomes(harness.tick(NOW + 20 * MINUTE)) == ["edition 1, 1 article"]


def test_a_retracted_article_and_a_draft_go_out_in_nothing(harness):
    harness.subscribe(*EVERYBODY)
    harness.file("draft", status=Status.DRAFT)
    taken_back = harness.file("ferry")
    with harness.store.write() as tx:
        tx.articles.retract(taken_back, NOW)
    assert outcomes(harness.tick()) == ["skipped: 0 new"]


def test_an_article_taken_back_while_an_edition_is_composed_is_not_in_it(harness, monkeypatch):
    def compose(**values):
        with harness.store.write() as tx:
            tx.articles.retract(ferry, NOW)
        return really(**values)

    harness.subscribe(*EVERYBODY)
    ferry = harness.file("ferry")
    monkeypatch.setattr("syndicate.schedule.composer.compose_edition", compose)
    assert outcomes(harness.tick()) == ["skipped: 0 new"]
    assert harness.mail() == []


def test_what_is_recorded_has_the_time_of_the_real_clock(harness):
    harness.subscribe(*EVERYBODY)
    later = datetime(2100, 1, 1, tzinfo=UTC)
    harness.file("ferry", at=later)
    harness.tick(later)
    with harness.store.read() as tx:
        assert {row.at.year < 2100 for row in tx.deliveries.by_edition(1)} == {True}


def test_a_new_subscriber_does_not_get_what_came_before(harness):
    harness.file("ferry")
    harness.services.publish(NOW)
    harness.subscribe("late@example.org")
    harness.tick()
    assert harness.mail() == []
    harness.file("tram")
    harness.tick(NOW + 10 * MINUTE)
    assert harness.mail() == [("late@example.org", "Breaking: Tram")]


def test_who_left_is_not_mailed(harness):
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    with harness.store.write() as tx:
        key = tx.subscribers.by_email("bo@example.org").key
        tx.subscribers.unsubscribe(key, "breaking", cause=by_reader("one click", NOW))
    harness.tick()
    assert [to for to, _ in harness.mail()] == ["ada@example.org"]


def test_missed_slots_are_covered_by_the_newest(harness):
    harness.subscribe(*EVERYBODY)
    harness.tick()
    harness.file("ferry")
    assert outcomes(harness.tick(NOW + 30 * MINUTE)) == [
        "skipped: covered by 12:30",
        "skipped: covered by 12:30",
        "edition 1, 1 article",
    ]


def test_a_slot_that_is_too_late_is_skipped_and_its_news_goes_into_the_next(make_harness):
    harness = make_harness(
        schedules=[
            {"name": "briefing", "newsletter": "breaking", "cron": "0 7 * * *", "max_late": "30m"}
        ]
    )
    harness.subscribe(*EVERYBODY)
    harness.tick(NOW)
    harness.tick(NOW.replace(hour=7, minute=0) + timedelta(days=1))
    harness.file("ferry")
    late = NOW.replace(hour=10, minute=0, second=0) + timedelta(days=2)
    assert outcomes(harness.tick(late)) == ["skipped: 3 h late, limit 30 m"]
    assert outcomes(harness.tick(late + timedelta(hours=21))) == ["edition 1, 1 article"]


def test_two_schedules_of_one_newsletter_carry_a_story_once(make_harness):
    harness = make_harness(
        schedules=[
            BREAKING,
            {"name": "hourly", "newsletter": "breaking", "every": "1h", "begin_with": "all"},
        ]
    )
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    assert outcomes(harness.tick()) == ["edition 1, 1 article", "skipped: 0 new"]


def test_a_template_that_fails_mails_nobody_and_the_slot_is_tried_again(harness):
    own = harness.config.templates / "email"
    own.mkdir(parents=True)
    (own / "alert.mjml").write_text("<mjml>\n<mj-body>\n{{ nonsense }}\n</mj-body>\n</mjml>\n")
    harness.subscribe(*EVERYBODY)
    harness.tick(NOW - 10 * MINUTE)
    harness.file("ferry")
    failed = harness.tick()
    assert failed.failed
    assert outcomes(failed)[0].startswith("failed: email/alert.mjml:3: 'nonsense' is undefined")
    assert harness.mail() == []
    again = harness.tick(NOW + 10 * MINUTE)
    assert [fire.outcome for fire in again.fires] == ["failed"], "the slot before stands as it was"
    (own / "alert.mjml").unlink()
    mended = harness.tick(NOW + 11 * MINUTE)
    assert outcomes(mended) == ["edition 1, 1 article"]
    assert not mended.failed
    assert len(harness.mail()) == 2
    assert fires(harness) == ["edition 1, 1 article", outcomes(failed)[0], "skipped: 0 new"]


def test_a_mistake_of_ours_in_one_schedule_stops_no_other(make_harness, monkeypatch):
    other = {"name": "other", "newsletter": "other", "every": "1h", "begin_with": "all"}
    harness = make_harness(
        newsletters=[{"name": "breaking"}, {"name": "other"}], schedules=[BREAKING, other]
    )
    harness.subscribe("bo@example.org", newsletter="other")
    harness.file("ferry")

    def compose(*, newsletter, **values):
        if newsletter.name == "breaking":
            raise ZeroDivisionError("a story that breaks it")
        return really(newsletter=newsletter, **values)

    monkeypatch.setattr("syndicate.schedule.composer.compose_edition", compose)
    ticked = harness.tick()
    assert outcomes(ticked) == [
        "failed: ZeroDivisionError('a story that breaks it')",
        "edition 1, 1 article",
    ]
    assert ticked.failed
    assert [to for to, _ in harness.mail()] == ["bo@example.org"]


def test_an_article_put_off_while_it_waits_goes_out_at_its_time(harness):
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    harness.file("tram")
    harness.services.publish(NOW)
    harness.file("ferry", date=NOW + 15 * MINUTE)
    assert outcomes(harness.tick()) == ["edition 1, 1 article"]
    assert {subject for _, subject in harness.mail()} == {"Breaking: Tram"}
    assert outcomes(harness.tick(NOW + 10 * MINUTE)) == ["skipped: 0 new since 12:00 UTC"]
    assert outcomes(harness.tick(NOW + 20 * MINUTE)) == ["edition 2, 1 article"]
    assert outcomes(harness.tick(NOW + 30 * MINUTE)) == ["skipped: 0 new since 12:20 UTC"]


def test_a_trial_of_the_future_holds_nothing_up(make_harness):
    daily = {"name": "daily", "newsletter": "breaking", "cron": "0 7 * * *"}
    harness = make_harness(schedules=[BREAKING, daily])
    harness.subscribe(*EVERYBODY)
    harness.tick(NOW + timedelta(days=365), trial=True)
    harness.file("ferry")
    assert outcomes(harness.tick()) == ["edition 1, 1 article"]
    harness.file("tram")
    seven = NOW.replace(hour=7, minute=0) + timedelta(days=1)
    assert outcomes(harness.tick(seven))[-1].startswith("skipped: 0 new"), (
        "a schedule of its own, due again"
    )
    assert len(harness.mail()) == 4


def test_a_schedule_that_begins_with_all_takes_what_its_readers_had_not(make_harness):
    harness = make_harness(schedules=[BREAKING])
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    harness.file("calm", breaking=False)
    harness.tick()
    added = {"name": "added", "newsletter": "breaking", "every": "1h", "begin_with": "all"}
    harness = make_harness(schedules=[BREAKING, added])
    assert outcomes(harness.tick(NOW + MINUTE)) == ["edition 2, 1 article"]
    assert {subject for _, subject in harness.mail()} == {"Breaking: Ferry", "Calm"}


@pytest.mark.sql
def test_two_ticks_at_once_mail_nobody_twice_and_miss_nobody(harness):
    readers = [f"r{number}@example.org" for number in range(20)]
    harness.subscribe(*readers)
    harness.file("ferry")
    start, problems = threading.Barrier(4, timeout=60), []

    def one() -> None:
        start.wait()
        try:
            harness.tick()
        except Exception as error:  # noqa: BLE001 - told below
            problems.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(editions(harness)) == 1
    assert sorted(to for to, _ in harness.mail()) == sorted(readers)


def test_an_edition_is_composed_again_when_news_comes_in_meanwhile(harness, monkeypatch):
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    harness.services.publish(NOW)
    services = harness.services
    propose, late = services.composer.propose, ["tram"]

    def slow(*arguments, **named):
        proposal = propose(*arguments, **named)
        while late:
            harness.file(late.pop())
            services.publish(NOW)
        return proposal

    monkeypatch.setattr(services.composer, "propose", slow)
    assert [str(fire) for fire in services.dispatcher.fire_all(NOW)] == ["edition 1, 2 articles"]


def test_an_edition_is_dropped_when_another_process_has_recorded_the_slot(harness):
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    services, due_at = harness.services, NOW.replace(second=0)
    services.publish(NOW)
    other = Fire(
        schedule="breaking",
        slot="2026-11-24T12:00:00Z",
        due_at=due_at,
        outcome=FireOutcome.SKIPPED,
        reason="0 new",
        node="other",
        at=NOW,
    )
    propose = services.composer.propose

    def slow(*arguments, **named):
        proposal = propose(*arguments, **named)
        with harness.store.write() as tx:
            tx.fires.record(other)
        return proposal

    services.composer.propose = slow
    assert services.dispatcher.fire_all(NOW) == []
    assert editions(harness) == []


def test_what_went_out_is_on_the_pages_and_in_the_feed_first(harness):
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    harness.tick()
    output = harness.config.output
    assert (output / "articles" / "ferry" / "index.html").is_file()
    assert b"Ferry" in (output / "rss.xml").read_bytes()


@pytest.mark.parametrize("moment", ["at the slot", "a second before"])
def test_a_slot_is_due_at_its_very_time(make_harness, moment):
    harness = make_harness(schedules=[{"name": "b", "newsletter": "breaking", "cron": "0 7 * * *"}])
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    harness.tick(NOW)
    seven = NOW.replace(hour=7, minute=0, second=0) + timedelta(days=1)
    at = seven if moment == "at the slot" else seven - timedelta(seconds=1)
    assert len(harness.tick(at).fires) == (moment == "at the slot")


def test_an_article_whose_page_could_not_be_made_is_not_mailed_before_it_is_there(harness):
    own = harness.config.templates / "page"
    own.mkdir(parents=True)
    (own / "article.html").write_text("{{ nonsense }}")
    harness.subscribe(*EVERYBODY)
    harness.file("ferry")
    failed = harness.tick()
    assert failed.failed
    assert outcomes(failed)[0].startswith("failed: ferry has no page yet")
    assert harness.mail() == []
    (own / "article.html").unlink()
    assert outcomes(harness.tick(NOW + MINUTE)) == ["edition 1, 1 article"]

"""What a schedule would send, and why each article is in or out; and that asking changes nothing."""

from datetime import timedelta

import pytest

from syndicate.model.articles import Status
from syndicate.schedule.explanation import CandidateOutcome, explain_edition
from syndicate.store import Store
from tests.causes import by_test
from tests.schedule.conftest import BREAKING, MINUTE, NOW, ScheduleHarness

SLOT = timedelta(minutes=10)
BRIEFING = {
    "name": "briefing",
    "newsletter": "breaking",
    "cron": "0 14 * * *",
    "timezone": "Europe/Berlin",
    "select": {"sections": ["City"], "max": 2, "max_age": "24h"},
}
NEXT = NOW.replace(hour=13, minute=0, second=0)
ADA, BO = "ada@example.org", "bo@example.org"


@pytest.fixture
def briefing(store, publication):
    """Make a publication with a briefing at 14:00 in Berlin, which has begun."""

    def make(**schedule):
        harness = ScheduleHarness(store, publication(schedules=[{**BRIEFING, **schedule}]))
        harness.tick(NOW - timedelta(days=1))
        harness.tick(NOW)
        return harness

    return make


def explain(harness, *, at=None, now=NOW, name=None):
    schedule = harness.config.schedule(name) if name else harness.config.schedules[0]
    return explain_edition(harness.store, harness.config, schedule, at=at, now=now)


def reasons(explained):
    return {one.article.slug: (one.outcome, one.reason) for one in explained.articles}


def edition(harness):
    """What the newest edition has: subject, articles in order, readers."""
    with harness.store.read() as tx:
        newest = tx.editions.all()[0]
        keys = [item.article for item in tx.editions.items(newest.key)]
        slugs = [article.slug for article in tx.published.articles(keys)]
        return newest.subject, slugs, tx.deliveries.totals(newest.key).audience


def would_send(explained):
    carried = [one for one in explained.articles if one.outcome is not CandidateOutcome.OUT]
    slugs = [one.article.slug for one in carried]
    return explained.draft.content.subject, slugs, explained.audience


@pytest.mark.sql
def test_the_slot_sends_what_was_explained_before_anything_was_built_or_numbered(briefing):
    harness = briefing()
    harness.subscribe(ADA, BO)
    for number in range(4):
        date = NEXT - timedelta(hours=1 + number)
        harness.file(f"story{number}", section="City", breaking=False, date=date)
    harness.file("embargoed", section="City", breaking=False, date=NEXT - MINUTE)
    explained = explain(harness)
    assert explained.slot.due_at == NEXT
    assert explained.terms is None
    assert reasons(explained)["embargoed"] == (CandidateOutcome.FULL, "")
    assert reasons(explained)["story3"] == ("in a line", "beyond the first 2 (max)")
    harness.tick(NEXT)
    assert would_send(explained) == edition(harness)


def test_each_article_that_is_out_has_its_reason(briefing):
    harness = briefing(begin_with="24h")
    city = {"section": "City", "breaking": False}
    harness.file("carried", **city)
    harness.file("sport", section="Sport", breaking=False)
    harness.tick(NEXT)
    assert edition(harness)[1] == ["carried"]
    later = NEXT + timedelta(hours=1)
    harness.file("draft", at=later, status=Status.DRAFT, **city)
    harness.file("gone", at=later, **city)
    harness.file("tomorrow", at=later, date=NEXT + timedelta(days=1, minutes=1), **city)
    harness.file("weekend", at=later, section="Weekend", breaking=False)
    harness.file("old", at=later, date=NEXT - timedelta(hours=1), **city)
    harness.file("new", at=later, **city)
    with harness.store.write() as tx:
        tx.articles.retract(tx.articles.by_slug("gone"), later)
    explained = explain(harness, now=later)
    assert reasons(explained) == {
        "new": (CandidateOutcome.FULL, ""),
        "carried": (CandidateOutcome.OUT, "in edition 1"),
        "sport": (CandidateOutcome.OUT, "not in the section City (select)"),
        "draft": (CandidateOutcome.OUT, "a draft"),
        "gone": (CandidateOutcome.OUT, "retracted 2026-11-24 15:00 CET"),
        "tomorrow": (CandidateOutcome.OUT, "public from 2026-11-25 14:01 CET"),
        "weekend": (CandidateOutcome.OUT, "not in the section City (select)"),
        "old": (CandidateOutcome.OUT, "older than 24 h (max_age)"),
    }
    harness.tick(NEXT + timedelta(days=1))
    assert would_send(explained) == edition(harness)


@pytest.mark.parametrize(
    ("select", "article", "reason"),
    [
        ({"breaking": True}, {"breaking": False}, "not breaking (select)"),
        ({"breaking": False}, {"breaking": True}, "breaking (select)"),
        ({"tags": ["climate", "sea"]}, {}, "not tagged climate or sea (select)"),
        ({"authors": ["Ada"]}, {}, "not by Ada (select)"),
    ],
)
def test_the_condition_that_an_article_does_not_meet_is_named(briefing, select, article, reason):
    harness = briefing(select=select)
    harness.file("ferry", **article)
    explained = explain(harness)
    assert explained.draft is None
    assert reasons(explained)["ferry"] == (CandidateOutcome.OUT, reason)


def test_what_is_older_than_the_schedule_is_named_so(store, publication):
    harness = ScheduleHarness(store, publication(schedules=[BRIEFING]))
    harness.file("archive", section="City", breaking=False)
    harness.tick()
    harness.file("fresh", section="City", breaking=False, at=NOW + MINUTE)
    assert reasons(explain(harness, now=NOW + MINUTE)) == {
        "fresh": (CandidateOutcome.FULL, ""),
        "archive": (CandidateOutcome.OUT, "from before the schedule began (begin_with)"),
    }


def test_a_schedule_that_no_process_has_seen_begins_with_what_comes_now(store, publication):
    harness = ScheduleHarness(store, publication(schedules=[BRIEFING]))
    harness.file("archive", section="City", breaking=False)
    harness.file("later", section="City", breaking=False, date=NEXT - MINUTE)
    explained = explain(harness)
    assert reasons(explained)["later"] == (CandidateOutcome.FULL, "")
    assert "before the schedule began" in reasons(explained)["archive"][1]
    harness.subscribe(ADA)
    harness.tick()
    harness.tick(NEXT)
    assert would_send(explained)[:2] == edition(harness)[:2]


def test_a_slot_that_is_due_already_is_the_next_one(harness):
    harness.tick()
    harness.file("ferry", at=NOW + MINUTE)
    explained = explain(harness, now=NOW + SLOT + MINUTE)
    assert explained.is_due
    assert explained.slot.due_at == (NOW + SLOT).replace(second=0)
    assert explained.draft.content.subject == "Breaking: Ferry"


def test_at_a_later_slot_what_an_earlier_one_takes_is_out(harness):
    harness.tick()
    harness.file("ferry", at=NOW + MINUTE)
    harness.file("tram", at=NOW + MINUTE, date=NOW + 15 * MINUTE)
    explained = explain(harness, at=NOW + 15 * MINUTE, now=NOW + MINUTE)
    assert explained.slot.due_at == (NOW + 2 * SLOT).replace(second=0)
    assert reasons(explained) == {
        "tram": (CandidateOutcome.FULL, ""),
        "ferry": (CandidateOutcome.OUT, "taken by the slot of 2026-11-24 12:10 UTC"),
    }
    harness.tick(NOW + SLOT)
    assert edition(harness)[1] == ["ferry"]
    harness.tick(NOW + 2 * SLOT)
    assert edition(harness)[1] == ["tram"]


def test_a_story_that_becomes_breaking_is_new_again(harness):
    harness.file("ferry", breaking=False)
    harness.tick()
    harness.file("tram", at=NOW + MINUTE)
    harness.tick(NOW + SLOT)
    harness.file("ferry", at=NOW + SLOT + MINUTE)
    explained = explain(harness, now=NOW + SLOT + MINUTE)
    assert reasons(explained)["ferry"] == (CandidateOutcome.FULL, "")
    harness.tick(NOW + 2 * SLOT)
    assert would_send(explained) == edition(harness)


def test_a_waiting_edition_gives_its_stories_to_the_next(store, publication):
    harness = ScheduleHarness(store, publication(schedules=[{**BREAKING, "approve": True}]))
    harness.subscribe(ADA)
    harness.file("ferry")
    harness.tick()
    explained = explain(harness)
    assert explained.waiting.edition.key == 1
    assert reasons(explained)["ferry"] == (CandidateOutcome.FULL, "")
    assert explained.terms.approve_by == (NOW + 4 * SLOT).replace(second=0)
    assert explained.is_repeated
    harness.file("tram", at=NOW + MINUTE)
    assert not explain(harness, now=NOW + MINUTE).is_repeated


def test_a_page_that_could_not_be_built_is_why_the_slot_would_fail(harness):
    harness.tick()
    harness.file("ferry", at=NOW + MINUTE)
    harness.services.publish(NOW + MINUTE)
    (harness.config.output / "articles/ferry/index.html").unlink()
    explained = explain(harness, now=NOW + MINUTE)
    assert "ferry has no page yet" in explained.failure
    assert explained.draft is None


def test_the_segment_counts_and_those_who_came_after_the_story_do_not(store, publication):
    segments = [{"name": "vip", "where": 'tag = "vip"'}]
    schedule = {**BREAKING, "segment": "vip"}
    harness = ScheduleHarness(store, publication(schedules=[schedule], segments=segments))
    harness.subscribe(ADA, BO)
    with store.write() as tx:
        tx.subscribers.tag(tx.subscribers.by_email(ADA).key, ["vip"], cause=by_test(NOW))
    harness.file("ferry")
    harness.services.publish(NOW)
    harness.subscribe("late@example.org")
    with store.write() as tx:
        late = tx.subscribers.by_email("late@example.org")
        tx.subscribers.tag(late.key, ["vip"], cause=by_test(NOW))
    assert explain(harness).audience == 1


def test_explaining_changes_nothing_and_needs_no_right_to_write(
    make_harness, tmp_path, monkeypatch
):
    harness = make_harness()
    harness.subscribe(ADA)
    harness.file("ferry")
    harness.store.close()
    file = tmp_path / "syndicate.db"
    before = file.read_bytes()
    monkeypatch.delattr(Store, "write")
    assert explain(harness).audience == 1
    harness.store.close()
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]

"""Stories between a schedule that is gone and the one that takes its place."""

from datetime import timedelta

from syndicate.schedule.orphaned_names import find_orphans
from tests.causes import by_test
from tests.schedule.conftest import MINUTE, NOW

DAILY = {"name": "daily", "newsletter": "breaking", "every": "1h"}
DAY = timedelta(days=1)


def test_readers_of_a_newsletter_that_is_gone_are_counted_those_who_left_are_not(
    harness, publication
):
    with harness.store.write() as tx:
        tx.subscribers.add_pending("r0@example.org", ["breaking"], cause=by_test(NOW))
        for number in range(1, 4):
            tx.subscribers.subscribe(f"r{number}@example.org", "breaking", cause=by_test(NOW))
        left = tx.subscribers.by_email("r3@example.org").key
        tx.subscribers.unsubscribe(left, "breaking", cause=by_test(NOW))
    harness.config = publication(newsletters=[{"name": "flash"}, {"name": "weekly"}])
    [message] = find_orphans(harness.store, harness.config, at=NOW)
    assert message.startswith(
        "newsletters: 3 readers are subscribed to 'breaking' (1 of them not yet confirmed)"
    )
    assert "--from breaking --to NAME" in message, "it may be either of the two"


def test_stories_that_neither_schedule_carries_are_named_until_the_new_one_has_an_edition(
    harness, publication
):
    harness.config = publication(schedules=[DAILY | {"begin_with": "all"}])
    harness.file("ferry")
    harness.tick()
    for number in range(7):
        harness.file(f"story-{number}", at=NOW + number * MINUTE)
    harness.services.publish(NOW + 10 * MINUTE)
    assert find_orphans(harness.store, harness.config, at=NOW) == []
    harness.config = publication(schedules=[DAILY | {"name": "hourly"}])
    harness.tick(NOW + 20 * MINUTE)
    [message] = find_orphans(harness.store, harness.config, at=NOW + 20 * MINUTE)
    assert message.startswith("schedules: 7 articles came after the last edition of 'daily'")
    assert "story-6, story-5, story-4, story-3, story-2 and 2 more" in message
    harness.file("tram", at=NOW + 30 * MINUTE)
    harness.tick(NOW + 60 * MINUTE)
    assert find_orphans(harness.store, harness.config, at=NOW + 60 * MINUTE) == []


def test_a_new_schedule_beside_one_that_goes_on_leaves_nothing(harness, publication):
    harness.config = publication(schedules=[DAILY])
    harness.file("ferry")
    harness.tick()
    harness.file("tram", at=NOW + MINUTE)
    harness.services.publish(NOW + 2 * MINUTE)
    harness.config = publication(schedules=[DAILY, DAILY | {"name": "hourly"}])
    assert find_orphans(harness.store, harness.config, at=NOW + 2 * MINUTE) == []


def test_a_schedule_that_ended_long_before_another_one_is_not_reckoned_with(
    make_harness, publication
):
    harness = make_harness(schedules=[DAILY | {"name": "oldest"}])
    harness.file("ancient", at=NOW - 700 * DAY)
    harness.tick(NOW - 700 * DAY)
    harness.file("never-sent", at=NOW - 650 * DAY)
    harness.config = publication(schedules=[DAILY])
    harness.tick(NOW - 600 * DAY)
    harness.tick(NOW)
    harness.file("tram", at=NOW + MINUTE)
    harness.services.publish(NOW + 2 * MINUTE)
    harness.config = publication(schedules=[DAILY | {"name": "hourly"}])
    [message] = find_orphans(harness.store, harness.config, at=NOW + 2 * MINUTE)
    assert "of 'daily', which" in message
    assert ": tram;" in message

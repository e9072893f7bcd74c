"""Stories between a schedule that is gone and the one that takes its place."""

from datetime import timedelta

from syndicate.model.subscribers import SubscriptionState
from syndicate.schedule.renamed import left_behind
from tests.audience import TEST
from tests.schedule.conftest import MINUTE, NOW

DAILY = {"name": "daily", "newsletter": "breaking", "every": "1h"}
DAY = timedelta(days=1)


def test_readers_of_a_newsletter_that_is_gone_are_counted_those_who_left_are_not(desk, publication):
    with desk.store.write() as tx:
        for number in range(4):
            email = f"r{number}@example.org"
            pending = SubscriptionState.PENDING if number == 0 else SubscriptionState.CONFIRMED
            tx.subscribers.subscribe(email, "breaking", cause=TEST, state=pending, at=NOW)
        left = tx.subscribers.by_email("r3@example.org").key
        tx.subscribers.unsubscribe(left, "breaking", at=NOW, cause=TEST)
    desk.config = publication(newsletters=[{"name": "flash"}, {"name": "weekly"}])
    [message] = left_behind(desk.store, desk.config, at=NOW)
    assert message.startswith(
        "newsletters: 3 readers are subscribed to 'breaking' (1 of them not yet confirmed)"
    )
    assert "--from breaking --to NAME" in message, "it may be either of the two"


def test_stories_that_neither_schedule_carries_are_named_until_the_new_one_has_an_edition(
    desk, publication
):
    desk.config = publication(schedules=[DAILY | {"begin_with": "all"}])
    desk.file("ferry")
    desk.tick()
    for number in range(7):
        desk.file(f"story-{number}", at=NOW + number * MINUTE)
    desk.newsroom.publish(NOW + 10 * MINUTE)
    assert left_behind(desk.store, desk.config, at=NOW) == []
    desk.config = publication(schedules=[DAILY | {"name": "hourly"}])
    desk.tick(NOW + 20 * MINUTE)
    [message] = left_behind(desk.store, desk.config, at=NOW + 20 * MINUTE)
    assert message.startswith("schedules: 7 articles came after the last edition of 'daily'")
    assert "story-6, story-5, story-4, story-3, story-2 and 2 more" in message
    desk.file("tram", at=NOW + 30 * MINUTE)
    desk.tick(NOW + 60 * MINUTE)
    assert left_behind(desk.store, desk.config, at=NOW + 60 * MINUTE) == []


def test_a_new_schedule_beside_one_that_goes_on_leaves_nothing(desk, publication):
    desk.config = publication(schedules=[DAILY])
    desk.file("ferry")
    desk.tick()
    desk.file("tram", at=NOW + MINUTE)
    desk.newsroom.publish(NOW + 2 * MINUTE)
    desk.config = publication(schedules=[DAILY, DAILY | {"name": "hourly"}])
    assert left_behind(desk.store, desk.config, at=NOW + 2 * MINUTE) == []


def test_a_schedule_that_ended_long_before_another_one_is_not_reckoned_with(desk_of, publication):
    desk = desk_of(schedules=[DAILY | {"name": "oldest"}])
    desk.file("ancient", at=NOW - 700 * DAY)
    desk.tick(NOW - 700 * DAY)
    desk.file("never-sent", at=NOW - 650 * DAY)
    desk.config = publication(schedules=[DAILY])
    desk.tick(NOW - 600 * DAY)
    desk.tick(NOW)
    desk.file("tram", at=NOW + MINUTE)
    desk.newsroom.publish(NOW + 2 * MINUTE)
    desk.config = publication(schedules=[DAILY | {"name": "hourly"}])
    [message] = left_behind(desk.store, desk.config, at=NOW + 2 * MINUTE)
    assert "of 'daily', which" in message
    assert ": tram;" in message

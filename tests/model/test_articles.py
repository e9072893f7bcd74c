"""Articles as readers see them: until when they are breaking, and when they changed."""

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.model.articles import Article

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def article(**changes) -> Article:
    values = {"title": "Ferry", "body": "", "key": 1, "id": "ferry", "slug": "ferry"}
    return Article(**{**values, "first_seen": NOON, "saved_at": NOON, **changes})


def test_an_article_is_breaking_until_its_time_is_over_and_not_at_that_time():
    breaking = article(breaking=True)
    assert breaking.as_of(NOON + HOUR - timedelta(microseconds=1), HOUR).breaking
    assert not breaking.as_of(NOON + HOUR, HOUR).breaking


@pytest.mark.parametrize(
    ("changes", "modified"),
    [
        ({}, NOON),
        ({"saved_at": NOON + HOUR}, NOON),
        ({"saved_at": NOON + HOUR, "revision": 2}, NOON + HOUR),
        ({"saved_at": NOON + HOUR, "revision": 2, "updated": NOON + 2 * HOUR}, NOON + 2 * HOUR),
        ({"updated": NOON - HOUR}, NOON),
        ({"revision": 2, "date": NOON + HOUR}, NOON + HOUR),
    ],
)
def test_an_article_is_modified_when_readers_last_saw_a_change_and_never_before_it_was_published(
    changes, modified
):
    assert article(**changes).modified == modified

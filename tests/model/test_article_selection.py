"""Selection: what of the new an edition takes."""

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.config import EditionFilter
from syndicate.model.article_selection import matches, select_articles
from syndicate.model.articles import Article, Person, Sponsor

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def article(slug="tram", *, age=HOUR, **changes):
    return Article(
        **{
            "key": 1,
            "id": slug,
            "slug": slug,
            "title": slug,
            "body": "",
            "first_seen": NOW - age,
            "saved_at": NOW - age,
            **changes,
        }
    )


def test_what_an_editor_placed_at_the_top_follows_the_lead_by_date():
    places = {0: None, 1: "top", 2: "hide", 3: "lead", 4: "top", 5: "lead"}
    candidates = [article(f"s{n}", age=n * HOUR, place=place) for n, place in places.items()]
    taken = select_articles(candidates, EditionFilter(), at=NOW).taken
    assert [one.slug for one in taken] == ["s3", "s1", "s4", "s0", "s2", "s5"]


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ({}, True),
        ({"breaking": True}, True),
        ({"breaking": False}, False),
        ({"sections": ["city"]}, True),
        ({"sections": ["World", "City"]}, True),
        ({"sections": ["World"]}, False),
        ({"tags": ["TRAM"]}, True),
        ({"tags": ["ferry"]}, False),
        ({"authors": ["Ada Lind"]}, True),
        ({"authors": ["Bo"]}, False),
        ({"breaking": True, "tags": ["ferry"]}, False),
    ],
)
def test_every_condition_of_a_rule_must_hold(rule, taken):
    one = article(
        section="City", tags=("tram", "pier"), authors=(Person(name="Ada Lind"),), breaking=True
    )
    assert matches(one, EditionFilter.model_validate(rule)) is taken


def test_the_newest_come_first_and_past_the_limit_they_are_named():
    found = [article(f"s{age}", age=age * HOUR) for age in (3, 1, 5, 2, 4)]
    selection = select_articles(found, EditionFilter(max=3), at=NOW)
    assert [one.slug for one in selection.taken] == ["s1", "s2", "s3"]
    assert [one.slug for one in selection.more] == ["s4", "s5"]
    assert [one.slug for one in selection.carried] == ["s1", "s2", "s3", "s4", "s5"]


def test_what_an_editor_made_the_lead_comes_first_the_newest_such_if_there_are_two():
    found = [
        article(f"s{age}", age=age * HOUR, place="lead" if age > 3 else None) for age in range(6)
    ]
    selection = select_articles(found, EditionFilter(max=3), at=NOW)
    assert [one.slug for one in selection.taken] == ["s4", "s0", "s1"]
    assert [one.slug for one in selection.more] == ["s2", "s3", "s5"]


@pytest.mark.parametrize(
    ("paid", "placed", "order"),
    [
        ({0}, {}, ["s1", "s0", "s2"]),
        ({0, 1}, {}, ["s2", "s0", "s1"]),
        ({0, 1, 2}, {}, ["s0", "s1", "s2"]),
        ({0, 2}, {2}, ["s2", "s1", "s0"]),
    ],
)
def test_what_somebody_paid_for_leads_only_if_an_editor_says_so(paid, placed, order):
    found = [
        article(
            f"s{age}",
            age=age * HOUR,
            sponsor=Sponsor(name="Orsk") if age in paid else None,
            place="lead" if age in placed else None,
        )
        for age in range(3)
    ]
    selection = select_articles(found, EditionFilter(), at=NOW)
    assert [one.slug for one in selection.taken] == order


def test_those_of_the_same_moment_come_in_the_order_of_every_list():
    found = [article(slug) for slug in ("ferry", "tram", "dome")]
    assert [one.slug for one in select_articles(found, EditionFilter(), at=NOW).taken] == [
        "dome",
        "ferry",
        "tram",
    ]


def test_what_age_leaves_out_is_counted_and_said():
    found = [article("new"), *(article(f"old{n}", age=25 * HOUR) for n in range(3))]
    selection = select_articles(found, EditionFilter(max_age="24h"), at=NOW)
    assert [one.slug for one in selection.taken] == ["new"]
    assert selection.left_out == ", 3 older than 24 h"


def test_age_counts_only_what_the_rule_asks_for():
    found = [article("calm", age=25 * HOUR), article("alarm", age=25 * HOUR, breaking=True)]
    selection = select_articles(found, EditionFilter(breaking=True, max_age="24h"), at=NOW)
    assert not selection
    assert selection.left_out == ", 1 older than 24 h"


def test_without_a_limit_age_does_not_matter():
    assert select_articles([article(age=100_000 * HOUR)], EditionFilter(), at=NOW)


def test_an_article_as_old_as_the_limit_is_still_taken():
    assert select_articles([article(age=24 * HOUR)], EditionFilter(max_age="24h"), at=NOW)

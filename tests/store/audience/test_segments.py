"""Segments in both databases: who is in one, by an oracle in Python, and who gets its mail."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.config import Criteria
from syndicate.config.segment_expression import (
    AllOf,
    AnyOf,
    Comparison,
    FieldComparison,
    FieldOneOf,
    JoinedDate,
    Not,
    OneOf,
    Subject,
    parse,
)
from syndicate.model.editions import Content, Draft, EditionKind, Item
from syndicate.model.subscribers import SubscriptionState
from syndicate.store.editions.clicks import LinkClick
from tests.causes import by_test

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


WHO = (
    ('tag = "club"', "ada bo"),
    ('tag in ("vip", "nobody")', "ada"),
    ('tag != "club"', "cy di ed"),
    ('field.city = "Berlin"', "ada"),
    ('field.city = "berlin"', ""),
    ('field.city != "Berlin"', "bo cy di ed"),
    ('field.city = ""', "di ed"),
    ('field.city in ("Berlin", "Łódź")', "ada cy"),
    ('field.city contains "Łó"', "cy"),
    ('field.city contains "%"', ""),
    ('field.city > "Berlin"', "bo cy"),
    ('field.city > "Z"', "cy"),
    ("field.age > 10", "bo ed"),
    ('field.age > "10"', "bo ed"),
    ("field.age < 10", "ada"),
    ("not field.age < 10", "bo cy di ed"),
    ("field.age = 41", "bo ed"),
    ('field.age = "41"', "bo"),
    ("field.age != 41", "ada cy di"),
    ('newsletter = "news"', "ada bo di ed"),
    ('newsletter = "other"', "cy"),
    ('language = "de"', "ada"),
    ('language = "EN"', "bo cy di ed"),
    ("joined before 2026-01-02", "di"),
    ("joined after 2026-01-01", "ada bo cy ed"),
    ("joined after 2026-01-02", "ada bo cy"),
    ('tag = "club" and not tag = "vip" or field.city contains "d"', "bo cy"),
)
"""Expressions, and who is in them."""


def criteria(where):
    expression = parse(where) if isinstance(where, str) else where
    return Criteria(name="x", expression=expression, language="en", zone=BERLIN)


def add(tx, name, *, at=NOW, newsletters=("news",), tags=(), fields=None, language=None):
    address = f"{name}@example.org"
    for newsletter in newsletters:
        if newsletter.startswith("?"):
            tx.subscribers.add_pending(address, [newsletter.removeprefix("?")], cause=by_test(at))
        else:
            tx.subscribers.subscribe(address, newsletter, cause=by_test(at))
    key = tx.subscribers.by_email(address).key
    tx.subscribers.tag(key, tags, cause=by_test(at))
    tx.subscribers.update(key, cause=by_test(at), fields=fields or {}, language=language)
    return key


def inside(store, where, newsletter=None):
    with store.read() as tx:
        found = tx.search.segment_addresses(criteria(where), newsletter, at=NOW)
        return [address.partition("@")[0] for address in found]


@pytest.fixture
def people(store):
    with store.write() as tx:
        add(tx, "ada", tags=["vip", "club"], fields={"city": "Berlin", "age": "9"}, language="de")
        add(tx, "bo", tags=["club"], fields={"city": "Potsdam", "age": "41"})
        add(tx, "cy", newsletters=["?news", "other"], fields={"city": "Łódź", "age": "old"})
        add(tx, "di", at=datetime(2026, 1, 1, 22, 59, tzinfo=UTC))
        add(tx, "ed", at=datetime(2026, 1, 1, 23, 0, tzinfo=UTC), fields={"age": "41.0"})
    return store


def test_a_segment_holds_whom_its_expression_names(people):
    found = [(where, " ".join(inside(people, where))) for where, _ in WHO]
    assert found == [*WHO]


def test_who_followed_a_link_is_engaged_and_a_machine_is_not(people):
    with people.write() as tx:
        keys = {
            who: tx.subscribers.by_email(f"{who}@example.org").key for who in ("ada", "bo", "cy")
        }
        for who, days, machine in (("ada", 2, False), ("bo", 40, False), ("cy", 1, True)):
            tx.clicks.add(
                LinkClick(
                    edition=1,
                    link=1,
                    subscriber=keys[who],
                    at=NOW - timedelta(days=days),
                    machine=machine,
                    agent="",
                )
            )
    assert inside(people, "engaged since 7d") == ["ada"]
    assert inside(people, "engaged since 2026-10-01") == ["ada", "bo"]
    assert inside(people, "not engaged since 365d") == ["cy", "di", "ed"]


def test_a_text_never_becomes_a_part_of_the_query(people):
    assert inside(people, "tag = \"x' OR '1'='1\"") == []
    assert inside(people, "field.city = '\") OR 1=1 --'") == []


def test_what_looks_like_a_number_and_is_too_long_or_none_breaks_nothing(store):
    odd = ["9" * 400, "1e99", "-", ".", "--5", "1.2.3", "0x10", " 7 ", "٣", "NaN", "Infinity", "5."]
    with store.write() as tx:
        for number, value in enumerate(odd):
            add(tx, f"r{number}", fields={"age": value})
    numbers = {odd[int(name[1:])] for name in inside(store, "field.age > 4")}
    assert {" 7 ", "5.", "1e99"} <= numbers
    assert not {"-", ".", "--5", "1.2.3", "0x10", "٣", "NaN", "Infinity"} & numbers


# any expression, against a reader in Python

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
VALUES = ["", "a", "b", "B", "ab", "9", "10", "010", "-3", "2.5", "ä", "Z"]
TAGS = ["a", "b", "c"]
DAYS = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 5)]

comparisons = st.builds(
    FieldComparison, st.just("f"), st.sampled_from(list(Comparison)), st.sampled_from(VALUES)
) | st.builds(
    FieldComparison,
    st.just("f"),
    st.sampled_from(
        [comparison for comparison in Comparison if comparison is not Comparison.CONTAINS]
    ),
    st.sampled_from([9.0, 10.0, -3.0, 2.5]),
)
tests_ = (
    comparisons
    | st.builds(FieldOneOf, st.just("f"), st.lists(st.sampled_from(VALUES), min_size=1).map(tuple))
    | st.builds(
        OneOf,
        st.sampled_from([Subject.TAG]),
        st.lists(st.sampled_from(TAGS), min_size=1).map(tuple),
    )
    | st.builds(OneOf, st.just(Subject.NEWSLETTER), st.sampled_from([("news",), ("other", "news")]))
    | st.builds(OneOf, st.just(Subject.LANGUAGE), st.sampled_from([("de",), ("en",)]))
    | st.builds(JoinedDate, st.booleans(), st.sampled_from([day.date() for day in DAYS]))
)
expressions = st.recursive(
    tests_,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(AllOf, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


def number(value):
    return float(value) if isinstance(value, float) or NUMBER.fullmatch(value) else None


def compares(test, person):
    value, wanted = person.fields.get(test.field, ""), test.value
    match test.comparison:
        case Comparison.CONTAINS:
            return wanted in value
        case Comparison.EQUAL | Comparison.UNEQUAL:
            same = number(value) == wanted if isinstance(wanted, float) else value == wanted
            return same is (test.comparison is Comparison.EQUAL)
    if number(wanted) is not None:
        value, wanted = number(value), number(wanted)
    if value is None or value == "":
        return False
    return {
        Comparison.LESS: value < wanted,
        Comparison.LESS_OR_EQUAL: value <= wanted,
        Comparison.MORE: value > wanted,
        Comparison.MORE_OR_EQUAL: value >= wanted,
    }[test.comparison]


def holds(expression, person):  # noqa: PLR0911 - a case each
    match expression:
        case Not(part):
            return not holds(part, person)
        case AllOf(parts):
            return all(holds(part, person) for part in parts)
        case AnyOf(parts):
            return any(holds(part, person) for part in parts)
        case FieldComparison():
            return compares(expression, person)
        case FieldOneOf(field, values):
            return person.fields.get(field, "") in values
        case JoinedDate(before, day):
            came = person.created_at.astimezone(BERLIN).date()
            return came < day if before else came > day
        case OneOf(Subject.TAG, names):
            return bool({*person.tags} & {*names})
        case OneOf(Subject.LANGUAGE, names):
            return (person.language or "en") in names
        case OneOf(_, names):
            return any(
                one.newsletter in names and one.state is SubscriptionState.CONFIRMED
                for one in person.subscriptions
            )


@pytest.fixture
def crowd(store):
    with store.write() as tx:
        for position, value in enumerate([*VALUES, None, None]):
            add(
                tx,
                f"r{position}",
                at=DAYS[position % 4] + timedelta(hours=6 * position % 24),
                newsletters=[["news"], ["?news"], ["news", "other"], ["other"]][position % 4],
                tags=TAGS[: position % 4],
                fields={} if value is None else {"f": value},
                language=[None, "de", "en"][position % 3],
            )
    return store


def test_any_expression_finds_the_same_people_as_a_reader_of_it_would(crowd):
    with crowd.read() as tx:
        everybody = list(tx.search.find())

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(expressions)
    def check(expression):
        expected = [subscriber.email for subscriber in everybody if holds(expression, subscriber)]
        with crowd.read() as tx:
            assert list(tx.search.segment_addresses(criteria(expression), at=NOW)) == expected
            assert tx.search.count_segment(criteria(expression), at=NOW) == len(expected)

    check()


# editions


def frozen_for(store, segment):
    draft = Draft(
        newsletter="news",
        schedule="s",
        kind=EditionKind.ALERT,
        content=Content(subject="s", preheader="", html="h", text="t", nonce="n"),
        items=(Item(article=1, revision=1),),
        upto=0,
        newest=1,
        created_at=NOW,
        expires_at=NOW + timedelta(1),
        segment=segment,
    )
    with store.write() as tx:
        edition = tx.editions.add(draft)
        return [
            delivery.email.partition("@")[0] for delivery in tx.deliveries.by_edition(edition.key)
        ]


def test_an_edition_of_a_segment_is_frozen_for_the_newsletters_readers_in_it(people):
    with people.write() as tx:
        tx.subscribers.suppress("bo@example.org", "bounced", cause=by_test(NOW))
    assert frozen_for(people, criteria('tag = "club" or newsletter = "other"')) == ["ada"]
    assert frozen_for(people, criteria('not newsletter = "news"')) == []
    assert frozen_for(people, None) == ["ada", "di", "ed"]


def test_those_whom_an_edition_would_reach_are_confirmed_mailed_and_awake(people):
    everybody = 'field.city != "x"'
    assert inside(people, everybody, "news") == ["ada", "bo", "di", "ed"]
    with people.write() as tx:
        key = tx.subscribers.by_email("di@example.org").key
        tx.subscribers.pause(key, NOW + timedelta(1), cause=by_test(NOW))
        tx.subscribers.suppress("bo@example.org", "bounced", cause=by_test(NOW))
    assert inside(people, everybody, "news") == ["ada", "ed"]
    with people.read() as tx:
        assert tx.search.count_segment(criteria(everybody), "news", at=NOW) == 2

"""Cron expressions: what Unix means by them, whatever APScheduler means."""

import pytest

from syndicate.config.cron import parse

SUN, MON, TUE, WED, THU, FRI, SAT = range(7)


def weekdays(field):
    return parse(f"0 7 * * {field}").weekdays


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("0", {SUN}),
        ("1", {MON}),
        ("6", {SAT}),
        ("7", {SUN}),
        ("0,7", {SUN}),
        ("mon", {MON}),
        ("SUN", {SUN}),
        ("Mon,wEd", {MON, WED}),
        ("1-5", {MON, TUE, WED, THU, FRI}),
        ("mon-fri", {MON, TUE, WED, THU, FRI}),
        ("0-3", {SUN, MON, TUE, WED}),
        ("5-7", {FRI, SAT, SUN}),
        ("fri-sun", {FRI, SAT, SUN}),
        ("fri-mon", {FRI, SAT, SUN, MON}),
        ("6-1", {SAT, SUN, MON}),
        ("0-7", set(range(7))),
        ("*/2", {SUN, TUE, THU, SAT}),
        ("1-5/2", {MON, WED, FRI}),
        ("fri-mon/2", {FRI, SUN}),
        ("mon,3-4", {MON, WED, THU}),
    ],
)
def test_weekdays_have_their_unix_numbers_and_names(field, expected):
    assert weekdays(field) == expected


def test_each_field_takes_values_ranges_lists_and_steps():
    cron = parse("*/15,7 8-18/5 1,15 jan-MAR,12 *")

    assert cron.minutes == {0, 7, 15, 30, 45}
    assert cron.hours == {8, 13, 18}
    assert cron.days == {1, 15}
    assert cron.months == {1, 2, 3, 12}
    assert cron.weekdays == set(range(7))


@pytest.mark.parametrize(
    ("expression", "hourly"),
    [("0 * * * *", True), ("0 */2 * * *", True), ("0 0-23 * * *", False), ("0 7 * * *", False)],
)
def test_an_hour_field_with_a_star_beats_through_the_day(expression, hourly):
    assert parse(expression).hourly is hourly


def test_one_timing_is_written_in_one_way():
    assert str(parse("*/10 7 * * MON-fri")) == str(parse("0,10,20,30,40,50  7 * * 1-5"))
    assert str(parse("0 * * * *")) != str(parse("0 0-23 * * *"))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", "expected five fields"),
        ("@daily", "expected five fields"),
        ("0 7 * *", "expected five fields"),
        ("0 0 7 * * *", "expected five fields"),
        ("60 7 * * *", "expected a minute from 0 to 59"),
        ("-1 7 * * *", "expected a minute"),
        ("0 24 * * *", "expected an hour from 0 to 23"),
        ("0 7 0 * *", "expected a day from 1 to 31"),
        ("0 7 * 13 *", "expected a month from 1 to 12 or jan-dec"),
        ("0 7 * * 8", "expected a weekday from 0 to 7 or sun-sat"),
        ("0 7 * * mo", "expected a weekday"),
        ("0 7 * * mon-", "expected a weekday"),
        ("0 7 * * 1#2", "expected a weekday"),
        ("0 7 L * *", "expected a day"),
        ("0 ٧ * * *", "expected an hour"),
        ("0, 7 * * *", "expected a minute"),
        ("*/0 7 * * *", "a step is from 1 to 59"),
        ("*/90 * * * *", "a step is from 1 to 59"),
        ("*/x * * * *", "a step is from 1 to 59"),
        ("5/15 * * * *", 'a step needs a range, "5-59/15"'),
        ("0 22-2 * * *", 'write "22-23,0-2"'),
        ("0 7 30 2 *", "no such month has a day 30"),
        ("0 7 31 4,6 *", "no such month has a day 31"),
    ],
)
def test_a_bad_expression_is_refused_with_what_was_expected(expression, expected):
    with pytest.raises(ValueError) as refusal:
        parse(expression)
    assert expected in str(refusal.value)


@pytest.mark.parametrize(
    "expression", ["0 7 13 * fri", "0 7 */2 * 1", "0 7 13 * 0-6", "0 7 1-31 * 1"]
)
def test_a_day_of_the_month_with_a_weekday_is_refused(expression):
    with pytest.raises(ValueError, match="write two schedules"):
        parse(expression)


@pytest.mark.parametrize("expression", ["0 7 29 2 *", "0 7 31 * *", "0 7 13 * */1", "0 7 * * *"])
def test_what_comes_seldom_or_always_is_taken(expression):
    parse(expression)

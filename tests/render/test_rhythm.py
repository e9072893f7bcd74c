"""How often a newsletter comes, in words, by its schedules."""

import math

import pytest

from syndicate.render.rhythm import describe_rhythm, mails_per_week


@pytest.fixture
def rhythm(publication):
    """Return the rhythm of a newsletter with these schedules, in a language."""

    def describe(*timings, language="en", zone="Europe/Berlin"):
        schedules = [
            {"name": f"number-{number}", "newsletter": "daily", **timing}
            for number, timing in enumerate(timings)
        ]
        config = publication(
            publication={"timezone": zone}, newsletters=[{"name": "daily"}], schedules=schedules
        )
        newsletter = config.newsletters[0]
        words = describe_rhythm(newsletter, config, language).replace("\u00a0", " ")
        return words, mails_per_week(newsletter, config)

    return describe


@pytest.mark.parametrize(
    ("cron", "english", "german"),
    [
        ("0 7 * * mon-fri", "weekdays at 7 AM", "werktags um 07:00 Uhr"),
        ("0 18 * * sun", "Sundays at 6 PM", "sonntags um 18:00 Uhr"),
        ("30 6 * * *", "every day at 6:30 AM", "täglich um 06:30 Uhr"),
        ("0 9 * * sat,sun", "weekends at 9 AM", "am Wochenende um 09:00 Uhr"),
        ("0 7,17 * * 1-5", "weekdays at 7 AM and 5 PM", "werktags um 07:00 und 17:00 Uhr"),
        ("0 7 * * mon,thu", "Mondays and Thursdays at 7 AM", "montags und donnerstags um 07:00 Uhr"),
        ("0 7 * * mon-sat", "Monday–Saturday at 7 AM", "Montag–Samstag um 07:00 Uhr"),
        ("0 7 * * sun-thu", "Sunday–Thursday at 7 AM", "Sonntag–Donnerstag um 07:00 Uhr"),
        ("0 8-18/2 * * mon-fri", "weekdays, several times a day", "werktags, mehrmals täglich"),
        ("0 8-18/2 * * *", "several times a day", "mehrmals täglich"),
        ("*/10 * * * *", "as it happens", "sobald etwas geschieht"),
        ("0 7 * * mon,tue,thu,fri", "several times a week", "mehrmals in der Woche"),
        ("0 7 1 * *", "once a month", "einmal im Monat"),
        ("0 7 1,15 * *", "several times a month", "mehrmals im Monat"),
        ("0 7 1 1,4,7,10 *", "several times a year", "mehrmals im Jahr"),
    ],
)  # fmt: skip
def test_a_cron_expression_in_words(rhythm, cron, english, german):
    assert rhythm({"cron": cron})[0] == english
    assert rhythm({"cron": cron}, language="de")[0] == german


@pytest.mark.parametrize(
    ("every", "words"),
    [("1m", "as it happens"), ("6h", "several times a day"), ("24h", "every day"),
     ("7d", "once a week"), ("14d", "several times a month"), ("30d", "once a month")],
)  # fmt: skip
def test_an_interval_in_words(rhythm, every, words):
    assert rhythm({"every": every})[0] == words


def test_the_zone_is_named_where_it_is_not_the_publications(rhythm):
    timing = {"cron": "0 7 * * mon-fri", "timezone": "America/New_York"}
    assert rhythm(timing)[0] == "weekdays at 7 AM (New York time)"
    assert rhythm(timing, language="de")[0] == "werktags um 07:00 Uhr (Ortszeit New York)"
    assert rhythm({"cron": "0 7 * * *"}, zone="UTC")[0] == "every day at 7 AM (UTC)"


def test_two_schedules_are_described_one_by_one_and_more_are_counted(rhythm):
    weekdays, sundays = {"cron": "0 7 * * mon-fri"}, {"cron": "0 9 * * sun"}
    assert rhythm(weekdays, sundays)[0] == "weekdays at 7 AM and Sundays at 9 AM"
    assert rhythm(weekdays, sundays, {"cron": "0 10 * * sat"})[0] == "every day"


def test_a_schedule_for_a_part_of_the_readers_says_nothing_about_the_others(publication):
    part = {"name": "part", "newsletter": "daily", "every": "1m", "segment": "vip"}
    whole = {"name": "whole", "newsletter": "daily", "cron": "0 9 * * sun"}
    segment = {"name": "vip", "where": 'tag = "vip"'}
    config = publication(
        newsletters=[{"name": "daily"}], segments=[segment], schedules=[part, whole]
    )
    newsletter = config.newsletters[0]
    assert describe_rhythm(newsletter, config, "en").startswith("Sundays")
    config = config.override(schedules=config.schedules[:1])
    assert describe_rhythm(newsletter, config, "en") == "as it happens"


def test_a_newsletter_without_a_schedule_comes_from_time_to_time(rhythm):
    assert rhythm() == ("from time to time", 0)


def test_a_language_that_we_do_not_speak_gets_english_words_and_english_times(rhythm):
    assert rhythm({"cron": "0 18 * * sun"}, language="sw")[0] == "Sundays at 6 PM"
    assert rhythm({"cron": "0 18 * * sun"}, language="en-GB")[0] == "Sundays at 18:00"


def test_how_many_mails_a_week_a_newsletter_sends_at_most(rhythm):
    assert rhythm({"cron": "0 7 * * mon-fri"})[1] == 5
    assert rhythm({"cron": "0 7,17 * * *"}, {"every": "7d"})[1] == 15
    assert 0.2 < rhythm({"cron": "0 7 1 * *"})[1] < 0.25
    assert rhythm({"every": "1m"})[1] == math.inf

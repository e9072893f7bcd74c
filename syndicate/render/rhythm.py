"""How often a newsletter comes, in words: "weekdays at 7 AM", "as it happens".

The words come from its schedules. What can't be said briefly becomes a rough number, such as
"several times a week". Names of days are whole texts of the catalogues, since many languages
inflect them ("sonntags"); times, lists and cities are Babel's.
"""

import math
from collections.abc import Collection, Sequence
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from babel import Locale, dates

from syndicate.config import Config, Newsletter, Schedule
from syndicate.config.cron import Cron, parse
from syndicate.language import Translator, translator
from syndicate.render.formatting import join_names, locale

_HOUR, _WEEK = timedelta(hours=1), timedelta(weeks=1)
_DAYS = 7
_WEEKDAYS, _WEEKEND = frozenset(range(1, 6)), frozenset({0, 6})
_MAX_NAMED = 3
"""How many days or times are listed, and from how many days in a row on they are a range."""
_MAX_PHRASES = 2
"""How many schedules are described each by itself."""
_EACH_HOUR = 24
"""Slots a day from which a newsletter comes as things happen."""
_DAYS_A_MONTH, _MONTHS = 31, 12


def describe_rhythm(newsletter: Newsletter, config: Config, language: str) -> str:
    """Return how often a newsletter comes, in a language, beginning with a small letter.

    The zone of its times is named where it isn't the publication's, or is UTC.
    """
    texts = translator(language)
    schedules = _schedules(newsletter, config)
    found = [_describe(schedule, config, texts, language) for schedule in schedules]
    phrases = [phrase for phrase in dict.fromkeys(found) if phrase]
    if len(phrases) > _MAX_PHRASES or not all(found) or not found:
        return _roughly(mails_per_week(newsletter, config), texts)
    return join_names(phrases, language)


def mails_per_week(newsletter: Newsletter, config: Config) -> float:
    """Return how many editions a week its schedules send at most.

    It is infinite for one that comes as things happen, and 0 without a schedule.
    """
    return sum(_weekly(schedule) for schedule in _schedules(newsletter, config))


def _schedules(newsletter: Newsletter, config: Config) -> list[Schedule]:
    """Return the schedules for all readers, or else those for a part of them."""
    own = [schedule for schedule in config.schedules if schedule.newsletter == newsletter.name]
    return [schedule for schedule in own if schedule.segment is None] or own


def _weekly(schedule: Schedule) -> float:
    if schedule.every is not None:
        return math.inf if schedule.every <= _HOUR else _WEEK / schedule.every
    cron = parse(schedule.cron or "")
    if _per_day(cron) >= _EACH_HOUR:
        return math.inf
    share = len(cron.days) / _DAYS_A_MONTH * len(cron.months) / _MONTHS
    return _per_day(cron) * len(cron.weekdays) * share


def _per_day(cron: Cron) -> int:
    return len(cron.hours) * len(cron.minutes)


def _describe(schedule: Schedule, config: Config, texts: Translator, language: str) -> str:
    """Return when a schedule sends; empty where that takes too many words."""
    per_week = _weekly(schedule)
    if schedule.every is not None or math.isinf(per_week):
        return _roughly(per_week, texts)
    cron = parse(schedule.cron or "")
    if len(cron.days) < _DAYS_A_MONTH or len(cron.months) < _MONTHS:
        return _roughly(per_week, texts)
    days = _name_days(cron.weekdays, texts, language)
    if not days:
        return ""
    if _per_day(cron) > _MAX_NAMED:
        often = texts.gettext("several times a day")
        every_day = len(cron.weekdays) == _DAYS
        return often if every_day else texts.gettext("%(days)s, %(often)s", days=days, often=often)
    times = [time(hour, minute) for hour in sorted(cron.hours) for minute in sorted(cron.minutes)]
    written = join_names([_clock_time(at, _babel(language, texts)) for at in times], language)
    when = texts.gettext("%(days)s at %(times)s", days=days, times=written)
    zone = _name_zone(config.zone(schedule), config.publication.timezone, texts, language)
    return texts.gettext("%(when)s (%(zone)s)", when=when, zone=zone) if zone else when


def _roughly(per_week: float, texts: Translator) -> str:
    """Return a rough number of editions in words."""
    steps = (
        (math.inf, texts.gettext("as it happens")),
        (12, texts.gettext("several times a day")),
        (6, texts.gettext("every day")),
        (1.5, texts.gettext("several times a week")),
        (0.9, texts.gettext("once a week")),
        (0.4, texts.gettext("several times a month")),
        (0.2, texts.gettext("once a month")),
        (0.02, texts.gettext("several times a year")),
    )
    often = next((words for least, words in steps if per_week >= least), None)
    return often or texts.gettext("from time to time")


def _name_days(weekdays: Collection[int], texts: Translator, language: str) -> str:
    """Return days of the week, counted from Sunday, 0; empty for too many to name."""
    if len(weekdays) == _DAYS:
        return texts.gettext("every day")
    if weekdays == _WEEKDAYS:
        return texts.gettext("weekdays")
    if weekdays == _WEEKEND:
        return texts.gettext("weekends")
    run = _in_a_row(weekdays)
    if len(run) >= _MAX_NAMED:
        names = _babel(language, texts).days["stand-alone"]["wide"]
        first, last = (names[(day - 1) % _DAYS] for day in (run[0], run[-1]))
        # Translators: a range of days of the week, from the first to the last.
        return texts.gettext("%(first)s\u2013%(last)s", first=first, last=last)
    if len(weekdays) > _MAX_NAMED:
        return ""
    plurals = (
        *(texts.gettext("Sundays"), texts.gettext("Mondays"), texts.gettext("Tuesdays")),
        *(texts.gettext("Wednesdays"), texts.gettext("Thursdays"), texts.gettext("Fridays")),
        texts.gettext("Saturdays"),
    )
    monday_first = sorted(weekdays, key=lambda day: (day - 1) % _DAYS)
    return join_names([plurals[day] for day in monday_first], language)


def _in_a_row(weekdays: Collection[int]) -> Sequence[int]:
    """Return days of the week in order when they follow each other, also over a Sunday."""
    first = [day for day in weekdays if (day - 1) % _DAYS not in weekdays]
    if len(first) != 1:
        return ()
    return [(first[0] + step) % _DAYS for step in range(len(weekdays))]


def _clock_time(at: time, written: Locale) -> str:
    """Format a time, an hour without its ":00" where the clock has twelve of them: "7 AM"."""
    short = written.time_formats["short"].pattern
    twelve_hours = "h" in short and "a" in short
    if at.minute == 0 and twelve_hours:
        text = dates.format_skeleton("h", at, locale=written)
    else:
        text = dates.format_time(at, "short", locale=written)
    return text.replace("\u202f", "\u00a0")


def _name_zone(
    zone: ZoneInfo, publications: ZoneInfo, texts: Translator, language: str
) -> str | None:
    """Return the name of a zone for readers who may live in another; None where none does."""
    if zone.key in {"UTC", "Etc/UTC"}:
        return "UTC"
    if zone.key == publications.key:
        return None
    city = dates.get_timezone_location(zone, locale=_babel(language, texts), return_city=True)
    return texts.gettext("%(city)s time", city=city)


def _babel(language: str, texts: Translator) -> Locale:
    """Return the locale of a language if we speak it, else that of our words."""
    speaks = language.partition("-")[0].lower() == texts.language.partition("-")[0].lower()
    return locale(language if speaks else texts.language)

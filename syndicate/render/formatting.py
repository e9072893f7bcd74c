"""Dates, times and lists of names, as a language writes them."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from functools import cache, lru_cache, partial
from typing import Any, Literal

from babel import Locale, UnknownLocaleError, dates
from babel.lists import format_list
from markupsafe import Markup, escape

from syndicate.language import translator

_OFFSET = ("+", "-")
_HYPHENATED = re.compile(r"(?<![\w&-])\w+(?:-\w+)+")
_FIRST_OF_MONTH = re.compile(r"\b1 (?=[^\W\d])")
_MAX_NAME = 18
"""Characters: a longer name would not fit beside anything on a phone."""


@cache
def locale(language: str) -> Locale:
    """Return babel's locale for a BCP 47 language, or the English one."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@lru_cache(maxsize=256)
def text_direction(language: str) -> str:
    """Return `ltr` or `rtl` for a BCP 47 language."""
    return str(locale(language).text_direction)


def phrases(language: str) -> str:
    """Return the style of a mail's headline that breaks Japanese between phrases, where known.

    A style sheet would need `:lang`, at which Gmail drops the rule.
    """
    return "word-break:auto-phrase;" if locale(language).language == "ja" else ""


def join_names(names: Sequence[str], language: str) -> str:
    """Join names as in a sentence: "A, B, and C", in English where we don't know the language."""
    return str(format_list(list(names), locale=locale(translator(language).language)))


def short_date(at: datetime, now: datetime, zone: Any, language: str) -> str:
    """Format a date or time without what is the same `now`: "2:05 PM", "Nov 24", "Nov 24, 2026"."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return _time(at, zone, language)
    skeleton = "MMMd" if local.year == today.year else "yMMMd"
    return _with_ordinal(dates.format_skeleton(skeleton, local, locale=locale(language)), language)


def _date(at: datetime, zone: Any, language: str, style: Literal["full", "long"] = "long") -> str:
    """Format as "November 24, 2026"; "Tuesday, November 24, 2026" in full."""
    return _written_date(at.astimezone(zone).date(), style, language)


def _moment(at: datetime, zone: Any, language: str) -> str:
    """Format as "November 24, 2026, 2:05 PM CET"."""
    pattern = str(locale(language).datetime_formats["long"])
    return pattern.format(_clock(at, zone, language), _date(at, zone, language))


@lru_cache(maxsize=2048)
def _clock(at: datetime, zone: Any, language: str) -> str:
    """Format as "2:05 PM CET"."""
    local = at.astimezone(zone)
    name = dates.get_timezone_name(local, width="short", locale=locale(language))
    if name.startswith(_OFFSET):  # this language has no name: use the zone's own, or "GMT+7"
        name = local.tzname() or ""
    if name.startswith(_OFFSET):
        gmt = dates.get_timezone_gmt(local, locale=locale(language))  # "GMT+07:00"
        name = gmt.removesuffix(":00").replace("+0", "+").replace("-0", "-")
    return f"{_time(at, zone, language)} {name}"


def _time(at: datetime, zone: Any, language: str) -> str:
    """Format as "2:05 PM"."""
    local = at.astimezone(zone)
    return _written_time(local.hour, local.minute, language)


@lru_cache(maxsize=2048)
def _written_date(day: date, style: Literal["full", "long"], language: str) -> str:
    return _with_ordinal(dates.format_date(day, style, locale=locale(language)), language)


def _with_ordinal(written: str, language: str) -> str:
    """Write the first of a month as French does, "1er décembre": CLDR has the plain number."""
    french = language.partition("-")[0].lower() == "fr"
    return _FIRST_OF_MONTH.sub("1er ", written) if french else written


@lru_cache(maxsize=2048)
def _written_time(hour: int, minute: int, language: str) -> str:
    written = dates.format_time(time(hour, minute), "short", locale=locale(language))
    return written.replace("\u202f", " ")


def capitals(text: str, language: str) -> str:
    """Write in capitals, where Turkish and Azerbaijani have a dot over an i's: "İ"."""
    if language.partition("-")[0].lower() in {"tr", "az"}:
        text = text.replace("i", "İ")
    return text.upper()


def headline(title: str) -> str:
    """Keep the parts of short names such as Jean-Luc, Jong-un and Covid-19 on one line.

    It is a matter of style alone: what is copied, searched or read aloud has its plain hyphen.
    """
    if "-" not in title:
        return title
    kept = _HYPHENATED.sub(_keep_together, str(escape(title)))
    return Markup(kept)  # noqa: S704 - escaped above


def _keep_together(match: re.Match[str]) -> str:
    is_name = len(match[0]) <= _MAX_NAME and not match[0][0].islower()
    return f'<span class="joined">{match[0]}</span>' if is_name else match[0]


FILTERS: dict[str, Callable[..., str]] = {
    "capitals": capitals,
    "headline": headline,
    "phrases": phrases,
    "long_date": partial(_date, style="full"),
    "date": _date,
    "moment": _moment,
    "clock": _clock,
    "time": _time,
}
"""Used as `{{ at|moment(zone, language) }}`; times are in the publication's zone."""

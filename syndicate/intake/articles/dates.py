"""Parse dates in front matter and in file names."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from syndicate import clock

EXPECTED = "2019-02-28, 2019-02-28 14:05 or 2019-02-28T14:05:00+07:00"
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?[ \t]*(.*))?"
)
_OFFSET = re.compile(r"([+-])(\d\d?)(?::?(\d\d))?")
_FIRST_YEAR, _LAST_YEAR = 1000, 9998
"""One year less than `datetime` has, so that every date exists in every time zone."""


def parse_date(text: str, zone: tzinfo) -> datetime:
    """Parse a date, with or without time and offset; without an offset it is in `zone`.

    Offsets are `+07:00`, `-0700` (which YAML doesn't know), `Z`, `UTC`. Raise ValueError
    for anything else.
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a date")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"{year} is not a valid year for an article")
    fraction = int((match[7] or "").ljust(6, "0")[:6])
    offset = _offset(match[8] or "")
    at = datetime(year, month, day, hour, minute, second, fraction, tzinfo=offset or zone)
    return clock.to_utc(at)


def _offset(text: str) -> tzinfo | None:
    if not text:
        return None
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an offset")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(offset if match[1] == "+" else -offset)

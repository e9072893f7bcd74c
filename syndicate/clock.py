"""The only module that reads the clock; times and durations as text.

Every `datetime` in Syndicate is aware and in UTC. Everything below the scheduler gets the
time as an argument.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_UNITS = ("weeks", "days", "hours", "minutes", "seconds")


def now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


def to_utc(at: datetime) -> datetime:
    """Return `at` in UTC; raise ValueError when it is naive."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone")
    return at.astimezone(UTC)


def parse_time(text: str, zone: tzinfo) -> datetime:
    """Parse an ISO 8601 time, in `zone` if it has no offset; raise ValueError for anything else."""
    at = datetime.fromisoformat(text.strip())
    return to_utc(at if at.tzinfo else at.replace(tzinfo=zone))


def parse_duration(text: str) -> timedelta:
    """Parse "10m", "1h30m", "2d"; raise ValueError for anything else, zero included."""
    match = _DURATION.fullmatch(text.strip())
    parts = zip(_UNITS, match.groups(), strict=True) if match else ()
    values = {unit: int(digits) for unit, digits in parts if digits}
    if not any(values.values()):
        raise ValueError(f'expected a duration such as "10m" or "1h30m", not {text!r}')
    return timedelta(**values)


def format_duration(duration: timedelta) -> str:
    """Return a duration for people, in at most two units: "24 h", "1 h 30 m", "3 d"."""
    seconds = int(duration.total_seconds())
    if seconds >= 2 * 86_400 and seconds % 86_400 == 0:
        return f"{seconds // 86_400} d"
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    parts = [f"{number} {unit}" for number, unit in ((hours, "h"), (minutes, "m")) if number]
    return " ".join(parts) or f"{seconds} s"

"""The one place that reads the clock, and the one rule about time.

Every `datetime` in Syndicate is aware and in UTC. Everything below the
scheduler is handed the time as an argument.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_UNITS = ("weeks", "days", "hours", "minutes", "seconds")


def now() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)


def to_utc(at: datetime) -> datetime:
    """Return `at` in UTC; raise ValueError when it is naive."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone")
    return at.astimezone(UTC)


def parse_time(text: str, zone: tzinfo) -> datetime:
    """Read an ISO 8601 time; one without an offset is in `zone`.

    Raise ValueError when `text` is no time.
    """
    at = datetime.fromisoformat(text.strip())
    return to_utc(at if at.tzinfo else at.replace(tzinfo=zone))


def parse_duration(text: str) -> timedelta:
    """Read "10m", "1h30m", "2d"; raise ValueError for anything else, zero included."""
    match = _DURATION.fullmatch(text.strip())
    parts = {u: int(n) for u, n in zip(_UNITS, match.groups(), strict=True) if n} if match else {}
    if not any(parts.values()):
        raise ValueError(f'expected a duration such as "10m" or "1h30m", not {text!r}')
    return timedelta(**parts)


def format_duration(length: timedelta) -> str:
    """Write a duration for people, in at most two units: "24 h", "1 h 30 m", "3 d"."""
    seconds = int(length.total_seconds())
    if seconds >= 2 * 86_400 and seconds % 86_400 == 0:
        return f"{seconds // 86_400} d"
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    parts = [f"{hours} h"] if hours else []
    if minutes:
        parts.append(f"{minutes} m")
    return " ".join(parts) or f"{seconds} s"

"""Patience: when what failed is tried again, and when it is given up."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from syndicate.clock import utc
from syndicate.publish.push.calls import Reply

FIRST = timedelta(minutes=1)
_DELAYS = (
    FIRST,
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
_THEN = timedelta(hours=12)
_FOR = timedelta(days=3)
"""What could not be told for so long isn't new any more."""
_LONGEST = timedelta(days=1)
"""However long a server wants to be left alone, it is asked again after that."""


def again(attempts: int, at: datetime, reply: Reply | None = None) -> datetime | None:
    """Return when to try again what failed so often, the last time at `at`; None: never.

    A server that names a later time (Retry-After, RFC 9110 10.2.3) is obeyed.
    """
    tried = sum((_delay(number) for number in range(1, attempts)), timedelta())
    delay = _delay(attempts)
    if tried + delay > _FOR:
        return None
    return at + max(delay, wait(reply, at))


def wait(reply: Reply | None, at: datetime) -> timedelta:
    """Return for how long a server wants to be left alone, as it says in Retry-After."""
    said = reply.headers.get("retry-after", "").strip() if reply else ""
    try:
        seconds = int(said) if said.isascii() and said.isdigit() else None
        until = at + timedelta(seconds=seconds) if seconds is not None else _date(said)
    except (ValueError, OverflowError):
        return timedelta()
    return min(max(until - at, timedelta()), _LONGEST)


def wants_peace(reply: Reply) -> bool:
    """Whether a server refused everything for now, not only what it was told."""
    return (
        reply.status == HTTPStatus.TOO_MANY_REQUESTS
        or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _delay(attempt: int) -> timedelta:
    return _DELAYS[attempt - 1] if attempt <= len(_DELAYS) else _THEN


def _date(said: str) -> datetime:
    """Read a date of HTTP; raise ValueError for anything else."""
    at = parsedate_to_datetime(said)
    return utc(at if at.tzinfo else at.replace(tzinfo=UTC))

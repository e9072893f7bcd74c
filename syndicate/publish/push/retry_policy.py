"""Patience: when what failed is tried again, and when it is given up."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Self

from syndicate.clock import to_utc
from syndicate.publish.push.http_client import HttpReply

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


@dataclass(frozen=True, slots=True)
class CallFailure:
    """Why a call didn't do what it was to do."""

    reason: str
    reply: HttpReply | None = None
    """None where no answer came."""

    @classmethod
    def of(cls, reply: HttpReply) -> Self:
        """Put an answer into words."""
        try:
            phrase = HTTPStatus(reply.status).phrase
        except ValueError:
            phrase = ""
        return cls(f"{reply.status} {phrase}".strip(), reply)

    @property
    def general(self) -> bool:
        """Whether the server takes nothing now, whatever it is told."""
        return self.reply is None or (
            self.reply.status == HTTPStatus.TOO_MANY_REQUESTS
            or self.reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )

    def again(self, attempts: int, at: datetime) -> datetime | None:
        """Return when to try again what failed so often, the last time at `at`; None: never."""
        return again(attempts, at, self.reply)

    def quiet(self, at: datetime) -> datetime:
        """Return until when the server is left alone with everything."""
        return at + max(FIRST, _asked_for(self.reply, at))


def again(attempts: int, at: datetime, reply: HttpReply | None = None) -> datetime | None:
    """Return when to try again what failed so often, the last time at `at`; None: never.

    A server that names a later time (Retry-After, RFC 9110 10.2.3) is obeyed.
    """
    delay = _delay(attempts)
    tried = sum((_delay(number) for number in range(1, attempts)), timedelta())
    return None if tried + delay > _FOR else at + max(delay, _asked_for(reply, at))


def _asked_for(reply: HttpReply | None, at: datetime) -> timedelta:
    """Return for how long a server wants to be left alone."""
    said = reply.headers.get("retry-after", "").strip() if reply else ""
    try:
        until = at + timedelta(seconds=int(said)) if said.isdecimal() else _date(said)
    except (ValueError, OverflowError):  # nothing said, or nonsense
        return timedelta()
    return min(max(until - at, timedelta()), _LONGEST)


def _delay(attempt: int) -> timedelta:
    return _DELAYS[attempt - 1] if attempt <= len(_DELAYS) else _THEN


def _date(said: str) -> datetime:
    """Read a date of HTTP; raise ValueError for anything else."""
    at = parsedate_to_datetime(said)
    return to_utc(at if at.tzinfo else at.replace(tzinfo=UTC))

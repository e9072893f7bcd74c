"""When a failed call is retried, and when it is given up."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Self

from syndicate.clock import to_utc
from syndicate.publish.push.http_client import HttpReply
from syndicate.store import OutgoingCall

MIN_DELAY = timedelta(minutes=1)
_DELAYS = (
    MIN_DELAY,
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
_MAX_DELAY = timedelta(hours=12)
_GIVE_UP_AFTER = timedelta(days=3)
"""After that, a call is given up: its news is old."""
_MAX_RETRY_AFTER = timedelta(days=1)
"""The longest Retry-After that is respected."""


@dataclass(frozen=True, slots=True)
class CallFailure:
    """Why a call failed."""

    reason: str
    reply: HttpReply | None = None
    """None where there was none."""
    needs_operator: bool = False
    """Whether a retry is in vain until an operator corrects something."""

    @classmethod
    def of(cls, reply: HttpReply) -> Self:
        """Return the failure of a reply: its status and phrase."""
        try:
            phrase = HTTPStatus(reply.status).phrase
        except ValueError:
            phrase = ""
        return cls(f"{reply.status} {phrase}".strip(), reply)

    @property
    def is_server_wide(self) -> bool:
        """Whether the server accepts no calls now, not only not this one."""
        return self.reply is None or (
            self.reply.status == HTTPStatus.TOO_MANY_REQUESTS
            or self.reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )

    def reschedule(self, call: OutgoingCall, at: datetime) -> OutgoingCall:
        """Return a call for its next attempt; its `due_at` is None where there is none."""
        due_at = None if self.needs_operator else next_attempt(call.attempts + 1, at, self.reply)
        return call.failed(self.reason, due_at)

    def pause_until(self, at: datetime) -> datetime:
        """Return until when nothing is sent to the server."""
        return at + max(MIN_DELAY, _retry_after(self.reply, at))


def next_attempt(attempts: int, at: datetime, reply: HttpReply | None = None) -> datetime | None:
    """Return when to retry a call after `attempts` failures, the last one at `at`; None: never.

    A later time that the server asks for is respected (Retry-After, RFC 9110 10.2.3).
    """
    delays = [*_DELAYS, *[_MAX_DELAY] * attempts][:attempts]
    if sum(delays, timedelta()) > _GIVE_UP_AFTER:
        return None
    return at + max(delays[-1], _retry_after(reply, at))


def _retry_after(reply: HttpReply | None, at: datetime) -> timedelta:
    value = reply.headers.get("retry-after", "").strip() if reply else ""
    try:
        if value.isdecimal():
            until = at + timedelta(seconds=int(value))
        else:
            until = parsedate_to_datetime(value)
            until = to_utc(until if until.tzinfo else until.replace(tzinfo=UTC))
    except (ValueError, OverflowError):  # no value, or an invalid one
        return timedelta()
    return min(max(until - at, timedelta()), _MAX_RETRY_AFTER)

"""Sends the queued calls to one endpoint, within the time of a run.

A call is claimed before it is made, and its outcome stored right after, so that no process
repeats it. Failures are retried later, or given up; an endpoint that is down isn't called for
a while.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import responses
from threading import Event
from typing import Self

import structlog

from syndicate.clock import to_utc
from syndicate.errors import CallFailed, Problem
from syndicate.publish.push.http_client import HttpReply
from syndicate.store import CallKind, OutgoingCall, Store

log = structlog.get_logger()

DEFAULT_SECONDS = 240.0
"""The next run sends what is left after this."""
_CLAIM_TIME = timedelta(minutes=10)
"""How long a claim lasts; longer than any run."""
MIN_DELAY = timedelta(minutes=1)
_DELAYS = (MIN_DELAY, *(timedelta(minutes=minutes) for minutes in (5, 30, 2 * 60, 6 * 60)))
_MAX_DELAY = timedelta(hours=12)
_GIVE_UP_AFTER = timedelta(days=3)
"""After that, a call is given up: its news is old."""
_MAX_RETRY_AFTER = timedelta(days=1)
"""The longest Retry-After that is respected."""


@dataclass(slots=True)
class SendReport:
    """What a run sent to hubs, or to a search engine."""

    sent: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TimeBudget:
    """The time of a run, which ends before another process may take over its calls."""

    at: datetime
    stop: Event
    seconds: float = DEFAULT_SECONDS
    _started: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        """Whether no further call may begin."""
        return self.stop.is_set() or time.monotonic() >= self._started + self.seconds


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
        return cls(f"{reply.status} {responses.get(reply.status, '')}".strip(), reply)

    @property
    def is_server_wide(self) -> bool:
        """Whether the server accepts no calls now, not only not this one."""
        return self.reply is None or (
            self.reply.status == HTTPStatus.TOO_MANY_REQUESTS
            or self.reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )


@dataclass(frozen=True, slots=True)
class CallSender:
    """Sends the calls of one kind to one endpoint."""

    store: Store
    kind: CallKind
    endpoint: str
    send_message: Callable[[Sequence[OutgoingCall]], CallFailure | None]
    """Sends some calls as one message; returns why that failed, or raises CallFailed."""
    batch_size: int
    """Calls claimed together."""
    message_size: int = 1
    """Calls of one message."""
    name: str = ""
    """How the log names an endpoint whose address is a secret."""

    @property
    def _shown(self) -> str:
        return self.name or self.endpoint

    def send(self, budget: TimeBudget) -> SendReport:
        """Send what is due."""
        report = SendReport()
        while calls := self._claim(budget):
            while calls and not budget.is_over:
                message, rest = calls[: self.message_size], calls[self.message_size :]
                try:
                    failure = self.send_message(message)
                except CallFailed as error:
                    failure = CallFailure(str(error))
                if failure is None:
                    self._settle(call.succeeded() for call in message)
                    report.sent += len(message)
                else:
                    topic = f" ({message[0].topic})" if self.message_size == 1 else ""
                    report.problems.append(Problem(self._shown, failure.reason + topic))
                    if failure.is_server_wide or failure.needs_operator:
                        self._record_failure(calls, failure, budget.at)
                        return report
                    self._record_failure(message, failure, budget.at)
                calls = rest
            self._settle(replace(call, due_at=budget.at) for call in calls)
        return report

    def _claim(self, budget: TimeBudget) -> list[OutgoingCall]:
        if budget.is_over:
            return []
        with self.store.read() as tx:  # a write locks out other writers
            if not tx.calls.is_due(self.kind, self.endpoint, budget.at):
                return []
        with self.store.write() as tx:
            return tx.calls.claim(
                self.kind,
                budget.at,
                until=budget.at + _CLAIM_TIME,
                limit=self.batch_size,
                endpoint=self.endpoint,
            )

    def _settle(self, calls: Iterable[OutgoingCall]) -> None:
        with self.store.write() as tx:
            tx.calls.settle(calls)

    def _record_failure(
        self, calls: Sequence[OutgoingCall], failure: CallFailure, at: datetime
    ) -> None:
        failed = []
        for call in calls:
            again = next_attempt(call.attempts + 1, at, failure.reply)
            failed.append(call.failed(failure.reason, None if failure.needs_operator else again))
        given_up = sum(call.due_at is None for call in failed)
        with self.store.write() as tx:
            is_known = tx.calls.has_error(self.kind, self.endpoint, failure.reason)
            tx.calls.settle(failed)
            if failure.is_server_wide:
                tx.calls.pause(self.endpoint, at + max(MIN_DELAY, _retry_after(failure.reply, at)))
        facts = {"to": self._shown, "topic": calls[0].topic, "reason": failure.reason}
        if failure.needs_operator:
            event = f"{self.kind} refused"
            if not is_known:
                log.error(event, calls=given_up, **facts)
        elif given_up:
            event = f"{self.kind} given up"
            log.warning(event, calls=given_up, **facts)
        if retried := [call.due_at for call in failed if call.due_at]:
            event, due_at = f"{self.kind} failed", f"{min(retried):%Y-%m-%d %H:%M} UTC"
            log.warning(event, calls=len(retried), again=due_at, **facts)


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

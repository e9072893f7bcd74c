"""Sends the queued calls to one endpoint, within the time of a run.

A call is claimed before it is made, and its outcome stored right after, so that no process
repeats it. Failures are retried later; an endpoint that is down isn't called for a while.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event

import structlog

from syndicate.errors import Problem
from syndicate.publish.push.retry_policy import CallFailure
from syndicate.store import CallKind, OutgoingCall, Store

log = structlog.get_logger()

DEFAULT_SECONDS = 240.0
"""The next run sends what is left after this."""
_CLAIM_TIME = timedelta(minutes=10)
"""How long a claim lasts; longer than any run."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSender:
    """Sends the calls of one kind to one endpoint."""

    store: Store
    kind: CallKind
    endpoint: str
    send_message: Callable[[Sequence[OutgoingCall]], CallFailure | None]
    """Sends some calls as one message; returns why that failed."""
    batch_size: int
    """Calls claimed together."""
    message_size: int = 1
    """Calls of one message."""

    def send(self, budget: TimeBudget) -> SendReport:
        """Send what is due."""
        report = SendReport()
        while calls := self._claim(budget):
            while calls and not budget.is_over:
                message, rest = calls[: self.message_size], calls[self.message_size :]
                failure = self.send_message(message)
                if failure is None:
                    self._settle(call.succeeded() for call in message)
                    report.sent += len(message)
                else:
                    topic = f" ({message[0].topic})" if self.message_size == 1 else ""
                    report.problems.append(Problem(self.endpoint, failure.reason + topic))
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
        failed = [failure.reschedule(call, at) for call in calls]
        given_up = sum(call.due_at is None for call in failed)
        with self.store.write() as tx:
            is_known = tx.calls.has_error(self.kind, self.endpoint, failure.reason)
            tx.calls.settle(failed)
            if failure.is_server_wide:
                tx.calls.pause(self.endpoint, failure.pause_until(at))
        facts = {"to": self.endpoint, "topic": calls[0].topic, "reason": failure.reason}
        if failure.needs_operator:
            event = f"{self.kind} refused"
            if not is_known:
                log.error(event, calls=given_up, **facts)
        elif given_up:
            event = f"{self.kind} given up"
            log.warning(event, calls=given_up, **facts)
        if retried := [call.due_at for call in failed if call.due_at]:
            event, again = f"{self.kind} failed", f"{min(retried):%Y-%m-%d %H:%M} UTC"
            log.warning(event, calls=len(retried), again=again, **facts)

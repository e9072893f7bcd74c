"""Records the events of a provider's call: one that can't be recorded stops no other.

An event that was recorded before changes nothing, so a call may come again until all of its
events are.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.errors import StoreError, StoreFull
from syndicate.feedback.effects import RecordedFeedback, RecordOutcome
from syndicate.feedback.held_reports import hold_event
from syndicate.feedback.providers.provider_event import ProviderEvent
from syndicate.feedback.record_failure import RecordFailure
from syndicate.feedback.recorder import FeedbackRecorder
from syndicate.model.feedback import FeedbackKind
from syndicate.model.subscribers import normalise_email
from syndicate.store import Store, Transaction

BATCH = 100
"""Events that are recorded in one transaction."""
IGNORED = "ignored"
"""The outcome of events that change nothing, such as opened."""


@dataclass(frozen=True, slots=True)
class RecordedEvents:
    """What became of the events of a call."""

    taken: Counter[str] = field(default_factory=Counter)
    """What became of new ones, as `syndicate_reports_total` counts them."""
    changes: list[str] = field(default_factory=list)
    """What they have changed, a sentence each."""
    failures: list[RecordFailure] = field(default_factory=list)
    """Those that could not be recorded."""

    def add(self, more: "RecordedEvents") -> None:
        """Count what became of further events as well."""
        self.taken.update(more.taken)
        self.changes.extend(more.changes)
        self.failures.extend(more.failures)


class EventIntake:
    """Records events in transactions of `BATCH`."""

    def __init__(self, store: Store, recorder: FeedbackRecorder) -> None:
        self._store = store
        self._recorder = recorder

    def record(self, source: str, events: Sequence[ProviderEvent], at: datetime) -> RecordedEvents:
        """Record the events of a call, at `at`, which is now.

        Raise StoreError where the store can't be used at all, after which some are done.
        """
        recorded, ids = RecordedEvents(), {event.id for event in events}
        with self._store.read() as tx:
            known = tx.feedback.processed(source, ids)
        if ids == known:
            return recorded
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            try:
                recorded.add(self._record_batch(source, batch, at))
            except StoreFull:
                raise
            except Exception as error:  # noqa: BLE001 - the others of the batch are recorded
                self._check_store(error, at)
                for event in batch:
                    recorded.add(self._record_alone(source, event, at))
        return recorded

    def _record_alone(self, source: str, event: ProviderEvent, at: datetime) -> RecordedEvents:
        try:
            return self._record_batch(source, [event], at)
        except StoreFull:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self._check_store(error, at)
            return RecordedEvents(failures=[RecordFailure(name=event.id, error=error)])

    def _check_store(self, error: Exception, at: datetime) -> None:
        """Raise StoreError where the store, rather than an event, is at fault."""
        if isinstance(error, StoreError):
            self._store.require_writable(at)

    def _record_batch(
        self, source: str, events: Sequence[ProviderEvent], at: datetime
    ) -> RecordedEvents:
        with self._store.write() as tx:
            return self._record_all(tx, source, events, at)

    def _record_all(
        self, tx: Transaction, source: str, events: Sequence[ProviderEvent], at: datetime
    ) -> RecordedEvents:
        tx.lock_audience()
        known = tx.feedback.processed(source, [event.id for event in events])
        recorded = RecordedEvents()
        for event in sorted(events, key=_address):  # the send loop suppresses in the same order
            if event.id not in known:
                self._record(tx, source, event, at, recorded)
        counts = {
            IGNORED: recorded.taken[IGNORED],
            RecordOutcome.REPEATED: len(events) - recorded.taken.total(),
        }
        for outcome, times in counts.items():
            if times:
                tx.held_reports.count_report(source, outcome, at, times=times)
        return recorded

    def _record(
        self,
        tx: Transaction,
        source: str,
        event: ProviderEvent,
        at: datetime,
        recorded: RecordedEvents,
    ) -> None:
        feedback = event.feedback
        if feedback is None:
            tx.feedback.mark_processed(source, event.id, at)
            recorded.taken[IGNORED] += 1
            return
        done = self._recorder.record(tx, feedback, source=source, at=at)
        recorded.taken[done.outcome] += 1
        if hold_event(tx, event, done, source=source, at=at):
            recorded.changes.append(f"{done.sentence}; kept for a person")
        elif _is_change(done):
            recorded.changes.append(done.sentence)


def _address(event: ProviderEvent) -> str:
    return normalise_email(event.reference.recipient)


def _is_change(done: RecordedFeedback) -> bool:
    """Whether something was recorded that is worth a line in the log."""
    record = done.record
    is_evidence = record is not None and record.kind is FeedbackKind.DELIVERED
    return done.outcome is RecordOutcome.RECORDED and not is_evidence

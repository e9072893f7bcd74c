"""Records the reports of one poll: one that can't be recorded stays, and stops no other."""

import hashlib
import re

from syndicate import clock
from syndicate.errors import StoreError, StoreFull
from syndicate.feedback.doors.door import Disposal
from syndicate.feedback.record_failure import RecordFailure
from syndicate.feedback.recorder import FeedbackRecorder, RecordedReport
from syndicate.model.feedback import ReportOutcome
from syndicate.store import Store
from syndicate.text import one_line

_ATTEMPTS = 2
"""How often a report is tried in a poll: after a deadlock the second time succeeds."""
_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(<[^<>\s]{1,200}>)", re.IGNORECASE | re.MULTILINE)
_HEAD = 64 * 1024
"""Bytes of a report in which its own Message-ID is looked for."""


class ReportIntake:
    """What takes the reports of one poll of a door."""

    def __init__(self, store: Store, recorder: FeedbackRecorder, source: str) -> None:
        self._store = store
        self._recorder = recorder
        self._source = source
        self.counts = dict.fromkeys(Disposal, 0)
        self.failures: list[RecordFailure] = []
        """The reports that could not be recorded, and stay where they are."""

    def take(self, raw: bytes) -> Disposal:
        """Record a report in a transaction of its own.

        Raise StoreError where the store can't be used at all: then no other report could be
        recorded either.
        """
        disposal = self._take(raw)
        self.counts[disposal] += 1
        return disposal

    def _take(self, raw: bytes) -> Disposal:
        failure: Exception | None = None
        for _ in range(_ATTEMPTS):
            try:
                report = self._recorder.take_report(
                    self._store, raw, source=self._source, at=clock.now()
                )
            except StoreFull:
                raise
            except StoreError as error:
                self._store.require_writable(clock.now())
                failure = error
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are recorded
                failure = error
                break
            else:
                return Disposal.FOR_A_PERSON if is_for_a_person(report) else Disposal.DONE
        assert failure is not None
        self.failures.append(RecordFailure(name=_name(raw), error=failure))
        return Disposal.KEEP


def is_for_a_person(report: RecordedReport) -> bool:
    """Whether a person has to read a report, or had to when it was first taken."""
    unreadable = report.outcome is ReportOutcome.UNREADABLE
    return bool(report.held_because) or (report.repeated and unreadable)


def _name(raw: bytes) -> str:
    """Return a report's own Message-ID, or else its digest."""
    if found := _MESSAGE_ID.search(raw[:_HEAD]):
        return one_line(found[1].decode("ascii", "replace"))
    return f"sha256 {hashlib.sha256(raw).hexdigest()}"

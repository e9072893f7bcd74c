"""Records the reports of one poll: one that can't be recorded stays, and stops no other."""

import hashlib
import re
from dataclasses import dataclass

from syndicate import clock
from syndicate.errors import StoreError, StoreFull, SyndicateError
from syndicate.feedback.doors.door import Disposal
from syndicate.feedback.recorder import FeedbackRecorder, RecordedReport
from syndicate.model.feedback import ReportOutcome
from syndicate.store import Store
from syndicate.text import one_line, shorten

_ATTEMPTS = 2
"""How often a report is tried in a poll: after a deadlock the second time succeeds."""
_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(<[^<>\s]{1,200}>)", re.IGNORECASE | re.MULTILINE)
_HEAD = 64 * 1024
"""Bytes of a report in which its own Message-ID is looked for."""
_MAX_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrecordedReport:
    """A report that stays where it is, since recording it failed."""

    digest: str
    message_id: str
    """Its own Message-ID, by which an operator finds it; empty without one."""
    size: int
    """Bytes of it that were read."""
    error: Exception

    @property
    def is_internal(self) -> bool:
        """Whether the error is one of our code rather than of the store."""
        return not isinstance(self.error, SyndicateError)

    @property
    def reason(self) -> str:
        """What went wrong, in one line; it has nothing of the report in it."""
        if self.is_internal:
            return f"internal error ({type(self.error).__name__})"
        return shorten(one_line(str(self.error)), _MAX_REASON)


class ReportIntake:
    """What takes the reports of one poll of a door."""

    def __init__(self, store: Store, recorder: FeedbackRecorder, source: str) -> None:
        self._store = store
        self._recorder = recorder
        self._source = source
        self.counts = dict.fromkeys(Disposal, 0)
        self.unrecorded: list[UnrecordedReport] = []

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
        self.unrecorded.append(_unrecorded(raw, failure))
        return Disposal.KEEP


def is_for_a_person(report: RecordedReport) -> bool:
    """Whether a person has to read a report, or had to when it was first taken."""
    unreadable = report.outcome is ReportOutcome.UNREADABLE
    return bool(report.held_because) or (report.repeated and unreadable)


def _unrecorded(raw: bytes, error: Exception) -> UnrecordedReport:
    found = _MESSAGE_ID.search(raw[:_HEAD])
    return UnrecordedReport(
        digest=hashlib.sha256(raw).hexdigest(),
        message_id=one_line(found[1].decode("ascii", "replace")) if found else "",
        size=len(raw),
        error=error,
    )

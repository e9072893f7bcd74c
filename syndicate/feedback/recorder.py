"""Records what comes back, in one transaction with everything that follows from it.

A report counts at most once, however often and by however many doors it comes: its digest, a
provider's event and the kind of feedback about a delivery are unique in the store. A door
marks a report as done after the commit.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.feedback.effects import RecordedFeedback, RecordOutcome, apply, is_harmful, name
from syndicate.feedback.held_reports import hold_report
from syndicate.feedback.matching import DeliveryMatch, find_delivery
from syndicate.feedback.policy import Objection, ReportedDelivery, since
from syndicate.feedback.reports.parse import parse_report
from syndicate.model.bounces import is_passed_on
from syndicate.model.feedback import (
    Feedback,
    FeedbackKind,
    FeedbackRecord,
    MatchedBy,
    ParsedReport,
    ReportOutcome,
)
from syndicate.model.subscribers import SubscriberChange, normalise_email
from syndicate.store import Store, Transaction
from syndicate.text import one_line, shorten

_log = structlog.get_logger(__name__)
MAIL = "mail"
"""The source of the digests of reports by mail, whichever door they came by."""
_NOTHING_DONE = {
    ReportOutcome.FEEDBACK: "nothing is reported",
    ReportOutcome.DELAYED: "a server is still trying, or has passed it on: nothing follows",
    ReportOutcome.AUTO_REPLY: "an automatic reply: dropped",
    ReportOutcome.UNREADABLE: "not understood",
}
"""What became of a report that says nothing about a delivery."""
_MAX_TEXT = 500
_MAX_NAME = 255
_MAX_CODE = 999
_STATUS = re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedReport:
    """What became of a message that arrived at the bounce address."""

    outcome: ReportOutcome
    repeated: bool = False
    """Whether the same message was taken before; then nothing was done."""
    feedback: tuple[RecordedFeedback, ...] = ()
    held_because: str = ""
    """Why it is kept for a person; empty where it isn't."""

    @property
    def sentence(self) -> str:
        """What happened, for the log and the operator; it names no address."""
        if self.repeated:
            return "this report was taken before"
        did = "; ".join(item.sentence for item in self.feedback) or _NOTHING_DONE[self.outcome]
        return f"{did}; kept for a person" if self.held_because else did


class FeedbackRecorder:
    """Records feedback by the rules of `[bounces]`."""

    def __init__(self, config: Config, links: SignedLinks) -> None:
        self._config = config
        self._links = links

    def take_report(
        self, store: Store, raw: bytes, *, source: str, recipients: Sequence[str] = (), at: datetime
    ) -> RecordedReport:
        """Record a message that arrived at the bounce address, all in one transaction.

        `source` is the door, `recipients` are the envelope's, where the door knows them, and
        `at` is now. When it returns, the report is dealt with or kept for a person. Raise
        StoreError; then nothing was recorded.
        """
        mailbox = self._config.bounces.address
        address = mailbox.address if mailbox else ""
        parsed = parse_report(raw, address=address, recipients=recipients)
        digest = _digest(raw, recipients)
        with store.write() as tx:
            report = self._take(tx, parsed, raw, digest=digest, source=source, at=at)
        _log.info("report", source=source, outcome=parsed.outcome.value, did=report.sentence)
        return report

    def _take(
        self,
        tx: Transaction,
        parsed: ParsedReport,
        raw: bytes,
        *,
        digest: str,
        source: str,
        at: datetime,
    ) -> RecordedReport:
        tx.lock_audience()
        if not tx.feedback.mark_processed(MAIL, digest, at):
            tx.held_reports.count_report(source, RecordOutcome.REPEATED, at)
            return RecordedReport(outcome=parsed.outcome, repeated=True)
        done = tuple(self.record(tx, item, source=source, at=at) for item in parsed.feedback)
        if not done:
            tx.held_reports.count_report(source, parsed.outcome, at)
        reason = _why_held(parsed, done)
        if reason:
            hold_report(tx, parsed, raw, reason=reason, source=source, at=at)
        return RecordedReport(outcome=parsed.outcome, feedback=done, held_because=reason)

    def record(
        self, tx: Transaction, feedback: Feedback, *, source: str, at: datetime
    ) -> RecordedFeedback:
        """Record feedback about one message, and do what follows from it.

        `at` is now. An `event_id` is recorded as processed: the same one again does nothing.
        Raise EventTooEarly for a provider's event that may be about a message under way.
        """
        tx.lock_audience()
        done = self._record(tx, feedback, source, at)
        tx.held_reports.count_report(source, done.outcome, at)
        return done

    def _record(
        self, tx: Transaction, feedback: Feedback, source: str, at: datetime
    ) -> RecordedFeedback:
        noun, id_ = name(feedback.kind), feedback.event_id
        if id_ and not tx.feedback.mark_processed(source, id_, at):
            return _unrecorded(RecordOutcome.REPEATED, f"the {noun} was reported before")
        found = find_delivery(tx, self._links, feedback, at)
        if found is None:
            return _unrecorded(RecordOutcome.UNMATCHED, f"the {noun} names no delivery of ours")
        if found.by is MatchedBy.ADDRESS:
            return _unrecorded(
                RecordOutcome.UNDECIDED,
                f"the {noun} may be about edition {found.edition}, but only its address says so",
            )
        case = self._load(tx, found, at)
        if case.edition is None:
            return _unrecorded(
                RecordOutcome.WITHOUT_EFFECT,
                f"the {name(feedback.kind, found.edition)} changes nothing: {Objection.UNKNOWN}",
            )
        record = make_record(case, found, _without_blame(case, feedback), source)
        return apply(tx, case, record, self._config.bounces)

    def _load(self, tx: Transaction, found: DeliveryMatch, at: datetime) -> ReportedDelivery:
        delivery = tx.deliveries.find(found.edition, found.subscriber)
        reader = tx.subscribers.by_key(found.subscriber)
        if reader is None:
            reader = tx.subscribers.by_key(tx.merges.current_number(found.subscriber))
        changes: tuple[SubscriberChange, ...] = ()
        if delivery is not None and reader is not None:
            changes = tuple(tx.audit_log.changes(reader.key, since=since(delivery)))
        return ReportedDelivery(
            edition=tx.editions.by_key(found.edition),
            delivery=delivery,
            reader=reader,
            changes=changes,
            at=at,
            kept_for=self._config.retention.events,
        )


def _digest(raw: bytes, recipients: Sequence[str]) -> str:
    """Return what a message is recognised by, whichever door it comes by.

    A door may have changed the ends of its lines. Some servers send the same bytes about
    everybody: then only the envelope, where the door knows it, tells two reports apart.
    """
    digest = hashlib.sha256(raw.replace(b"\r\n", b"\n"))
    for recipient in sorted(set(recipients)):
        name = recipient.encode("utf-8", "surrogateescape")
        if name not in raw:
            digest.update(b"\0" + name)
    return digest.hexdigest()


def make_record(
    case: ReportedDelivery, found: DeliveryMatch, feedback: Feedback, source: str
) -> FeedbackRecord:
    """Make what is stored; nothing of an erased reader but numbers."""
    happened_at = min(feedback.at or case.at, case.at)
    if case.accepted_at is not None:  # clocks differ
        happened_at = max(happened_at, case.accepted_at)
    is_known = case.reader is not None
    status = feedback.status.strip()
    return FeedbackRecord(
        edition=found.edition,
        subscriber=found.subscriber,
        kind=feedback.kind,
        code=feedback.code if 0 <= feedback.code <= _MAX_CODE else 0,
        status=status if _STATUS.fullmatch(status) else "",
        text=shorten(feedback.text, _MAX_TEXT) if is_known else "",
        host=shorten(feedback.host, _MAX_NAME) if is_known else "",
        domain=_domain(case, feedback) if is_known else "",
        source=source,
        matched_by=found.by,
        at=happened_at,
        received_at=case.at,
    )


def _domain(case: ReportedDelivery, feedback: Feedback) -> str:
    """Return the domain that the message went to; empty where nobody knows any more."""
    address = feedback.reference.recipient
    if case.is_current and case.reader is not None:
        address = case.reader.email
    return one_line(normalise_email(address).rpartition("@")[2])[:_MAX_NAME]


def _without_blame(case: ReportedDelivery, feedback: Feedback) -> Feedback:
    """Take a hard bounce for a soft one where it is of an address that the reader forwards to."""
    is_hard = feedback.kind is FeedbackKind.HARD_BOUNCE
    if case.reader is None or not case.is_current or not is_hard or feedback.event_id:
        return feedback
    if not is_passed_on(case.reader.email, feedback.reference.recipient):
        return feedback
    return replace(feedback, kind=FeedbackKind.SOFT_BOUNCE)


def _unrecorded(outcome: RecordOutcome, sentence: str) -> RecordedFeedback:
    return RecordedFeedback(outcome=outcome, sentence=sentence)


def _why_held(parsed: ParsedReport, done: Sequence[RecordedFeedback]) -> str:
    """Return why a person has to read a report; empty where nobody has to."""
    if parsed.outcome is ReportOutcome.UNREADABLE:
        return parsed.reason or "it is not understood"
    undecided = (
        item.sentence
        for item, feedback in zip(done, parsed.feedback, strict=True)
        if item.needs_person and is_harmful(feedback.kind)
    )
    return "; ".join(dict.fromkeys(undecided))

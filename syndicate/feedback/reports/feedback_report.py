"""Feedback reports (RFC 5965, "ARF"), and Microsoft's complaints, which have no such part.

A complaint ends a subscription, so only what a reader did counts as one: "abuse" and "fraud".
"""

import re

from syndicate.feedback.reports.diagnostics import MAX_TEXT
from syndicate.feedback.reports.header_fields import (
    HeaderFields,
    find_addresses,
    parse_fields,
    read_date,
)
from syndicate.feedback.reports.mime_parts import ReceivedMail
from syndicate.feedback.reports.references import ReferenceCollector
from syndicate.model.feedback import Feedback, FeedbackKind, ParsedReport, ReportOutcome
from syndicate.text import shorten

_KINDS = {
    "abuse": FeedbackKind.COMPLAINT,
    "fraud": FeedbackKind.COMPLAINT,
    "opt-out": FeedbackKind.UNSUBSCRIBED,
    "opt-out-list": FeedbackKind.UNSUBSCRIBED,
    "unsubscribe": FeedbackKind.UNSUBSCRIBED,
    "virus": FeedbackKind.BLOCKED,
}
"""RFC 5965, 7.3; the last three but one are of its drafts, and still sent."""
_AUTHENTICATION = frozenset({"auth-failure", "dkim"})
"""RFC 6591; it was about us only if the message wasn't delivered because of it."""
_REFUSED = ("reject", "policy", "spam")
_DROPPED = frozenset({"not-spam", "dmarc"})
_MICROSOFT = "x-hmxmroriginalrecipient"
"""Field of a complaint from Outlook.com (JMRP), or of the message in it: it has nothing else."""
_MICROSOFT_SUBJECT = re.compile(r"complaint about message from \S+$", re.IGNORECASE)


def read_feedback_report(mail: ReceivedMail, references: ReferenceCollector) -> ParsedReport | None:
    """Read a feedback report; None if the message is none."""
    if (complaint := _microsoft(mail, references)) is not None:
        return complaint
    part = next(mail.of_type("message/feedback-report"), None)
    if part is None:
        return None
    fields = parse_fields(part.content.replace(b"\r\n", b"\n").strip(b"\n"))
    kind = fields.get("feedback-type").partition(";")[0].strip().lower()
    if kind in _DROPPED or (kind in _AUTHENTICATION and not _was_refused(fields)):
        return ParsedReport(
            outcome=ReportOutcome.AUTO_REPLY, reason=f"a feedback report of the type {kind!r}"
        )
    if kind in _AUTHENTICATION:
        text = " ".join(filter(None, (kind, fields.get("auth-failure"))))
        return _reported(mail, references, FeedbackKind.BLOCKED, text, fields)
    if kind in _KINDS:
        return _reported(mail, references, _KINDS[kind], kind, fields)
    return ParsedReport(
        outcome=ReportOutcome.UNREADABLE,
        reason=shorten(f"a feedback report of the type {kind!r}", MAX_TEXT),
    )


def _microsoft(mail: ReceivedMail, references: ReferenceCollector) -> ParsedReport | None:
    headers = (mail.fields, *references.returned)
    named = [fields.get(_MICROSOFT) for fields in headers if fields.has(_MICROSOFT)]
    if not named and not (
        references.returned and _MICROSOFT_SUBJECT.match(mail.fields.get("subject"))
    ):
        return None
    recipient = next(iter(find_addresses(" ".join(named))), "")
    return _reported(mail, references, FeedbackKind.COMPLAINT, "abuse", recipient=recipient)


def _was_refused(fields: HeaderFields) -> bool:
    return fields.get("delivery-result").lower().startswith(_REFUSED)


def _reported(
    mail: ReceivedMail,
    references: ReferenceCollector,
    kind: FeedbackKind,
    text: str,
    fields: HeaderFields | None = None,
    *,
    recipient: str = "",
) -> ParsedReport:
    fields = fields or HeaderFields(())
    named = find_addresses(fields.get("original-rcpt-to", "removal-recipient"))
    agent = fields.get("user-agent").partition("/")[0]
    feedback = Feedback(
        kind=kind,
        reference=references.find(recipient or next(iter(named), ""), report=[fields]),
        at=read_date(mail.fields.get("date"))
        or read_date(fields.get("arrival-date", "received-date")),
        text=shorten(f"{text}, by {agent}" if agent else text, MAX_TEXT),
        host=_host(mail, fields),
    )
    return ParsedReport(outcome=ReportOutcome.FEEDBACK, feedback=(feedback,))


def _host(mail: ReceivedMail, fields: HeaderFields) -> str:
    """Return the reporting server, else the domain that the report is from."""
    words = fields.get("reporting-mta").rpartition(";")[2].split()
    if words:
        return shorten(words[0], 255)
    sender = next(iter(find_addresses(mail.fields.get("from"))), "")
    return shorten(sender.rpartition("@")[2], 255)

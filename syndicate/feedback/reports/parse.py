"""Parses a message that arrived at the bounce address: a report, an auto-reply, or neither.

It reads what it is given, and trusts nothing of it: the references are verified later.
"""

from collections.abc import Sequence
from dataclasses import replace

from syndicate.feedback.reports.delivery_status import read_delivery_status
from syndicate.feedback.reports.header_fields import decode_words
from syndicate.feedback.reports.mime_parts import ReceivedMail, split_mail
from syndicate.feedback.reports.references import ReferenceCollector
from syndicate.model.feedback import ParsedReport, ReportOutcome
from syndicate.text import shorten

_MAX_FIELD = 200
"""Characters of subject and sender that are kept."""


def parse_report(raw: bytes, *, address: str, recipients: Sequence[str] = ()) -> ParsedReport:
    """Parse a message; it never raises, whatever the bytes, and reads the first 256 KiB.

    `address` is that of `[bounces]`; `recipients` are those that the door knows, to which the
    message was sent.
    """
    mail = split_mail(raw)
    report = _understand(mail, ReferenceCollector(mail, address, recipients))
    return replace(
        report,
        subject=shorten(decode_words(mail.fields.get("subject")), _MAX_FIELD),
        sender=shorten(decode_words(mail.fields.get("from")), _MAX_FIELD),
    )


def _understand(mail: ReceivedMail, references: ReferenceCollector) -> ParsedReport:
    if references.is_about_a_report:
        return _unreadable("a report about a report, which we never sent")
    return read_delivery_status(mail, references) or _unreadable("neither a report nor a request")


def _unreadable(reason: str) -> ParsedReport:
    return ParsedReport(outcome=ReportOutcome.UNREADABLE, reason=reason)

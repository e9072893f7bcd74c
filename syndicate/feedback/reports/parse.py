"""Parses a message that arrived at the bounce address: a report, an auto-reply, or neither.

It reads what it is given, and trusts nothing of it: the references are verified later.
"""

from collections.abc import Sequence
from dataclasses import replace

from syndicate.feedback.reports.auto_reply import is_auto_reply
from syndicate.feedback.reports.delivery_status import read_delivery_status
from syndicate.feedback.reports.feedback_report import read_feedback_report
from syndicate.feedback.reports.header_fields import decode_words
from syndicate.feedback.reports.mime_parts import ReceivedMail, split_mail
from syndicate.feedback.reports.plain_bounce import read_plain_bounce
from syndicate.feedback.reports.references import ReferenceCollector
from syndicate.feedback.reports.unsubscribe_request import (
    asks_by_subject,
    asks_by_text,
    read_request,
)
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
    report = _understand(mail, ReferenceCollector(mail, address, recipients), raw)
    return replace(
        report,
        subject=shorten(decode_words(mail.fields.get("subject")), _MAX_FIELD),
        sender=shorten(decode_words(mail.fields.get("from")), _MAX_FIELD),
    )


def _understand(mail: ReceivedMail, references: ReferenceCollector, raw: bytes) -> ParsedReport:
    """Read a message as what it is: reports by their form, then by their sender, then by words."""
    if references.is_about_a_report:
        return _unreadable("a report about a report, which we never sent")
    if mail.fields.has("x-amz-sns-message-id"):
        return _unreadable("an event of Amazon SNS by mail: subscribe a hook to the topic instead")
    return (
        read_feedback_report(mail, references)
        or read_delivery_status(mail, references)
        or _read_request(mail, references)
        or read_plain_bounce(mail, references, raw, only_certain=True)
        or _read_auto_reply(mail)
        or read_plain_bounce(mail, references, raw, only_certain=False)
        or _read_letter(mail, references)
        or _unreadable("neither a report nor a request to unsubscribe")
    )


def _read_request(mail: ReceivedMail, references: ReferenceCollector) -> ParsedReport | None:
    """Read what a mail program sends to the address of List-Unsubscribe."""
    # Apple Mail says that it is an automatic reply, so this comes before those
    return read_request(mail, references) if references.tokens and asks_by_subject(mail) else None


def _read_auto_reply(mail: ReceivedMail) -> ParsedReport | None:
    return ParsedReport(outcome=ReportOutcome.AUTO_REPLY) if is_auto_reply(mail) else None


def _read_letter(mail: ReceivedMail, references: ReferenceCollector) -> ParsedReport | None:
    return read_request(mail, references) if references.tokens and asks_by_text(mail) else None


def _unreadable(reason: str) -> ParsedReport:
    return ParsedReport(outcome=ReportOutcome.UNREADABLE, reason=reason)

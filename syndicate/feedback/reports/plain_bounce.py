"""Bounces without a form: what qmail, Exim, and the servers of thirty years write for people.

`flufl.bounce` knows many of them; it finds the address, and we what the server said.
"""

from syndicate.feedback.reports import wording
from syndicate.feedback.reports.auto_reply import is_receipt
from syndicate.feedback.reports.bounce_text import (
    best_paragraph,
    has_answer,
    leading_addresses,
    own_text,
)
from syndicate.feedback.reports.diagnostics import Diagnosis, read_diagnosis
from syndicate.feedback.reports.flufl_bounce import FluflFindings, scan
from syndicate.feedback.reports.header_fields import find_addresses, read_date
from syndicate.feedback.reports.mime_parts import ReceivedMail
from syndicate.feedback.reports.references import ReferenceCollector
from syndicate.model.bounces import judge
from syndicate.model.feedback import Feedback, ParsedReport, ReportOutcome

_MAX_TEXT = 4000
"""Characters in which any address is looked for."""


def read_plain_bounce(
    mail: ReceivedMail, references: ReferenceCollector, raw: bytes, *, only_certain: bool
) -> ParsedReport | None:
    """Read a bounce; None if the message is none.

    With `only_certain` its sender or a field says that it is one; otherwise its subject, its
    text or flufl.bounce may.
    """
    text = own_text(mail, references)
    if only_certain and not _is_certain(mail, text):
        return None
    found = FluflFindings() if mail.fields.has("x-failed-recipients") else scan(mail, raw)
    if not (only_certain or found or _looks_like_one(mail, references, text)):
        return None
    if found.is_delay or _is_delay(mail, text):
        return ParsedReport(outcome=ReportOutcome.DELAYED)
    paragraph = best_paragraph(text)
    recipient = _recipient(mail, references, found, paragraph, text)
    if not (paragraph or recipient or references.returned):
        return None
    diagnosis = read_diagnosis(paragraph) if paragraph else Diagnosis()
    feedback = Feedback(
        # the whole of it: before the code it says which command was refused
        kind=judge(diagnosis.code, diagnosis.status, paragraph),
        reference=references.find(recipient),
        at=read_date(mail.fields.get("date")),
        code=diagnosis.code,
        status=diagnosis.status,
        text=diagnosis.text,
        host=_host(mail),
    )
    return ParsedReport(outcome=ReportOutcome.FEEDBACK, feedback=(feedback,))


def _is_certain(mail: ReceivedMail, text: str) -> bool:
    """Whether a server wrote it: by its name, or as postmaster with the words of a bounce."""
    sender = mail.fields.get("from")
    locals_ = [sender.strip("<> "), *find_addresses(sender)]
    if mail.fields.has("x-failed-recipients") or any(map(wording.BOUNCE_SENDER.search, locals_)):
        return True
    if is_receipt(mail):
        return bool(wording.REJECTED.search(text))
    says_so = wording.BOUNCE_SUBJECT.search(mail.subject) or has_answer(text)
    return bool(says_so) and any(map(wording.BOUNCE_POSTMASTER.search, locals_))


def _looks_like_one(mail: ReceivedMail, references: ReferenceCollector, text: str) -> bool:
    """Whether the subject is a bounce's, or an error is reported and a message returned."""
    is_reply = wording.REPLY_PREFIX.match(mail.subject)
    if wording.BOUNCE_SUBJECT.search(mail.subject) and not is_reply:
        return True
    is_null = mail.fields.get("return-path") == "<>"
    return bool(references.returned) and (
        has_answer(text) or (is_null and bool(wording.FAILURE.search(text)))
    )


def _is_delay(mail: ReceivedMail, text: str) -> bool:
    """Whether the server is still trying."""
    if wording.TRYING.search(text):
        return True
    is_final = wording.CODES.search(text) or wording.FOR_GOOD.search(text)
    return bool(wording.DELAYED.search(mail.subject)) and not is_final


def _recipient(
    mail: ReceivedMail,
    references: ReferenceCollector,
    found: FluflFindings,
    paragraph: str,
    text: str,
) -> str:
    """Return the address that failed: by a field, of the paragraph, by flufl.bounce, else any."""
    named = find_addresses(mail.fields.get("x-failed-recipients"))
    near = leading_addresses(paragraph) or find_addresses(paragraph)
    likely = [address for address in found.failed if address in paragraph]
    others = (*found.failed, *leading_addresses(text), *find_addresses(text[:_MAX_TEXT]))
    for address in (*named, *likely, *near, *others):
        if not references.is_ours(address):
            return address
    return ""


def _host(mail: ReceivedMail) -> str:
    sender = next(iter(find_addresses(mail.fields.get("from"))), "")
    return sender.rpartition("@")[2]

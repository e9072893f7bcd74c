"""Bounces without a form: what qmail, Exim, and the servers of thirty years write for people.

`flufl.bounce` knows many of them; it finds the address, and we what the server said.
"""

from syndicate.feedback.reports import wording
from syndicate.feedback.reports.diagnostics import Diagnosis, read_diagnosis
from syndicate.feedback.reports.flufl_bounce import FluflFindings, scan
from syndicate.feedback.reports.header_fields import decode_words, find_addresses, read_date
from syndicate.feedback.reports.mime_parts import ReceivedMail
from syndicate.feedback.reports.references import ReferenceCollector
from syndicate.model.bounces import judge
from syndicate.model.feedback import Feedback, ParsedReport, ReportOutcome

_MAX_PARAGRAPHS = 100
_MIN_TEXT = 20
"""Characters before what may be the line that ends a report."""


def read_plain_bounce(
    mail: ReceivedMail, references: ReferenceCollector, raw: bytes, *, only_certain: bool
) -> ParsedReport | None:
    """Read a bounce; None if the message is none.

    With `only_certain` its sender or a field says that it is one; otherwise its subject, its
    text or flufl.bounce may.
    """
    text = _own_text(mail, references)
    if only_certain and not _is_certain(mail, text):
        return None
    found = FluflFindings() if mail.fields.has("x-failed-recipients") else scan(mail, raw)
    if not (only_certain or found or _looks_like_one(mail, references, text)):
        return None
    if found.is_delay or _is_delay(mail, text):
        return ParsedReport(outcome=ReportOutcome.DELAYED)
    paragraph = _best_paragraph(text)
    recipient = _recipient(mail, references, found.failed, paragraph)
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
    says_so = wording.BOUNCE_SUBJECT.search(_subject(mail)) or _has_answer(text)
    return bool(says_so) and any(map(wording.BOUNCE_POSTMASTER.search, locals_))


def _looks_like_one(mail: ReceivedMail, references: ReferenceCollector, text: str) -> bool:
    """Whether the subject is a bounce's, or an error is reported and a message returned."""
    subject = _subject(mail)
    if wording.BOUNCE_SUBJECT.search(subject) and not wording.REPLY_PREFIX.match(subject):
        return True
    is_null = mail.fields.get("return-path") == "<>"
    return bool(references.returned) and (
        _has_answer(text) or (is_null and bool(wording.FAILURE.search(text)))
    )


def _has_answer(text: str) -> bool:
    return bool(wording.CODES.search(text) or wording.REPLY.search(text))


def _is_delay(mail: ReceivedMail, text: str) -> bool:
    """Whether the server is still trying."""
    if wording.TRYING.search(text):
        return True
    return bool(wording.DELAYED.search(_subject(mail))) and not wording.CODES.search(text)


def _own_text(mail: ReceivedMail, references: ReferenceCollector) -> str:
    """Return what the report says itself, without the message that it quotes."""
    text = mail.text[: references.quoted_at]
    separator = wording.SEPARATOR.search(text, _MIN_TEXT)
    return text[: separator.start()] if separator else text


def _best_paragraph(text: str) -> str:
    """Return the paragraph that has the answer of the server: the first that says most."""
    best, most = "", 0
    for paragraph in wording.PARAGRAPH.split(text)[:_MAX_PARAGRAPHS]:
        score = (
            8 * bool(wording.CODES.search(paragraph))
            + 4 * bool(wording.REPLY.search(paragraph))
            + bool(wording.FAILURE.search(paragraph))
        )
        if score > most:
            best, most = paragraph, score
    return best.strip()


def _recipient(
    mail: ReceivedMail, references: ReferenceCollector, failed: tuple[str, ...], paragraph: str
) -> str:
    """Return the address that failed: by a field, by flufl.bounce, else of the paragraph."""
    named = find_addresses(mail.fields.get("x-failed-recipients")) or failed
    near = find_addresses(paragraph[:2000])
    return next((found for found in (*named, *near) if not references.is_ours(found)), "")


def _host(mail: ReceivedMail) -> str:
    sender = next(iter(find_addresses(mail.fields.get("from"))), "")
    return sender.rpartition("@")[2]


def _subject(mail: ReceivedMail) -> str:
    return decode_words(mail.fields.get("subject"))[:200]

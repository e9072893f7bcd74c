"""Recognises a reader's wish to unsubscribe by mail.

Programs send the message that the mailto: in List-Unsubscribe asks for (RFC 2369): an empty
one, or with words of their own such as Apple Mail's. People answer with a word of their
language. Whether the token is one for unsubscribing is verified later.
"""

import re

from syndicate.feedback.reports import wording
from syndicate.feedback.reports.header_fields import find_addresses, read_date
from syndicate.feedback.reports.mime_parts import ReceivedMail
from syndicate.feedback.reports.references import ReferenceCollector
from syndicate.model.feedback import Feedback, FeedbackKind, ParsedReport, ReportOutcome

_REQUEST = re.compile(
    rf"(?:{wording.REPLY_PREFIX.pattern}){{0,3}}(?:please |bitte )?"
    rf"(?:{wording.UNSUBSCRIBE.pattern})(?: me)?(?:,? (?:please|bitte))?[ .!]{{0,5}}",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"^[ \t]{0,20}(?:>|-{2,}|_{5,}|(?:from|von|de|da|van|od) ?:"
    r"|(?:on|am|le|el|il|op|em|w dniu)\b[^\n]{5,200}(?:\n[^\n]{0,200})?:[ \t]*$)"
    rf"|^(?:{wording.SENT_FROM.pattern})",
    re.IGNORECASE | re.MULTILINE,
)
"""Where what a reader wrote ends: a signature, or our message."""
_MAX_TEXT = 10_000


def asks_by_subject(mail: ReceivedMail) -> bool:
    """Whether the subject is only the word."""
    return bool(_REQUEST.fullmatch(mail.subject.strip()))


def asks_by_text(mail: ReceivedMail) -> bool:
    """Whether the letter is only the word, above what it quotes; or nothing, with no subject."""
    text = mail.text[:_MAX_TEXT]
    if not text.strip():
        is_empty = all(part.content_type.startswith(("text/", "multipart/")) for part in mail.parts)
        return is_empty and not mail.subject.strip()
    quoted = _QUOTED.search(text)
    return bool(_REQUEST.fullmatch(" ".join(text[: quoted and quoted.start()].split())))


def read_request(mail: ReceivedMail, references: ReferenceCollector) -> ParsedReport:
    """Return the request as feedback; the address is that of who sent it."""
    feedback = Feedback(
        kind=FeedbackKind.UNSUBSCRIBED,
        reference=references.find(next(iter(find_addresses(mail.fields.get("from"))), "")),
        # of our own server: a reader's clock may be years behind a new subscription
        at=read_date(mail.fields.get("received").rpartition(";")[2]),
        text="by mail",
    )
    return ParsedReport(outcome=ReportOutcome.FEEDBACK, feedback=(feedback,))

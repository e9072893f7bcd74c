"""Delivery status notifications: RFC 3464, and RFC 6533 for addresses in UTF-8.

The part has groups of fields: one about the message, then one for each recipient. What a
group says counts for the message that we sent: each of ours has one recipient, and where a
report has several, the address expands to those.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from syndicate.feedback.reports.bounce_text import best_paragraph, own_text
from syndicate.feedback.reports.diagnostics import find_status, read_diagnosis
from syndicate.feedback.reports.header_fields import (
    HeaderFields,
    parse_fields,
    read_date,
    read_recipient,
)
from syndicate.feedback.reports.mime_parts import ReceivedMail
from syndicate.feedback.reports.references import ReferenceCollector
from syndicate.model.bounces import is_passed_on, judge
from syndicate.model.feedback import Feedback, FeedbackKind, ParsedReport, ReportOutcome
from syndicate.text import shorten

_TYPES = ("message/delivery-status", "message/global-delivery-status")
_MAX_RECIPIENTS = 20
_IN_TEXT = re.compile(
    r"^(?=(?:[^\n]+\n){0,9}?(?:final|original)-recipient:)(?:[^\n]+\n){0,9}?action:",
    re.MULTILINE | re.IGNORECASE,
)
"""Such a group in a report whose part isn't declared as one."""
_TRYING = frozenset({"delayed", "relayed", "expanded"})
_FAILED = frozenset({"failed", "failure", "expired", "bounced"})
_ACTION_OF_CLASS = {"2": "delivered", "4": "delayed", "5": "failed"}
"""Of a status, where the field Action is missing or unknown."""
_REFUSED_COMMAND = re.compile(r"(?:in reply to|after) MAIL FROM", re.IGNORECASE)
"""In the words for people, and nowhere else: then the refusal was of the sender."""
_MTA_TYPE = re.compile(r"\s*[\w-]{0,20}\s*;")
_PORT = re.compile(r":\d+$")


@dataclass(frozen=True, slots=True)
class _StatusGroups:
    message: HeaderFields
    recipients: tuple[HeaderFields, ...]


def read_delivery_status(mail: ReceivedMail, references: ReferenceCollector) -> ParsedReport | None:
    """Read a delivery status notification; None if the message is none."""
    groups = _read_groups(mail)
    if not groups.recipients:
        return None
    reader = _RecipientReader(mail, references, groups)
    actions = [_action(fields) for fields in groups.recipients]
    found = [
        reader.read(fields, is_failure=action == "failed")
        for fields, action in zip(groups.recipients, actions, strict=True)
        if action in {"failed", "delivered"}
    ]
    if found:
        return ParsedReport(
            outcome=ReportOutcome.FEEDBACK,
            feedback=tuple(_as_one_delivery(found, is_whole=len(found) == len(actions))),
        )
    if set(actions) <= _TRYING:
        return ParsedReport(outcome=ReportOutcome.DELAYED)
    return ParsedReport(
        outcome=ReportOutcome.UNREADABLE,
        reason="a delivery status notification with neither an action nor a status",
    )


def _read_groups(mail: ReceivedMail) -> _StatusGroups:
    texts = [part.content for part in mail.of_type(*_TYPES)]
    if not texts and (undeclared := _IN_TEXT.search(mail.text)):
        texts = [mail.text[undeclared.start() :].encode("utf-8", "replace")]
    message, recipients = list[tuple[str, str]](), list[list[tuple[str, str]]]()
    for block in _blocks(texts):
        is_named = block.has("final-recipient", "original-recipient")
        if is_named or (not recipients and block.has("action", "status")):
            recipients.append([])
        # also what an empty line separates from its group
        (recipients[-1] if recipients else message).extend(block.fields)
    return _StatusGroups(
        HeaderFields(tuple(message)),
        tuple(HeaderFields(tuple(fields)) for fields in recipients[:_MAX_RECIPIENTS]),
    )


def _blocks(texts: Iterable[bytes]) -> Iterator[HeaderFields]:
    for text in texts:
        for block in text.replace(b"\r\n", b"\n").split(b"\n\n", _MAX_RECIPIENTS * 2):
            yield parse_fields(block)


def _action(fields: HeaderFields) -> str:
    """Return the action in lower case, without a comment; else what the status means."""
    match = re.match(r"[a-z]*", fields.get("action").lower())
    word = match[0] if match else ""
    if word in _FAILED:
        return "failed"
    if word == "delivered" or word in _TRYING:
        return word
    return _ACTION_OF_CLASS.get(find_status(fields.get("status"))[:1], "")


class _RecipientReader:
    """Reads the groups of one report."""

    def __init__(
        self, mail: ReceivedMail, references: ReferenceCollector, groups: _StatusGroups
    ) -> None:
        self._mail = mail
        self._references = references
        self._message = groups.message
        self._is_alone = len(groups.recipients) == 1
        self._date = read_date(mail.fields.get("date"))
        refused = _REFUSED_COMMAND.search(mail.text)
        self._refused = refused[0] if refused else ""

    def read(self, fields: HeaderFields, *, is_failure: bool) -> Feedback:
        """Read one recipient's group."""
        status = fields.get("status")
        diagnosis = read_diagnosis(fields.get("diagnostic-code") or self._words(status), status)
        kind = FeedbackKind.DELIVERED
        if is_failure:
            kind = judge(diagnosis.code, diagnosis.status, f"{diagnosis.text} {self._refused}")
        recipient = next(filter(None, map(read_recipient, _recipients(fields))), "")
        failed = read_recipient(fields.get("final-recipient"))
        if kind is FeedbackKind.HARD_BOUNCE and is_passed_on(recipient, failed):
            kind = FeedbackKind.SOFT_BOUNCE
        return Feedback(
            kind=kind,
            reference=self._references.find(recipient, report=(self._message, fields)),
            at=read_date(fields.get("last-attempt-date"))
            or self._date
            or read_date(self._message.get("arrival-date")),
            code=diagnosis.code,
            status=diagnosis.status,
            text=diagnosis.text,
            host=_host(fields.get("remote-mta") or self._message.get("reporting-mta")),
        )

    def _words(self, status: str) -> str:
        """Return what else says why: `5.0.0 (unknown permanent failure)`, or the text."""
        comment = status.partition("(")[2].rpartition(")")[0]
        if comment or not self._is_alone:
            return comment
        return best_paragraph(own_text(self._mail, self._references))


def _recipients(fields: HeaderFields) -> Iterator[str]:
    """Yield the address that we wrote to first: the final one may be another."""
    yield fields.get("original-recipient")
    yield fields.get("final-recipient")
    yield fields.get("x-actual-recipient")


def _host(value: str) -> str:
    """Return the name of `dns; mx.example.net (192.0.2.1)`."""
    words = _MTA_TYPE.sub("", value, count=1).split()
    return shorten(_PORT.sub("", words[0]).strip("<>[]();,."), 255).lower() if words else ""


def _as_one_delivery(found: Iterable[Feedback], *, is_whole: bool) -> Iterator[Feedback]:
    """Soften hard bounces where not all recipients bounced hard: the address itself works."""
    found = tuple(found)
    hard = is_whole and all(feedback.kind is FeedbackKind.HARD_BOUNCE for feedback in found)
    for feedback in found:
        if feedback.kind is FeedbackKind.HARD_BOUNCE and not hard:
            yield replace(feedback, kind=FeedbackKind.SOFT_BOUNCE)
        else:
            yield feedback

"""Finds in what a report says to people the paragraph with the answer of the server."""

import re

from syndicate.feedback.reports import wording
from syndicate.feedback.reports.header_fields import find_addresses
from syndicate.feedback.reports.mime_parts import ReceivedMail
from syndicate.feedback.reports.references import ReferenceCollector

_PARAGRAPH = re.compile(r"\n[ \t>|]*\n")
_RULE = re.compile(r"^[ \t|]{0,8}[-=_*]{4,}[^\n]*$", re.MULTILINE)
"""A line across the page, perhaps with words in it."""
_LEADING = re.compile(r"^[ \t>*-]{0,12}[<(\"']?([^\s<>]{1,200}@[^\s<>]{1,255})", re.MULTILINE)
_MIN_WORDS = 8
"""Characters that a paragraph has beside the address that it is about."""
_MAX_PARAGRAPHS = 100
_MAX_PARAGRAPH = 2000
_MIN_TEXT = 20
"""Characters before what may be the line that ends a report."""


def own_text(mail: ReceivedMail, references: ReferenceCollector) -> str:
    """Return what a report says itself, without the message that it quotes."""
    text = mail.text[: references.quoted_at]
    separator = wording.SEPARATOR.search(text, _MIN_TEXT)
    return text[: separator.start()] if separator else text


def has_answer(text: str) -> bool:
    """Whether there is a reply code or an enhanced status code where a server's would be."""
    return bool(wording.CODES.search(text) or wording.REPLY.search(text))


def leading_addresses(text: str) -> tuple[str, ...]:
    """Return the addresses with which lines begin: lists of who failed have them there."""
    found = (find_addresses(match[1]) for match in _LEADING.finditer(text))
    return tuple(addresses[0] for addresses in found if addresses)


def best_paragraph(text: str) -> str:
    """Return the paragraph that has the answer of the server: the first that says most."""
    best, most = "", 0
    for paragraph in _PARAGRAPH.split(text)[:_MAX_PARAGRAPHS]:
        lines = _RULE.sub("", paragraph[:_MAX_PARAGRAPH]).strip()
        score = (
            8 * bool(wording.CODES.search(lines))
            + 4 * bool(wording.REPLY.search(lines))
            + 2 * _is_about_address(lines)
            + bool(wording.FAILURE.search(lines))
        )
        if score > most:
            best, most = lines, score
    return best


def _is_about_address(paragraph: str) -> bool:
    """Whether it says something of an address with which it begins."""
    match = _LEADING.match(paragraph)
    return match is not None and len(paragraph) - len(match[0]) > _MIN_WORDS

"""An edition encoded once as a template, and rendered for each reader.

All but the placeholders and three header fields is the same for all readers. A message is
a join of pieces: the reader's own, encoded, between those of the template.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from html import escape
from typing import Self, TypeAlias

from syndicate.deliver.message.header_encoding import ascii_domain, field, mailbox, phrase, text
from syndicate.deliver.message.message import EditionHeaders, Message, Recipient
from syndicate.deliver.message.personalisation import CANARY_PLACEHOLDER, split_placeholders
from syndicate.deliver.message.quoted_printable import encode_qp
from syndicate.errors import Refused
from syndicate.model.editions import Content

_BOUNDARY = "=_alternative"
"""Quoted-printable text never contains "=_" (RFC 2045, 6.7), so no part contains this."""
_CONTENT_TYPE = ("multipart/alternative;", f'boundary="{_BOUNDARY}"')
_TEXT, _HTML = 0, 1
_SAME_IN_HTML = re.compile("[^&<>\"']*")

_HeaderField: TypeAlias = bytes | Callable[[Recipient], bytes]
"""A field with its CRLF, or the function that writes it for a reader."""
_Placeholder: TypeAlias = tuple[str, int]
"""A placeholder's name, and whether it is in the text or the HTML."""


@dataclass(frozen=True, kw_only=True)
class MessageTemplate:
    """What all messages of one edition have in common; threads may share it."""

    fields: list[bytes]
    """The header; the fields that differ between readers are empty."""
    own_fields: list[tuple[int, Callable[[Recipient], bytes]]]
    """The index of each such field, and the function that writes it."""
    pieces: list[bytes]
    """The body; its placeholders are empty."""
    placeholders: list[tuple[int, _Placeholder]]
    names: frozenset[str]
    """The placeholders' names, as `split_placeholders` returns them."""

    @classmethod
    def of(cls, content: Content, headers: EditionHeaders) -> Self:
        """Encode an edition; raise Refused for what a message can't contain."""
        plain = split_placeholders(content.text, content.nonce)
        html = split_placeholders(content.html, content.nonce)
        try:
            header = _header(content.subject, headers)
            body = [*_part(plain, _TEXT), *_part(html, _HTML), f"--{_BOUNDARY}--\r\n".encode()]
        except UnicodeEncodeError as error:
            raise _not_utf8(error) from error
        return cls(
            fields=[written if isinstance(written, bytes) else b"" for written in header],
            own_fields=[(n, write) for n, write in enumerate(header) if callable(write)],
            pieces=[piece if isinstance(piece, bytes) else b"" for piece in body],
            placeholders=[(n, piece) for n, piece in enumerate(body) if isinstance(piece, tuple)],
            names=frozenset((*plain[1::2], *html[1::2])),
        )

    def render(self, reader: Recipient) -> Message:
        """Return one reader's message: the same bytes on every attempt.

        Lines end with CRLF and have at most 78 octets, unless a single word of the header is
        longer. None begins with a dot, so SMTP has none to double. All is 7-bit, except the
        To of an address that is not ASCII before its @: that is UTF-8 (RFC 6532).
        Raise Refused for what a message can't contain.
        """
        fields, body = self.fields.copy(), self.pieces.copy()
        values: dict[_Placeholder, bytes] = {}
        try:
            for name in self.names:
                if name == CANARY_PLACEHOLDER:
                    values[name, _TEXT] = b""
                    values[name, _HTML] = encode_qp(reader.personalisation.canary_html)
                    continue
                value = reader.personalisation.value(name)
                values[name, _TEXT] = values[name, _HTML] = encode_qp(value)
                if not _SAME_IN_HTML.fullmatch(value):
                    values[name, _HTML] = encode_qp(escape(value))
            for position, write in self.own_fields:
                fields[position] = write(reader)
        except UnicodeEncodeError as error:
            raise _not_utf8(error) from error
        for position, placeholder in self.placeholders:
            body[position] = values[placeholder]
        return Message(tuple(fields), body)


def _header(subject: str, headers: EditionHeaders) -> list[_HeaderField]:
    """Return the header of an edition's messages; raise Refused, UnicodeEncodeError."""
    fields: list[_HeaderField] = [
        field("From", *mailbox(headers.sender.name, ascii_domain(headers.sender.address))),
        lambda reader: field(
            "To", *mailbox(reader.personalisation.name, ascii_domain(reader.personalisation.email))
        ),
        field("Subject", *text(subject)),
        field("Date", format_datetime(headers.date)),
        lambda reader: field("Message-ID", reader.message_id),
    ]
    if headers.reply_to:
        address = ascii_domain(headers.reply_to.address)
        fields.append(field("Reply-To", *mailbox(headers.reply_to.name, address)))
    if not headers.letter:  # what marks bulk mail: RFC 2919, RFC 8058
        list_id = f"<{headers.newsletter}.{headers.domain}>"
        fields += [
            field("List-Id", *phrase(headers.title), list_id),
            lambda reader: field(
                "List-Unsubscribe", f"<{reader.personalisation.links['unsubscribe']}>"
            ),
            field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            field("Precedence", "bulk"),
        ]
    return [
        *fields,
        field("Feedback-ID", *text(headers.feedback_id)),
        field("Auto-Submitted", "auto-generated"),
        field("MIME-Version", "1.0"),
        field("Content-Type", *_CONTENT_TYPE),
    ]


def _part(pieces: list[str], part: int) -> list[bytes | _Placeholder]:
    """Encode one part; `pieces` are from `split_placeholders`."""
    subtype = ("plain", "html")[part]
    head = (
        f"--{_BOUNDARY}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    encoded: list[bytes | _Placeholder] = [encode_qp(piece) for piece in pieces]
    encoded[1::2] = [(name, part) for name in pieces[1::2]]
    return [head.encode(), *encoded, b"\r\n"]  # the line break belongs to the next boundary


def _not_utf8(error: UnicodeEncodeError) -> Refused:
    return Refused(f"the message can't be written as UTF-8: {error}")

"""An edition encoded once, with places that are filled in for each reader.

All but the places and three header fields is the same for all readers, and made once.
A copy is a join of pieces: the reader's own, encoded, between those that are ready.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from functools import cached_property
from html import escape
from typing import Self

from syndicate.deliver.message import headers
from syndicate.deliver.message.message import EditionHeaders, Message, Recipient
from syndicate.deliver.message.personalisation import HIDDEN, Personalisation, parted
from syndicate.deliver.message.quoted_printable import quoted
from syndicate.errors import Refused
from syndicate.model.editions import Content

_BOUNDARY = "=_alternative"
"""Quoted-printable never holds "=_" (RFC 2045, 6.7), so no part can hold this."""
_TEXT, _HTML = 0, 1
_SAME = re.compile("[^&<>\"']*")
"""What says the same in HTML as in text."""

_Field = bytes | Callable[[Recipient], bytes]
"""A header field, or how to write a reader's own."""
_Place = tuple[str, int]
"""Where something is filled in: what, and whether into the text or the HTML."""


@dataclass(frozen=True, kw_only=True)
class MessageTemplate:
    """What all copies of one edition have in common; threads may share it."""

    head: tuple[_Field, ...]
    body: tuple[bytes | _Place, ...]
    names: frozenset[str]
    """What is filled in, by the names that `parted` gives."""

    @classmethod
    def of(cls, content: Content, imprint: EditionHeaders) -> Self:
        """Encode an edition; raise Refused for what can't stand in a message."""
        text = parted(content.text, content.nonce)
        html = parted(content.html, content.nonce)
        try:
            return cls(
                head=_head(content.subject, imprint),
                body=(*_part(text, _TEXT), *_part(html, _HTML), f"--{_BOUNDARY}--\r\n".encode()),
                names=frozenset((*text[1::2], *html[1::2])),
            )
        except UnicodeEncodeError as error:
            raise _unwritable(error) from error

    def fill(self, reader: Recipient) -> Message:
        """Write one reader's copy: the same bytes for the same reader, on every attempt.

        Lines end with CRLF and are at most 78 octets, but where a single word of the
        header is longer. None begins with a dot: nothing is to be doubled for SMTP. Seven
        bits, but for an address with letters beyond ASCII before its @, whose header is
        UTF-8 (RFC 6532). Raise Refused for what can't stand in a message.
        """
        fields, body = self._fields.copy(), self._ready.copy()
        try:
            own = _written(self.names, reader.filling)
            for position, write in self._own_fields:
                fields[position] = write(reader)
        except UnicodeEncodeError as error:
            raise _unwritable(error) from error
        for position, place in self._places:
            body[position] = own[place]
        return Message(tuple(fields), body)

    @cached_property
    def _fields(self) -> list[bytes]:
        return [each if isinstance(each, bytes) else b"" for each in self.head]

    @cached_property
    def _own_fields(self) -> list[tuple[int, Callable[[Recipient], bytes]]]:
        return [(n, each) for n, each in enumerate(self.head) if not isinstance(each, bytes)]

    @cached_property
    def _ready(self) -> list[bytes]:
        return [each if isinstance(each, bytes) else b"" for each in self.body]

    @cached_property
    def _places(self) -> list[tuple[int, _Place]]:
        return [(n, each) for n, each in enumerate(self.body) if not isinstance(each, bytes)]


def _head(subject: str, imprint: EditionHeaders) -> tuple[_Field, ...]:
    field, name = headers.field, imprint.sender.name
    fields: list[_Field] = [
        field("From", *headers.mailbox(name, headers.address(imprint.sender.address))),
        _to,
        field("Subject", *headers.text(subject)),
        field("Date", format_datetime(imprint.date)),
        _message_id,
    ]
    if imprint.reply_to:
        address = headers.address(imprint.reply_to.address)
        fields.append(field("Reply-To", *headers.mailbox(imprint.reply_to.name, address)))
    if not imprint.letter:
        fields += _list(imprint)
    return (
        *fields,
        field("Feedback-ID", *headers.text(imprint.feedback_id)),
        field("Auto-Submitted", "auto-generated"),
        field("MIME-Version", "1.0"),
        field("Content-Type", "multipart/alternative;", f'boundary="{_BOUNDARY}"'),
    )


def _list(imprint: EditionHeaders) -> list[_Field]:
    """Write what marks bulk mail: RFC 2919, RFC 8058."""
    name = f"<{imprint.newsletter}.{imprint.domain}>"
    return [
        headers.field("List-Id", *headers.phrase(imprint.title), name),
        _list_unsubscribe,
        headers.field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        headers.field("Precedence", "bulk"),
    ]


def _to(reader: Recipient) -> bytes:
    filling = reader.filling
    return headers.field("To", *headers.mailbox(filling.name, headers.address(filling.email)))


def _message_id(reader: Recipient) -> bytes:
    return headers.field("Message-ID", reader.message_id)


def _list_unsubscribe(reader: Recipient) -> bytes:
    return headers.field("List-Unsubscribe", f"<{reader.filling.own['unsubscribe']}>")


def _part(pieces: list[str], part: int) -> list[bytes | _Place]:
    """Encode a part, as `parted` at its places."""
    subtype = ("plain", "html")[part]
    head = (
        f"--{_BOUNDARY}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    encoded: list[bytes | _Place] = [quoted(piece) for piece in pieces]
    encoded[1::2] = [(name, part) for name in pieces[1::2]]
    end = b"\r\n"  # the boundary's own
    return [head.encode(), *encoded, end]


def _written(names: frozenset[str], filling: Personalisation) -> dict[_Place, bytes]:
    """Encode what goes into places."""
    written: dict[_Place, bytes] = {}
    for name in names:
        if name == HIDDEN:
            written[name, _TEXT], written[name, _HTML] = b"", quoted(filling.hidden)
            continue
        value = filling.value(name)
        written[name, _TEXT] = written[name, _HTML] = quoted(value)
        if not _SAME.fullmatch(value):
            written[name, _HTML] = quoted(escape(value))
    return written


def _unwritable(error: UnicodeEncodeError) -> Refused:
    return Refused(f"the message can't be written as UTF-8: {error}")

"""A reader's message, written from an edition that is encoded once as a template.

All but the placeholders and three header fields is the same for all readers. A message is
a join of pieces: the reader's own, encoded, between those of the template.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cached_property
from html import escape
from typing import Self, TypeAlias
from urllib.parse import quote

from syndicate.config import Config, Newsletter
from syndicate.config.values import Mailbox
from syndicate.deliver.message.base64_text import Base64Text, Place, encoded_size, to_octets
from syndicate.deliver.message.links import SignedLinks, TrackedLinks
from syndicate.deliver.message.mime_encoding import (
    ascii_domain,
    encode_qp,
    field,
    mailbox,
    qp_size,
    text,
)
from syndicate.deliver.message.personalisation import (
    CANARY_PLACEHOLDER,
    Personalisation,
    PersonalLinks,
    split_placeholders,
)
from syndicate.deliver.smtp.transport import Envelope
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Content, Draft, Edition, EditionKind

_BOUNDARY = "=_alternative"
"""Quoted-printable never contains "=_" (RFC 2045, 6.7), and base64 no "_": no part has this."""
_TEXT, _HTML = 0, 1
_MAX_OF_QUOTED = 0.9
"""Base64 is for parts that it makes smaller than this share of quoted-printable."""
_VALUE_OCTETS = 90
"""About the size of a reader's value: most are URLs, which base64 makes longer."""
_SAME_IN_HTML = re.compile("[^&<>\"']*")

_HeaderField: TypeAlias = "bytes | Callable[[Recipient], bytes]"
"""A field with its CRLF, or the function that writes it for a reader."""
_Encoder: TypeAlias = Callable[[str], bytes]
"""Encodes a value for its place: `encode_qp`, or in a part in base64 `to_octets`."""
_BodyPiece: TypeAlias = "bytes | Place | Base64Text"
"""Encoded lines, a place in quoted-printable, or a whole part in base64."""


@dataclass(frozen=True, slots=True)
class Message:
    """One reader's message, as it is signed and sent; `bytes()` returns the whole.

    It is joined only when needed: messages share most of their parts, and a body that is
    joined, sent and forgotten at once stays in the processor's cache.
    """

    fields: tuple[bytes, ...]
    """The header fields in order, folded, each with its CRLF."""
    parts: Sequence[bytes]
    """The pieces of the body."""

    @property
    def body(self) -> bytes:
        """What follows the empty line."""
        return b"".join(self.parts)

    @property
    def pieces(self) -> tuple[bytes, bytes]:
        """The header with the empty line, and the body; joining both would copy the body."""
        return b"".join((*self.fields, b"\r\n")), self.body

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return sum(map(len, self.fields)) + 2 + sum(map(len, self.parts))

    def __bytes__(self) -> bytes:
        return b"".join(self.pieces)


@dataclass(frozen=True, kw_only=True)
class EditionHeaders:
    """The header values that all messages of an edition share."""

    sender: Mailbox
    reply_to: Mailbox | None = None
    date: datetime
    newsletter: str
    title: str
    feedback_id: str
    letter: bool = False
    """Whether it is a letter to one person: no mailing list headers."""
    bounce_address: str = ""
    """Where bounces go, before a token is added; empty: to the sender."""
    unsubscribe_by_mail: bool = False
    """Whether mail to that address reaches us, so that readers can unsubscribe by it."""

    @classmethod
    def of(cls, edition: Edition | Draft, config: Config) -> Self:
        """Return the values for an edition, even if its newsletter is no longer configured."""
        number = edition.key if isinstance(edition, Edition) else "test"
        letter = edition.kind is EditionKind.LETTER
        newsletter = config.newsletter(edition.newsletter) or Newsletter(name=edition.newsletter)
        publication = config.publication.id
        return cls(
            sender=config.sender(newsletter),
            reply_to=config.reply_to(newsletter),
            date=edition.created_at,
            newsletter=newsletter.name,
            title=config.publication.title if letter else newsletter.label,
            feedback_id=f"{number}:{newsletter.name}:{publication}:{publication.hex[:12]}",
            letter=letter,
            bounce_address=config.bounces.address.address if config.bounces.address else "",
            unsubscribe_by_mail=config.bounces.has_door and not letter,
        )

    def return_path(self, token: str) -> str:
        """Return the envelope sender with a token (VERP); empty where there is no such address."""
        local, domain = self._bounce_parts
        return f"{local}+{token}@{domain}" if local else ""

    def unsubscribe_mailto(self, token: str) -> str:
        """Return the address that unsubscribes, with a token, as a URL (RFC 6068, RFC 2369)."""
        before, after = self._mailto_parts
        return f"{before}{token}{after}"

    @cached_property
    def _mailto_parts(self) -> tuple[str, str]:
        local, domain = self._bounce_parts
        return f"mailto:{quote(local)}+", f"@{domain}?subject=unsubscribe"

    @cached_property
    def _bounce_parts(self) -> tuple[str, str]:
        local, _, domain = self.bounce_address.rpartition("@")
        return local, domain

    @cached_property
    def address(self) -> str:
        """The sender's address, its domain in ASCII."""
        return ascii_domain(self.sender.address)

    @cached_property
    def domain(self) -> str:
        """The sender's domain in ASCII."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient(Personalisation):
    """Who a message is for, and what is personal in it."""

    headers: EditionHeaders
    message_id: str
    return_path: str = ""
    """The envelope sender of this message alone; empty where there is none."""
    unsubscribe_mailto: str = ""
    """The address that unsubscribes by mail, as a URL; empty where there is none."""

    @classmethod
    def of(
        cls, claim: Claim, headers: EditionHeaders, links: SignedLinks, tracked: TrackedLinks
    ) -> Self:
        """Return the recipient of a claimed delivery."""
        edition, subscriber = claim.key
        return_path = mailto = ""
        if headers.bounce_address:
            bounce, unsubscribe = links.mail_tokens(edition, subscriber)
            return_path = headers.return_path(bounce)
            if headers.unsubscribe_by_mail:
                mailto = headers.unsubscribe_mailto(unsubscribe)
        return cls(
            headers=headers,
            message_id=links.message_id(edition, subscriber, headers.domain),
            return_path=return_path,
            unsubscribe_mailto=mailto,
            name=claim.name,
            email=claim.email,
            links=PersonalLinks(links, edition, subscriber, headers.newsletter),
            link_urls=tracked.for_reader(links, subscriber),
            canary=tracked.canary(links, subscriber),
        )

    @property
    def envelope(self) -> Envelope:
        """The addresses for the server; raise Refused for an invalid one."""
        return Envelope(
            sender=self.headers.address,
            recipient=ascii_domain(self.email),
            message_id=self.message_id,
            return_path=self.return_path,
        )

    @property
    def list_unsubscribe(self) -> bytes:
        """The List-Unsubscribe field: the link for one click comes first (RFC 2369, RFC 8058)."""
        link = f"<{self.links['one_click']}>"
        if not self.unsubscribe_mailto:
            return field("List-Unsubscribe", link)
        # as `field` folds it, since neither fits beside the other
        return f"List-Unsubscribe: {link},\r\n <{self.unsubscribe_mailto}>\r\n".encode()


@dataclass(frozen=True, kw_only=True)
class MessageTemplate:
    """What all messages of one edition have in common; threads may share it."""

    fields: list[bytes]
    """The header; the fields that differ between readers are empty."""
    own_fields: list[tuple[int, Callable[[Recipient], bytes]]]
    """The index of each such field, and the function that writes it."""
    pieces: list[bytes]
    """The body; its placeholders are empty."""
    placeholders: list[tuple[int, Place]]
    in_base64: list[tuple[int, Base64Text]]
    """The parts in base64, the last first, each with the index of its piece."""
    names: frozenset[str]
    """The placeholders' names, as `split_placeholders` returns them."""
    encoders: tuple[_Encoder, _Encoder]
    """What encodes the values of the text, and those of the HTML."""

    @classmethod
    def of(cls, content: Content, headers: EditionHeaders) -> Self:
        """Encode an edition; raise Refused for what a message can't contain."""
        plain = split_placeholders(content.text, content.nonce)
        html = split_placeholders(content.html, content.nonce)
        try:
            header = _header(content.subject, headers)
            encoders = _encoder(plain), _encoder(html)
            parts = _part(plain, _TEXT, encoders[0]), _part(html, _HTML, encoders[1])
        except UnicodeEncodeError as error:
            raise _not_utf8(error) from error
        body = [*parts[0], *parts[1], f"--{_BOUNDARY}--\r\n".encode()]
        whole = [(n, piece) for n, piece in enumerate(body) if isinstance(piece, Base64Text)]
        return cls(
            fields=[written if isinstance(written, bytes) else b"" for written in header],
            own_fields=[(n, write) for n, write in enumerate(header) if callable(write)],
            pieces=[piece if isinstance(piece, bytes) else b"" for piece in body],
            placeholders=[(n, piece) for n, piece in enumerate(body) if isinstance(piece, tuple)],
            in_base64=whole[::-1],
            names=frozenset((*plain[1::2], *html[1::2])),
            encoders=encoders,
        )

    def render(self, reader: Recipient) -> Message:
        """Return one reader's message: the same bytes on every attempt.

        Lines end with CRLF and have at most 78 octets, unless a single word of the header is
        longer. None begins with a dot, so SMTP has none to double. All is 7-bit, except the
        To of an address that is not ASCII before its @: that is UTF-8 (RFC 6532).
        Raise Refused for what a message can't contain.
        """
        fields, body = self.fields.copy(), self.pieces.copy()
        encode_text, encode_html = self.encoders
        values: dict[Place, bytes] = {}
        try:
            for name in self.names:
                if name == CANARY_PLACEHOLDER:
                    values[name, _TEXT] = b""
                    values[name, _HTML] = encode_html(reader.canary_html)
                    continue
                value = reader.value(name)
                written = values[name, _TEXT] = encode_text(value)
                if not _SAME_IN_HTML.fullmatch(value):
                    written = encode_html(escape(value))
                elif encode_html is not encode_text:
                    written = encode_html(value)
                values[name, _HTML] = written
            for position, write in self.own_fields:
                fields[position] = write(reader)
        except UnicodeEncodeError as error:
            raise _not_utf8(error) from error
        for position, place in self.placeholders:
            body[position] = values[place]
        for position, part in self.in_base64:
            body[position : position + 1] = part.fill(values)
        return Message(tuple(fields), body)


def _header(subject: str, headers: EditionHeaders) -> list[_HeaderField]:
    """Return the header of an edition's messages; raise Refused, UnicodeEncodeError."""
    fields: list[_HeaderField] = [
        field("From", *mailbox(headers.sender.name, ascii_domain(headers.sender.address))),
        lambda reader: field("To", *mailbox(reader.name, ascii_domain(reader.email))),
        field("Subject", *text(subject)),
        field("Date", format_datetime(headers.date)),
        lambda reader: field("Message-ID", reader.message_id),
    ]
    if headers.reply_to:
        address = ascii_domain(headers.reply_to.address)
        fields.append(field("Reply-To", *mailbox(headers.reply_to.name, address)))
    if not headers.letter:  # what marks bulk mail: RFC 2919, RFC 8058
        fields += [
            field("List-Id", *mailbox(headers.title, f"{headers.newsletter}.{headers.domain}")),
            lambda reader: reader.list_unsubscribe,
            field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            field("Precedence", "bulk"),
        ]
    return [
        *fields,
        field("Feedback-ID", *text(headers.feedback_id)),
        field("Auto-Submitted", "auto-generated"),
        field("MIME-Version", "1.0"),
        field("Content-Type", "multipart/alternative;", f'boundary="{_BOUNDARY}"'),
    ]


def _encoder(pieces: list[str]) -> _Encoder:
    """Return what encodes the values of a part; `pieces` are from `split_placeholders`."""
    octets, values = to_octets("".join(pieces[::2])), len(pieces) // 2 * _VALUE_OCTETS
    quoted = qp_size(octets) + values
    is_shorter = encoded_size(len(octets) + values) < quoted * _MAX_OF_QUOTED
    return to_octets if is_shorter else encode_qp


def _part(pieces: list[str], part: int, encoder: _Encoder) -> list[_BodyPiece]:
    """Encode one part as its values are encoded."""
    if encoder is to_octets:
        # its last line's break belongs to the next boundary
        return [_part_head(part, "base64"), Base64Text.of(pieces, part)]
    encoded: list[_BodyPiece] = [encode_qp(piece) for piece in pieces]
    encoded[1::2] = [(name, part) for name in pieces[1::2]]
    return [_part_head(part, "quoted-printable"), *encoded, b"\r\n"]  # likewise


def _part_head(part: int, encoding: str) -> bytes:
    subtype = ("plain", "html")[part]
    return (
        f"--{_BOUNDARY}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode()


def _not_utf8(error: UnicodeEncodeError) -> Refused:
    return Refused(f"the message can't be written as UTF-8: {error}")

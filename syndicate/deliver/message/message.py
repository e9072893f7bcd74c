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
from syndicate.deliver.message.links import SignedLinks, TrackedLinks
from syndicate.deliver.message.mime_encoding import ascii_domain, encode_qp, field, mailbox, text
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
"""Quoted-printable text never contains "=_" (RFC 2045, 6.7), so no part contains this."""
_TEXT, _HTML = 0, 1
_SAME_IN_HTML = re.compile("[^&<>\"']*")

_HeaderField: TypeAlias = "bytes | Callable[[Recipient], bytes]"
"""A field with its CRLF, or the function that writes it for a reader."""
_Placeholder: TypeAlias = tuple[str, int]
"""A placeholder's name, and whether it is in the text or the HTML."""


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
        link = f"<{self.links['unsubscribe']}>"
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
                    values[name, _HTML] = encode_qp(reader.canary_html)
                    continue
                value = reader.value(name)
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

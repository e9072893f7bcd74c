"""One reader's copy of an edition, as the bytes that are handed over.

The same edition and reader give the same bytes on every attempt. Everything but
the slots, links that count each reader's clicks, and four header fields is the same
for all readers, which is what a faster form of `message` will make use of.
"""

from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Self

from syndicate.config import Config, Mailbox, Newsletter
from syndicate.deliver import headers
from syndicate.deliver.filling import Filling, own_links
from syndicate.deliver.leads import Leads
from syndicate.deliver.links import Links
from syndicate.deliver.relay import Envelope
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Content, Draft, Edition, Kind

_BOUNDARY = "=_alternative"
"""Quoted-printable never holds "=_" (RFC 2045, 6.7), so no part can hold this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """What the header says in every copy of one edition."""

    sender: Mailbox
    reply_to: Mailbox | None = None
    date: datetime
    newsletter: str
    title: str
    feedback_id: str
    letter: bool = False
    """Whether it is a letter to one person: no mailing list's headers."""

    @classmethod
    def of(cls, edition: Edition | Draft, config: Config) -> Self:
        """Return the imprint of an edition, also where its newsletter left the config."""
        number = edition.key if isinstance(edition, Edition) else "test"
        letter = edition.kind is Kind.LETTER
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
        )

    @property
    def domain(self) -> str:
        """The domain that the edition is from, in ASCII."""
        return headers.address(self.sender.address).rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who a copy is for, and what is personal in it."""

    imprint: Imprint
    name: str
    email: str
    message_id: str
    links: Mapping[str, str]
    """Where what is theirs alone is: the slots of `SLOTS` that are addresses."""
    leads: tuple[str, ...] = ()
    """Where the numbered links of the edition lead for them, from number 1."""
    canary: str = ""
    """Where the hidden link leads; empty: there is none."""

    @classmethod
    def of(cls, claim: Claim, imprint: Imprint, links: Links, leads: Leads) -> Self:
        """Return the reader of a claimed delivery."""
        return cls(
            imprint=imprint,
            name=claim.name,
            email=claim.email,
            message_id=links.message_id(claim.edition, claim.subscriber, imprint.domain),
            links=own_links(links, claim.edition, claim.subscriber, imprint.newsletter),
            leads=leads.for_reader(links, claim.subscriber),
            canary=leads.canary(links, claim.subscriber),
        )

    @property
    def envelope(self) -> Envelope:
        """Who the copy is from and for; raise Refused for an address that can't be used."""
        return Envelope(
            sender=headers.address(self.imprint.sender.address),
            recipient=headers.address(self.email),
            message_id=self.message_id,
        )


def message(content: Content, reader: Reader) -> bytes:
    """Write one reader's copy: CRLF line ends, quoted-printable, text before HTML.

    Seven bits, but for an address with letters beyond ASCII before its @, whose
    header is UTF-8 (RFC 6532). Raise Refused for what can't stand in a message.
    """
    filling = _filling(reader)
    head = "".join(_head(content.subject, reader))
    try:
        return b"".join(
            (
                head.encode(),
                b"\r\n",
                _part("plain", filling.text(content)),
                _part("html", filling.html(content)),
                f"--{_BOUNDARY}--\r\n".encode(),
            )
        )
    except UnicodeEncodeError as error:
        raise Refused(f"the message can't be written as UTF-8: {error}") from error


def _head(subject: str, reader: Reader) -> list[str]:
    imprint = reader.imprint
    sender = headers.address(imprint.sender.address)
    field = headers.field
    fields = [
        field("From", *headers.mailbox(imprint.sender.name, sender)),
        field("To", *headers.mailbox(reader.name, headers.address(reader.email))),
        field("Subject", *headers.text(subject)),
        field("Date", format_datetime(imprint.date)),
        field("Message-ID", *headers.text(reader.message_id)),
    ]
    if imprint.reply_to:
        address = headers.address(imprint.reply_to.address)
        fields.append(field("Reply-To", *headers.mailbox(imprint.reply_to.name, address)))
    if not imprint.letter:
        fields += _list(reader)
    return [
        *fields,
        field("Feedback-ID", *headers.text(imprint.feedback_id)),
        field("Auto-Submitted", "auto-generated"),
        field("MIME-Version", "1.0"),
        field("Content-Type", "multipart/alternative;", f'boundary="{_BOUNDARY}"'),
    ]


def _list(reader: Reader) -> list[str]:
    """Write what marks bulk mail: RFC 2919, RFC 8058."""
    imprint = reader.imprint
    name = f"<{imprint.newsletter}.{imprint.domain}>"
    return [
        headers.field("List-Id", *headers.phrase(imprint.title), name),
        headers.field("List-Unsubscribe", f"<{reader.links['unsubscribe']}>"),
        headers.field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        headers.field("Precedence", "bulk"),
    ]


def _filling(reader: Reader) -> Filling:
    return Filling(
        name=reader.name,
        email=reader.email,
        own=reader.links,
        leads=reader.leads,
        canary=reader.canary,
    )


def _part(subtype: str, body: str) -> bytes:
    lines = body.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    head = (
        f"--{_BOUNDARY}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    # the last line break, the boundary's own, also tells b2a_qp to break lines with CRLF
    return head.encode() + b2a_qp(f"{lines}\r\n".encode(), istext=True)

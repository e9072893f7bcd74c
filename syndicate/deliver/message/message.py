"""One reader's copy of an edition, who it is for, and what the header says in every copy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Self

from syndicate.config import Config, Mailbox, Newsletter
from syndicate.deliver.message import headers
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.personalisation import Personalisation, PersonalLinks
from syndicate.deliver.message.tracked_links import TrackedLinks
from syndicate.deliver.smtp.relay import Envelope
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Draft, Edition, EditionKind


@dataclass(frozen=True, slots=True)
class Message:
    """One reader's copy, as it is signed and handed over: `bytes` of it is the whole.

    It is joined when it is needed: most of its parts are those of all copies, and a body
    that is made, sent and forgotten at once never leaves the processor's cache.
    """

    fields: tuple[bytes, ...]
    """The header's fields in their order, folded, each with its CRLF."""
    parts: Sequence[bytes]
    """What comes after the empty line, to be joined."""

    @property
    def body(self) -> bytes:
        """What comes after the empty line."""
        return b"".join(self.parts)

    @property
    def pieces(self) -> tuple[bytes, bytes]:
        """The header with the empty line, and the body: to join them takes a copy of all."""
        return b"".join((*self.fields, b"\r\n")), self.body

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return sum(map(len, self.fields)) + 2 + sum(map(len, self.parts))

    def __bytes__(self) -> bytes:
        return b"".join(self.pieces)


@dataclass(frozen=True, kw_only=True)
class EditionHeaders:
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
        )

    @cached_property
    def address(self) -> str:
        """The address that the edition is from, its domain in ASCII."""
        return headers.address(self.sender.address)

    @cached_property
    def domain(self) -> str:
        """The domain of that address."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who a copy is for, and what is personal in it."""

    imprint: EditionHeaders
    message_id: str
    filling: Personalisation
    """What is filled in for them."""

    @classmethod
    def of(
        cls, claim: Claim, imprint: EditionHeaders, links: SignedLinks, leads: TrackedLinks
    ) -> Self:
        """Return the reader of a claimed delivery."""
        return cls(
            imprint=imprint,
            message_id=links.message_id(claim.edition, claim.subscriber, imprint.domain),
            filling=Personalisation(
                name=claim.name,
                email=claim.email,
                own=PersonalLinks(links, claim.edition, claim.subscriber, imprint.newsletter),
                leads=leads.for_reader(links, claim.subscriber),
                canary=leads.canary(links, claim.subscriber),
            ),
        )

    @property
    def envelope(self) -> Envelope:
        """Who the copy is from and for; raise Refused for an address that can't be used."""
        return Envelope(
            sender=self.imprint.address,
            recipient=headers.address(self.filling.email),
            message_id=self.message_id,
        )

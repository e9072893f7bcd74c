"""A message, its recipient, and the header values of an edition."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Self

from syndicate.config import Config, Newsletter
from syndicate.config.values import Mailbox
from syndicate.deliver.message.header_encoding import ascii_domain
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.personalisation import Personalisation, PersonalLinks
from syndicate.deliver.message.tracked_links import TrackedLinks
from syndicate.deliver.smtp.transport import Envelope
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Draft, Edition, EditionKind


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
        )

    @cached_property
    def address(self) -> str:
        """The sender's address, its domain in ASCII."""
        return ascii_domain(self.sender.address)

    @cached_property
    def domain(self) -> str:
        """The sender's domain in ASCII."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who a message is for, and what is personal in it."""

    headers: EditionHeaders
    message_id: str
    personalisation: Personalisation

    @classmethod
    def of(
        cls, claim: Claim, headers: EditionHeaders, links: SignedLinks, tracked: TrackedLinks
    ) -> Self:
        """Return the recipient of a claimed delivery."""
        return cls(
            headers=headers,
            message_id=links.message_id(claim.edition, claim.subscriber, headers.domain),
            personalisation=Personalisation(
                name=claim.name,
                email=claim.email,
                links=PersonalLinks(links, claim.edition, claim.subscriber, headers.newsletter),
                link_urls=tracked.for_reader(links, claim.subscriber),
                canary=tracked.canary(links, claim.subscriber),
            ),
        )

    @property
    def envelope(self) -> Envelope:
        """The addresses for the server; raise Refused for an invalid one."""
        return Envelope(
            sender=self.headers.address,
            recipient=ascii_domain(self.personalisation.email),
            message_id=self.message_id,
        )

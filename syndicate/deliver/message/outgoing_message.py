"""A claimed delivery and its message, which is rendered shortly before it is sent."""

from typing import TYPE_CHECKING

import idna

from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.message import Message
from syndicate.deliver.message.prepared_editions import PreparedEdition
from syndicate.deliver.smtp.transport import Envelope
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Edition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syndicate.deliver.message.dkim import UnsignedMessage


class OutgoingMessage:
    """One reader's message on its way from the claim to the server's reply."""

    __slots__ = (
        "claim", "edition", "envelope", "lost_sessions", "message", "prepared", "refusal",
        "signatures", "unsigned",
    )  # fmt: skip

    envelope: Envelope
    message: Message

    def __init__(self, claim: Claim, edition: Edition, prepared: PreparedEdition) -> None:
        self.claim = claim
        self.edition = edition
        self.prepared = prepared
        self.refusal: Refused | None = None
        """Why it could not be rendered; it then has neither envelope nor message."""
        self.unsigned: UnsignedMessage | None = None
        """The rendered message, until it is signed."""
        self.signatures: Sequence[bytes] | None = None
        """Its signatures, set by the thread that makes them."""
        self.lost_sessions = 0
        """How many sessions ended before its turn came."""

    @property
    def domain(self) -> str:
        """The reader's mail domain, lower case, in ASCII; unchanged if it is not a valid one."""
        domain = self.claim.email.rpartition("@")[2].lower()
        if domain.isascii():
            return domain
        try:
            return idna.encode(domain, uts46=True).decode()
        except idna.IDNAError:
            return domain

    @property
    def rendered(self) -> bool:
        """Whether `render` has run, with or without success."""
        return hasattr(self, "envelope") or self.refusal is not None

    @property
    def ready(self) -> bool:
        """Whether no signature is missing."""
        return self.signatures is not None or self.unsigned is None

    def render(self, links: SignedLinks) -> bool:
        """Render the message; return whether it still has to be signed."""
        try:
            self.envelope, message = self.prepared.render(self.claim, links)
        except Refused as refusal:
            self.refusal = refusal
        except Exception as error:  # noqa: BLE001 - one bad message never stops the others
            self.refusal = Refused(str(error))
        else:
            if not isinstance(message, Message):
                self.unsigned = message
                return True
            self.message = message
        return False

    def finish(self) -> None:
        """Put the signatures into the message; call it only when `ready`."""
        unsigned, self.unsigned = self.unsigned, None
        if unsigned is not None and self.signatures:
            self.message = unsigned.with_signatures(self.signatures)

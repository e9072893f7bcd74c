"""A claimed delivery and its message, rendered shortly before it is sent from its edition.

An edition that is being sent is encoded once for all its messages.
"""

from dataclasses import dataclass, field

from cachetools import LRUCache

from syndicate.config import Config
from syndicate.deliver.message.dkim import DkimKeyring, DkimSigner, UnsignedMessage
from syndicate.deliver.message.links import SignedLinks, TrackedLinks
from syndicate.deliver.message.message import EditionHeaders, Message, MessageTemplate, Recipient
from syndicate.deliver.smtp.transport import Envelope
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Edition
from syndicate.model.subscribers import domain_to_ascii
from syndicate.store import Store

_MAX_EDITIONS = 8
"""How many are cached: a template is as large as one message, or in base64 three."""


@dataclass(frozen=True, slots=True)
class PreparedEdition:
    """An edition of which messages can be rendered."""

    headers: EditionHeaders
    tracked_links: TrackedLinks
    template: MessageTemplate
    signer: DkimSigner | None
    """None if there is no key for the edition's sender."""

    @property
    def slow(self) -> bool:
        """Whether signing its messages takes so long that threads are worth it."""
        return self.signer is not None and any(key.slow for key in self.signer.keys)


class PreparedEditions:
    """A cache of prepared editions. Raise SecretUnreadable if a signing key can't be read."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config
        self._keyring = DkimKeyring.of(config)
        self._cache: LRUCache[int, PreparedEdition] = LRUCache(_MAX_EDITIONS)

    def get(self, edition: Edition) -> PreparedEdition:
        """Return an edition, prepared once; raise Refused if it can't be, StoreError."""
        if (prepared := self._cache.get(edition.key)) is not None:
            return prepared
        with self._store.read() as tx:
            content = tx.editions.content(edition.content)
            urls = tx.clicks.links(edition.key)
        try:
            headers = EditionHeaders.of(edition, self._config)
            prepared = self._cache[edition.key] = PreparedEdition(
                headers=headers,
                tracked_links=TrackedLinks.of(edition.key, edition.newsletter, urls, self._config),
                template=MessageTemplate.of(content, headers),
                signer=self._keyring.signer(headers.domain),
            )
        except Refused:
            raise
        except Exception as error:  # one bad edition never stops the others
            raise Refused(str(error)) from error
        return prepared


@dataclass(slots=True, eq=False)
class OutgoingMessage:
    """One reader's message on its way from the claim to the server's reply."""

    claim: Claim
    edition: Edition
    prepared: PreparedEdition
    envelope: Envelope = field(init=False)
    message: Message = field(init=False)
    refusal: Refused | None = None
    """Why it could not be rendered; it then has neither envelope nor message."""
    unsigned: UnsignedMessage | None = None
    """The rendered message, until it is signed."""
    signatures: tuple[bytes, ...] | None = None
    """Its signatures, set by the thread that makes them."""
    lost_sessions: int = 0
    """How many sessions ended before its turn came."""

    @property
    def domain(self) -> str:
        """The reader's mail domain, lower case, in ASCII; unchanged if it is not a valid one."""
        domain = self.claim.email.rpartition("@")[2].lower()
        return domain if domain.isascii() else domain_to_ascii(domain)

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
        prepared = self.prepared
        try:
            reader = Recipient.of(self.claim, prepared.headers, links, prepared.tracked_links)
            envelope, message = reader.envelope, prepared.template.render(reader)
            if prepared.signer is None:
                self.message = message
            else:
                self.unsigned = prepared.signer.prepare(message)
            self.envelope = envelope
        except Refused as refusal:
            self.refusal = refusal
        except Exception as error:  # noqa: BLE001 - one bad message never stops the others
            self.refusal = Refused(str(error))
        return self.unsigned is not None

    def finish(self) -> None:
        """Put the signatures into the message; call it only when `ready`."""
        unsigned, self.unsigned = self.unsigned, None
        if unsigned is not None and self.signatures:
            self.message = unsigned.with_signatures(self.signatures)

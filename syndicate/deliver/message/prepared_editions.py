"""The editions that are being sent, each encoded once for all its messages."""

from dataclasses import dataclass

from cachetools import LRUCache

from syndicate.config import Config
from syndicate.deliver.message.dkim import DkimKeyring, DkimSigner, UnsignedMessage
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.message import EditionHeaders, Message, Recipient
from syndicate.deliver.message.template import MessageTemplate
from syndicate.deliver.message.tracked_links import TrackedLinks
from syndicate.deliver.smtp.transport import Envelope
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Edition
from syndicate.store import Store

_MAX_EDITIONS = 8
"""How many are cached: a template is about as large as one message."""


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
        """Whether signing its messages takes long."""
        return self.signer is not None and self.signer.slow

    def render(
        self, claim: Claim, links: SignedLinks
    ) -> tuple[Envelope, Message | UnsignedMessage]:
        """Return a reader's message, unsigned if it has to be signed; raise Refused."""
        reader = Recipient.of(claim, self.headers, links, self.tracked_links)
        message = self.template.render(reader)
        return reader.envelope, message if self.signer is None else self.signer.prepare(message)


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

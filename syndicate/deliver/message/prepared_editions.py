"""The editions that are being sent, each encoded once for all its messages."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, Self, TypeVar

from syndicate.config import Config
from syndicate.deliver.message.dkim import DkimKeyring, DkimSigner, UnsignedMessage
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.message import EditionHeaders, Message, Recipient
from syndicate.deliver.message.template import MessageTemplate
from syndicate.deliver.message.tracked_links import TrackedLinks
from syndicate.deliver.smtp.transport import Envelope
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Content, Edition
from syndicate.store import Store

_MAX_EDITIONS = 8
"""How many are cached: a template is about as large as one message."""

_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")


def refuse_on_error(function: Callable[_Params, _Result]) -> Callable[_Params, _Result]:
    """Raise Refused for any exception: one bad message never stops the others."""

    @wraps(function)
    def wrapper(*args: _Params.args, **kwargs: _Params.kwargs) -> _Result:
        try:
            return function(*args, **kwargs)
        except Refused:
            raise
        except Exception as error:
            raise Refused(str(error)) from error

    return wrapper


@dataclass(frozen=True, slots=True)
class PreparedEdition:
    """An edition of which messages can be rendered."""

    headers: EditionHeaders
    tracked_links: TrackedLinks
    template: MessageTemplate
    signer: DkimSigner | None
    """None if there is no key for the edition's sender."""

    @classmethod
    @refuse_on_error
    def of(
        cls,
        edition: Edition,
        content: Content,
        links: tuple[str, ...],
        config: Config,
        keyring: DkimKeyring,
    ) -> Self:
        """Prepare an edition; raise Refused if that fails, for whatever reason."""
        headers = EditionHeaders.of(edition, config)
        return cls(
            headers=headers,
            tracked_links=TrackedLinks.of(edition.key, edition.newsletter, links, config),
            template=MessageTemplate.of(content, headers),
            signer=keyring.signer(headers.domain),
        )

    @property
    def slow(self) -> bool:
        """Whether signing its messages takes long."""
        return self.signer is not None and self.signer.slow

    @refuse_on_error
    def render(
        self, claim: Claim, links: SignedLinks
    ) -> tuple[Envelope, Message | UnsignedMessage]:
        """Return a reader's message, unsigned if it has to be signed; raise Refused."""
        reader = Recipient.of(claim, self.headers, links, self.tracked_links)
        message = self.template.render(reader)
        return reader.envelope, message if self.signer is None else self.signer.prepare(message)


class PreparedEditions:
    """A cache of prepared editions; threads may share it.

    Raise SecretUnreadable if a signing key can't be read.
    """

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config
        self._keyring = DkimKeyring.of(config)
        self._cache: OrderedDict[int, PreparedEdition] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, edition: Edition) -> PreparedEdition:
        """Return an edition, prepared once; raise Refused if it can't be, StoreError."""
        with self._lock:
            prepared = self._cache.get(edition.key)
            if prepared is None:
                prepared = self._cache[edition.key] = self._prepare(edition)
            self._cache.move_to_end(edition.key)
            while len(self._cache) > _MAX_EDITIONS:
                self._cache.popitem(last=False)
            return prepared

    def _prepare(self, edition: Edition) -> PreparedEdition:
        with self._store.read() as tx:
            content = tx.editions.content(edition.content)
            links = tx.clicks.links(edition.key)
        return PreparedEdition.of(edition, content, links, self._config, self._keyring)

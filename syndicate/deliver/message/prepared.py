"""The editions on their way, each made ready once for all connections."""

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
from syndicate.deliver.smtp.relay import Envelope
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Content, Edition
from syndicate.store import Store

_MOST = 8
"""How many are held: a template is about as large as its message."""

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


def refusing(make: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """Have whatever fails be refused: one bad copy never stops the rest."""

    @wraps(make)
    def made(*args: _Given.args, **named: _Given.kwargs) -> _Made:
        try:
            return make(*args, **named)
        except Refused:
            raise
        except Exception as error:
            raise Refused(str(error)) from error

    return made


@dataclass(frozen=True, slots=True)
class PreparedEdition:
    """An edition made ready: its copies differ in their readers alone."""

    imprint: EditionHeaders
    leads: TrackedLinks
    template: MessageTemplate
    signer: DkimSigner | None
    """None where no key is for the edition's sender."""

    @classmethod
    @refusing
    def of(
        cls,
        edition: Edition,
        content: Content,
        frozen: tuple[str, ...],
        config: Config,
        keyring: DkimKeyring,
    ) -> Self:
        """Make an edition ready; raise Refused when it can't be, whatever it is for."""
        imprint = EditionHeaders.of(edition, config)
        return cls(
            imprint=imprint,
            leads=TrackedLinks.of(edition.key, edition.newsletter, frozen, config),
            template=MessageTemplate.of(content, imprint),
            signer=keyring.signer(imprint.domain),
        )

    @property
    def slow(self) -> bool:
        """Whether signing its copies takes long."""
        return self.signer is not None and self.signer.slow

    @refusing
    def copy(self, claim: Claim, links: SignedLinks) -> tuple[Envelope, Message | UnsignedMessage]:
        """Make the copy of one reader, to be signed where it is; raise Refused for a bad one."""
        reader = Recipient.of(claim, self.imprint, links, self.leads)
        copy = self.template.fill(reader)
        return reader.envelope, copy if self.signer is None else self.signer.unsigned(copy)


class PreparedEditions:
    """The editions that are being handed over; safe to share between threads.

    Raise SecretUnreadable when a key that signs can't be read.
    """

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config
        self._keyring = DkimKeyring.of(config)
        self._ready: OrderedDict[int, PreparedEdition] = OrderedDict()
        self._making = threading.Lock()

    def get(self, edition: Edition) -> PreparedEdition:
        """Return an edition made ready, by whoever asks first.

        Raise Refused when it can't be made ready, StoreError when it can't be read.
        """
        with self._making:
            mailing = self._ready.get(edition.key)
            if mailing is None:
                mailing = self._ready[edition.key] = self._made_ready(edition)
            self._ready.move_to_end(edition.key)
            while len(self._ready) > _MOST:
                self._ready.popitem(last=False)
            return mailing

    def _made_ready(self, edition: Edition) -> PreparedEdition:
        with self._store.read() as tx:
            content = tx.editions.content(edition.content)
            frozen = tx.clicks.links(edition.key)
        return PreparedEdition.of(edition, content, frozen, self._config, self._keyring)

"""A test copy: one message to one address, as a reader would get it but for its subject."""

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import replace

from syndicate.config import Config
from syndicate.deliver.loop.reply_classifier import let_out
from syndicate.deliver.message.dkim import DkimKeyring
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.message import EditionHeaders, Recipient
from syndicate.deliver.message.personalisation import Personalisation, PersonalLinks
from syndicate.deliver.message.template import MessageTemplate
from syndicate.deliver.message.tracked_links import TrackedLinks
from syndicate.deliver.smtp.relay import SmtpReply, Transport, TransportSession
from syndicate.deliver.smtp.single_delivery import hand_over
from syndicate.errors import Refused, RelayUnavailable
from syndicate.model.editions import Draft

MARK = "[Test]"
"""Stands before the subject, so that nobody takes a copy for what readers got."""
_NOBODY = 0
"""The number of no subscriber and no edition: links in a copy unsubscribe nobody, count nothing."""


def send_copy(
    draft: Draft, to: str, *, config: Config, relays: Sequence[Transport], links: SignedLinks
) -> SmtpReply:
    """Hand over one copy of what would be an edition, to the first relay that takes us on.

    Raise Refused for an address that can't be used or that mail.only holds
    back, SecretUnreadable for a password or a key that can't be read, and any
    DeliveryError as the relay answers.
    """
    if not let_out(to, config.mail.only):
        raise Refused(f"{to} is held back by mail.only")
    imprint = EditionHeaders.of(draft, config)
    reader = Recipient(
        imprint=imprint,
        message_id=f"<test.{secrets.token_hex(12)}@{imprint.domain}>",
        filling=Personalisation(
            email=to,
            own=PersonalLinks(links, _NOBODY, _NOBODY, draft.newsletter),
            leads=TrackedLinks.of(_NOBODY, draft.newsletter, draft.links, config).addresses,
        ),
    )
    content = replace(draft.content, subject=f"{MARK} {draft.content.subject}")
    message = MessageTemplate.of(content, imprint).fill(reader)
    signer = DkimKeyring.of(config).signer(imprint.domain)
    if signer is not None:
        message = signer.signed(message)
    with contextlib.closing(_opened(relays)) as session:
        return hand_over(session, reader.envelope, bytes(message))


def _opened(relays: Sequence[Transport]) -> TransportSession:
    by_weight = sorted(relays, key=lambda relay: -relay.settings.weight)
    for relay in by_weight[:-1]:
        with contextlib.suppress(RelayUnavailable):
            return relay.open()
    return by_weight[-1].open()

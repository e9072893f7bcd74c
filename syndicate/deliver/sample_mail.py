"""Sends a test copy: an edition to one address, as a reader would get it."""

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import replace

from syndicate.config import Config
from syndicate.deliver.loop.reply_classifier import is_allowed
from syndicate.deliver.message.dkim import DkimKeyring
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.message import EditionHeaders, Recipient
from syndicate.deliver.message.personalisation import Personalisation, PersonalLinks
from syndicate.deliver.message.template import MessageTemplate
from syndicate.deliver.message.tracked_links import TrackedLinks
from syndicate.deliver.smtp.single_delivery import send_message
from syndicate.deliver.smtp.transport import SmtpReply, Transport, TransportSession
from syndicate.errors import Refused, RelayUnavailable
from syndicate.model.editions import Draft

SUBJECT_PREFIX = "[Test]"
_NOBODY = 0
"""The key of no subscriber and no edition: the links unsubscribe nobody, and count nothing."""


def send_sample(
    draft: Draft, to: str, *, config: Config, transports: Sequence[Transport], links: SignedLinks
) -> SmtpReply:
    """Send a draft to one address, through the first relay that opens a session.

    Raise Refused for an invalid address, or one that mail.only holds back,
    SecretUnreadable for a password or a key that can't be read, and any DeliveryError as
    the relay replies.
    """
    if not is_allowed(to, config.mail.only):
        raise Refused(f"{to} is held back by mail.only")
    headers = EditionHeaders.of(draft, config)
    reader = Recipient(
        headers=headers,
        message_id=f"<test.{secrets.token_hex(12)}@{headers.domain}>",
        personalisation=Personalisation(
            email=to,
            links=PersonalLinks(links, _NOBODY, _NOBODY, draft.newsletter),
            link_urls=TrackedLinks.of(_NOBODY, draft.newsletter, draft.links, config).urls,
        ),
    )
    content = replace(draft.content, subject=f"{SUBJECT_PREFIX} {draft.content.subject}")
    message = MessageTemplate.of(content, headers).render(reader)
    signer = DkimKeyring.of(config).signer(headers.domain)
    if signer is not None:
        message = signer.sign(message)
    with contextlib.closing(_open_session(transports)) as session:
        return send_message(session, reader.envelope, bytes(message))


def _open_session(transports: Sequence[Transport]) -> TransportSession:
    by_weight = sorted(transports, key=lambda transport: -transport.settings.weight)
    for transport in by_weight[:-1]:
        with contextlib.suppress(RelayUnavailable):
            return transport.open()
    return by_weight[-1].open()

"""Sends a test copy: an edition to one address, as a reader would get it."""

import contextlib
import secrets
import selectors
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from syndicate.config import Config
from syndicate.deliver.loop.outcomes import is_allowed
from syndicate.deliver.message.dkim import DkimKeyring
from syndicate.deliver.message.links import SignedLinks, TrackedLinks
from syndicate.deliver.message.message import EditionHeaders, Message, MessageTemplate, Recipient
from syndicate.deliver.message.personalisation import PersonalLinks
from syndicate.deliver.smtp.transport import (
    Envelope,
    EnvelopeRefused,
    MessageAnswered,
    ReadyForBody,
    SessionEnded,
    SmtpReply,
    Transport,
    TransportSession,
)
from syndicate.errors import NoVerdict, Refused, RelayUnavailable
from syndicate.model.editions import Content, Draft
from syndicate.text import isolate

SUBJECT_PREFIX = "[Test]"
_NOBODY = 0
"""The key of no subscriber and no edition: the links unsubscribe nobody, and count nothing."""
_POLL_INTERVAL = 0.2
"""Seconds between checks of the deadlines."""
_Awaited = TypeVar("_Awaited", ReadyForBody, MessageAnswered)


def send_sample(
    draft: Draft, to: str, *, config: Config, transports: Sequence[Transport], links: SignedLinks
) -> SmtpReply:
    """Send a draft to one address, through the first relay that opens a session.

    Raise Refused for an invalid address, or one that mail.only holds back,
    SecretUnreadable for a password or a key that can't be read, and any DeliveryError as
    the relay replies.
    """
    subject = f"{SUBJECT_PREFIX} {isolate(draft.content.subject, 'ltr')}"
    content = replace(draft.content, subject=subject)
    headers = EditionHeaders.of(draft, config)
    sender = CopySender(config, transports, links)
    return sender.send(
        content, headers, to, name=f"test.{secrets.token_hex(12)}", links=draft.links
    )


@dataclass(frozen=True, slots=True)
class CopySender:
    """Sends single messages that are in no ledger: their links unsubscribe and count nobody."""

    config: Config
    transports: Sequence[Transport]
    links: SignedLinks

    def send(
        self,
        content: Content,
        headers: EditionHeaders,
        to: str,
        *,
        name: str,
        links: Sequence[str] = (),
    ) -> SmtpReply:
        """Send a content to one address, under a Message-ID that begins with `name`.

        `links` are the addresses of its tracked links. The errors are those of `send_sample`.
        """
        if not is_allowed(to, self.config.mail.only):
            raise Refused(f"{to} is held back by mail.only")
        tracked = TrackedLinks.of(_NOBODY, headers.newsletter, tuple(links), self.config)
        mailto = ""
        if headers.unsubscribe_by_mail:
            token = self.links.unsubscribe_token(_NOBODY, _NOBODY)
            mailto = headers.unsubscribe_mailto(token)
        reader = Recipient(
            headers=headers,
            message_id=f"<{name}@{headers.domain}>",
            unsubscribe_mailto=mailto,
            email=to,
            links=PersonalLinks(self.links, _NOBODY, _NOBODY, headers.newsletter),
            link_urls=tracked.urls,
        )
        message = MessageTemplate.of(content, headers).render(reader)
        return _send_by_any(self.config, self.transports, message, reader)


def _send_by_any(
    config: Config, transports: Sequence[Transport], message: Message, reader: Recipient
) -> SmtpReply:
    """Sign a message, and send it through the first relay that opens a session."""
    headers = reader.headers
    signer = DkimKeyring.of(config).signer(headers.domain)
    if signer is not None:
        message = signer.sign(message)
    *others, last = sorted(transports, key=lambda transport: -transport.settings.weight)
    for transport in others:
        with contextlib.suppress(RelayUnavailable):
            session = transport.open()
            break
    else:
        session = last.open()
    with contextlib.closing(session):
        return send_message(session, reader.envelope, bytes(message))


def send_message(session: TransportSession, envelope: Envelope, message: bytes) -> SmtpReply:
    """Send one message, and return the reply that accepts it.

    Raise TemporaryFailure, PermanentFailure or RelayUnavailable as the relay replies,
    and NoVerdict if the message may have been accepted.
    """
    send_envelope(session, envelope, len(message))
    session.send_body(message)
    answered = _wait_for(session, MessageAnswered)
    if answered.error is not None:
        raise answered.error
    return answered.reply


def send_envelope(session: TransportSession, envelope: Envelope, size: int) -> None:
    """Send an envelope, and wait until the body is due."""
    session.send_envelope(envelope, size)
    _wait_for(session, ReadyForBody)


def _wait_for(session: TransportSession, kind: type[_Awaited]) -> _Awaited:
    result: _Awaited | None = None
    while True:
        for event in session.poll(time.monotonic()):
            match event:
                case EnvelopeRefused(error):
                    raise error
                case SessionEnded(error) if not isinstance(result, MessageAnswered):
                    lost = kind is MessageAnswered and session.body_sent
                    raise NoVerdict(str(error), error.code) if lost else error
                case _ if isinstance(event, kind):
                    result = event
        if result is not None:
            return result
        if session.fileno() >= 0:
            mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if session.wants_write else 0)
            with selectors.DefaultSelector() as selector:
                selector.register(session, mask)
                selector.select(_POLL_INTERVAL)

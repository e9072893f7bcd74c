"""Sends a single message in a session, and waits for the reply."""

import selectors
import time
from typing import TypeVar

from syndicate.deliver.smtp.transport import (
    Envelope,
    EnvelopeRefused,
    MessageAnswered,
    ReadyForBody,
    SessionEnded,
    SmtpReply,
    TransportSession,
)
from syndicate.errors import NoVerdict

_POLL_INTERVAL = 0.2
"""Seconds between checks of the deadlines."""
_Awaited = TypeVar("_Awaited", ReadyForBody, MessageAnswered)


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

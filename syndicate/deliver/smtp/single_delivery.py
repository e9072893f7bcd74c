"""A single message handed over by itself, waiting for what comes of it."""

import selectors
import time
from typing import TypeVar

from syndicate.deliver.smtp.relay import (
    BodyInvited,
    Envelope,
    MessageAnswered,
    MessageDeclined,
    SessionEnded,
    SmtpReply,
    TransportSession,
)
from syndicate.errors import NoVerdict

_LOOK = 0.2
"""Seconds between looks at deadlines."""
_Awaited = TypeVar("_Awaited", BodyInvited, MessageAnswered)


def hand_over(session: TransportSession, envelope: Envelope, message: bytes) -> SmtpReply:
    """Hand over one message, and return the reply that accepts it.

    Raise TemporaryFailure, PermanentFailure or RelayUnavailable as the relay answers,
    and NoVerdict when it may have been taken.
    """
    offer(session, envelope, len(message))
    session.hand_over(message)
    answered = _await(session, MessageAnswered)
    if answered.error is not None:
        raise answered.error
    return answered.reply


def offer(session: TransportSession, envelope: Envelope, size: int) -> None:
    """Have one message announced, up to the point where its body is awaited."""
    session.offer(envelope, size)
    _await(session, BodyInvited)


def _await(session: TransportSession, kind: type[_Awaited]) -> _Awaited:
    found: _Awaited | None = None
    while True:
        for event in session.move(time.monotonic()):
            match event:
                case MessageDeclined(error):
                    raise error
                case SessionEnded(error) if not isinstance(found, MessageAnswered):
                    lost = kind is MessageAnswered and session.handed
                    raise NoVerdict(str(error), error.code) if lost else error
                case _ if isinstance(event, kind):
                    found = event
        if found is not None:
            return found
        _wait(session)


def _wait(session: TransportSession) -> None:
    """Wait until a session can go on, or for long enough to look at the time."""
    if session.fileno() < 0:
        return
    mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if session.stuck else 0)
    with selectors.DefaultSelector() as selector:
        selector.register(session, mask)
        selector.select(_LOOK)

"""A single message handed over by itself, waiting for what comes of it."""

import selectors
import time
from typing import TypeVar

from syndicate.deliver.smtp.relay import (
    Answered,
    Declined,
    Ended,
    Envelope,
    Invited,
    Reply,
    Session,
)
from syndicate.errors import NoVerdict

_LOOK = 0.2
"""Seconds between looks at deadlines."""
_Awaited = TypeVar("_Awaited", Invited, Answered)


def hand_over(session: Session, envelope: Envelope, message: bytes) -> Reply:
    """Hand over one message, and return the reply that accepts it.

    Raise TemporaryFailure, PermanentFailure or RelayUnavailable as the relay answers,
    and NoVerdict when it may have been taken.
    """
    offer(session, envelope, len(message))
    session.hand_over(message)
    answered = _await(session, Answered)
    if answered.error is not None:
        raise answered.error
    return answered.reply


def offer(session: Session, envelope: Envelope, size: int) -> None:
    """Have one message announced, up to the point where its body is awaited."""
    session.offer(envelope, size)
    _await(session, Invited)


def _await(session: Session, kind: type[_Awaited]) -> _Awaited:
    found: _Awaited | None = None
    while True:
        for event in session.move(time.monotonic()):
            match event:
                case Declined(error):
                    raise error
                case Ended(error) if not isinstance(found, Answered):
                    lost = kind is Answered and session.handed
                    raise NoVerdict(str(error), error.code) if lost else error
                case _ if isinstance(event, kind):
                    found = event
        if found is not None:
            return found
        _wait(session)


def _wait(session: Session) -> None:
    """Wait until a session can go on, or for long enough to look at the time."""
    if session.fileno() < 0:
        return
    mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if session.stuck else 0)
    with selectors.DefaultSelector() as selector:
        selector.register(session, mask)
        selector.select(_LOOK)

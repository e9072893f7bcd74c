"""Fixtures of this folder."""

import contextlib
import socket
from collections.abc import Callable, Iterator

import pytest

from syndicate.deliver.smtp.dialogue import SessionTerms
from syndicate.deliver.smtp.session import SmtpSession
from tests.deliver.smtp.dialogues import ALL, Pair


@pytest.fixture
def pair() -> Iterator[Callable[..., Pair]]:
    """A factory of sessions that were opened, each with the server's end of its connection."""
    with contextlib.ExitStack() as stack:

        def make(extensions: frozenset[str] = ALL, timeout: float = 60.0) -> Pair:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            ours = socket.create_connection(listener.getsockname())
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
            theirs = stack.enter_context(listener.accept()[0])
            theirs.settimeout(30)
            terms = SessionTerms(
                server="mx:25", extensions=extensions, timeout=timeout, max_messages=9
            )
            session = SmtpSession(ours, terms)
            stack.callback(session.close)
            return session, theirs

        yield make

"""What the send loop waits for in its open sessions."""

import contextlib
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from syndicate.deliver.loop.sessions import ActiveSessions


@pytest.fixture
def connected():
    """All sessions with one open in them, that session, and the server's end of its connection."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs, contextlib.closing(ActiveSessions()) as sessions:
        transport: Any = SimpleNamespace(fileno=ours.fileno, wants_write=False, close=ours.close)
        relay: Any = SimpleNamespace(open_sessions=1)
        sessions.add(relay, transport)
        [session] = sessions
        yield sessions, session, theirs, ours


def test_a_session_without_anything_to_write_is_ready_once_there_is_a_reply(connected):
    sessions, session, theirs, _ = connected
    assert sessions.select(0) == []

    theirs.send(b"250 ok\r\n")
    assert sessions.select(0) == [session]


def test_a_session_with_something_to_write_is_ready_as_soon_as_it_can_be_written(connected):
    sessions, session, _, _ = connected
    session.transport.wants_write = True
    sessions.watch(session)
    assert sessions.select(0) == [session]

    session.transport.wants_write = False
    sessions.watch(session)
    assert sessions.select(0) == []


def test_a_session_that_can_not_be_written_is_ready_for_a_reply_all_the_same(connected):
    sessions, session, theirs, ours = connected
    with contextlib.suppress(BlockingIOError):
        while True:
            ours.send(bytes(65536))
    session.transport.wants_write = True
    sessions.watch(session)
    assert sessions.select(0) == []

    theirs.send(b"552 too big\r\n")
    assert sessions.select(0) == [session]


def test_a_session_that_is_removed_is_closed_and_counted_once(connected):
    sessions, session, _, ours = connected
    sessions.remove(session)
    sessions.remove(session)

    assert len(sessions) == 0
    assert session.relay.open_sessions == 0
    assert ours.fileno() == -1

"""Servers that are slow or silent."""

import contextlib
import select
import socket
import threading
import time

import pytest

from syndicate.deliver.smtp.session import SmtpSession
from syndicate.deliver.smtp.transport import SessionEnded
from syndicate.errors import TemporaryFailure
from tests.deliver.smtp.dialogues import ADA, BODY, LARGE, drive, invited

pytestmark = pytest.mark.neighbours


def readable(session: SmtpSession) -> None:
    """Wait until what was said to a session has come."""
    assert select.select([session], [], [], 30)[0]


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr("syndicate.deliver.smtp.session.BODY_TIMEOUTS", 3)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("said", [b"", b"250 a\r\n", b"250 a\r\n250 b\r\n354"])
def test_silence_before_the_body_ends_it_in_time(pair, said):
    session, theirs = pair(timeout=10)
    session.send_envelope(ADA, 10)
    theirs.sendall(said)
    if said:
        readable(session)
    assert session.poll(100) == session.poll(109.9) == []
    [ended] = session.poll(110.1)

    assert type(ended.error) is TemporaryFailure


@pytest.mark.usefixtures("hasty")
def test_silence_after_the_body_ends_it_later(pair):
    session, theirs = pair(timeout=10)
    invited(session, theirs)
    session.send_body(BODY)
    now = time.monotonic()
    assert session.poll(now) == session.poll(now + 29.9) == []
    [ended] = session.poll(now + 30.1)

    assert session.body_sent
    assert "did not answer in time" in str(ended.error)


@pytest.mark.usefixtures("hasty")
def test_a_body_that_is_read_byte_by_byte_meets_its_deadline(pair):
    session, theirs = pair(timeout=10)
    invited(session, theirs)
    session.send_body(LARGE)
    now = time.monotonic()
    for second in range(31):
        assert session.poll(now + second) == []
        theirs.recv(20_000)
    [ended] = session.poll(now + 31)

    assert not session.body_sent
    assert "within the message" in str(ended.error)


@pytest.mark.parametrize("at_body", [False, True])
def test_an_end_of_file_from_the_server_is_the_end(pair, at_body):
    session, theirs = pair()
    if at_body:
        invited(session, theirs)
        session.send_body(BODY)
    else:
        session.send_envelope(ADA, 10)
    session.poll(time.monotonic())
    theirs.shutdown(socket.SHUT_WR)
    [ended] = drive(session, SessionEnded)

    assert "closed the connection" in str(ended.error)
    assert session.body_sent


@pytest.mark.parametrize(
    "flood", [b"250-x\r\n" * 2_000_000, b"250-" + b"x" * 10_000_000, b"250 x\r\n" * 1_500_000]
)
def test_ten_megabytes_of_answer_are_not_kept(pair, flood):
    session, theirs = pair()
    session.send_envelope(ADA, 10)
    session.poll(time.monotonic())
    flooding = threading.Thread(target=lambda: _send(theirs, flood), daemon=True)
    flooding.start()
    events = drive(session, SessionEnded)
    session.close()
    flooding.join(30)

    assert len(str(events[-1].error)) < 800


def _send(connection: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(data)

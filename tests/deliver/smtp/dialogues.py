"""Sessions, driven by hand."""

import socket
import time
from typing import Any

from syndicate.deliver.smtp.session import SmtpSession
from syndicate.deliver.smtp.transport import Envelope, ReadyForBody

ADA = Envelope(sender="news@example.org", recipient="ada@example.org", message_id="<1.1.x@y>")

BODY = b"Subject: x\r\n\r\nend\r\n"

LARGE = b"Subject: x\r\n\r\n" + b"y" * 78 + b"\r\n" + (b"z" * 900 + b"\r\n") * 5_800
"""More than any buffer on its way takes at once; few lines, as a server in Python reads them."""

ALL = frozenset({"pipelining", "size"})

Pair = tuple[SmtpSession, socket.socket]


def drive(session: SmtpSession, kind: type, seconds: float = 30.0) -> list[Any]:
    """Let a session go on until an event of a kind; return all that came.

    Its own clock stands still: what takes long here is a loaded machine.
    """
    events: list[Any] = []
    now = time.monotonic()
    while time.monotonic() < now + seconds:
        events += session.poll(now)
        if any(isinstance(event, kind) for event in events):
            return events
        time.sleep(0.001)
    raise AssertionError(f"no {kind.__name__} in {events}")


def invited(session: SmtpSession, theirs: socket.socket) -> None:
    """Bring a session to where a body is awaited."""
    session.send_envelope(ADA, len(BODY))
    session.poll(time.monotonic())
    theirs.sendall(b"250 a\r\n250 b\r\n354 c\r\n")
    assert drive(session, ReadyForBody) == [ReadyForBody()]
    theirs.recv(4096)

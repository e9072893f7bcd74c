"""An SMTP session on a non-blocking socket: partial writes, and deadlines."""

import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from math import inf

from syndicate.deliver.smtp.dialogue import SessionTerms, SmtpDialogue, SmtpStep
from syndicate.deliver.smtp.transport import Envelope, Event, MessageAnswered

BODY_TIMEOUTS = 20
"""The reply to a body may take this many timeouts: 10 minutes for 30 seconds (4.5.3.2.6)."""
_RECEIVE_SIZE = 64 * 1024
_TLS_RECORD = 16 * 1024
"""Bytes that TLS encrypts at once (RFC 8446, 5.1)."""
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class SmtpSession:
    """A TransportSession with a mail server, after the login."""

    def __init__(
        self,
        connection: socket.socket,
        terms: SessionTerms,
        validity: tuple[datetime, datetime] | None = None,
    ) -> None:
        """Talk over a connection; `validity` is that of the server's certificate."""
        connection.setblocking(False)
        with contextlib.suppress(OSError):  # an envelope is small, and must not wait for more
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._encrypted = isinstance(connection, ssl.SSLSocket)
        self._terms = terms
        self._dialogue = SmtpDialogue(terms)
        self._unwritten: deque[memoryview] = deque()
        self._body_left = 0
        """Bytes to write until the end of the body, the final dot included."""
        self._deadline = inf
        self._body_deadline = inf
        self._bodies = 0
        self.answered = 0
        self.validity = validity
        """The first and the last moment of the server's certificate; None without TLS."""

    @property
    def exhausted(self) -> bool:
        """Whether it takes no more messages."""
        return self._dialogue.over or self._bodies >= self._terms.max_messages

    @property
    def body_sent(self) -> bool:
        """Whether the last body was written completely."""
        return self._body_left == 0

    @property
    def wants_write(self) -> bool:
        """Whether there is something left to write."""
        return bool(self._unwritten)

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._connection.fileno()

    def send_envelope(self, envelope: Envelope, size: int) -> None:
        """Queue an envelope for `poll` to write."""
        self._dialogue.offer(envelope, size)
        self._queue_commands()

    def send_body(self, *message: bytes, dot_free: bool = False) -> None:
        """Queue a body for `poll` to write."""
        self._unwritten += map(memoryview, self._dialogue.body(*message, dot_free=dot_free))
        self._body_left = sum(map(len, self._unwritten))
        self._body_deadline = inf
        self._bodies += 1

    def poll(self, now: float, *, readable: bool = True) -> Sequence[Event]:
        """Write and read what is possible now; SessionEnded is the last event of all."""
        events: list[Event] = []
        if self._dialogue.over:
            return events
        try:
            self._write_and_read(now, events, readable=readable)
            if not self._dialogue.over:
                if readable:
                    self._queue_commands()
                    self._write(now)
                self._check_deadlines(now)
        except OSError as error:
            within = "" if self.body_sent else "the connection broke within the message: "
            reply = self._dialogue.recipient_421
            reason = reply or f"{within}{error}"
            self._dialogue.end(reason, events, about_recipient=reply is not None)
        return events

    def close(self) -> None:
        """Close the socket, after QUIT if nothing is under way."""
        if self._dialogue.idle and not (self._dialogue.over or self._unwritten):
            with contextlib.suppress(OSError):
                self._connection.send(b"QUIT\r\n")
        self._dialogue.over = True
        self._connection.close()

    def _write_and_read(self, now: float, events: list[Event], *, readable: bool) -> None:
        try:
            self._write(now)
        except OSError:
            self._read(now, events)  # the server may have sent why it closed
            if not self._dialogue.over:
                raise
        else:
            if readable:
                self._read(now, events)

    def _queue_commands(self) -> None:
        commands = self._dialogue.commands()
        if commands:
            self._unwritten.append(memoryview(commands))

    def _write(self, now: float) -> None:
        while self._unwritten:
            try:
                if self._encrypted:
                    # a longer write counts only when all of it is sent: it would look like none
                    sent = self._connection.send(self._unwritten[0][:_TLS_RECORD])
                else:
                    sent = self._connection.sendmsg(self._unwritten)
            except _WOULD_BLOCK:
                break
            self._body_left = max(0, self._body_left - sent)
            while self._unwritten and sent >= len(self._unwritten[0]):
                sent -= len(self._unwritten.popleft())
            if sent:
                self._unwritten[0] = self._unwritten[0][sent:]
            self._deadline = now + self._timeout()

    def _read(self, now: float, events: list[Event]) -> None:
        while True:
            try:
                received = self._connection.recv(_RECEIVE_SIZE)
            except _WOULD_BLOCK:
                return
            if not received:
                raise ConnectionResetError("the server closed the connection")
            replies = self._dialogue.replies
            for event in self._dialogue.receive(received):
                if isinstance(event, MessageAnswered):
                    self.answered += 1
                    if not self.body_sent:  # a refusal counts; a 2xx can't be about it
                        events += [event] if event.reply.negative else []
                        self._dialogue.end(f"the server answered too early: {event.reply}", events)
                        return
                events.append(event)
            if self._dialogue.replies > replies:
                self._deadline = now + self._timeout()
            if self._dialogue.over or not self._encrypted:
                return

    def _timeout(self) -> float:
        """Return the seconds until something has to happen."""
        after_body = not self._unwritten and self._dialogue.awaited is SmtpStep.BODY
        return self._terms.timeout * (BODY_TIMEOUTS if after_body else 1)

    def _check_deadlines(self, now: float) -> None:
        """Set the deadlines, and raise TimeoutError if one has passed."""
        if not (self._unwritten or self._dialogue.awaited):
            self._deadline = inf
        elif self._deadline == inf:
            self._deadline = now + self._timeout()
        if self.body_sent:
            self._body_deadline = inf
        elif self._body_deadline == inf:
            self._body_deadline = now + self._terms.timeout * BODY_TIMEOUTS
        if now > min(self._deadline, self._body_deadline):
            raise TimeoutError("the server did not answer in time")

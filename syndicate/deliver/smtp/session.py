"""An SMTP session on its socket: nothing waits, partial writes go on, deadlines hold."""

import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Iterator, Sequence
from math import inf

from syndicate.deliver.smtp.conversation import SessionTerms, SmtpDialogue, SmtpStep
from syndicate.deliver.smtp.relay import Envelope, Event, MessageAnswered, SessionEnded
from syndicate.errors import TemporaryFailure

_PATIENCE = 20
"""How many times the usual time-out the verdict may take: 10 minutes for 30 seconds (4.5.3.2.6)."""
_PIECE = 64 * 1024
_RECORD = 16 * 1024
"""Bytes that TLS encrypts at once (RFC 8446, 5.1)."""
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def data_timeout(timeout: float) -> float:
    """Return how many seconds to wait for the verdict on a body."""
    return timeout * _PATIENCE


class SmtpSession:
    """A session in which messages are offered and handed over, one behind the other."""

    def __init__(self, connection: socket.socket, terms: SessionTerms) -> None:
        connection.setblocking(False)
        with contextlib.suppress(OSError):  # an envelope is small, and is not to wait for more
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._encrypted = isinstance(connection, ssl.SSLSocket)
        self._terms = terms
        self._talk = SmtpDialogue(terms)
        self._unwritten: deque[memoryview] = deque()
        self._body_left = 0
        """Bytes from here to the end of the body's last dot."""
        self._deadline = inf
        self._body_until = inf
        self._handed = 0
        self.taken = 0

    @property
    def spent(self) -> bool:
        """Whether it takes no more messages."""
        return self._talk.over or self._handed >= self._terms.max_messages

    @property
    def handed(self) -> bool:
        """Whether the last body has left whole."""
        return self._body_left == 0

    @property
    def stuck(self) -> bool:
        """Whether there is something left to write."""
        return bool(self._unwritten)

    def fileno(self) -> int:
        """Return the socket to wait for."""
        return self._connection.fileno()

    def offer(self, envelope: Envelope, size: int) -> None:
        """Ask for a message to be taken, as soon as `move` can."""
        self._talk.offer(envelope, size)
        self._say()

    def hand_over(self, *message: bytes, tame: bool = False) -> None:
        """Have the body leave, as soon as `move` can."""
        pieces = self._talk.body(*message, tame=tame)
        self._unwritten += map(memoryview, pieces)
        self._body_left = sum(map(len, self._unwritten))
        self._body_until = inf
        self._handed += 1

    def move(self, now: float, *, readable: bool = True) -> Sequence[Event]:
        """Write and read what is possible now; the last event of all is Ended."""
        events: list[Event] = []
        if self._talk.over:
            return events
        try:
            self._write_and_read(now, events, readable=readable)
            if not self._talk.over:
                if readable:
                    self._say()
                    self._write(now)
                self._watch(now)
        except OSError as error:
            self._talk.over = True
            events.append(self._ended(error))
        return events

    def close(self) -> None:
        """End it: politely, where nothing is under way in it."""
        if self._talk.idle and not (self._talk.over or self._unwritten):
            with contextlib.suppress(OSError):
                self._connection.send(b"QUIT\r\n")
        self._talk.over = True
        self._connection.close()

    # how

    def _ended(self, error: OSError) -> SessionEnded:
        """Return how a broken connection ends the session."""
        server, parting = self._terms.server, self._talk.parting
        if parting is not None:
            return SessionEnded(
                TemporaryFailure(f"{server}: {parting}", parting.code), of_reader=True
            )
        where = "" if self.handed else "the connection broke within the message: "
        return SessionEnded(TemporaryFailure(f"{server}: {where}{error}"))

    def _write_and_read(self, now: float, events: list[Event], *, readable: bool) -> None:
        try:
            self._write(now)
        except OSError:
            self._read(now, events)  # why it was closed may have been said before
            if not self._talk.over:
                raise
        else:
            if readable:
                self._read(now, events)

    def _say(self) -> None:
        commands = self._talk.say()
        if commands:
            self._unwritten.append(memoryview(commands))

    def _write(self, now: float) -> None:
        while self._unwritten:
            try:
                sent = self._send()
            except _NOT_NOW:
                break
            self._wrote(sent)
            self._deadline = now + self._limit()

    def _send(self) -> int:
        if self._encrypted:
            # all that is given at once counts as sent when the last of it is: no sign of life
            return self._connection.send(self._unwritten[0][:_RECORD])
        return self._connection.sendmsg(self._unwritten)

    def _wrote(self, sent: int) -> None:
        self._body_left = max(0, self._body_left - sent)
        while sent:
            first = self._unwritten[0]
            if len(first) > sent:
                self._unwritten[0] = first[sent:]
                return
            sent -= len(first)
            self._unwritten.popleft()

    def _read(self, now: float, events: list[Event]) -> None:
        while (received := self._receive()) is not None:
            if not received:
                raise ConnectionResetError("the server closed the connection")
            heard = self._talk.heard
            for event in self._talk.hear(received):
                if isinstance(event, MessageAnswered):
                    self.taken += 1
                    if not self.handed:
                        events += self._early(event)
                        return
                events.append(event)
            if self._talk.heard > heard:
                self._deadline = now + self._limit()
            if self._talk.over or not self._encrypted:
                return

    def _receive(self) -> bytes | None:
        """Return what came, empty at the end of it, or None where nothing did."""
        try:
            return self._connection.recv(_PIECE)
        except _NOT_NOW:
            return None

    def _early(self, answer: MessageAnswered) -> Iterator[Event]:
        """Take a refusal that came before the body had left whole; a yes can't mean it."""
        self._talk.over = True
        said = f"{self._terms.server}: the server spoke out of turn: {answer.reply}"
        if answer.reply.negative:
            yield answer
        yield SessionEnded(TemporaryFailure(said))

    def _limit(self) -> float:
        """How many seconds may pass until something happens."""
        waits_for_verdict = not self._unwritten and self._talk.awaited is SmtpStep.BODY
        return data_timeout(self._terms.timeout) if waits_for_verdict else self._terms.timeout

    def _watch(self, now: float) -> None:
        """Raise TimeoutError for what was waited for too long."""
        if not (self._unwritten or self._talk.awaited):
            self._deadline = inf
        elif self._deadline == inf:
            self._deadline = now + self._limit()
        if self.handed:
            self._body_until = inf
        elif self._body_until == inf:
            self._body_until = now + data_timeout(self._terms.timeout)
        if now > min(self._deadline, self._body_until):
            raise TimeoutError("the server did not answer in time")

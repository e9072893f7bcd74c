"""One SMTP session after it was opened: mail transactions, step by step (RFC 5321, 3.3).

MAIL, RCPT and DATA go out in one write where the server takes that (RFC 2920).
A verdict is a reply code and nothing else.
"""

import contextlib
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from syndicate.deliver.relay import Envelope, Reply
from syndicate.deliver.replies import Garbled, Replies
from syndicate.errors import NoVerdict, PermanentFailure, RelayUnavailable, TemporaryFailure

_UNSAYABLE = re.compile(r"[<>\s\x00-\x1f\x7f]")
_CHUNK = 64 * 1024
_PATIENCE = 20
"""How many times the usual time-out the verdict may take: 10 minutes for 30 seconds (4.5.3.2.6)."""
_GOODBYE = 5.0
_CLOSING = 421
_GO_AHEAD = 354
_LOG_IN_FIRST = (530, 538)
"""RFC 4954, 6: said to the sender, at whichever step."""


def data_timeout(timeout: float) -> float:
    """Return how many seconds to wait for the verdict on a body."""
    return timeout * _PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for every transaction of a session."""

    server: str
    """`host:port`, for messages."""
    extensions: frozenset[str]
    """What the server offers, in lower case: `pipelining`, `smtputf8`."""
    timeout: float
    """Seconds to wait for a reply."""
    max_messages: int


class SmtpSession:
    """A session in which messages are offered and handed over, one after the other."""

    def __init__(self, connection: socket.socket, terms: Terms) -> None:
        self._connection = connection
        self._terms = terms
        self._replies = Replies(connection)
        self._over = False
        self._body_awaited = False
        self._begun = False
        self.taken = 0

    @property
    def spent(self) -> bool:
        """Whether it can take no more messages."""
        return self._over or self.taken >= self._terms.max_messages

    def offer(self, envelope: Envelope) -> None:
        """Ask for one message to be taken, up to the 354 that asks for its body.

        Raise TemporaryFailure or PermanentFailure for this reader, and
        RelayUnavailable when the sender is refused for good, or has to log in:
        that says nothing about the reader.
        """
        reset = ["RSET"] if self._begun else []
        commands = [*reset, *self._commands(envelope)]
        try:
            replies = self._ask(commands)[len(reset) :]
            self._begun = True
            self._judge(envelope, replies)
        except OSError as error:
            self._end()
            raise TemporaryFailure(f"{self._terms.server}: {error}") from error

    def hand_over(self, body: bytes) -> Reply:
        """Send the body and return the server's acceptance.

        Raise TemporaryFailure when the connection broke before the final dot
        left, or for a 4xx; PermanentFailure for a 5xx; NoVerdict when the whole
        body had left and no code came back.
        """
        self._send_body(body)
        try:
            reply = self._replies.read(data_timeout(self._terms.timeout))
        except OSError as error:
            self._end()
            raise NoVerdict(f"{self._terms.server}: {error}") from error
        self._body_awaited = self._begun = False
        self.taken += 1
        if not reply.positive:
            self._refuse(reply, otherwise=NoVerdict)
        return reply

    def close(self) -> None:
        """End the session politely, where nothing is under way in it."""
        if not (self._over or self._body_awaited):
            with contextlib.suppress(OSError):
                self._send(b"QUIT\r\n")
                self._replies.read(min(_GOODBYE, self._terms.timeout))
        self._end()

    def abort(self) -> None:
        """End it at once: whoever waits for the server is told that the connection is gone."""
        # of `socket`, since that of an SSLSocket would let the other thread go on unencrypted
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._connection, socket.SHUT_RDWR)

    # how

    def _commands(self, envelope: Envelope) -> list[str]:
        for address in (envelope.sender, envelope.recipient):
            if _UNSAYABLE.search(address):
                raise PermanentFailure(f"{address!r} can't be used as an address")
        parameters = ""
        if not (envelope.sender + envelope.recipient).isascii():
            if "smtputf8" not in self._terms.extensions:
                raise PermanentFailure("server lacks SMTPUTF8")
            parameters = " BODY=8BITMIME SMTPUTF8"
        sender, recipient = f"<{envelope.sender}>", f"<{envelope.recipient}>"
        return [f"MAIL FROM:{sender}{parameters}", f"RCPT TO:{recipient}", "DATA"]

    def _ask(self, commands: Sequence[str]) -> list[Reply]:
        """Return the replies to commands; raise TemporaryFailure when the session is closed."""
        if self._replies.pending:
            said = self._read()
            raise Garbled(f"the server said {str(said)!r} out of turn")
        if "pipelining" not in self._terms.extensions:
            return self._ask_one_by_one(commands)
        self._send("".join(f"{command}\r\n" for command in commands).encode())
        return [self._read() for _ in commands]

    def _ask_one_by_one(self, commands: Sequence[str]) -> list[Reply]:
        replies: list[Reply] = []
        for command in commands:
            self._send(f"{command}\r\n".encode())
            replies.append(self._read())
            if replies[-1].negative:
                break
        return replies

    def _read(self) -> Reply:
        reply = self._replies.read(self._terms.timeout)
        if reply.code == _CLOSING:
            self._refuse(reply, otherwise=TemporaryFailure)
        return reply

    def _judge(self, envelope: Envelope, replies: Sequence[Reply]) -> None:
        """Read the outcome of MAIL, RCPT and DATA: the first refusal is the verdict."""
        refused = next((n for n, reply in enumerate(replies) if reply.negative), None)
        if refused is None and [reply.code // 100 for reply in replies] == [2, 2, 3]:
            self._body_awaited = True
            return
        if refused is None:
            said = " / ".join(map(str, replies))
            raise Garbled(f"the server answered {said!r} to MAIL, RCPT and DATA")
        if replies[-1].code == _GO_AHEAD:
            self._withdraw()
        reply = replies[refused]
        if reply.code in _LOG_IN_FIRST or (refused == 0 and reply.permanent):
            raise RelayUnavailable(
                f"{self._terms.server} takes nothing from {envelope.sender}: {reply}; look at "
                "mail.from, mail.username and what the relay allows this sender",
                reply.code,
            )
        self._refuse(reply, otherwise=TemporaryFailure)

    def _withdraw(self) -> None:
        """Send a lone dot for a message without recipients; what is said to that means nothing."""
        try:
            self._send(b".\r\n")
            self._replies.read(self._terms.timeout)
        except OSError:
            self._end()

    def _refuse(self, reply: Reply, *, otherwise: type[NoVerdict | TemporaryFailure]) -> NoReturn:
        if reply.code == _CLOSING:
            self._end()
        if reply.permanent:
            raise PermanentFailure(str(reply), reply.code)
        if reply.temporary:
            raise TemporaryFailure(str(reply), reply.code)
        self._end()
        raise otherwise(f"{self._terms.server} answered {str(reply)!r}", reply.code)

    def _send_body(self, body: bytes) -> None:
        data = memoryview(_stuffed(body))
        sent = 0
        try:
            if self._replies.pending:
                raise Garbled("the server spoke out of turn")
            self._connection.settimeout(self._terms.timeout)
            while sent < len(data):
                sent += self._connection.send(data[sent : sent + _CHUNK])
        except OSError as error:
            self._end()
            raise TemporaryFailure(
                f"{self._terms.server}: the connection broke within the message: {error}"
            ) from error

    def _send(self, data: bytes) -> None:
        self._connection.settimeout(self._terms.timeout)
        self._connection.sendall(data)

    def _end(self) -> None:
        self._over = True
        self._connection.close()


def _stuffed(body: bytes) -> bytes:
    """Double the dots that begin a line, and put the final one (RFC 5321, 4.5.2)."""
    stuffed = body.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")

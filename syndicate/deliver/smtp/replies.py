"""What a mail server says, read within bounds: RFC 5321, 4.2.

A server may be slow, broken or hostile. What it says comes in pieces of any size, and
is kept until a reply is complete, or longer than any reply may be.
"""

import re
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from syndicate.deliver.smtp.relay import SmtpReply

_LINE = re.compile(rb"([2-5]\d\d)([ -]?)(.*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONGEST = 64 * 1024
_KEPT = 500
"""Characters of a reply that are kept for people."""
_PIECE = 4096

Lines = Sequence[tuple[bytes, bytes]]
"""A reply's lines: the code, and the rest."""


class MalformedReply(OSError):  # noqa: N818 - reads as the outcome that it is
    """The server said something that is no SMTP reply."""


@dataclass(frozen=True, slots=True)
class _CompleteReply:
    """A reply that is complete."""

    lines: Lines
    reply: SmtpReply

    @classmethod
    def of(cls, lines: Lines) -> Self:
        words = legible(b" ".join([text for _, text in lines]))
        return cls(lines, SmtpReply(int(lines[0][0]), words))


class ReplyParser:
    """Puts replies together from what is received; reads no socket itself."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[tuple[bytes, bytes]] = []
        self._size = 0
        self._complete: deque[_CompleteReply] = deque()

    @property
    def pending(self) -> bool:
        """Whether something came that nobody has read, complete or not."""
        return bool(self._complete or self._lines or self._rest)

    def feed(self, data: bytes) -> None:
        """Take in what was received; raise Garbled for what is no reply, or too long for one."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            whole = None if self._lines else _whole(line)
            if whole is None:
                self._take(line)
            else:
                self._complete.append(whole)
        if self._size + len(self._rest) > _LONGEST:
            raise MalformedReply(f"the server's answer is longer than {_LONGEST // 1024} KB")

    def next(self) -> SmtpReply | None:
        """Return the next complete reply, or None."""
        return self._complete.popleft().reply if self._complete else None

    def next_lines(self) -> Lines | None:
        """Return the next complete reply as it was said, or None."""
        return self._complete.popleft().lines if self._complete else None

    # how

    def _take(self, line: bytes) -> None:
        parsed = _parsed(line)
        if parsed is None or (self._lines and parsed[0] != self._lines[0][0]):
            raise MalformedReply(f"the server said {legible(line)[:80]!r}, which is no SMTP reply")
        self._size += len(line)
        if self._size > _LONGEST:
            raise MalformedReply(f"the server's answer is longer than {_LONGEST // 1024} KB")
        code, more, text = parsed
        self._lines.append((code, text))
        if not more:
            self._complete.append(_CompleteReply.of(self._lines))
            self._lines, self._size = [], 0


@lru_cache(maxsize=64)
def _whole(line: bytes) -> _CompleteReply | None:
    """Return the reply that a line is all of; None for any other.

    Servers say the same few things over and over.
    """
    parsed = _parsed(line) if len(line) <= _LONGEST else None
    if parsed is None or parsed[1]:
        return None
    return _CompleteReply.of([(parsed[0], parsed[2])])


def _parsed(line: bytes) -> tuple[bytes, bool, bytes] | None:
    """Return a line's code, whether more are to come, and the rest; None for what is none."""
    match = _LINE.fullmatch(line.strip(b"\r "))
    return None if match is None else (match[1], match[2] == b"-", match[3].strip())


class ReplyReader:
    """Waits for replies on a socket: for what is said while a session is opened."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._replies = ReplyParser()

    @property
    def pending(self) -> bool:
        """Whether something came that nobody asked for."""
        return self._replies.pending

    def read(self, timeout: float) -> tuple[int, bytes]:
        """Return the next reply as smtplib wants it: its code, and its lines.

        Raise OSError when none is complete in time, however it trickles in, and
        Garbled for rubbish.
        """
        deadline = time.monotonic() + timeout
        while (lines := self._replies.next_lines()) is None:
            self._replies.feed(self._receive(deadline))
        return int(lines[0][0]), b"\n".join(text for _, text in lines)

    def _receive(self, deadline: float) -> bytes:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the server did not answer in time")
        self._connection.settimeout(remaining)
        try:
            received = self._connection.recv(_PIECE)
        except TimeoutError as error:
            raise TimeoutError("the server did not answer in time") from error
        if not received:
            raise ConnectionResetError("the server closed the connection")
        return received


def legible(said: bytes) -> str:
    """Return what a server said on one line, short, and without control characters."""
    words = _CONTROL.sub(" ", said.decode("utf-8", "backslashreplace")).strip()
    return words if len(words) <= _KEPT else words[: _KEPT - 1] + "…"

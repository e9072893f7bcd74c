"""Parses SMTP replies within bounds: RFC 5321, 4.2.

A server may be slow, broken or hostile. Its bytes come in pieces of any size, and are
kept until a reply is complete or exceeds the limit.
"""

import re
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from syndicate.deliver.smtp.transport import SmtpReply

_LINE = re.compile(rb"([2-5]\d\d)([ -]?)(.*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MAX_SIZE = 64 * 1024
"""Bytes of a reply."""
_MAX_TEXT = 500
"""Characters of a reply that are kept for people to read."""
_RECEIVE_SIZE = 4096

Lines = Sequence[tuple[bytes, bytes]]
"""A reply's lines, each as its code and its text."""


class MalformedReply(OSError):  # noqa: N818 - reads as the outcome that it is
    """The server sent something that is not an SMTP reply."""


@dataclass(frozen=True, slots=True)
class _CompleteReply:
    lines: Lines
    reply: SmtpReply

    @classmethod
    def of(cls, lines: Lines) -> Self:
        text = legible(b" ".join([text for _, text in lines]))
        return cls(lines, SmtpReply(int(lines[0][0]), text))


class ReplyParser:
    """Puts replies together from received bytes; reads no socket itself."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[tuple[bytes, bytes]] = []
        self._size = 0
        self._complete: deque[_CompleteReply] = deque()

    @property
    def pending(self) -> bool:
        """Whether bytes were fed that `next` has not yet returned."""
        return bool(self._complete or self._lines or self._rest)

    def feed(self, data: bytes) -> None:
        """Take in received bytes; raise MalformedReply if they are not a reply, or too long."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            reply = None if self._lines else _one_line_reply(line)
            if reply is None:
                self._add_line(line)
            else:
                self._complete.append(reply)
        if self._size + len(self._rest) > _MAX_SIZE:
            raise _too_long()

    def next(self) -> SmtpReply | None:
        """Return the next complete reply, if there is one."""
        return self._complete.popleft().reply if self._complete else None

    def next_lines(self) -> Lines | None:
        """Return the lines of the next complete reply, if there is one."""
        return self._complete.popleft().lines if self._complete else None

    def _add_line(self, line: bytes) -> None:
        parsed = _parse_line(line)
        if parsed is None or (self._lines and parsed[0] != self._lines[0][0]):
            raise MalformedReply(f"the server sent {legible(line)[:80]!r}, not an SMTP reply")
        self._size += len(line)
        if self._size > _MAX_SIZE:
            raise _too_long()
        code, more, text = parsed
        self._lines.append((code, text))
        if not more:
            self._complete.append(_CompleteReply.of(self._lines))
            self._lines, self._size = [], 0


@lru_cache(maxsize=64)
def _one_line_reply(line: bytes) -> _CompleteReply | None:
    """Return the reply if it is only this line; cached, since servers repeat themselves."""
    parsed = _parse_line(line) if len(line) <= _MAX_SIZE else None
    if parsed is None or parsed[1]:
        return None
    return _CompleteReply.of([(parsed[0], parsed[2])])


def _parse_line(line: bytes) -> tuple[bytes, bool, bytes] | None:
    """Return the code, whether more lines follow, and the text; None if it is not a reply line."""
    match = _LINE.fullmatch(line.strip(b"\r "))
    return None if match is None else (match[1], match[2] == b"-", match[3].strip())


def _too_long() -> MalformedReply:
    return MalformedReply(f"the server's answer is longer than {_MAX_SIZE // 1024} KB")


class ReplyReader:
    """Reads replies from a socket, and blocks: for the time when a session is opened."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._parser = ReplyParser()

    @property
    def pending(self) -> bool:
        """Whether more was received than the replies that were read."""
        return self._parser.pending

    def read(self, timeout: float) -> tuple[int, bytes]:
        """Return the code and the lines of the next reply, as smtplib has them.

        Raise OSError if it isn't complete in time, however it trickles in, and
        MalformedReply if it is not one.
        """
        deadline = time.monotonic() + timeout
        while (lines := self._parser.next_lines()) is None:
            self._parser.feed(self._receive(deadline))
        return int(lines[0][0]), b"\n".join(text for _, text in lines)

    def _receive(self, deadline: float) -> bytes:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the server did not answer in time")
        self._connection.settimeout(remaining)
        try:
            received = self._connection.recv(_RECEIVE_SIZE)
        except TimeoutError as error:
            raise TimeoutError("the server did not answer in time") from error
        if not received:
            raise ConnectionResetError("the server closed the connection")
        return received


def legible(reply: bytes) -> str:
    """Return a reply's text on one line, shortened, without control characters."""
    text = _CONTROL.sub(" ", reply.decode("utf-8", "backslashreplace")).strip()
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"

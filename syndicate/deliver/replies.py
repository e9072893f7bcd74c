"""What a mail server says, read within bounds: RFC 5321, 4.2.

A server may be slow, broken or hostile: a reply has to be complete before its
deadline, however it trickles in, and small.
"""

import re
import socket
import time

from syndicate.deliver.relay import Reply

_LINE = re.compile(rb"([2-5]\d\d)([ -]?)(.*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_LONGEST = 64 * 1024
_KEPT = 500
"""Characters of a reply that are kept for people."""


class Garbled(OSError):  # noqa: N818 - reads as the outcome that it is
    """The server said something that is no SMTP reply."""


class Replies:
    """Reads replies from a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    @property
    def pending(self) -> bool:
        """Whether something came that nobody asked for."""
        return bool(self._buffer)

    def read(self, timeout: float) -> Reply:
        """Return the next reply; raise OSError when none comes in time, Garbled for rubbish."""
        lines = self._lines(time.monotonic() + timeout)
        return Reply(int(lines[0][0]), legible(b" ".join(text for _, text in lines)))

    def read_lines(self, timeout: float) -> tuple[int, bytes]:
        """Return the next reply as smtplib wants it: its code, and its lines."""
        lines = self._lines(time.monotonic() + timeout)
        return int(lines[0][0]), b"\n".join(text for _, text in lines)

    def _lines(self, deadline: float) -> list[tuple[bytes, bytes]]:
        lines: list[tuple[bytes, bytes]] = []
        room = _LONGEST
        while True:
            line = self._line(deadline, room)
            room -= len(line)
            match = _LINE.fullmatch(line.strip(b"\r\n "))
            if match is None or (lines and match[1] != lines[0][0]):
                raise Garbled(f"the server said {legible(line)[:80]!r}, which is no SMTP reply")
            lines.append((match[1], match[3].strip()))
            if match[2] != b"-":
                return lines

    def _line(self, deadline: float, room: int) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > room:
                raise Garbled(f"the server's answer is longer than {_LONGEST // 1024} KB")
            self._buffer += self._receive(deadline)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line + b"\n"

    def _receive(self, deadline: float) -> bytes:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the server did not answer in time")
        self._connection.settimeout(remaining)
        try:
            received = self._connection.recv(4096)
        except TimeoutError as error:
            raise TimeoutError("the server did not answer in time") from error
        if not received:
            raise ConnectionResetError("the server closed the connection")
        return received


def legible(said: bytes) -> str:
    """Return what a server said on one line, short, and without control characters."""
    words = _CONTROL.sub(" ", said.decode("utf-8", "backslashreplace")).strip()
    return words if len(words) <= _KEPT else words[: _KEPT - 1] + "…"

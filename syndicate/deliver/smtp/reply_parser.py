"""Parses SMTP replies within bounds: RFC 5321, 4.2.

A server may be slow, broken or hostile. Its bytes come in pieces of any size, and are
kept until a reply is complete or exceeds the limit.
"""

import re
from collections import deque
from collections.abc import Sequence
from functools import lru_cache

from syndicate.deliver.smtp.transport import SmtpReply

_LINE = re.compile(rb"([2-5]\d\d)([ -]?)(.*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MAX_SIZE = 64 * 1024
"""Bytes of a reply."""
_MAX_TEXT = 500
"""Characters of a reply that are kept for people to read."""

Lines = Sequence[tuple[bytes, bytes]]
"""A reply's lines, each as its code and its text."""


class MalformedReply(OSError):  # noqa: N818 - reads as the outcome that it is
    """The server sent something that is not an SMTP reply."""


class ReplyParser:
    """Puts replies together from received bytes; reads no socket itself."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[tuple[bytes, bytes]] = []
        self._size = 0
        self._complete: deque[tuple[Lines, SmtpReply]] = deque()

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
        self._check_size(self._size + len(self._rest))

    def next(self) -> SmtpReply | None:
        """Return the next complete reply, if there is one."""
        return self._complete.popleft()[1] if self._complete else None

    def next_lines(self) -> Lines | None:
        """Return the lines of the next complete reply, if there is one."""
        return self._complete.popleft()[0] if self._complete else None

    def _add_line(self, line: bytes) -> None:
        parsed = _parse_line(line)
        if parsed is None or (self._lines and parsed[0] != self._lines[0][0]):
            raise MalformedReply(f"the server sent {legible(line)[:80]!r}, not an SMTP reply")
        self._size += len(line)
        self._check_size(self._size)
        code, more, text = parsed
        self._lines.append((code, text))
        if not more:
            self._complete.append(_complete(self._lines))
            self._lines, self._size = [], 0

    def _check_size(self, size: int) -> None:
        if size > _MAX_SIZE:
            raise MalformedReply(f"the server's answer is longer than {_MAX_SIZE // 1024} KB")


@lru_cache(maxsize=64)
def _one_line_reply(line: bytes) -> tuple[Lines, SmtpReply] | None:
    """Return the reply if it is only this line; cached, since servers repeat themselves."""
    parsed = _parse_line(line) if len(line) <= _MAX_SIZE else None
    return None if parsed is None or parsed[1] else _complete([(parsed[0], parsed[2])])


def _complete(lines: Lines) -> tuple[Lines, SmtpReply]:
    return lines, SmtpReply(int(lines[0][0]), legible(b" ".join([text for _, text in lines])))


def _parse_line(line: bytes) -> tuple[bytes, bool, bytes] | None:
    """Return the code, whether more lines follow, and the text; None if it is not a reply line."""
    match = _LINE.fullmatch(line.strip(b"\r "))
    return None if match is None else (match[1], match[2] == b"-", match[3].strip())


def legible(reply: bytes) -> str:
    """Return a reply's text on one line, shortened, without control characters."""
    text = _CONTROL.sub(" ", reply.decode("utf-8", "backslashreplace")).strip()
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"

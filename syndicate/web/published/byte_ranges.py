"""Parts of a file that a client asks for (RFC 9110, section 14).

One part at a time: who asks for several gets all of it, as the RFC allows.
"""

import re
from dataclasses import dataclass

_ONE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE | re.ASCII)
_LONGEST = 18
"""Digits; more are past the end of any file."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A part in bytes: from `start`, up to but without `end`; nothing of it where they are one."""

    start: int
    end: int

    @property
    def satisfiable(self) -> bool:
        """Whether there is something to send."""
        return self.start < self.end


def parse_range(header: str, size: int) -> ByteRange | None:
    """Return the part of `size` bytes that a Range header means; None where it is to be ignored.

    One that begins past the end is not satisfiable, which is a 416.
    """
    found = _ONE.fullmatch(header)
    if found is None or any(len(digits) > _LONGEST for digits in found.groups()):
        return None
    first, last = found.groups()
    if first:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
        return ByteRange(start, max(end, start) if start < size else start)
    if not last:
        return None
    return ByteRange(max(size - int(last), 0), size)

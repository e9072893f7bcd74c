"""Range requests (RFC 9110, section 14).

Only a single range is supported: several are answered with the whole file, as the RFC allows.
"""

import re
from dataclasses import dataclass

_SINGLE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE | re.ASCII)
_MAX_DIGITS = 18
"""More are past the end of any file."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `start` up to, not including, `end`; empty where both are equal."""

    start: int
    end: int

    @property
    def is_satisfiable(self) -> bool:
        """Whether it has any bytes; if not, the response is a 416."""
        return self.start < self.end


def parse_range(header: str, size: int) -> ByteRange | None:
    """Return the range of a file of `size` bytes; None for a header that is to be ignored."""
    match = _SINGLE_RANGE.fullmatch(header)
    if match is None or any(len(digits) > _MAX_DIGITS for digits in match.groups()):
        return None
    first, last = match.groups()
    if first:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
        return ByteRange(start, max(end, start) if start < size else start)
    if not last:
        return None
    return ByteRange(max(size - int(last), 0), size)

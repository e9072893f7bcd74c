"""A feed's document in parts: what of it a reader has already need not be sent again.

RFC 3229 with the instance manipulation `feed`: the answer is a whole feed that
holds only what is new or has changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentParts:
    """A document taken apart, byte by byte."""

    head: bytes
    """What stands before the first entry: all that is said of the channel."""
    entries: tuple[bytes, ...]
    """Each as it is written wherever it stands; tombstones are among them."""
    tail: bytes
    separator: bytes = b""
    """What stands between two entries."""

    def document(self, entries: Iterable[bytes]) -> bytes:
        """Join some of the entries, or all of them, to a document of the same format."""
        return b"".join((self.head, self.separator.join(entries), self.tail))

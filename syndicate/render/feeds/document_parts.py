"""A feed document in parts, for responses with only what a reader doesn't have yet.

RFC 3229 with the instance manipulation `feed`: the response is a whole feed that contains only
new and changed entries.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentParts:
    """The parts of a document, which together are its bytes."""

    head: bytes
    """Everything before the first entry: the elements of the feed itself."""
    entries: tuple[bytes, ...]
    """The entries, and tombstones, as they are written in every document."""
    tail: bytes
    separator: bytes = b""
    """The bytes between two entries."""

    def document(self, entries: Iterable[bytes]) -> bytes:
        """Return a document of the same feed with some of the entries, or all."""
        return b"".join((self.head, self.separator.join(entries), self.tail))

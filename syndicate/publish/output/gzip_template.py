"""A stencil: a document with gaps, that a word is put into for each who asks.

Compressing it each time would cost more than all the rest of an answer. So the
parts are compressed once, each by itself, and the word goes between them as it is.
"""

import hashlib
import zlib
from dataclasses import dataclass
from functools import cached_property

_BEGIN = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""A gzip header without a name or a time (RFC 1952, 2.3)."""
_END = b"\x03\x00"
"""An empty block that is the last one (RFC 1951, 3.2.3)."""
_LEVEL = 6


@dataclass(frozen=True)
class GzipTemplate:
    """The parts of a document, the word to stand between each two of them."""

    parts: tuple[bytes, ...]

    @classmethod
    def of(cls, document: bytes, gap: bytes) -> "GzipTemplate":
        """Make one of a document in which `gap` stands where the word belongs."""
        return cls(tuple(document.split(gap)))

    @cached_property
    def digest(self) -> str:
        """Tells the document from every other, whatever the word is."""
        return hashlib.sha256(b"\0".join(self.parts)).hexdigest()[:32]

    @cached_property
    def weight(self) -> int:
        """How many bytes it takes up in memory."""
        return sum(map(len, self.parts)) + sum(map(len, self._deflated))

    def filled(self, word: bytes) -> bytes:
        """Return the document with a word in it."""
        return word.join(self.parts)

    def gzipped(self, word: bytes) -> bytes:
        """Return the same, gzipped; the word is shorter than 64 KiB."""
        whole, length = self.filled(word), len(word)
        stored = _sixteen(length) + _sixteen(length ^ 0xFFFF) + word
        body = (b"\x00" + stored).join(self._deflated)  # stored as it is (RFC 1951, 3.2.4)
        check = zlib.crc32(whole).to_bytes(4, "little")
        size = (len(whole) & 0xFFFFFFFF).to_bytes(4, "little")
        return b"".join((_BEGIN, body, _END, check, size))

    @cached_property
    def _deflated(self) -> tuple[bytes, ...]:
        return tuple(map(_deflate, self.parts))


def _sixteen(number: int) -> bytes:
    return number.to_bytes(2, "little")


def _deflate(part: bytes) -> bytes:
    """Compress a part so that it ends with a whole byte, and looks back at nothing before it."""
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(part) + deflater.flush(zlib.Z_FULL_FLUSH)

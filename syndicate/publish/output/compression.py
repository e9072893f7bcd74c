"""Compressed copies of files, for servers that send them as they are; and compressed templates.

A template is a document with placeholders, compressed once and filled in for each request:
compressing it each time would cost more than the rest of the response. So its parts are
compressed separately, and the value is stored between them uncompressed.
"""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from functools import cached_property

import brotli

COMPRESSED_SUFFIXES = (".gz", ".br")
_GZIP_LEVEL, _BROTLI_QUALITY = 6, 5
"""Nearly the best size in a fraction of the time."""
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""A gzip header without a name or a time (RFC 1952, 2.3)."""
_FINAL_BLOCK = b"\x03\x00"
"""An empty final block (RFC 1951, 3.2.3)."""


def compressed(data: bytes, suffix: str) -> bytes:
    """Compress data for a suffix; the same data always gives the same bytes."""
    if suffix == ".br":
        return bytes(brotli.compress(data, quality=_BROTLI_QUALITY))
    return gzip.compress(data, compresslevel=_GZIP_LEVEL, mtime=0)


@dataclass(frozen=True)
class GzipTemplate:
    """The parts of a document, split at its placeholders; the value goes between each two."""

    parts: tuple[bytes, ...]

    @cached_property
    def digest(self) -> str:
        """Identifies the document, whatever the value."""
        return hashlib.sha256(b"\0".join(self.parts)).hexdigest()[:32]

    @cached_property
    def size(self) -> int:
        """The bytes that it takes in memory."""
        return sum(map(len, self.parts)) + sum(map(len, self._deflated))

    def render(self, value: bytes) -> bytes:
        """Return the document with a value filled in."""
        return value.join(self.parts)

    def render_gzipped(self, value: bytes) -> bytes:
        """Return the same, gzipped; the value is shorter than 64 KiB."""
        document, length = self.render(value), len(value)
        stored = _uint16(length) + _uint16(length ^ 0xFFFF) + value
        body = (b"\x00" + stored).join(self._deflated)  # a stored block (RFC 1951, 3.2.4)
        check = zlib.crc32(document).to_bytes(4, "little")
        size = (len(document) & 0xFFFFFFFF).to_bytes(4, "little")
        return b"".join((_HEADER, body, _FINAL_BLOCK, check, size))

    @cached_property
    def _deflated(self) -> tuple[bytes, ...]:
        return tuple(map(_deflate, self.parts))


def _uint16(number: int) -> bytes:
    return number.to_bytes(2, "little")


def _deflate(part: bytes) -> bytes:
    """Compress a part so that it ends at a byte boundary and refers to no earlier part."""
    deflater = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(part) + deflater.flush(zlib.Z_FULL_FLUSH)

"""Compressed twins of files, for servers that hand them out as they are."""

import gzip

import brotli

TWINS = (".gz", ".br")
_GZIP, _BROTLI = 6, 5
"""Near the best size for a small part of its time."""


def twin(data: bytes, suffix: str) -> bytes:
    """Compress data as a suffix says; the same bytes for the same data."""
    if suffix == ".br":
        return bytes(brotli.compress(data, quality=_BROTLI))
    return gzip.compress(data, compresslevel=_GZIP, mtime=0)

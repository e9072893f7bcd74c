"""Content codings: negotiation (RFC 9110, section 12.5.3) and compression."""

import gzip
import re
from enum import StrEnum
from functools import lru_cache

import brotli

_QUALITY = re.compile(r"q=([01](?:\.\d{0,3})?)", re.IGNORECASE)
_MAX_REMEMBERED = 200
"""Characters of a header up to which its result is remembered."""
_DEFAULT_IDENTITY_WEIGHT = 0.0005
"""The weight of identity where the header doesn't name it: less than any that can be written."""


class ContentCoding(StrEnum):
    """How the bytes of a representation are coded."""

    BROTLI = "br"
    GZIP = "gzip"
    IDENTITY = "identity"

    def compress(self, data: bytes) -> bytes:
        """Return the coded bytes, always the same for the same data."""
        if self is ContentCoding.BROTLI:
            return bytes(brotli.compress(data, quality=5))
        if self is ContentCoding.GZIP:
            return gzip.compress(data, compresslevel=6, mtime=0)
        return data

    def etag(self, digest: str) -> str:
        """Return the strong ETag of bytes in this coding; `digest` is that of the uncoded bytes."""
        return f'"{digest}"' if self is ContentCoding.IDENTITY else f'"{digest}-{self}"'


ALL_CODINGS = tuple(ContentCoding)
"""Best first."""
IDENTITY_ONLY = (ContentCoding.IDENTITY,)


def negotiate_coding(
    accept_encoding: str | None, offered: tuple[ContentCoding, ...]
) -> ContentCoding | None:
    """Return the best of the codings offered that the client accepts, or None.

    A client that sends no Accept-Encoding gets identity. The RFC would allow any coding, but
    many such clients can't decode.
    """
    if accept_encoding is None:
        return ContentCoding.IDENTITY
    if len(accept_encoding) > _MAX_REMEMBERED:
        return _choose(accept_encoding, offered)
    return _choose_remembered(accept_encoding, offered)


def parse_weights(header: str) -> dict[str, float]:
    """Return the weight of each element of a header (RFC 9110, section 12.4.2)."""
    weights = {}
    for element in header.lower().split(","):
        name, _, parameters = element.partition(";")
        quality = _QUALITY.fullmatch(parameters.strip())
        weights[name.strip().removeprefix("x-")] = float(quality[1]) if quality else 1.0
    return weights


def _choose(accept_encoding: str, offered: tuple[ContentCoding, ...]) -> ContentCoding | None:
    weights = parse_weights(accept_encoding)
    best = max(offered, key=lambda coding: _weight(coding, weights))
    return best if _weight(best, weights) > 0 else None


_choose_remembered = lru_cache(maxsize=1024)(_choose)


def _weight(coding: ContentCoding, weights: dict[str, float]) -> float:
    default = _DEFAULT_IDENTITY_WEIGHT if coding is ContentCoding.IDENTITY else 0.0
    return weights.get(coding, weights.get("*", default))

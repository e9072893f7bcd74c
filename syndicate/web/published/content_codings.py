"""Content-codings: which of ours a client likes best (RFC 9110, 12.5.3), and how they are made."""

import gzip
import re
from enum import StrEnum
from functools import lru_cache

import brotli

_QUALITY = re.compile(r"q=([01](?:\.\d{0,3})?)", re.IGNORECASE)
_USUAL = 200
"""Characters of a header that are worth remembering."""
_UNMENTIONED = 0.0005
"""What a client says nothing of, and may be sent as it is: less than any weight there is."""


class ContentCoding(StrEnum):
    """How the bytes of a representation are coded."""

    BROTLI = "br"
    GZIP = "gzip"
    IDENTITY = "identity"

    def applied_to(self, data: bytes) -> bytes:
        """Code bytes: the same ones for the same data."""
        if self is ContentCoding.BROTLI:
            return bytes(brotli.compress(data, quality=5))
        if self is ContentCoding.GZIP:
            return gzip.compress(data, compresslevel=6, mtime=0)
        return data

    def tag(self, digest: str) -> str:
        """Return the strong validator of bytes in this coding; `digest` names them uncoded."""
        return f'"{digest}"' if self is ContentCoding.IDENTITY else f'"{digest}-{self}"'


ALL_CODINGS = tuple(ContentCoding)
"""The one we like best first."""
IDENTITY_ONLY = (ContentCoding.IDENTITY,)


def negotiate_coding(
    accept_encoding: str | None, offered: tuple[ContentCoding, ...]
) -> ContentCoding | None:
    """Return which of the codings offered to answer in; None where none is acceptable.

    Who says nothing gets the bytes as they are: that any coding would be right by
    the letter helps nobody who can't undo it.
    """
    if accept_encoding is None:
        return ContentCoding.IDENTITY
    if len(accept_encoding) > _USUAL:
        return _preferred(accept_encoding, offered)
    return _remembered(accept_encoding, offered)


def parse_weights(header: str) -> dict[str, float]:
    """Return what a client says of how much it likes each of some words (RFC 9110, 12.4.2)."""
    weights = {}
    for wish in header.lower().split(","):
        coding, _, parameters = wish.partition(";")
        quality = _QUALITY.fullmatch(parameters.strip())
        weights[coding.strip().removeprefix("x-")] = float(quality[1]) if quality else 1.0
    return weights


def _preferred(accept_encoding: str, offered: tuple[ContentCoding, ...]) -> ContentCoding | None:
    weights = parse_weights(accept_encoding)
    best = max(offered, key=lambda coding: _weight(coding, weights))
    return best if _weight(best, weights) > 0 else None


_remembered = lru_cache(maxsize=1024)(_preferred)


def _weight(coding: ContentCoding, weights: dict[str, float]) -> float:
    unmentioned = _UNMENTIONED if coding is ContentCoding.IDENTITY else 0.0
    return weights.get(coding, weights.get("*", unmentioned))

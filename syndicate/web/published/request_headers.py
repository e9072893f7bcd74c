"""What a request's headers ask for (RFC 9110): codings, conditions (13) and ranges (14).

Pure functions of header values; a value that can't be parsed is ignored.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus

from syndicate.publish.output.formats import compressed
from syndicate.web.server.responses import FileRequest

_ETAG = re.compile(r'(W/)?("[^"]*")')
_SINGLE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE | re.ASCII)
_MAX_DIGITS = 18
"""Digits of a position; a longer one is past the end of any file."""
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
        if self is ContentCoding.IDENTITY:
            return data
        return compressed(data, ".br" if self is ContentCoding.BROTLI else ".gz")

    def etag(self, digest: str) -> str:
        """Return the strong ETag of bytes in this coding; `digest` is that of the uncoded bytes."""
        return f'"{digest}"' if self is ContentCoding.IDENTITY else f'"{digest}-{self}"'


ALL_CODINGS = tuple(ContentCoding)
"""Best first."""
IDENTITY_ONLY = (ContentCoding.IDENTITY,)


def negotiate_coding(
    accept_encoding: str | None, offered: tuple[ContentCoding, ...]
) -> ContentCoding | None:
    """Return the best of the codings offered that the client accepts, or None (12.5.3).

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


def evaluate(request: FileRequest, etags: Sequence[str], modified: datetime | None) -> HTTPStatus:
    """Return 304 or 412 by the conditions, in the order of section 13.2.2; else 200.

    `etags` are those of the file in all codings; `modified` is None where the time proves
    nothing.
    """
    if request.if_match is not None:
        if match_etag(request.if_match, etags, weakly=False) is None:
            return HTTPStatus.PRECONDITION_FAILED
    elif request.if_unmodified_since is not None and modified is not None:
        since = _date(request.if_unmodified_since)
        if since is not None and modified > since:
            return HTTPStatus.PRECONDITION_FAILED
    if request.if_none_match is not None:
        is_current = match_etag(request.if_none_match, etags) is not None
    elif request.if_modified_since is not None and modified is not None:
        is_current = is_unmodified_since(request.if_modified_since, modified)
    else:
        is_current = False
    return HTTPStatus.NOT_MODIFIED if is_current else HTTPStatus.OK


def match_etag(listed: str, etags: Sequence[str], *, weakly: bool = True) -> str | None:
    """Return which of our ETags a header lists, compared weakly or strongly (section 8.8.3.2).

    `*` matches the first one.
    """
    if listed in etags:
        return listed
    if listed.strip() == "*":
        return etags[0]
    return next((etag for etag in parse_etags(listed, weak=weakly) if etag in etags), None)


def parse_etags(listed: str, *, weak: bool = True) -> list[str]:
    """Return the ETags that a header lists, in quotes; `weak` ones as if they were strong."""
    return [etag for mark, etag in _ETAG.findall(listed) if weak or not mark]


def is_unmodified_since(if_modified_since: str, modified: datetime) -> bool:
    """Return whether the file was not modified after the client's date."""
    since = _date(if_modified_since)
    return since is not None and modified <= since


def matches_if_range(if_range: str, etag: str, modified: datetime | None) -> bool:
    """Return whether the client's part is of the current version (section 13.1.5)."""
    if '"' in if_range:
        return if_range.strip() == etag
    return modified is not None and _date(if_range) == modified


def parse_range(header: str, size: int) -> range | None:
    """Return the bytes of a file that are requested, none where it has no such part (416).

    None for a header that is to be ignored. Only a single range is supported: several are
    answered with the whole file, as the RFC allows.
    """
    match = _SINGLE_RANGE.fullmatch(header)
    if match is None or any(len(digits) > _MAX_DIGITS for digits in match.groups()):
        return None
    first, last = match.groups()
    if first:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        return None if last and int(last) < start else range(start, end)
    return range(max(size - int(last), 0), size) if last else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # such as a zone of a thousand years
        return None
    return date if date.tzinfo is not None else None

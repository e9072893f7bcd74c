"""Conditional and range requests (RFC 9110, sections 13 and 14).

Pure functions of header values; a value that can't be parsed is ignored.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from syndicate.web.server.responses import FileRequest

_ETAG = re.compile(r'(W/)?("[^"]*")')
_SINGLE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE | re.ASCII)
_MAX_DIGITS = 18
"""Digits of a position; a longer one is past the end of any file."""


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

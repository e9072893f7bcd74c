"""What a request makes its answer depend on (RFC 9110, section 13).

Pure functions of header values; what can't be understood is as if it weren't there.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from syndicate.web.server.responses import FileRequest

_TAG = re.compile(r'(W/)?("[^"]*")')


def evaluate(request: FileRequest, tags: Sequence[str], modified: datetime | None) -> HTTPStatus:
    """Return 304 or 412 where a condition says so, in the order of 13.2.2; else 200.

    `tags` are those of all forms that the file has, `modified` is None where the
    time would be no proof.
    """
    if request.if_match is not None:
        if find_matching_etag(request.if_match, tags, weakly=False) is None:
            return HTTPStatus.PRECONDITION_FAILED
    elif request.if_unmodified_since is not None and modified is not None:
        since = _date(request.if_unmodified_since)
        if since is not None and modified > since:
            return HTTPStatus.PRECONDITION_FAILED
    if request.if_none_match is not None:
        known = find_matching_etag(request.if_none_match, tags) is not None
    elif request.if_modified_since is not None and modified is not None:
        known = is_unmodified_since(request.if_modified_since, modified)
    else:
        known = False
    return HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK


def find_matching_etag(listed: str, tags: Sequence[str], *, weakly: bool = True) -> str | None:
    """Return which of our tags a header lists, compared weakly or strongly (8.8.3.2).

    `*` is any: the first of ours.
    """
    if listed in tags:
        return listed
    if listed.strip() == "*":
        return tags[0]
    return next((tag for tag in parse_etags(listed, weak=weakly) if tag in tags), None)


def parse_etags(listed: str, *, weak: bool = True) -> list[str]:
    """Return the tags that a header lists, in their quotes; `weak` ones as if they were strong."""
    return [tag for mark, tag in _TAG.findall(listed) if weak or not mark]


def is_unmodified_since(if_modified_since: str, modified: datetime) -> bool:
    """Tell whether nothing was modified after the time the client names."""
    since = _date(if_modified_since)
    return since is not None and modified <= since


def matches_if_range(if_range: str, tag: str, modified: datetime | None) -> bool:
    """Tell whether what a client has a part of is still what there is (13.1.5)."""
    if '"' in if_range:
        return if_range.strip() == tag
    return modified is not None and _date(if_range) == modified


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # such as a zone of a thousand years
        return None
    return date if date.tzinfo is not None else None

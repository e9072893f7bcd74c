"""What a request asks for beside its path: conditions (RFC 9110, 13) and codings (12.5.3).

Pure functions of header values; what can't be understood is as if it weren't there.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime

_TAG = re.compile(r'(?:W/)?("[^"]*")')
_QUALITY = re.compile(r"q=([01](?:\.\d{0,3})?)", re.IGNORECASE)


def matching_tag(if_none_match: str, tags: Sequence[str]) -> str | None:
    """Return which of our tags the client already has, by weak comparison.

    `*` is any: the first of ours.
    """
    if if_none_match.strip() == "*":
        return tags[0]
    theirs = set(_TAG.findall(if_none_match))
    return next((tag for tag in tags if tag in theirs), None)


def unchanged_since(if_modified_since: str, modified: datetime) -> bool:
    """Tell whether nothing was modified after the time the client names."""
    try:
        since = parsedate_to_datetime(if_modified_since)
    except ValueError:
        return False
    return since.tzinfo is not None and modified.replace(microsecond=0) <= since


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether the client takes gzip: what it says of gzip, else what it says of `*`."""
    wishes = {}
    for wish in accept_encoding.split(","):
        coding, _, parameters = wish.partition(";")
        quality = _QUALITY.fullmatch(parameters.strip())
        wishes[coding.strip().lower()] = float(quality[1]) if quality else 1.0
    for coding in ("gzip", "x-gzip", "*"):
        if coding in wishes:
            return wishes[coding] > 0
    return False

"""Inserts HTML into a whole mail, after the opening tag of its head or body."""

import re

_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
_BODY = re.compile(r"<body(?:\s[^>]*)?>", re.IGNORECASE)


def insert_in_head(html: str, added: str) -> str:
    """Insert at the beginning of the head, or of all where there is none."""
    return _insert_after(_HEAD, html, added)


def insert_in_body(html: str, added: str) -> str:
    """Insert at the beginning of the body, or of all where there is none."""
    return _insert_after(_BODY, html, added)


def _insert_after(tag: re.Pattern[str], html: str, added: str) -> str:
    found = tag.search(html)
    place = found.end() if found else 0
    return f"{html[:place]}{added}{html[place:]}"

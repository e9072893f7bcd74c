"""The HTML of a mail as a web page: its headers, and the elements added to it."""

import re

_POLICY = (
    "default-src 'none'; img-src http: https:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Mail has inline styles and loads pictures from anywhere; it runs nothing."""
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
_BODY = re.compile(r"<body(?:\s[^>]*)?>", re.IGNORECASE)


def wrap(html: str, *, head: str = "", above: str = "") -> str:
    """Return a mail in a `<main>`, with `above` before it and `head` in its head."""
    html = _HEAD.sub(lambda tag: tag[0] + head, html, count=1)
    html = _BODY.sub(lambda tag: f"{tag[0]}{above}<main>", html, count=1)
    end = html.rfind("</body>")
    return f"{html[:end]}</main>{html[end:]}" if end >= 0 else html

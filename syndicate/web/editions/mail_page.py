"""The HTML of a mail as a page of its own: what it may load, and what is put around it."""

import re

MAIL_POLICY = (
    "default-src 'none'; img-src http: https:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Mail has its styles in its elements, and pictures from anywhere; it runs nothing."""
MAIL_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": MAIL_POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
_BODY = re.compile(r"<body(?:\s[^>]*)?>", re.IGNORECASE)


def wrap_as_page(html: str, *, head: str = "", above: str = "") -> str:
    """Return a mail with more in its head, something above it, and itself marked as what counts."""
    html = _HEAD.sub(lambda tag: tag[0] + head, html, count=1)
    html = _BODY.sub(lambda tag: f"{tag[0]}{above}<main>", html, count=1)
    end = html.rfind("</body>")
    return f"{html[:end]}</main>{html[end:]}" if end >= 0 else html

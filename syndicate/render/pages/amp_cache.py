"""Where Google's AMP cache keeps a page: its address is made from the page's own.

https://amp.dev/documentation/guides-and-tutorials/learn/amp-caches-and-cors/amp-cache-urls
"""

import base64
import hashlib
import re
from urllib.parse import urlsplit

import idna

CACHE = "cdn.ampproject.org"

_LONGEST = 63
"""Letters of a label in DNS (RFC 1035, 2.3.4)."""
_LTR = re.compile(
    "[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02b8\u0300-\u0590\u0800-\u1fff\u200e"
    "\u2c00-\ufb1c\ufe00-\ufe6f\ufefd-\uffff]"
)
_RTL = re.compile("[\u0591-\u06ef\u06fa-\u07ff\u200f\ufb1d-\ufdff\ufe70-\ufefc]")


def address(page: str) -> str:
    """Return the address in the cache of a page, which begins with http or https."""
    parts = urlsplit(page)
    secure = "s/" if parts.scheme.lower() == "https" else ""
    query = f"?{parts.query}" if parts.query else ""
    host = _ascii(parts.hostname or "")
    port = f":{parts.port}" if parts.port else ""
    return f"https://{subdomain(host)}.{CACHE}/c/{secure}{host}{port}{parts.path}{query}"


def subdomain(host: str) -> str:
    """Return the label under which the cache keeps a host's pages: legible, or else a hash."""
    host = _ascii(host)
    return _legible(host) or _hash(host)


def _ascii(host: str) -> str:
    """Write a host as DNS knows it."""
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:  # such as a name with two hyphens, or an emoji, which DNS does take
        return host.lower()


def _legible(host: str) -> str | None:
    """Write a host as one label; None where that can't be."""
    if "." not in host or len(host) > _LONGEST or _looks_encoded(host):
        return None
    shown = ".".join(_decoded(label) for label in host.split("."))
    if _LTR.search(shown) and _RTL.search(shown):
        return None
    label = shown.replace("-", "--").replace(".", "-")
    if not label.isascii():
        label = f"xn--{label.encode('punycode').decode()}"
    if len(label) > _LONGEST:
        return None
    return f"0-{label}-0" if _looks_encoded(label) else label


def _decoded(label: str) -> str:
    """Return an IDN's label as people write it; emoji too, which IDNA 2008 left out."""
    try:
        return label[4:].encode().decode("punycode") if label.startswith("xn--") else label
    except UnicodeError:
        return label


def _looks_encoded(label: str) -> bool:
    """Whether a label has hyphens where only an IDN's may stand (RFC 5891, 4.2.3.1)."""
    return label[2:4] == "--" and not label.startswith("xn")


def _hash(host: str) -> str:
    digest = hashlib.sha256(host.encode()).digest()
    return base64.b32encode(digest).decode().rstrip("=").lower()

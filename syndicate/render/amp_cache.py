"""The address of a page in Google's AMP cache, which follows from the page's own.

https://amp.dev/documentation/guides-and-tutorials/learn/amp-caches-and-cors/amp-cache-urls
"""

import base64
import hashlib
import re
from urllib.parse import urlsplit

import idna

CACHE = "cdn.ampproject.org"

_MAX_LABEL = 63
"""Characters of a label in DNS (RFC 1035, 2.3.4)."""
_LTR = re.compile(
    "[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02b8\u0300-\u0590\u0800-\u1fff\u200e"
    "\u2c00-\ufb1c\ufe00-\ufe6f\ufefd-\uffff]"
)
_RTL = re.compile("[\u0591-\u06ef\u06fa-\u07ff\u200f\ufb1d-\ufdff\ufe70-\ufefc]")


def address(page: str) -> str:
    """Return the address in the cache of a page at an http(s) address."""
    parts = urlsplit(page)
    secure = "s/" if parts.scheme.lower() == "https" else ""
    query = f"?{parts.query}" if parts.query else ""
    host = _ascii(parts.hostname or "")
    port = f":{parts.port}" if parts.port else ""
    return f"https://{subdomain(host)}.{CACHE}/c/{secure}{host}{port}{parts.path}{query}"


def subdomain(host: str) -> str:
    """Return the cache's subdomain for a host: readable where possible, otherwise a hash."""
    host = _ascii(host)
    digest = base64.b32encode(hashlib.sha256(host.encode()).digest())
    return _readable(host) or digest.decode().rstrip("=").lower()


def _ascii(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:  # such as two hyphens, or an emoji, which DNS allows
        return host.lower()


def _readable(host: str) -> str | None:
    """Write a host as one label; None where that is impossible."""
    if "." not in host or len(host) > _MAX_LABEL or _looks_encoded(host):
        return None
    decoded = ".".join(_decoded(label) for label in host.split("."))
    if _LTR.search(decoded) and _RTL.search(decoded):
        return None
    label = decoded.replace("-", "--").replace(".", "-")
    if not label.isascii():
        label = f"xn--{label.encode('punycode').decode()}"
    if len(label) > _MAX_LABEL:
        return None
    return f"0-{label}-0" if _looks_encoded(label) else label


def _decoded(label: str) -> str:
    """Decode an IDN's label, with emoji too, which IDNA 2008 excludes."""
    try:
        return label[4:].encode().decode("punycode") if label.startswith("xn--") else label
    except UnicodeError:
        return label


def _looks_encoded(label: str) -> bool:
    """Whether a label has hyphens where only an IDN's may (RFC 5891, 4.2.3.1)."""
    return label[2:4] == "--" and not label.startswith("xn")

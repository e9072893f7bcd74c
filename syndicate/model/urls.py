"""Normalises URLs that editors wrote into ASCII that every feed reader accepts (RFC 3986)."""

import ipaddress
import re
from urllib.parse import SplitResult, quote, unquote, urlsplit

from syndicate.config.values import ascii_host

_PATH = "/:@!$&'()*+,;=~-._%"
_QUERY = _PATH + "?"
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NORMAL_URL = re.compile(
    r"https?://((?!xn--)[a-z0-9-]{1,63}\.)+[a-z]{2,63}"
    r"(/[\w/:@!$&'()*+,;=~.-]*)?(\?[\w/:@!$&'()*+,;=~.?-]+)?(#[\w/:@!$&'()*+,;=~.?-]+)?",
    re.ASCII,
)
"""URLs that need no normalisation: most of what editors write."""
_AMP_PARAMETER = "__amp_source_origin"
"""A reserved parameter, which no link of an AMP page may have."""
_MAX_HOST = 253
_WEB = ("http", "https")
_HOSTED = (*_WEB, "ftp", "webcal")


def http_url(text: str) -> str | None:
    """Return an http(s) URL in ASCII; None if `text` is not one.

    Other characters are percent-encoded, those of a host by IDNA; user and password are dropped.
    """
    address = url_reference(text)
    if address is None or not address.startswith(("http://", "https://")):
        return None
    return None if _AMP_PARAMETER in address else address


def url_origin(url: str) -> str:
    """Return scheme, host and port of an absolute URL, as a Content-Security-Policy names them."""
    return "/".join(url.split("/")[:3])


def url_reference(text: str) -> str | None:
    """Return an absolute or relative URL in ASCII; None if `text` is neither."""
    if len(text) < _MAX_HOST and _NORMAL_URL.fullmatch(text):
        return text
    try:
        parts = urlsplit(text.strip())
        scheme = parts.scheme
        if scheme and scheme not in _HOSTED:
            return f"{scheme}:{_quote(text.strip().partition(':')[2], _QUERY)}"
        if scheme and not parts.netloc:  # such as https:/one
            return None
        netloc, host, port = "", unquote(parts.hostname or ""), parts.port
        if parts.netloc:
            netloc = f"[{ipaddress.IPv6Address(host)}]" if ":" in host else _host_name(host)
            netloc += "" if port is None else f":{port}"
    except ValueError:  # such as http://[half
        return None
    url = SplitResult(
        scheme,
        netloc,
        _quote(parts.path, _PATH),
        _quote(parts.query, _QUERY),
        _quote(parts.fragment, _QUERY),
    )
    return url.geturl() or text.strip()[:1]


def _host_name(host: str) -> str:
    """Return a host in ASCII; raise ValueError for an impossible one."""
    if not host.isascii():
        host = ascii_host(host)
    labels = host.removesuffix(".").split(".")
    if len(host) > _MAX_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(f"{host!r} is not a host")
    if labels[-1].isdigit():
        return str(ipaddress.IPv4Address(host))
    for label in labels:
        if label.startswith("xn--"):
            label.removeprefix("xn--").encode().decode("punycode")
    return host


def _quote(text: str, safe: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=safe, errors="replace")

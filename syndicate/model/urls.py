"""Addresses on the web as every reader takes them (RFC 3986), whatever an editor has written."""

import ipaddress
import re
from urllib.parse import SplitResult, quote, unquote, urlsplit

import idna

_PATH = "/:@!$&'()*+,;=~-._%"
_QUERY = _PATH + "?"
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_ORDINARY = re.compile(
    r"https?://((?!xn--)[a-z0-9-]{1,63}\.)+[a-z]{2,63}"
    r"(/[\w/:@!$&'()*+,;=~.-]*)?(\?[\w/:@!$&'()*+,;=~.?-]+)?(#[\w/:@!$&'()*+,;=~.?-]+)?",
    re.ASCII,
)
"""What is as it should be at a glance: most of what editors write."""
_RESERVED = "__amp_source_origin"
"""A parameter of AMP's own, which no link of an AMP page may have."""
_LONGEST_HOST = 253
_WEB = ("http", "https")
_HOSTED = (*_WEB, "ftp", "webcal")


def http_url(text: str) -> str | None:
    """Return an http(s) address in ASCII, or None where it is none.

    Odd letters are encoded, a host's by IDNA; a name and password in it are left out.
    """
    address = url_reference(text)
    if address is None or not address.startswith(("http://", "https://")):
        return None
    return None if _RESERVED in address else address


def url_reference(text: str) -> str | None:
    """Return an address, or what is relative to one, in ASCII; None where it can be neither."""
    if len(text) < _LONGEST_HOST and _ORDINARY.fullmatch(text):
        return text
    try:
        parts = urlsplit(text.strip())
        scheme = parts.scheme
        if scheme and scheme not in _HOSTED:
            return f"{scheme}:{_quoted(text.strip().partition(':')[2], _QUERY)}"
        if scheme and not parts.netloc:  # such as https:/one
            return None
        netloc = _host_and_port(parts) if parts.netloc else ""
    except ValueError:  # such as http://[half
        return None
    told = SplitResult(
        scheme,
        netloc,
        _quoted(parts.path, _PATH),
        _quoted(parts.query, _QUERY),
        _quoted(parts.fragment, _QUERY),
    )
    return told.geturl() or text.strip()[:1]


def _host_and_port(parts: SplitResult) -> str:
    """Write where a server is; raise ValueError where no server can be."""
    host, port = unquote(parts.hostname or ""), parts.port
    host = f"[{ipaddress.IPv6Address(host)}]" if ":" in host else _name(host)
    return host if port is None else f"{host}:{port}"


def _name(host: str) -> str:
    if not host.isascii():
        host = _in_ascii(host)
    labels = host.removesuffix(".").split(".")
    if len(host) > _LONGEST_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(f"{host!r} is no host")
    if labels[-1].isdigit():
        return str(ipaddress.IPv4Address(host))
    for label in labels:
        if label.startswith("xn--"):
            label.removeprefix("xn--").encode().decode("punycode")
    return host


def _in_ascii(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:  # such as a host of emoji, which browsers know by older rules
        return host.encode("idna").decode()


def _quoted(text: str, safe: str) -> str:
    return quote(_STRAY.sub("%25", text), safe=safe, errors="replace")

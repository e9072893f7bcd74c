"""Checks of a request's head against request smuggling.

Where two servers in a row read a head differently, it can hide a second request in the first.
The parser, llhttp, is strict about lengths, folded lines and line ends; the rest is checked here.
"""

import re
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv6Address

from httptools import HttpParserError, HttpParserInvalidMethodError

from syndicate.web.server.responses import Headers

METHODS = frozenset({b"GET", b"HEAD", b"POST", b"OPTIONS", b"PUT", b"DELETE", b"PATCH", b"TRACE"})
"""Methods that are understood, if only to be answered with 405.

CONNECT is not among them, since another protocol follows its head.
"""
_VERSIONS = frozenset({"1.0", "1.1"})
_HOST = re.compile(
    rb"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::(?P<port>\d{0,5}))?"
)
"""`uri-host [ ":" port ]` (RFC 9110, section 7.2), without IPvFuture."""
_HIGHEST_PORT = 65535
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)([^#]*)", re.IGNORECASE)
_REQUEST_LINE = re.compile(rb"(?:\r\n)*[!#$%&'*+.^_`|~\w-]+ \S+ HTTP/1\.[01]\r\n")


class RequestError(Exception):
    """The request is refused, and its connection closed."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


def check_framing(method: bytes, version: str, codings: list[bytes]) -> None:
    """Raise RequestError where the method, or the end of the request, is uncertain.

    `codings` are the values of its Transfer-Encoding. The parser refuses a Content-Length
    beside them, and `chunked` that isn't last.
    """
    if version not in _VERSIONS:
        raise RequestError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    if method not in METHODS:
        raise RequestError(HTTPStatus.NOT_IMPLEMENTED)
    if codings and version == "1.0":  # RFC 9112, section 6.1
        raise RequestError(HTTPStatus.BAD_REQUEST)
    if codings and [coding.lower() for coding in codings] != [b"chunked"]:
        raise RequestError(HTTPStatus.NOT_IMPLEMENTED)


def check_hosts(hosts: list[bytes], version: str) -> None:
    """Raise RequestError unless a request has one valid Host (RFC 9112, section 3.2)."""
    missing = not hosts and version != "1.0"
    if missing or len(hosts) > 1 or not all(map(is_host, hosts)):
        raise RequestError(HTTPStatus.BAD_REQUEST)


@lru_cache(256)
def is_host(value: bytes) -> bool:
    """Return whether a Host field has a valid value; an empty one is valid."""
    match = _HOST.fullmatch(value)
    if match is None or int(match["port"] or 0) > _HIGHEST_PORT:
        return False
    try:
        return match["ipv6"] is None or bool(IPv6Address(match["ipv6"].decode()))
    except ValueError:
        return False


def origin_form(method: bytes, target: bytes, headers: Headers) -> bytes:
    """Return path and query of a target that doesn't begin with a slash.

    The host of an absolute target replaces the Host field (RFC 9112, section 3.2.2).
    Raise RequestError for any other form.
    """
    if (method, target) == (b"OPTIONS", b"*"):
        return b"/"
    match = _ABSOLUTE.match(target)
    if match is None or not match[1] or not is_host(match[1]):
        raise RequestError(HTTPStatus.BAD_REQUEST)
    headers[:] = [(b"host", match[1]), *(field for field in headers if field[0] != b"host")]
    return match[2] if match[2].startswith(b"/") else b"/" + match[2]


def without_upgrade(method: str, target: bytes, version: str, headers: Headers) -> bytes:
    """Write a head again without Upgrade, which a server may ignore (RFC 9110, section 7.8)."""
    lines = [b"%b %b HTTP/%b" % (method.encode(), target, version.encode())]
    lines += (b"%b: %b" % field for field in headers if field[0] != b"upgrade")
    return b"\r\n".join((*lines, b"", b""))


def error_status(error: HttpParserError, data: bytes) -> HTTPStatus:
    """Return the status for a parser error in `data`: 501 for an unknown method, else 400.

    A method that the parser doesn't know counts as one only in a well-formed request line.
    """
    cause = error.__context__
    if isinstance(cause, RequestError):
        return cause.status
    if isinstance(error, HttpParserInvalidMethodError) and _REQUEST_LINE.match(data):
        return HTTPStatus.NOT_IMPLEMENTED
    return HTTPStatus.BAD_REQUEST

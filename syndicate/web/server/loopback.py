"""Whether a request comes from this machine and is addressed to this machine.

The client's address alone is not enough: a page anywhere on the web can use a host name
that resolves to 127.0.0.1 (DNS rebinding), so the Host header has to name loopback too.
A proxy on this machine forwards requests of others, and adds headers that say so.
"""

from ipaddress import ip_address

from starlette.requests import Request

from syndicate.web.server.client_address import parse_address

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def is_local(request: Request) -> bool:
    """Return whether client and Host are both loopback, and no proxy is in between."""
    address = parse_address(request.client.host) if request.client is not None else None
    # ::ffff:127.0.0.1 too, where we listen on ::
    from_loopback = address is not None and address.is_loopback
    return from_loopback and not is_forwarded(request) and is_loopback(request_host(request))


def is_forwarded(request: Request) -> bool:
    """Return whether a proxy forwarded the request, by its headers."""
    return any(name in request.headers for name in _FORWARDED)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address can only mean this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def request_host(request: Request) -> str:
    """Return the host that a request is for, without port and brackets."""
    header = request.headers.get("host", "")
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]

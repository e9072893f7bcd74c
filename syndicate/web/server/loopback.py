"""Whether a request comes from this machine and means this machine.

The client's address alone is not enough: a page anywhere in the web can name a
host that resolves to 127.0.0.1 and have the browser ask (DNS rebinding), so the
Host header has to name loopback too. A proxy on this machine asks on behalf of
others, and says so.
"""

from ipaddress import ip_address

from starlette.requests import Request

from syndicate.web.server.client_address import parse_address

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def is_local(request: Request) -> bool:
    """Tell whether a request was made on this machine, by an address of it, for itself."""
    known = parse_address(request.client.host) if request.client is not None else None
    client = known is not None and known.is_loopback  # ::ffff:127.0.0.1 too, where we listen on ::
    return client and not is_forwarded(request) and is_loopback(request_host(request))


def is_forwarded(request: Request) -> bool:
    """Tell whether a proxy says that it asks on behalf of somebody."""
    return any(name in request.headers for name in _FORWARDED)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only be this machine."""
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

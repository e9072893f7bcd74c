"""The client's address, the network by which it is stored and limited, and local requests.

`X-Forwarded-For` is trusted from the proxies that the config names, and from nobody else.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

from syndicate.config.loopback import is_loopback

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_STORED_BITS = {4: 24, 6: 48}
"""Prefix lengths of stored networks: they show a flood, and don't identify a person."""
_LIMITED_BITS = {4: 32, 6: 64}
"""Prefix lengths of networks with a common limit: an IPv6 customer gets a /64 or more."""
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers that proxies add."""


def client_address(
    request: Request, proxies: Sequence[Network], *, certain: bool = False
) -> Address | None:
    """Return the client's address; None where it has none, as on a Unix socket.

    Each proxy appends the address of its client to `X-Forwarded-For`, so it is read from the
    right, as long as the last writer is one of `proxies`. A proxy that appends something
    else, such as "unknown", counts as the client itself; with `certain`, None is returned.
    """
    host = request.client.host if request.client else None
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    return _resolve(host, forwarded, proxies, certain=certain)


def client_network(request: Request, proxies: Sequence[Network]) -> str:
    """Return the client's network as it is stored and limited: `192.0.2.0/24`; or ""."""
    address = client_address(request, proxies)
    return "" if address is None else _network(address, _STORED_BITS)


def parse_address(text: str) -> Address | None:
    """Parse an address, with or without a port; None for anything else."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def rate_limit_key(
    host: str | None, forwarded: str | None, proxies: tuple[Network, ...]
) -> str | None:
    """Return the network that a request is limited by; None where it would be shared by many.

    That is so behind a proxy that the config doesn't name: `host` is the peer's address and
    `forwarded` its X-Forwarded-For. A client may forge the header to escape the limit.
    """
    address = _resolve(host, forwarded, proxies)
    if address is None or (forwarded is not None and not proxies):
        return None
    return _network(address, _LIMITED_BITS)


def request_limit_key(request: Request, proxies: tuple[Network, ...]) -> str | None:
    """Return the `rate_limit_key` of a request to a dynamic page."""
    host = request.client.host if request.client else None
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")) or None
    return rate_limit_key(host, forwarded, proxies)


def is_local(request: Request) -> bool:
    """Return whether client and Host are both loopback, and no proxy is in between.

    The client's address alone is not enough: a page anywhere on the web can use a host name
    that resolves to 127.0.0.1 (DNS rebinding), so the Host header has to name loopback too.
    """
    address = parse_address(request.client.host) if request.client is not None else None
    # ::ffff:127.0.0.1 too, where we listen on ::
    from_loopback = address is not None and address.is_loopback
    return from_loopback and not is_forwarded(request) and is_loopback(request_host(request))


def is_forwarded(request: Request) -> bool:
    """Return whether a proxy forwarded the request, by its headers."""
    return any(name in request.headers for name in _FORWARDED)


def request_host(request: Request) -> str:
    """Return the host that a request is for, without port and brackets."""
    header = request.headers.get("host", "")
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]


def _network(address: Address, bits: dict[int, int]) -> str:
    return str(ip_network(f"{address}/{bits[address.version]}", strict=False))


def _resolve(
    host: str | None, forwarded: str | None, proxies: Sequence[Network], *, certain: bool = False
) -> Address | None:
    """Return the client's address behind any number of trusted proxies."""
    address = parse_address(host) if host is not None else None
    hops = forwarded.split(",") if forwarded else []
    while hops and address is not None and any(address in network for network in proxies):
        hop = parse_address(hops.pop())
        if hop is None:
            return None if certain else address
        address = hop
    return address

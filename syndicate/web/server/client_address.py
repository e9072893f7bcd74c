"""Who asks: the client's address, and the network that is noted of it.

`X-Forwarded-For` is believed from the proxies that the config names, and from nobody else.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOTED = {4: 24, 6: 48}
"""Bits of an address that are kept: enough to tell a flood, too few to tell a person."""
_COUNTED = {4: 32, 6: 64}
"""Bits of an address that stand for one line; nobody has fewer of IPv6 to choose from."""


def client_address(
    request: Request, proxies: Sequence[Network], *, certain: bool = False
) -> Address | None:
    """Return the client's address; None where there is none, as on a Unix socket.

    Each proxy adds whom it was asked by at the right end of `X-Forwarded-For`, so
    that it is read from there, as long as whoever wrote it is a proxy of ours. One that
    adds something else, such as "unknown", counts as the client itself; if that has to be
    `certain`, there is none.
    """
    host = request.client.host if request.client else None
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    return _behind(host, forwarded, proxies, certain=certain)


def client_network(request: Request, proxies: Sequence[Network]) -> str:
    """Return the network of the client as it is noted and counted: `192.0.2.0/24`; or ""."""
    known = client_address(request, proxies)
    if known is None:
        return ""
    return str(ip_network(f"{known}/{_NOTED[known.version]}", strict=False))


def parse_address(text: str) -> Address | None:
    """Read an address, with or without a port; None for anything else."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def rate_limit_key(
    host: str | None, forwarded: str | None, proxies: tuple[Network, ...]
) -> str | None:
    """Return whom a request is counted for; None where many would be counted as one.

    That is so behind a proxy, where the config names none: `host` is who asks, and
    `forwarded` the X-Forwarded-For that came with it. Whoever sends that to escape
    being counted does harm to nobody but us.
    """
    known = _behind(host, forwarded, proxies)
    if known is None or (forwarded is not None and not proxies):
        return None
    return str(ip_network(f"{known}/{_COUNTED[known.version]}", strict=False))


def _behind(
    host: str | None, forwarded: str | None, proxies: Sequence[Network], *, certain: bool = False
) -> Address | None:
    """Return who asks, through as many proxies of ours as there are."""
    known = parse_address(host) if host is not None else None
    said = forwarded.split(",") if forwarded else []
    while said and known is not None and any(known in client_network for client_network in proxies):
        named = parse_address(said.pop())
        if named is None:
            return None if certain else known
        known = named
    return known

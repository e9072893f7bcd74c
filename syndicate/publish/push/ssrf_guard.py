"""Refuses calls to private addresses (server-side request forgery).

A URL from a stranger, such as a WebSub callback, must not lead into our own network. So a
host is resolved once, all its addresses are checked, and the connection goes to one of them.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from syndicate.errors import CallFailed

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Allowed = Sequence[Network] | None
"""Networks that may be called although they aren't public; None allows every address."""
Resolver = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host and port, as text; raises OSError."""

_UNICAST = ip_network("2000::/3")
"""The IPv6 addresses that IANA has allocated for the public internet."""
_NAT64 = ip_network("64:ff9b::/96")
"""IPv4 addresses as seen by machines with only IPv6 (RFC 6052)."""

_METADATA_NETWORKS = (ip_network("192.0.0.0/24"), ip_network("168.63.129.16/32"))
"""Addresses that look public, where cloud hosts serve secrets to their virtual machines."""

_UNASSIGNED = {4: ip_address("192.0.2.1"), 6: ip_address("2001:db8::1")}
"""Addresses that no machine has, by IP version (RFC 5737, RFC 3849)."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Resolve a host by the system; raise OSError where it has no address."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


def numeric_addresses(host: str, port: int) -> Sequence[str]:
    """Return the address that a host already is, in any notation; empty for a name."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return []
    return [str(info[4][0]) for info in infos]


def resolve_allowed(
    host: str, port: int, *, allowed: Allowed, within: float, resolver: Resolver = resolve
) -> list[Address]:
    """Return a host's addresses, `within` seconds, if all may be called; else raise CallFailed."""
    try:
        addresses = [ip_address(text) for text in _resolve_within(resolver, host, port, within)]
    except (OSError, ValueError) as error:
        raise CallFailed(f"{host} can't be found: {error}") from error
    if not addresses:
        raise CallFailed(f"{host} can't be found: it has no address")
    for address in addresses:
        check_address(address, host, allowed)
    return addresses


def host_of(url: str) -> str:
    """Return the normalised host of a URL: the same however it is written; empty for no URL."""
    try:
        address = httpx.URL(url)
        host = address.raw_host.decode("ascii").lower().rstrip(".")
        for text in numeric_addresses(host, address.port or 0):
            return str(unmapped(ip_address(text)))
    except (httpx.InvalidURL, ValueError):
        return ""
    return host


def check_address(address: Address, host: str, allowed: Allowed) -> None:
    """Raise CallFailed where an address of a host must not be called."""
    if allowed is not None and not (is_public(address) or _is_in(address, allowed)):
        raise CallFailed(f"{host} is at {address}, which is not a public address")


def check_connection(connection: socket.socket, host: str, allowed: Allowed) -> None:
    """Raise CallFailed where a connection leads to this machine by a public address."""
    local = ip_address(connection.getsockname()[0])
    remote = ip_address(connection.getpeername()[0])
    if allowed is None or _is_in(remote, allowed):
        return
    if local == remote or is_own_address(remote):
        raise CallFailed(f"{host} is at {remote}, which is an address of this machine")


def is_public(address: Address) -> bool:
    """Whether an address, or the IPv4 address in it, is on the public internet."""
    address = unmapped(address)
    if isinstance(address, IPv4Address):
        metadata = any(address in network for network in _METADATA_NETWORKS)
        return address.is_global and not (address.is_multicast or metadata)
    if address.sixtofour is not None:
        return is_public(address.sixtofour)
    return address in _UNICAST and address.is_global and address.teredo is None


def is_own_address(address: Address) -> bool:
    """Whether an address is this machine's: whether the system lets us bind to it.

    Comparing both ends of a connection isn't enough, since a machine may call one of its
    addresses from another. Where the system allows any address, the answer is no.
    """
    address = unmapped(address)
    return _can_bind(address) and not _can_bind(_UNASSIGNED[address.version])


def _can_bind(address: Address) -> bool:
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as bound:
            bound.bind((str(address), 0))
    except OSError:
        return False
    return True


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(unmapped(address) in network for network in networks)


def unmapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address maps, or else itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _resolve_within(resolver: Resolver, host: str, port: int, within: float) -> Sequence[str]:
    """Resolve with a timeout: the system's own is half a minute or more."""
    results: Future[Sequence[str]] = Future()

    def run() -> None:
        try:
            results.set_result(resolver(host, port))
        except (OSError, ValueError) as error:  # ValueError: no valid host name
            results.set_exception(error)

    threading.Thread(target=run, name="resolver", daemon=True).start()
    if not wait([results], max(within, 0)).done:
        raise TimeoutError(f"no reply within {within:.0f} s")
    return results.result()

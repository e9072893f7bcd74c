"""Reach: which machines a name leads to, and whether we may call them.

Addresses that strangers gave us must not lead into the network that we stand in
(server-side request forgery). So a name is resolved once, every address that comes
out is judged, and the connection goes to one that was judged.
"""

import queue
import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from syndicate.errors import CallFailed

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host and port, as text; raises OSError."""

_UNICAST = ip_network("2000::/3")
"""All that IANA has given out of IPv6 for the public internet."""
_NAT64 = ip_network("64:ff9b::/96")
"""Addresses of IPv4 as machines that have IPv6 alone call them (RFC 6052)."""

_INNER = (ip_network("192.0.0.0/24"), ip_network("168.63.129.16/32"))
"""Addresses that look public, at which hosts of virtual machines serve secrets to those alone."""

_NOBODYS = {4: ip_address("192.0.2.1"), 6: ip_address("2001:db8::1")}
"""Addresses that no machine has (RFC 5737, RFC 3849), by the version of IP."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host; raise OSError where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def literal(host: str, port: int) -> Sequence[str]:
    """Return the address that a host is already, in any spelling; nothing for a name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return []
    return [str(info[4][0]) for info in found]


def reachable(
    host: str,
    port: int,
    *,
    allowed: Sequence[Network] | None,
    within: float,
    resolver: Resolver = resolve,
) -> list[Address]:
    """Return the addresses of a host, every one of which may be called.

    `allowed` are networks that may be called though they aren't public; None lets
    every address through. `within` is in seconds. Raise CallFailed.
    """
    try:
        found = [ip_address(text) for text in _in_time(resolver, host, port, within)]
    except (OSError, ValueError) as error:
        raise CallFailed(f"{host} can't be found: {error}") from error
    if not found:
        raise CallFailed(f"{host} can't be found: it has no address")
    for address in found:
        judge(address, host, allowed)
    return found


def judge(address: Address, host: str, allowed: Sequence[Network] | None) -> None:
    """Raise CallFailed where an address of a host may not be called."""
    if allowed is not None and not (is_public(address) or _is_in(address, allowed)):
        raise CallFailed(f"{host} is at {address}, which is no public address")


def judge_connection(
    connection: socket.socket, host: str, allowed: Sequence[Network] | None
) -> None:
    """Raise CallFailed where a connection leads back to this machine, though that is public."""
    ours, theirs = (
        ip_address(end[0]) for end in (connection.getsockname(), connection.getpeername())
    )
    if allowed is None or _is_in(theirs, allowed):
        return
    if ours == theirs or is_ours(theirs):
        raise CallFailed(f"{host} is at {theirs}, which is an address of this machine")


def is_public(address: Address) -> bool:
    """Whether an address is a machine's on the public internet, also by the IPv4 within it."""
    address = plain(address)
    if isinstance(address, IPv4Address):
        inner = any(address in network for network in _INNER)
        return address.is_global and not (address.is_multicast or inner)
    if address.sixtofour is not None:
        return is_public(address.sixtofour)
    return address in _UNICAST and address.is_global and address.teredo is None


def is_ours(address: Address) -> bool:
    """Whether an address is this machine's, so far as the system says.

    One that calls another address of its own may do it from the first, so we ask whether
    we could be called there. Where the system lets us be anywhere, that says nothing.
    """
    address = plain(address)
    return _may_be_at(address) and not _may_be_at(_NOBODYS[address.version])


def _may_be_at(address: Address) -> bool:
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as taken:
            taken.bind((str(address), 0))
    except OSError:
        return False
    return True


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(plain(address) in network for network in networks)


def plain(address: Address) -> Address:
    """Return the IPv4 address that one of IPv6 is another spelling of, or else itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _in_time(resolver: Resolver, host: str, port: int, within: float) -> Sequence[str]:
    """Resolve, but don't wait longer: the system's own patience is half a minute and more."""
    answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolver(host, port))
        except (OSError, ValueError) as error:  # ValueError: a name that no server can have
            answers.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=max(within, 0))
    except queue.Empty:
        raise TimeoutError(f"no answer within {within:.0f} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer

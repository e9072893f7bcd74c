"""Who is asked what DNS holds. The one door for what dnspython raises."""

import contextlib
import re
import socket
from collections.abc import Sequence
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol

from syndicate.errors import CallFailed

if TYPE_CHECKING:  # start-up
    from dns.resolver import Resolver as _Resolver

_CONTROL = re.compile(r"[^\x20-\x7e]")
_FAR = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Addresses of documentation (RFC 5737, RFC 3849): nothing is ever sent there."""


class Resolver(Protocol):
    """Who answers for names."""

    def ask(self, name: str, kind: str) -> list[str]:
        """Return the records of a name, without dots at their end; empty where there are none.

        `kind` is TXT, MX ("10 mx.example.org"), A, AAAA or PTR. Raise CallFailed
        when no answer comes.
        """


class SystemResolver:
    """DNS, as this machine is configured to ask it."""

    def __init__(
        self, nameservers: Sequence[str] = (), *, port: int = 53, timeout: float = 6
    ) -> None:
        self._nameservers = list(nameservers)
        self._port = port
        self._timeout = timeout

    def ask(self, name: str, kind: str) -> list[str]:
        """Ask DNS; see Resolver."""
        from dns.exception import DNSException, Timeout  # noqa: PLC0415 - start-up
        from dns.resolver import NXDOMAIN, NoAnswer, NoNameservers  # noqa: PLC0415

        try:
            answer = self._resolver.resolve(f"{name}.", kind, search=False)
        except (NXDOMAIN, NoAnswer):
            return []
        except Timeout as error:
            raise CallFailed(f"DNS gave no answer for {name} {kind} in time") from error
        except NoNameservers as error:
            raise CallFailed(f"DNS gave no answer for {name} {kind}: its servers fail") from error
        except (DNSException, OSError) as error:
            raise CallFailed(f"DNS gave no answer for {name} {kind}: {error}") from error
        if kind == "TXT":
            # whatever a stranger wrote there: a terminal should not obey it
            texts = [b"".join(each.strings).decode("ascii", "replace") for each in answer]
            return [_CONTROL.sub("?", text) for text in texts]
        return [each.to_text().removesuffix(".") for each in answer]

    @cached_property
    def _resolver(self) -> "_Resolver":
        from dns.resolver import Resolver  # noqa: PLC0415 - start-up

        made = Resolver(configure=not self._nameservers)
        if self._nameservers:
            made.nameservers = list(self._nameservers)
            made.port = self._port
        made.lifetime = self._timeout
        return made


def addresses(resolver: Resolver, host: str) -> list[str]:
    """Return the addresses of a host, which may be an address itself; raise CallFailed."""
    try:
        return [str(ip_address(host.strip("[]")))]
    except ValueError:
        return [*resolver.ask(host, "A"), *resolver.ask(host, "AAAA")]


def own_addresses() -> list[str]:
    """Return the public addresses that this machine speaks from; behind a NAT, none."""
    found = []
    for far, family in _FAR:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))  # of UDP: it chooses a route, and sends nothing
            address = probe.getsockname()[0]
            if ip_address(address).is_global:
                found.append(address)
    return found

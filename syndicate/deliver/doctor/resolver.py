"""Asks DNS. Errors of dnspython become CallFailed here."""

import contextlib
import re
import socket
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING

from syndicate.errors import CallFailed

if TYPE_CHECKING:  # start-up
    from dns.resolver import Resolver as _Resolver

_CONTROL = re.compile(r"[^\x20-\x7e]")
_PROBES = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Addresses for documentation (RFC 5737, RFC 3849); nothing is sent there."""


@dataclass
class Resolver:
    """Asks the name servers of this machine, or those given."""

    nameservers: tuple[str, ...] = ()
    port: int = 53
    timeout: float = 6

    def ask(self, name: str, kind: str) -> list[str]:
        """Return the records of a name, without final dots; empty if there are none.

        `kind` is TXT, MX ("10 mx.example.org"), A, AAAA or PTR. Raise CallFailed if no
        answer comes.
        """
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
            # no control characters of strangers for the operator's terminal
            texts = [b"".join(record.strings).decode("ascii", "replace") for record in answer]
            return [_CONTROL.sub("?", text) for text in texts]
        return [record.to_text().removesuffix(".") for record in answer]

    @cached_property
    def _resolver(self) -> "_Resolver":
        from dns.resolver import Resolver  # noqa: PLC0415 - start-up

        resolver = Resolver(configure=not self.nameservers)
        if self.nameservers:
            resolver.nameservers = list(self.nameservers)
            resolver.port = self.port
        resolver.lifetime = self.timeout
        return resolver


def addresses(resolver: Resolver, host: str) -> list[str]:
    """Return the addresses of a host, which may itself be one; raise CallFailed."""
    try:
        return [str(ip_address(host.strip("[]")))]
    except ValueError:
        return [*resolver.ask(host, "A"), *resolver.ask(host, "AAAA")]


def own_addresses() -> list[str]:
    """Return the public addresses of this machine; behind a NAT, none."""
    addresses = []
    for remote, family in _PROBES:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((remote, 9))  # for UDP this chooses a route, and sends nothing
            address = probe.getsockname()[0]
            if ip_address(address).is_global:
                addresses.append(address)
    return addresses

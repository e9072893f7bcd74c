"""Checks the host that mail leaves from: whether SPF permits it, and its name (PTR)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Self

from syndicate.config import SmtpServer
from syndicate.config.loopback import is_loopback
from syndicate.deliver.doctor.finding import (
    MISSING,
    OK,
    UNKNOWN,
    WRONG,
    DnsRecord,
    Finding,
    run_check,
)
from syndicate.deliver.doctor.resolver import Resolver, addresses
from syndicate.deliver.doctor.spf import SpfRecords


@dataclass(frozen=True, slots=True)
class SendingHost:
    """A host that mail leaves from."""

    name: str
    addresses: tuple[str, ...]
    own: bool
    """Whether it is this machine."""

    @classmethod
    def of(cls, server: SmtpServer, resolver: Resolver, own: Sequence[str]) -> Self:
        """Return the host of a mail server; raise CallFailed if DNS does not answer.

        `own` are the public addresses of this machine.
        """
        if is_loopback(server.host):
            return cls(server.host, tuple(own), own=True)
        found = tuple(addresses(resolver, server.host))
        return cls(server.host, found, own=bool(set(found) & set(own)))

    @property
    def spf_terms(self) -> str:
        """The terms that permit it in an SPF record."""
        if not self.own:
            return f"a:{self.name}"
        return _ip_terms(self.addresses) or "ip4:ADDRESS-OF-THIS-MACHINE"


def check_host(
    host: SendingHost, domains: Sequence[str], resolver: Resolver, spf: SpfRecords
) -> Iterator[Finding]:
    """Check a host that sends mail from `domains`."""
    if not host.addresses and host.own:
        text = (
            "the relay is this machine, and its public address is not known here; make sure that "
            "SPF permits it, and that it has a name (PTR)"
        )
        yield Finding("relay", host.name, UNKNOWN, text, demanded=False)
        return
    if not host.addresses:
        text = "the name has no address; check it in config.toml"
        yield Finding("relay", host.name, MISSING, text)
        return
    for domain in domains:
        yield run_check("SPF", host.name, _permission, host, domain, spf)
    for address in host.addresses if host.own else ():
        yield run_check("PTR", address, _reverse_name, address, resolver)


def _ip_terms(ips: Sequence[str]) -> str:
    return " ".join(f"ip{ip_address(ip).version}:{ip}" for ip in ips)


def _permission(
    finding: partial[Finding], host: SendingHost, domain: str, spf: SpfRecords
) -> Finding:
    """Check whether the domain's SPF record permits the host; a provider may send from others."""
    try:
        record = spf.record(domain)
        if record is not None:
            spf.lookups(domain)
        results = {ip: spf.result(domain, ip) for ip in host.addresses if record}
    except ValueError:
        record, results = None, {}
    if record is None:
        text = f"{domain} has no SPF record that could permit it"
        return finding(UNKNOWN, text, demanded=False)
    refused = [ip for ip, result in results.items() if result != "pass"]
    if not refused:
        return finding(OK, f"{domain} permits it")
    if not host.own:
        text = (
            f"{domain} does not permit {', '.join(refused)}; that is fine if the relay sends from "
            "other addresses, see its documentation"
        )
        return finding(UNKNOWN, text, demanded=False)
    version, _, rest = record.partition(" ")
    value = f"{version} {_ip_terms(refused)} {rest}".rstrip()
    text = f"{domain} does not permit {', '.join(refused)}, which our mail comes from"
    return finding(WRONG, text, DnsRecord(domain, "TXT", value))


def _reverse_name(finding: partial[Finding], address: str, resolver: Resolver) -> Finding:
    """Check whether an address has a name that resolves to it (forward-confirmed)."""
    ip = ip_address(address)
    names = resolver.ask(ip.reverse_pointer, "PTR")
    if not names:
        publish = DnsRecord(ip.reverse_pointer, "PTR", "mail.example.org")
        return finding(MISSING, "it has no name; your provider can set one", publish)
    for name in names:
        if ip in map(ip_address, addresses(resolver, name)):
            return finding(OK, f"its name is {name}")
    text = f"its name is {names[0]}, which does not resolve to it"
    kind = "A" if ip.version == 4 else "AAAA"  # noqa: PLR2004 - IPv4
    return finding(WRONG, text, DnsRecord(names[0], kind, address))

"""Checks the host that mail leaves from: whether SPF permits it, and its name (PTR)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self

from syndicate.config import SmtpServer
from syndicate.config.loopback import is_loopback
from syndicate.deliver.doctor.finding import DnsRecord, Finding, FindingState, run_check
from syndicate.deliver.doctor.resolver import Resolver, addresses
from syndicate.deliver.doctor.spf import SpfRecords


@dataclass(frozen=True, slots=True)
class SendingHost:
    """A host that mail leaves from."""

    host: str
    addresses: tuple[str, ...]
    own: bool
    """Whether it is this machine."""

    @classmethod
    def of(cls, server: SmtpServer, resolver: Resolver, own: Sequence[str]) -> Self:
        """Return the host of a mail server; raise CallFailed if DNS does not answer.

        `own` are the public addresses of this machine.
        """
        host = server.host
        if is_loopback(host):
            return cls(host, tuple(own), own=True)
        addresses_ = tuple(addresses(resolver, host))
        return cls(host, addresses_, own=bool(set(addresses_) & set(own)))

    @property
    def spf_terms(self) -> str:
        """The terms that permit it in an SPF record."""
        if not self.own:
            return f"a:{self.host}"
        return _ip_terms(self.addresses) or "ip4:ADDRESS-OF-THIS-MACHINE"


def check_host(
    host: SendingHost, domains: Sequence[str], resolver: Resolver, spf: SpfRecords
) -> Iterator[Finding]:
    """Check a host that sends mail from `domains`."""
    if not host.addresses:
        yield _without_address(host)
        return
    for domain in domains:
        yield run_check("SPF", host.host, lambda domain=domain: _permission(host, domain, spf))  # type: ignore[misc]
    for address in host.addresses if host.own else ():
        yield run_check("PTR", address, lambda address=address: _reverse_name(address, resolver))  # type: ignore[misc]


def _ip_terms(ips: Sequence[str]) -> str:
    return " ".join(f"ip{ip_address(ip).version}:{ip}" for ip in ips)


def _without_address(host: SendingHost) -> Finding:
    if not host.own:
        text = "the name has no address; check it in config.toml"
        return Finding("relay", host.host, FindingState.MISSING, text)
    text = (
        "the relay is this machine, and its public address is not known here; make sure that SPF "
        "permits it, and that it has a name (PTR)"
    )
    return Finding("relay", host.host, FindingState.UNKNOWN, text, demanded=False)


def _permission(host: SendingHost, domain: str, spf: SpfRecords) -> Finding:
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
        return Finding("SPF", host.host, FindingState.UNKNOWN, text, demanded=False)
    refused = [ip for ip, result in results.items() if result != "pass"]
    if not refused:
        return Finding("SPF", host.host, FindingState.OK, f"{domain} permits it")
    if not host.own:
        text = (
            f"{domain} does not permit {', '.join(refused)}; that is fine if the relay sends from "
            "other addresses, see its documentation"
        )
        return Finding("SPF", host.host, FindingState.UNKNOWN, text, demanded=False)
    version, _, rest = record.partition(" ")
    value = f"{version} {_ip_terms(refused)} {rest}".rstrip()
    text = f"{domain} does not permit {', '.join(refused)}, which our mail comes from"
    publish = DnsRecord(name=domain, type="TXT", value=value)
    return Finding("SPF", host.host, FindingState.WRONG, text, publish=publish)


def _reverse_name(address: str, resolver: Resolver) -> Finding:
    """Check whether an address has a name that resolves to it (forward-confirmed)."""
    reverse = ip_address(address).reverse_pointer
    names = resolver.ask(reverse, "PTR")
    if not names:
        text = "it has no name; your provider can set one"
        publish = DnsRecord(name=reverse, type="PTR", value="mail.example.org")
        return Finding("PTR", address, FindingState.MISSING, text, publish=publish)
    for name in names:
        if ip_address(address) in map(ip_address, addresses(resolver, name)):
            return Finding("PTR", address, FindingState.OK, f"its name is {name}")
    kind = "A" if ip_address(address).version == 4 else "AAAA"  # noqa: PLR2004 - IPv4
    text = f"its name is {names[0]}, which does not resolve to it"
    publish = DnsRecord(name=names[0], type=kind, value=address)
    return Finding("PTR", address, FindingState.WRONG, text, publish=publish)

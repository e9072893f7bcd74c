"""What DNS says of where mail leaves from: whether SPF permits it, and its name (PTR)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self

from syndicate.config import SmtpServer
from syndicate.config.loopback import is_loopback
from syndicate.deliver.doctor.finding import DnsRecord, Finding, FindingState, asked
from syndicate.deliver.doctor.resolver import Resolver, addresses
from syndicate.deliver.doctor.spf import SpfRecords


@dataclass(frozen=True, slots=True)
class Origin:
    """Where mail leaves from."""

    host: str
    addresses: tuple[str, ...]
    own: bool
    """Whether it is this machine, whose addresses are the ones that others see."""

    @classmethod
    def of(cls, server: SmtpServer, resolver: Resolver, own: Sequence[str]) -> Self:
        """Find that of a mail server. Raise CallFailed when DNS gives no answer.

        `own` are the public addresses of this machine.
        """
        host = server.host
        if is_loopback(host):
            return cls(host, tuple(own), own=True)
        found = tuple(addresses(resolver, host))
        return cls(host, found, own=bool(set(found) & set(own)))

    @property
    def permit(self) -> str:
        """The terms of an SPF record that permit it."""
        if self.own:
            terms = [f"ip{ip_address(each).version}:{each}" for each in self.addresses]
            return " ".join(terms) or "ip4:ADDRESS-OF-THIS-MACHINE"
        return f"a:{self.host}"


def relay(
    origin: Origin, domains: Sequence[str], resolver: Resolver, spf: SpfRecords
) -> Iterator[Finding]:
    """Look at where mail leaves from; it is from `domains`."""
    if not origin.addresses:
        yield _without_address(origin)
        return
    for name in domains:
        yield asked("SPF", origin.host, lambda name=name: _permitted(origin, name, spf))  # type: ignore[misc]
    for address in origin.addresses if origin.own else ():
        yield asked("PTR", address, lambda address=address: _named(address, resolver))  # type: ignore[misc]


def _without_address(origin: Origin) -> Finding:
    if not origin.own:
        said = "the name has no address; look at it in config.toml"
        return Finding(check="relay", where=origin.host, state=FindingState.MISSING, said=said)
    said = (
        "the relay is this machine, and its public address is not known here; see to it that SPF "
        "permits that, and that it has a name (PTR)"
    )
    return Finding(
        check="relay", where=origin.host, state=FindingState.UNKNOWN, said=said, demanded=False
    )


def _permitted(origin: Origin, name: str, spf: SpfRecords) -> Finding:
    """Whether the domain's record permits the relay; of a provider that proves little."""
    try:
        record = spf.record(name)
        if record is not None:
            spf.lookups(name)
        results = {each: spf.result(name, each) for each in origin.addresses if record}
    except ValueError:
        record, results = None, {}
    where = origin.host
    if record is None:
        said = f"{name} has no SPF record that could permit it"
        return Finding(
            check="SPF", where=where, state=FindingState.UNKNOWN, said=said, demanded=False
        )
    others = [each for each, result in results.items() if result != "pass"]
    if not others:
        return Finding(check="SPF", where=where, state=FindingState.OK, said=f"{name} permits it")
    if not origin.own:
        said = (
            f"{name} does not permit {', '.join(others)}; well if the relay sends from other "
            "addresses, which its documentation says"
        )
        return Finding(
            check="SPF", where=where, state=FindingState.UNKNOWN, said=said, demanded=False
        )
    terms = " ".join(f"ip{ip_address(each).version}:{each}" for each in others)
    version, _, rest = record.partition(" ")
    entry = DnsRecord(name=name, type="TXT", value=f"{version} {terms} {rest}".rstrip())
    said = f"{name} does not permit {', '.join(others)}, which our mail comes from"
    return Finding(check="SPF", where=where, state=FindingState.WRONG, said=said, publish=entry)


def _named(address: str, resolver: Resolver) -> Finding:
    """Whether an address has a name that leads back to it (Gmail: forward-confirmed)."""
    reverse = ip_address(address).reverse_pointer
    names = resolver.ask(reverse, "PTR")
    if not names:
        said = "it has no name; whoever gave you the address can set one"
        entry = DnsRecord(name=reverse, type="PTR", value="mail.example.org")
        return Finding(
            check="PTR", where=address, state=FindingState.MISSING, said=said, publish=entry
        )
    for name in names:
        if ip_address(address) in map(ip_address, addresses(resolver, name)):
            return Finding(
                check="PTR", where=address, state=FindingState.OK, said=f"its name is {name}"
            )
    version = ip_address(address).version
    kind = "A" if version == 4 else "AAAA"  # noqa: PLR2004 - IPv4
    said = f"its name is {names[0]}, which does not lead back to it"
    entry = DnsRecord(name=names[0], type=kind, value=address)
    return Finding(check="PTR", where=address, state=FindingState.WRONG, said=said, publish=entry)

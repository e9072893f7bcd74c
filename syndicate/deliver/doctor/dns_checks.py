"""Checks the DNS records of the domains that mail is from, and of the hosts that it leaves from.

A domain needs SPF, DKIM, DMARC and MX; a host the permission by SPF, and a name (PTR).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from ipaddress import ip_address
from typing import Self, TypeVarTuple

from syndicate.config import Config, SmtpServer
from syndicate.config.loopback import is_loopback
from syndicate.deliver.doctor.dns_records import MAX_LOOKUPS, Resolver, SpfRecords, addresses
from syndicate.deliver.message.dkim import DkimKey, DkimKeyring
from syndicate.errors import CallFailed

_POLICIES = ("none", "quarantine", "reject")
_UNUSED_ADDRESSES = ("240.0.0.1", "100::1")
"""No mail comes from these (RFC 1112, RFC 6666)."""
_Args = TypeVarTuple("_Args")
_MIN_LABELS = 2
"""Labels of the shortest domain whose policy can apply to its subdomains."""


class FindingState(StrEnum):
    """The result of a check."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """It can't be seen from here, or DNS did not answer."""


OK, MISSING, WRONG, UNKNOWN = FindingState


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """A record to publish."""

    name: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; the names of the fields are the keys of `syndicate doctor --json`."""

    check: str
    """What was checked: SPF, DKIM, DMARC, MX, PTR, or a part of the configuration."""
    where: str
    """The domain, name, address or key of config.toml."""
    state: FindingState
    said: str
    """What was found, and what to do about it."""
    publish: DnsRecord | None = None
    demanded: bool = field(default=True, kw_only=True)
    """Whether Gmail, Yahoo or Microsoft refuse bulk mail without it."""

    @property
    def fails(self) -> bool:
        """Whether mail is refused because of it, or may be."""
        return self.demanded and self.state is not OK


def check_domain(
    config: Config, domain: str, spf: SpfRecords, *, selectors: Sequence[str], spf_terms: str
) -> Iterator[Finding]:
    """Check a domain; `selectors` are those of a relay that signs, `spf_terms` permit our mail."""
    resolver = spf.resolver
    yield _run_check("SPF", domain, _spf, domain, spf, spf_terms)
    keyring = DkimKeyring.of(config, skip_unreadable=True)
    signer = keyring.signer(domain)
    keys = signer.keys if signer else ()
    for key in keys:
        yield _run_check("DKIM", key.dns_name, _own_key, resolver, key)
    readable = [settings for settings, _ in keyring.keys]
    unreadable = [
        f"{settings.selector}._domainkey.{signing_domain}"
        for settings in config.mail.dkim
        if settings not in readable and (signing_domain := settings.signing(domain))
    ]
    for name in unreadable:
        text = "not compared with DNS: the private key can't be read"
        yield Finding("DKIM", name, UNKNOWN, text)
    for selector in selectors:
        name = f"{selector}._domainkey.{domain}"
        yield _run_check("DKIM", name, _relay_key, resolver, name)
    if not (keys or unreadable or selectors):
        text = (
            "nothing is signed here; make keys with `syndicate dkim-keygen`, or, if the relay "
            "signs, name its selector with --selector"
        )
        yield Finding("DKIM", domain, MISSING, text)
    signing = [key.domain for key in keys] + [domain] * bool(selectors)
    yield _run_check("DMARC", domain, _dmarc, resolver, domain, signing)
    yield _run_check("MX", domain, _mx, resolver, domain)


def _run_check(
    check: str, where: str, function: Callable[[partial[Finding], *_Args], Finding], *args: *_Args
) -> Finding:
    """Return what a function finds, given a partial Finding; UNKNOWN if DNS does not answer."""
    finding = partial(Finding, check, where)
    try:
        return function(finding, *args)
    except CallFailed as error:
        return finding(UNKNOWN, str(error))


def _spf(finding: partial[Finding], domain: str, spf: SpfRecords, spf_terms: str) -> Finding:
    try:
        record = spf.record(domain)
        if record is None:
            text = "there is no record; if the relay's documentation has one, publish that"
            return finding(MISSING, text, DnsRecord(domain, "TXT", f"v=spf1 {spf_terms} ~all"))
        count = spf.lookups(domain)
        results = {spf.result(domain, address) for address in _UNUSED_ADDRESSES}
    except ValueError as error:
        return finding(WRONG, str(error))
    if count > MAX_LOOKUPS:
        text = (
            f"it takes more than {MAX_LOOKUPS} look-ups, so servers ignore it; replace include:, a "
            "and mx by networks (ip4:, ip6:)"
        )
        return finding(WRONG, text)
    if "pass" in results:
        return finding(WRONG, f"{record!r} permits everybody; let it end in ~all")
    return finding(OK, f"{record} ({count} of {MAX_LOOKUPS} look-ups)")


def _tags(record: str) -> dict[str, str]:
    """Parse `name=value; …` (RFC 6376, 3.2); the names become lower case."""
    pairs = (part.partition("=") for part in record.split(";") if "=" in part)
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}


def _own_key(finding: partial[Finding], resolver: Resolver, key: DkimKey) -> Finding:
    records = resolver.ask(key.dns_name, "TXT")
    publish = DnsRecord(key.dns_name, "TXT", key.dns_record)
    if not records:
        return finding(MISSING, "there is no record, so our signatures are worth nothing", publish)
    if len(records) > 1:
        return finding(WRONG, f"there are {len(records)} records; keep only this one", publish)
    if fault := _key_fault(_tags(records[0]), _tags(key.dns_record)):
        return finding(WRONG, fault, publish)
    batched = ", several at once" if key.batch else ""
    return finding(OK, f"has our key ({key.algorithm}{batched})")


def _key_fault(tags: dict[str, str], expected: dict[str, str]) -> str:
    """Return what is wrong with a key's record; empty if nothing is (RFC 6376, 3.6.1)."""
    other = tags.get("p") != expected["p"] or tags.get("k", "rsa") != expected["k"]
    faults = (
        (tags.get("v", "DKIM1") != "DKIM1", "the record is not a DKIM record"),
        (not tags.get("p"), "the record has no key: that revokes it"),
        (other, "the record has another key than mail.dkim"),
        ("sha256" not in tags.get("h", "sha256").split(":"), "the record does not permit sha256"),
        ("y" in tags.get("t", "").split(":"), "t=y, a test: the signatures don't count"),
    )
    return next((fault for applies, fault in faults if applies), "")


def _relay_key(finding: partial[Finding], resolver: Resolver, name: str) -> Finding:
    records = resolver.ask(name, "TXT")
    if not records:
        return finding(MISSING, "there is no record; the relay's documentation has it")
    if len(records) > 1 or not _tags(records[0]).get("p"):
        text = "the record has no key; the relay's documentation has the right one"
        return finding(WRONG, text)
    return finding(OK, "has a key of the relay")


def _dmarc(
    finding: partial[Finding], resolver: Resolver, domain: str, signing: Sequence[str]
) -> Finding:
    publish = DnsRecord(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}")
    at, records = _policy_records(resolver, domain)
    if not records:
        return finding(MISSING, "there is no record; p=none is enough to begin with", publish)
    if len(records) > 1:
        return finding(WRONG, f"_dmarc.{at} has {len(records)} records, so none counts")
    tags = _tags(records[0])
    policy = tags.get("p", "").lower()
    if policy not in _POLICIES:
        return finding(WRONG, f"{records[0]!r} has no p=none, quarantine or reject", publish)
    if at != domain:
        policy = tags.get("sp", policy).lower()
    if tags.get("adkim", "r").lower() == "s" and signing and domain not in signing:
        text = f"adkim=s needs signatures of {domain} itself; drop it, or set mail.dkim.domain"
        return finding(WRONG, text)
    of = "" if at == domain else f", of {at}"
    return finding(OK, f"the policy is {policy}{of}; our signatures and return path agree with it")


def _policy_records(resolver: Resolver, domain: str) -> tuple[str, list[str]]:
    """Find a domain's policy: its own, or that of the nearest parent (RFC 7489, 6.6.3)."""
    labels = domain.split(".")
    for first in range(max(1, len(labels) - _MIN_LABELS + 1)):
        at = ".".join(labels[first:])
        records = resolver.ask(f"_dmarc.{at}", "TXT")
        if policies := [record for record in records if _tags(record).get("v") == "DMARC1"]:
            return at, policies
    return domain, []


def _mx(finding: partial[Finding], resolver: Resolver, domain: str) -> Finding:
    hosts = [record.partition(" ")[2] for record in resolver.ask(domain, "MX")]
    if hosts and all(hosts):
        return finding(OK, f"replies and bounces go to {', '.join(sorted(hosts))}")
    if hosts:
        text = "the record says that the domain takes no mail, so nobody can reply"
        return finding(WRONG, text)
    if addresses(resolver, domain):
        text = "there is no record; replies and bounces go to the domain's own address"
        return finding(OK, text)
    text = "there is no record and no address: replies and bounces go nowhere"
    return finding(MISSING, text, DnsRecord(domain, "MX", f"10 mail.{domain}"))


@dataclass(frozen=True, slots=True)
class SendingHost:
    """A host that mail leaves from."""

    name: str
    addresses: tuple[str, ...]
    own: bool
    """Whether it is this machine."""

    @classmethod
    def of(cls, server: SmtpServer, resolver: Resolver, own: Sequence[str]) -> Self:
        """Return a mail server's host, given this machine's public addresses; raise CallFailed."""
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


def check_host(host: SendingHost, domains: Sequence[str], spf: SpfRecords) -> Iterator[Finding]:
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
        yield _run_check("SPF", host.name, _permission, host, domain, spf)
    for address in host.addresses if host.own else ():
        yield _run_check("PTR", address, _reverse_name, address, spf.resolver)


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

"""Checks the DNS records of the domains that mail is from, and of the hosts that it leaves from.

A domain needs SPF, DKIM, DMARC and MX; a host the permission by SPF, and a name (PTR).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_address
from typing import Self

from syndicate.config import Config, SmtpServer
from syndicate.config.loopback import is_loopback
from syndicate.deliver.doctor.dmarc import DmarcRecords
from syndicate.deliver.doctor.dmarc_checks import MailIdentity, check_dmarc
from syndicate.deliver.doctor.dns_records import MAX_LOOKUPS, Resolver, SpfRecords, addresses
from syndicate.deliver.doctor.findings import (
    MISSING,
    OK,
    UNKNOWN,
    WRONG,
    DnsRecord,
    Finding,
    run_check,
)
from syndicate.deliver.message.dkim import DkimKey, DkimKeyring

_UNUSED_ADDRESSES = ("240.0.0.1", "100::1")
"""No mail comes from these (RFC 1112, RFC 6666)."""


class DomainChecks:
    """Checks of domains, which share what DNS answered."""

    def __init__(
        self, config: Config, resolver: Resolver, *, selectors: Sequence[str], spf_terms: str
    ) -> None:
        """Take the `selectors` of a relay that signs, and the `spf_terms` that permit our mail."""
        self.resolver, self.spf, self.dmarc = resolver, SpfRecords(resolver), DmarcRecords(resolver)
        self._keyring = DkimKeyring.of(config, skip_unreadable=True)
        self._keys = config.mail.dkim
        self._selectors, self._spf_terms = selectors, spf_terms

    def check_sender(self, domain: str, envelopes: Sequence[str]) -> Iterator[Finding]:
        """Check a domain of From; `envelopes` are those of the envelope senders of its mail."""
        yield self._check_spf(domain, demanded=domain in envelopes)
        signing = list[str]()
        for finding, signer in self._signatures(domain):
            yield finding
            signing.append(signer)
        if not signing:
            text = (
                "nothing is signed here; make keys with `syndicate dkim-keygen`, or, if the relay "
                "signs, name its selector with --selector"
            )
            yield Finding("DKIM", domain, MISSING, text)
        mail = MailIdentity(domain, tuple(signing), tuple(envelopes))
        yield from check_dmarc(self.dmarc, mail)
        answers = "replies and bounces" if domain in envelopes else "replies"
        yield run_check("MX", domain, _mx, self.resolver, domain, answers)

    def check_return(self, domain: str, *, sends: bool) -> Iterator[Finding]:
        """Check the domain of `bounces.address`; `sends`: envelope senders have it."""
        if sends:
            yield self._check_spf(domain, demanded=True)
        yield run_check("MX", domain, _mx, self.resolver, domain, "bounces")

    def _check_spf(self, domain: str, *, demanded: bool) -> Finding:
        found = run_check("SPF", domain, _spf, domain, self.spf, self._spf_terms)
        return replace(found, demanded=demanded)

    def _signatures(self, domain: str) -> Iterator[tuple[Finding, str]]:
        """Check the record of each key that signs; yield the domain that it signs for as well."""
        signer = self._keyring.signer(domain)
        for key in signer.keys if signer else ():
            yield run_check("DKIM", key.dns_name, _own_key, self.resolver, key), key.domain
        readable = [settings for settings, _ in self._keyring.keys]
        for settings in self._keys:
            signing = settings.signing(domain)
            if settings not in readable and signing is not None:
                text = "not compared with DNS: the private key can't be read"
                name = f"{settings.selector}._domainkey.{signing}"
                yield Finding("DKIM", name, UNKNOWN, text), signing
        for selector in self._selectors:
            name = f"{selector}._domainkey.{domain}"
            yield run_check("DKIM", name, _relay_key, self.resolver, name), domain


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


def _mx(finding: partial[Finding], resolver: Resolver, domain: str, answers: str) -> Finding:
    hosts = [record.partition(" ")[2] for record in resolver.ask(domain, "MX")]
    if hosts and all(hosts):
        listed = ", ".join(sorted(hosts))
        if any(addresses(resolver, host) for host in hosts):
            return finding(OK, f"{answers} go to {listed}")
        return finding(WRONG, f"{answers} go nowhere: {listed} has no address")
    if hosts:
        text = f"the record says that the domain takes no mail, so {answers} go nowhere"
        return finding(WRONG, text)
    if addresses(resolver, domain):
        text = f"there is no record; {answers} go to the domain's own address"
        return finding(OK, text)
    text = f"there is no record and no address: {answers} go nowhere"
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
        yield run_check("SPF", host.name, _permission, host, domain, spf)
    for address in host.addresses if host.own else ():
        yield run_check("PTR", address, _reverse_name, address, spf.resolver)


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

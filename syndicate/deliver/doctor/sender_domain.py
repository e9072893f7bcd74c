"""Checks the DNS records of a domain that mail is from: SPF, DKIM, DMARC, MX."""

from collections.abc import Iterator, Sequence

from syndicate.deliver.doctor.finding import DnsRecord, Finding, FindingState, run_check
from syndicate.deliver.doctor.resolver import Resolver, addresses
from syndicate.deliver.doctor.spf import MAX_LOOKUPS, SpfRecords
from syndicate.deliver.message.dkim import DkimKey

_POLICIES = ("none", "quarantine", "reject")
_UNUSED_ADDRESSES = ("240.0.0.1", "100::1")
"""No mail comes from these (RFC 1112, RFC 6666)."""
_MIN_LABELS = 2
"""Labels of the shortest domain whose policy can apply to its subdomains."""


def check_domain(
    domain: str,
    resolver: Resolver,
    spf: SpfRecords,
    *,
    keys: Sequence[DkimKey],
    unreadable: Sequence[str],
    selectors: Sequence[str],
    spf_terms: str,
) -> Iterator[Finding]:
    """Check a domain.

    `keys` are our keys for it, `unreadable` the DNS names of those that can't be read,
    `selectors` those of a relay that signs; `spf_terms` permit our mail.
    """
    yield run_check("SPF", domain, lambda: _spf(domain, spf, spf_terms))
    for key in keys:
        yield run_check("DKIM", key.dns_name, lambda key=key: _own_key(resolver, key))  # type: ignore[misc]
    for name in unreadable:
        text = "not compared with DNS: the private key can't be read"
        yield Finding("DKIM", name, FindingState.UNKNOWN, text)
    for selector in selectors:
        name = f"{selector}._domainkey.{domain}"
        yield run_check("DKIM", name, lambda name=name: _relay_key(resolver, name))  # type: ignore[misc]
    if not (keys or unreadable or selectors):
        text = (
            "nothing is signed here; make keys with `syndicate dkim-keygen`, or, if the relay "
            "signs, name its selector with --selector"
        )
        yield Finding("DKIM", domain, FindingState.MISSING, text)
    signing = [key.domain for key in keys] + [domain] * bool(selectors)
    yield run_check("DMARC", domain, lambda: _dmarc(resolver, domain, signing))
    yield run_check("MX", domain, lambda: _mx(resolver, domain))


def parse_tags(record: str) -> dict[str, str]:
    """Parse `name=value; …` (RFC 6376, 3.2); the names become lower case."""
    pairs = (part.partition("=") for part in record.split(";") if "=" in part)
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}


def _spf(domain: str, spf: SpfRecords, spf_terms: str) -> Finding:
    try:
        record = spf.record(domain)
        if record is None:
            text = "there is no record; if the relay's documentation has one, publish that"
            publish = DnsRecord(name=domain, type="TXT", value=f"v=spf1 {spf_terms} ~all")
            return Finding("SPF", domain, FindingState.MISSING, text, publish=publish)
        count = spf.lookups(domain)
        results = {spf.result(domain, address) for address in _UNUSED_ADDRESSES}
    except ValueError as error:
        return Finding("SPF", domain, FindingState.WRONG, str(error))
    if count > MAX_LOOKUPS:
        text = (
            f"it takes more than {MAX_LOOKUPS} look-ups, so servers ignore it; replace include:, a "
            "and mx by networks (ip4:, ip6:)"
        )
        return Finding("SPF", domain, FindingState.WRONG, text)
    if "pass" in results:
        text = f"{record!r} permits everybody; let it end in ~all"
        return Finding("SPF", domain, FindingState.WRONG, text)
    text = f"{record} ({count} of {MAX_LOOKUPS} look-ups)"
    return Finding("SPF", domain, FindingState.OK, text)


def _own_key(resolver: Resolver, key: DkimKey) -> Finding:
    records = resolver.ask(key.dns_name, "TXT")
    batched = ", several at once" if key.batched else ""
    state, text = FindingState.OK, f"has our key ({key.algorithm}{batched})"
    if not records:
        state = FindingState.MISSING
        text = "there is no record, so our signatures are worth nothing"
    elif len(records) > 1:
        state, text = FindingState.WRONG, f"there are {len(records)} records; keep only this one"
    elif fault := _key_fault(parse_tags(records[0]), parse_tags(key.dns_record)):
        state, text = FindingState.WRONG, fault
    record = DnsRecord(name=key.dns_name, type="TXT", value=key.dns_record)
    publish = None if state is FindingState.OK else record
    return Finding("DKIM", key.dns_name, state, text, publish=publish)


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


def _relay_key(resolver: Resolver, name: str) -> Finding:
    records = resolver.ask(name, "TXT")
    if not records:
        text = "there is no record; the relay's documentation has it"
        return Finding("DKIM", name, FindingState.MISSING, text)
    if len(records) > 1 or not parse_tags(records[0]).get("p"):
        text = "the record has no key; the relay's documentation has the right one"
        return Finding("DKIM", name, FindingState.WRONG, text)
    return Finding("DKIM", name, FindingState.OK, "has a key of the relay")


def _dmarc(resolver: Resolver, domain: str, signing: Sequence[str]) -> Finding:
    suggested = DnsRecord(
        name=f"_dmarc.{domain}", type="TXT", value=f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}"
    )
    at, records = _policy_records(resolver, domain)
    if not records:
        text = "there is no record; p=none is enough to begin with"
        return Finding("DMARC", domain, FindingState.MISSING, text, publish=suggested)
    if len(records) > 1:
        text = f"_dmarc.{at} has {len(records)} records, so none counts"
        return Finding("DMARC", domain, FindingState.WRONG, text)
    tags = parse_tags(records[0])
    policy = tags.get("p", "").lower()
    if policy not in _POLICIES:
        text = f"{records[0]!r} has no p=none, quarantine or reject"
        return Finding("DMARC", domain, FindingState.WRONG, text, publish=suggested)
    if at != domain:
        policy = tags.get("sp", policy).lower()
    if tags.get("adkim", "r").lower() == "s" and signing and domain not in signing:
        text = f"adkim=s needs signatures of {domain} itself; drop it, or set mail.dkim.domain"
        return Finding("DMARC", domain, FindingState.WRONG, text)
    of = "" if at == domain else f", of {at}"
    text = f"the policy is {policy}{of}; our signatures and return path agree with it"
    return Finding("DMARC", domain, FindingState.OK, text)


def _policy_records(resolver: Resolver, domain: str) -> tuple[str, list[str]]:
    """Find a domain's policy: its own, or that of the nearest parent (RFC 7489, 6.6.3)."""
    labels = domain.split(".")
    for first in range(max(1, len(labels) - _MIN_LABELS + 1)):
        at = ".".join(labels[first:])
        records = resolver.ask(f"_dmarc.{at}", "TXT")
        if policies := [record for record in records if parse_tags(record).get("v") == "DMARC1"]:
            return at, policies
    return domain, []


def _mx(resolver: Resolver, domain: str) -> Finding:
    hosts = [record.partition(" ")[2] for record in resolver.ask(domain, "MX")]
    if hosts and all(hosts):
        text = f"replies and bounces go to {', '.join(sorted(hosts))}"
        return Finding("MX", domain, FindingState.OK, text)
    if hosts:
        text = "the record says that the domain takes no mail, so nobody can reply"
        return Finding("MX", domain, FindingState.WRONG, text)
    if addresses(resolver, domain):
        text = "there is no record; replies and bounces go to the domain's own address"
        return Finding("MX", domain, FindingState.OK, text)
    text = "there is no record and no address: replies and bounces go nowhere"
    publish = DnsRecord(name=domain, type="MX", value=f"10 mail.{domain}")
    return Finding("MX", domain, FindingState.MISSING, text, publish=publish)

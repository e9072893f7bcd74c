"""What DNS says of a domain that mail is from: SPF, DKIM, DMARC, MX."""

from collections.abc import Iterator, Sequence

from syndicate.deliver.doctor.finding import DnsRecord, Finding, FindingState, asked
from syndicate.deliver.doctor.resolver import Resolver, addresses
from syndicate.deliver.doctor.spf import MOST_LOOKUPS, SpfRecords
from syndicate.deliver.message.dkim import DkimKey

_POLICIES = ("none", "quarantine", "reject")
_NOBODY = ("240.0.0.1", "100::1")
"""Addresses that no mail comes from (RFC 1112, RFC 6666)."""
_FEWEST_LABELS = 2
"""Of a domain that may have a policy for those below it."""


def domain(
    name: str,
    resolver: Resolver,
    spf: SpfRecords,
    *,
    seals: Sequence[DkimKey],
    unread: Sequence[str],
    selectors: Sequence[str],
    permit: str,
) -> Iterator[Finding]:
    """Look at a domain.

    `seals` are our keys for it, `unread` the names in DNS of those that can't be
    read, `selectors` those of a relay that signs itself; `permit` are the terms of
    SPF that our mail needs.
    """
    yield asked("SPF", name, lambda: _spf(name, spf, permit))
    for seal in seals:
        yield asked("DKIM", seal.name, lambda seal=seal: _key(resolver, seal))  # type: ignore[misc]
    for key in unread:
        said = "not compared with DNS: the private key can't be read"
        yield Finding(check="DKIM", where=key, state=FindingState.UNKNOWN, said=said)
    for selector in selectors:
        at = f"{selector}._domainkey.{name}"
        yield asked("DKIM", at, lambda at=at: _foreign_key(resolver, at))  # type: ignore[misc]
    if not (seals or unread or selectors):
        said = (
            "nothing is signed here; make keys with `syndicate dkim-keygen`, or, where the relay "
            "signs, name its selector with --selector"
        )
        yield Finding(check="DKIM", where=name, state=FindingState.MISSING, said=said)
    signing = [seal.domain for seal in seals] + [name] * bool(selectors)
    yield asked("DMARC", name, lambda: _dmarc(resolver, name, signing))
    yield asked("MX", name, lambda: _mx(resolver, name))


def tags(text: str) -> dict[str, str]:
    """Read `name=value; …` (RFC 6376, 3.2); names in small letters."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}


def _spf(name: str, spf: SpfRecords, permit: str) -> Finding:
    def found(state: FindingState, said: str, publish: str = "") -> Finding:
        entry = DnsRecord(name=name, type="TXT", value=publish) if publish else None
        return Finding(check="SPF", where=name, state=state, said=said, publish=entry)

    try:
        record = spf.record(name)
        if record is None:
            said = "there is no record; if the relay's documentation has one, publish that"
            return found(FindingState.MISSING, said, f"v=spf1 {permit} ~all")
        count = spf.lookups(name)
        strangers = {spf.result(name, one) for one in _NOBODY}
    except ValueError as error:
        return found(FindingState.WRONG, str(error))
    if count > MOST_LOOKUPS:
        said = (
            f"it takes more than {MOST_LOOKUPS} look-ups to read, so nobody reads it; put networks "
            "(ip4:, ip6:) in the place of include:, a and mx"
        )
        return found(FindingState.WRONG, said)
    if "pass" in strangers:
        return found(FindingState.WRONG, f"{record!r} permits everybody; let it end in ~all")
    return found(FindingState.OK, f"{record} ({count} of {MOST_LOOKUPS} look-ups)")


def _key(resolver: Resolver, seal: DkimKey) -> Finding:
    records = resolver.ask(seal.name, "TXT")
    several = ", several at once" if seal.together else ""
    state, said = FindingState.OK, f"holds our key ({seal.algorithm}{several})"
    if not records:
        state, said = (
            FindingState.MISSING,
            "there is no record, so our signatures are worth nothing",
        )
    elif len(records) > 1:
        state, said = FindingState.WRONG, f"there are {len(records)} records; leave this one alone"
    elif fault := _fault(tags(records[0]), tags(seal.record)):
        state, said = FindingState.WRONG, fault
    entry = DnsRecord(name=seal.name, type="TXT", value=seal.record)
    publish = None if state is FindingState.OK else entry
    return Finding(check="DKIM", where=seal.name, state=state, said=said, publish=publish)


def _fault(said: dict[str, str], ours: dict[str, str]) -> str:
    """Say what is wrong with a key's record; empty: nothing (RFC 6376, 3.6.1)."""
    other = said.get("p") != ours["p"] or said.get("k", "rsa") != ours["k"]
    faults = (
        (said.get("v", "DKIM1") != "DKIM1", "the record is none of DKIM"),
        (not said.get("p"), "the record holds no key: one without was withdrawn"),
        (other, "the record holds another key than mail.dkim"),
        ("sha256" not in said.get("h", "sha256").split(":"), "the record does not permit sha256"),
        ("y" in said.get("t", "").split(":"), "t=y, a test: the signatures don't count"),
    )
    return next((told for wrong, told in faults if wrong), "")


def _foreign_key(resolver: Resolver, at: str) -> Finding:
    records = resolver.ask(at, "TXT")
    if not records:
        said = "there is no record; the relay's documentation has it"
        return Finding(check="DKIM", where=at, state=FindingState.MISSING, said=said)
    if len(records) > 1 or not tags(records[0]).get("p"):
        said = "the record holds no key; the relay's documentation has the right one"
        return Finding(check="DKIM", where=at, state=FindingState.WRONG, said=said)
    return Finding(check="DKIM", where=at, state=FindingState.OK, said="holds a key of the relay")


def _dmarc(resolver: Resolver, name: str, signing: Sequence[str]) -> Finding:
    def found(state: FindingState, said: str, publish: str = "") -> Finding:
        entry = DnsRecord(name=f"_dmarc.{name}", type="TXT", value=publish) if publish else None
        return Finding(check="DMARC", where=name, state=state, said=said, publish=entry)

    suggested = f"v=DMARC1; p=none; rua=mailto:dmarc@{name}"
    at, records = _policy(resolver, name)
    if not records:
        return found(
            FindingState.MISSING, "there is no record; p=none is enough to begin with", suggested
        )
    if len(records) > 1:
        return found(FindingState.WRONG, f"_dmarc.{at} has {len(records)} records, so none counts")
    said = tags(records[0])
    policy = said.get("p", "").lower()
    if policy not in _POLICIES:
        return found(
            FindingState.WRONG, f"{records[0]!r} has no p=none, quarantine or reject", suggested
        )
    if at != name:
        policy = said.get("sp", policy).lower()
    if said.get("adkim", "r").lower() == "s" and signing and name not in signing:
        told = f"adkim=s wants signatures of {name} itself; leave it out, or set mail.dkim.domain"
        return found(FindingState.WRONG, told)
    of = "" if at == name else f", of {at}"
    return found(
        FindingState.OK, f"the policy is {policy}{of}; our signatures and return path agree"
    )


def _policy(resolver: Resolver, name: str) -> tuple[str, list[str]]:
    """Find the policy for a domain: its own, or that of the nearest one above (RFC 7489, 6.6.3)."""
    labels = name.split(".")
    for first in range(max(1, len(labels) - _FEWEST_LABELS + 1)):
        at = ".".join(labels[first:])
        texts = resolver.ask(f"_dmarc.{at}", "TXT")
        if records := [text for text in texts if tags(text).get("v") == "DMARC1"]:
            return at, records
    return name, []


def _mx(resolver: Resolver, name: str) -> Finding:
    hosts = [each.partition(" ")[2] for each in resolver.ask(name, "MX")]
    if hosts and all(hosts):
        said = f"answers and bounces go to {', '.join(sorted(hosts))}"
        return Finding(check="MX", where=name, state=FindingState.OK, said=said)
    if hosts:
        said = "the record says that the domain takes no mail, so nobody can answer"
        return Finding(check="MX", where=name, state=FindingState.WRONG, said=said)
    if addresses(resolver, name):
        said = "there is no record; answers and bounces go to the domain's own address"
        return Finding(check="MX", where=name, state=FindingState.OK, said=said)
    said = "there is no record and no address: answers and bounces go nowhere"
    entry = DnsRecord(name=name, type="MX", value=f"10 mail.{name}")
    return Finding(check="MX", where=name, state=FindingState.MISSING, said=said, publish=entry)

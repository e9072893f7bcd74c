"""Checks that a domain has a DMARC policy, and that our mail passes by it (RFC 9989)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from syndicate.deliver.doctor.dmarc import (
    MAX_NAME,
    OBSOLETE,
    DmarcRecord,
    DmarcRecords,
    ReportUri,
    authorization_name,
    is_meant_for_dmarc,
    walk_names,
)
from syndicate.deliver.doctor.findings import (
    MISSING,
    OK,
    UNKNOWN,
    WRONG,
    DnsRecord,
    Finding,
    listed,
    run_check,
)
from syndicate.errors import CallFailed

_REQUESTED = "none, quarantine or reject"
_EXPECTED = {
    **dict.fromkeys(("p", "sp", "np"), _REQUESTED),
    **dict.fromkeys(("adkim", "aspf"), "r or s"),
    "psd": "y, n or u",
    "t": "y or n",
    "fo": "0 or 1, d and s, joined by colons",
}


@dataclass(frozen=True, slots=True)
class MailIdentity:
    """The domains that the mail of one sender shows to DMARC."""

    domain: str
    """The domain of From."""
    signing: tuple[str, ...]
    """The domains that sign (DKIM); empty: nothing is signed, as far as known here."""
    envelopes: tuple[str, ...]
    """The domains of the envelope senders, which SPF is about."""


def check_dmarc(records: DmarcRecords, mail: MailIdentity) -> Iterator[Finding]:
    """Check the policy that applies to a sender, alignment with it, and where reports go."""
    verdict = run_check("DMARC", mail.domain, _verdict, records, mail)
    yield verdict
    if verdict.state is UNKNOWN or verdict.publish is not None:
        return  # the rest is about a record that counts
    record = records.applicable(mail.domain)
    if record is None:
        return
    for text in filter(is_meant_for_dmarc, records.texts(mail.domain)):
        fault = f"{text!r} is ignored, since it does not begin with v=DMARC1: correct or remove it"
        yield Finding("DMARC", f"_dmarc.{mail.domain}", WRONG, fault, demanded=False)
    where = f"_dmarc.{record.domain}"
    publish = DnsRecord(where, "TXT", record.corrected())
    if faults := list(_faults(record)):
        yield Finding("DMARC", where, WRONG, "; ".join(faults), publish, demanded=False)
    for tag in ("rua", "ruf"):
        for text in record.written_uris(tag):
            try:
                yield from _report_findings(records, record, tag, text, publish)
            except CallFailed as error:
                yield Finding("DMARC", where, UNKNOWN, str(error), demanded=False)
    for envelope in mail.envelopes:
        if envelope != mail.domain:
            yield run_check("DMARC", envelope, _return_path, records, record, mail, envelope)


def _verdict(finding: partial[Finding], records: DmarcRecords, mail: MailIdentity) -> Finding:
    domain = mail.domain
    record = records.applicable(domain)
    if record is None or records.count(domain) > 1 or _is_suffix(record, domain):
        return _no_record(finding, records, domain)
    publish = DnsRecord(f"_dmarc.{record.domain}", "TXT", record.corrected())
    if record.repeated:
        text = f"the record has {listed(record.repeated)} more than once, so servers ignore it"
        return finding(WRONG, text, publish)
    below = record.domain != domain
    policy = record.policy(below=below, exists=not below or records.resolver.exists(domain))
    if policy is None or ("p" not in record.tags and not record.report_uris("rua")):
        text = f"{record.text!r} has no p={_REQUESTED}, so servers may ignore all of it"
        return finding(WRONG, text, publish)
    vouchers = _vouchers(records, record, mail)
    if mail.signing and "signatures" not in vouchers:
        return _misaligned(finding, records, record, mail)
    is_weakened = record.is_test and policy is not policy.weakened
    applied = f"{policy}, tested (t=y) as {policy.weakened}" if is_weakened else f"{policy}"
    of = f", of {record.domain}" if below else ""
    agree = f"our {' and '.join(vouchers)} {'agree' if mail.signing else 'agrees'} with it"
    if not vouchers:
        agree = "nothing of our mail agrees with it yet"
    reports = "" if "rua" in record.tags else "; it asks nobody for reports (rua=)"
    return finding(OK, f"the policy is {applied}{of}; {agree}{reports}")


def _no_record(finding: partial[Finding], records: DmarcRecords, domain: str) -> Finding:
    """Return why there is no policy: none published, several, or one that can't be read."""
    for name in walk_names(domain):
        if (count := records.count(name)) > 1:
            return finding(WRONG, f"_dmarc.{name} has {count} records, so none counts; keep one")
        for text in filter(is_meant_for_dmarc, records.texts(name)):
            reason = f"there is no record that counts: {text!r} does not begin with v=DMARC1"
            return finding(MISSING, reason, _first_record(domain))
    suffix = records.applicable(domain)
    rest = "p=none is enough to begin with"
    if suffix is not None:
        rest = f"only the public suffix {suffix.domain} has one"
    return finding(MISSING, f"there is no record; {rest}", _first_record(domain))


def _is_suffix(record: DmarcRecord, domain: str) -> bool:
    """Whether the policy for a domain is that of its public suffix, such as a registry's."""
    return record.psd == "y" and record.domain != domain


def _first_record(domain: str) -> DnsRecord:
    value = f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}"
    return DnsRecord(f"_dmarc.{domain}", "TXT", value)


def _vouchers(records: DmarcRecords, record: DmarcRecord, mail: MailIdentity) -> list[str]:
    """Name what makes our mail pass: DKIM, SPF, both or none."""
    dkim, spf = record.is_strict("adkim"), record.is_strict("aspf")
    aligned = partial(records.are_aligned, domain=mail.domain)
    signed = any(aligned(signer, strict=dkim) for signer in mail.signing)
    returned = all(aligned(envelope, strict=spf) for envelope in mail.envelopes)
    return ["signatures"] * signed + ["return path"] * returned


def _misaligned(
    finding: partial[Finding], records: DmarcRecords, record: DmarcRecord, mail: MailIdentity
) -> Finding:
    """Say why no signature of ours counts; it is demanded where SPF doesn't count either."""
    wrong = partial(finding, WRONG, demanded=not _vouchers(records, record, mail))
    domain, signer = mail.domain, mail.signing[0]
    if record.is_strict("adkim"):
        return wrong(
            f"adkim=s needs signatures of {domain} itself; drop it, or set mail.dkim.domain"
        )
    organizations = [records.organizational_domain(name) for name in (signer, domain)]
    text = (
        f"our signatures are of {signer}, whose organizational domain is {organizations[0]}, but "
        f"that of {domain} is {organizations[1]}; sign with {domain} itself: set mail.dkim.domain"
    )
    if records.own(signer) is None and record.psd == "u":
        return wrong(f"{text}, or publish a record for {signer} too", _first_record(signer))
    return wrong(f"{text}, or see psd= in their records")


def _return_path(
    finding: partial[Finding],
    records: DmarcRecords,
    record: DmarcRecord,
    mail: MailIdentity,
    envelope: str,
) -> Finding:
    """Check whether SPF of the envelope sender counts for From."""
    strict = record.is_strict("aspf")
    if records.are_aligned(envelope, mail.domain, strict=strict):
        return finding(OK, f"SPF of the envelope sender counts for mail from {mail.domain}")
    why = (
        "aspf=s wants the same domain"
        if strict
        else f"that has the organizational domain {records.organizational_domain(mail.domain)}"
    )
    text = (
        f"SPF of the envelope sender does not count for mail from {mail.domain} ({why}), so DMARC "
        "depends on the signatures alone; choose a subdomain of From's domain for bounces.address"
    )
    is_signed = "signatures" in _vouchers(records, record, mail)
    return finding(WRONG, text, demanded=not is_signed)


def _faults(record: DmarcRecord) -> Iterator[str]:
    """Yield what servers ignore in a record, or read otherwise than it was meant."""
    if obsolete := [tag for tag in OBSOLETE if tag in record.tags]:
        verb, them = ("is", "it") if len(obsolete) == 1 else ("are", "them")
        yield f"{listed(obsolete)} {verb} obsolete (RFC 9989): remove {them}"
    if record.tags.get("pct", "100") != "100" and not record.is_test:
        yield "the policy applies to all mail now; t=y asks for the one a step weaker"
    if "p" not in record.tags:
        yield "p is missing, which means none, but older servers want it: write p=none"
    for tag in record.invalid:
        consequence = "so p=none applies" if tag in {"p", "sp", "np"} else "so it is ignored"
        yield f"{tag}={record.tags[tag]} is not {_EXPECTED[tag]}, {consequence}"
    for part in record.malformed:
        yield f"{part!r} is no tag, so it is ignored"
    if record.psd == "y":
        yield "psd=y says that the domain is a public suffix such as com: remove it"
    limited = [uri.text for tag in ("rua", "ruf") for uri in record.report_uris(tag) if uri.limit]
    for text in limited:
        yield f"the size limit of {text} is obsolete (RFC 9989): remove it"


def _report_findings(
    records: DmarcRecords, record: DmarcRecord, tag: str, text: str, publish: DnsRecord
) -> Iterator[Finding]:
    """Check an address that reports are to be sent to."""
    finding = partial(Finding, "DMARC", f"_dmarc.{record.domain}", demanded=False)
    uri = ReportUri.parse(text)
    if uri is None:
        reason = f"{tag}={text} is not an address such as mailto:dmarc@{record.domain}"
        yield finding(WRONG, f"{reason}, so no reports are sent to it", publish)
    elif uri.domain is None:
        reason = f"{tag}={text} is not mailto:, which is all that servers have to support"
        yield finding(UNKNOWN, reason)
    elif not records.is_authorized(record, uri.domain):
        name = authorization_name(record.domain, uri.domain)
        fix = DnsRecord(name, "TXT", "v=DMARC1") if len(name) <= MAX_NAME else None
        reason = (
            f"{uri.domain} does not say that it takes reports about {record.domain}, so none are "
            f"sent there ({tag}); the record has to be published by {uri.domain}"
        )
        yield finding(WRONG, reason, fix)

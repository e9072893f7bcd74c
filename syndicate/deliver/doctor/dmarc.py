"""DMARC policies, found and read as RFC 9989 says: the tree walk, the tags, alignment.

It obsoletes RFC 7489: the domains themselves say where an organization ends, and no list of public
suffixes does. What a policy means for our mail is judged in `dmarc_checks`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Self

from syndicate.config.values import domain_name
from syndicate.deliver.doctor.dns_records import Resolver

MAX_LABELS = 8
"""The names that a tree walk asks for at most (RFC 9989, 4.10)."""
MAX_NAME = 253
"""Characters of a domain name (RFC 1035, 2.3.4)."""
OBSOLETE = ("pct", "rf", "ri")
"""Tags of RFC 7489 that RFC 9989 takes out."""
_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_ALMOST = re.compile(r"\s*v\s*=\s*dmarc1\b", re.IGNORECASE)
_TAG = re.compile(r"([A-Za-z]+)[ \t]*=[ \t]*(.+)")
_REQUESTS = frozenset({"none", "quarantine", "reject"})
_VALUES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("p", "sp", "np"), _REQUESTS),
    **dict.fromkeys(("adkim", "aspf"), frozenset("rs")),
    "psd": frozenset("ynu"),
    "t": frozenset("yn"),
}
_FAILURE_OPTIONS = frozenset("01ds")
_URI = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*):([A-Za-z0-9._~:/?#\[\]@$&'()*+;=%-]+)(![0-9]+[kmgt]?)?"
)
_MAILTO = re.compile(r"[^@?]+@([^@?]+)(\?.*)?")


class DmarcPolicy(StrEnum):
    """What the owner of a domain asks for where a message fails."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def weakened(self) -> "DmarcPolicy":
        """The policy one step below, which `t=y` asks for (RFC 9989, 4.7)."""
        return DmarcPolicy.QUARANTINE if self is DmarcPolicy.REJECT else DmarcPolicy.NONE


@dataclass(frozen=True, slots=True)
class ReportUri:
    """An address that reports are to be sent to."""

    text: str
    domain: str | None
    """The domain of a mailbox; None: it is no mailbox, and servers may ignore it."""
    limit: str = ""
    """A limit of the reports' size, which is obsolete and ignored."""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse an address; None if it is not a URI, or `mailto:` without a mailbox."""
        match = _URI.fullmatch(text)
        if match is None:
            return None
        limit = match[3] or ""
        if match[1].lower() != "mailto":
            return cls(text, None, limit)
        mailbox = _MAILTO.fullmatch(match[2])
        try:
            domain = domain_name(mailbox[1]) if mailbox else ""
        except ValueError:
            domain = ""
        return cls(text.removesuffix(limit), domain, limit) if domain else None


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A policy record, with defaults for what is not in it or can't be read (RFC 9989, 4.8)."""

    domain: str
    """The domain that publishes it, without `_dmarc.`."""
    text: str
    tags: Mapping[str, str] = field(compare=False)
    """All tags that can be read, with their values as written; the names in lower case."""
    malformed: tuple[str, ...] = ()
    """The parts that are no tag."""
    repeated: tuple[str, ...] = ()
    """The tags that stand there more than once, which makes the record void (RFC 6376, 3.2)."""

    @classmethod
    def parse(cls, domain: str, text: str) -> Self | None:
        """Parse a TXT record; None if it is no DMARC record of the current version."""
        if not is_dmarc_record(text):
            return None
        parts = [part.strip(" \t") for part in text.split(";")]
        found = [(part, _TAG.fullmatch(part)) for part in parts if part]
        pairs = [(match[1].lower(), match[2]) for _, match in found if match]
        names = [name for name, _ in pairs]
        repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        malformed = tuple(part for part, match in found if match is None)
        tags = {name: next(value for key, value in pairs if key == name) for name in names}
        return cls(domain, text, tags, malformed, tuple(repeated))

    @property
    def psd(self) -> str:
        """Whether the domain is a public suffix: "y", "n", or "u" where it does not say so."""
        return self._value("psd", "u")

    @property
    def is_test(self) -> bool:
        """Whether policies are to be applied one step weaker."""
        return self._value("t", "n") == "y"

    @property
    def invalid(self) -> tuple[str, ...]:
        """The tags whose value is not one of those that are allowed."""
        invalid = [name for name, allowed in _VALUES.items() if self._is_invalid(name, allowed)]
        listed = self.tags.get("fo", "0").lower().split(":")
        options = set(listed)
        if not options <= _FAILURE_OPTIONS or len(options) < len(listed) or {"0", "1"} <= options:
            invalid.append("fo")
        return tuple(invalid)

    def is_strict(self, tag: str) -> bool:
        """Whether `adkim` or `aspf` wants the very domain, not one of the same organization."""
        return self._value(tag, "r") == "s"

    def report_uris(self, tag: str) -> list[ReportUri]:
        """Return the addresses of `rua` or `ruf` that can be read."""
        parsed = (ReportUri.parse(text) for text in self.written_uris(tag))
        return [uri for uri in parsed if uri is not None]

    def written_uris(self, tag: str) -> list[str]:
        """Return the addresses of `rua` or `ruf` as they are written."""
        value = self.tags.get(tag)
        return [] if value is None else [text.strip(" \t") for text in value.split(",")]

    def policy(self, *, below: bool = False, exists: bool = True) -> DmarcPolicy | None:
        """Return the policy of this domain, or of one below it that exists or doesn't.

        None: the record has a policy that can't be read and no address for reports, so it is
        ignored (RFC 9989, 4.10.1). `t` is not taken into account.
        """
        if set(self.invalid) & {"p", "sp", "np"}:
            return DmarcPolicy.NONE if self.report_uris("rua") else None
        names = ("p",) if not below else ("sp", "p") if exists else ("np", "sp", "p")
        value = next((self.tags[name] for name in names if name in self.tags), "none")
        return DmarcPolicy(value.lower())

    def corrected(self) -> str:
        """Return the record without what is obsolete, invalid or can't be read."""
        left_out = {"v", "p", *OBSOLETE, *self.invalid, *(("psd",) if self.psd == "y" else ())}
        policy = "none" if "p" in self.invalid else self.tags.get("p", "none").lower()
        parts = ["v=DMARC1", f"p={policy}"]
        for name in self.tags:
            if name in {"rua", "ruf"}:
                uris = [uri.text for uri in map(_repaired, self.written_uris(name)) if uri]
                parts += [f"{name}={','.join(uris)}"] if uris else []
            elif name not in left_out:
                parts.append(f"{name}={self.tags[name]}")
        return "; ".join(parts)

    def _value(self, name: str, default: str) -> str:
        value = self.tags.get(name, default).lower()
        return value if value in _VALUES[name] else default

    def _is_invalid(self, name: str, allowed: frozenset[str]) -> bool:
        return name in self.tags and self.tags[name].lower() not in allowed


def is_dmarc_record(text: str) -> bool:
    """Whether a TXT record starts with the version of DMARC; only the case of DMARC1 counts."""
    return _VERSION.match(text) is not None


def is_meant_for_dmarc(text: str) -> bool:
    """Whether a TXT record starts with the version, but not as servers want it."""
    return _ALMOST.match(text) is not None and not is_dmarc_record(text)


def _repaired(text: str) -> ReportUri | None:
    return ReportUri.parse(text) or ReportUri.parse(f"mailto:{text}")


def walk_names(domain: str) -> Iterator[str]:
    """Yield the domains of a tree walk: this one, and those above it up to the last label."""
    yield domain
    labels = domain.split(".")
    start = 1 if len(labels) < MAX_LABELS else len(labels) - MAX_LABELS + 1
    yield from (".".join(labels[first:]) for first in range(start, len(labels)))


class DmarcRecords:
    """The DMARC records of domains; each name is asked for once. Methods raise CallFailed."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._ask_once = cache(resolver.ask)

    def texts(self, domain: str) -> list[str]:
        """Return the TXT records of `_dmarc.domain`, whatever they are."""
        return self._ask_once(f"_dmarc.{domain}", "TXT")

    def own(self, domain: str) -> DmarcRecord | None:
        """Return the record of this very domain; of several, none counts."""
        texts = list(filter(is_dmarc_record, self.texts(domain)))
        return DmarcRecord.parse(domain, texts[0]) if len(texts) == 1 else None

    def count(self, domain: str) -> int:
        """Count the DMARC records of this very domain."""
        return sum(map(is_dmarc_record, self.texts(domain)))

    def applicable(self, domain: str) -> DmarcRecord | None:
        """Return the record for mail from a domain (RFC 9989, 4.10.1).

        It is that of the domain, else of its organizational domain, else of its public suffix.
        """
        if (own := self.own(domain)) is not None:
            return own
        walked = self._walk(domain)
        organization = _organizational_domain(domain, walked)
        suffixes = [record for record in walked if record.psd == "y"]
        records = [record for record in walked if record.domain == organization]
        return next(iter(records + suffixes), None)

    def organizational_domain(self, domain: str) -> str:
        """Return the topmost domain of the same organization (RFC 9989, 4.10.2)."""
        return _organizational_domain(domain, self._walk(domain))

    def are_aligned(self, identifier: str, domain: str, *, strict: bool) -> bool:
        """Whether a domain that SPF or DKIM vouches for can vouch for mail from `domain`."""
        if identifier == domain or strict:
            return identifier == domain
        return self.organizational_domain(identifier) == self.organizational_domain(domain)

    def is_authorized(self, record: DmarcRecord, destination: str) -> bool:
        """Whether a domain takes the reports about another organization's (RFC 9990, 4)."""
        if self.are_aligned(destination, record.domain, strict=False):
            return True
        name = authorization_name(record.domain, destination)
        return len(name) <= MAX_NAME and any(map(is_dmarc_record, self._ask_once(name, "TXT")))

    def _walk(self, domain: str) -> list[DmarcRecord]:
        """Return the records of a domain and those above, up to one that ends the walk."""
        records = []
        for name in walk_names(domain):
            record = self.own(name)
            if record is not None:
                records.append(record)
                if record.psd != "u":
                    break
        return records


def authorization_name(domain: str, destination: str) -> str:
    """Return where a domain says that it takes the reports about another one."""
    return f"{domain}._report._dmarc.{destination}"


def _organizational_domain(domain: str, walked: list[DmarcRecord]) -> str:
    if not walked:
        return domain
    last = walked[-1]
    if last.psd != "y":
        return last.domain
    labels = domain.split(".")
    return ".".join(labels[-last.domain.count(".") - 2 :])  # of a suffix itself: all

"""SPF records, read as a mail server reads them (RFC 7208).

What depends on the single message (macros, `exists`, `ptr`) is counted and
otherwise taken for no match: no newsletter should hang on it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Self

from syndicate.deliver.doctor.resolver import Resolver

MOST_LOOKUPS = 10
"""Above it, a record is an error for whoever reads it (RFC 7208, 4.6.4)."""
_RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_LOOKING_UP = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
_TERM = re.compile(r"([-+~?]?)([A-Za-z][A-Za-z0-9_.-]*)([:=/]?)(.*)")
_TARGET = re.compile(r"([^/]*)(?:/(\d{1,2}))?(?://(\d{1,3}))?")


@dataclass(frozen=True, slots=True)
class SpfTerm:
    """A mechanism, or the modifier `redirect`."""

    name: str
    result: str
    """What it means where it matches."""
    value: str = ""
    """Its domain or network; empty: the domain of the record."""
    prefixes: tuple[int, int] = (32, 128)
    """How much of an address counts, of IPv4 and of IPv6."""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a term; None for a modifier without a meaning here. Raise ValueError."""
        found = _TERM.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no term of SPF")
        qualifier, name, mark, rest = found[1] or "+", found[2].lower(), found[3], found[4]
        if mark == "=" and not found[1]:
            return cls(name, "", rest) if name == "redirect" and rest else None
        if name not in _MECHANISMS or mark == "=":
            raise ValueError(f"{text!r} is no term of SPF")
        if name in {"ip4", "ip6"}:
            return cls(name, _RESULTS[qualifier], str(_network(name, rest)))
        target = _TARGET.fullmatch(f"/{rest}" if mark == "/" else rest)
        if target is None or (name in {"include", "exists"} and not target[1]):
            raise ValueError(f"{text!r} is no term of SPF")
        prefixes = int(target[2] or 32), int(target[3] or 128)
        return cls(name, _RESULTS[qualifier], target[1], prefixes)


class SpfRecords:
    """The SPF records of domains, each asked for once."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._asked: dict[tuple[str, str], list[str]] = {}

    def record(self, domain: str) -> str | None:
        """Return a domain's record; raise ValueError where it has several, CallFailed."""
        texts = self._ask(domain, "TXT")
        found = [text for text in texts if re.match(r"v=spf1(\s|$)", text, re.IGNORECASE)]
        if len(found) > 1:
            raise ValueError(f"{domain} has {len(found)} SPF records, and may have one: join them")
        return found[0] if found else None

    def lookups(self, domain: str, above: tuple[str, ...] = ()) -> int:
        """Count what has to be looked up for a record, with all that it includes.

        Raise ValueError for what is an error to whoever reads it, CallFailed. The
        count ends soon after it is too many.
        """
        if domain in above:
            raise ValueError(f"{domain} includes itself")
        count = 0
        for term in self._terms(domain):
            count += term.name in _LOOKING_UP
            if term.name in {"include", "redirect"} and "%" not in term.value:
                count += self.lookups(term.value.lower(), (*above, domain))
            if count > 2 * MOST_LOOKUPS:
                break
        return count

    def result(self, domain: str, address: str) -> str:
        """Return what a record says of an address: pass, fail, softfail or neutral.

        Only for a record whose lookups could be counted. Raise CallFailed.
        """
        for term in self._terms(domain):
            if term.name == "redirect":
                return self.result(term.value.lower(), address)
            if self._matches(term, domain, address):
                return term.result
        return "neutral"

    def _terms(self, domain: str) -> Iterator[SpfTerm]:
        """Go through a record's terms; `redirect` comes last, and not where there is an `all`."""
        record = self.record(domain)
        if record is None:
            raise ValueError(f"{domain} has no SPF record, but is included")
        terms = [term for word in record.split()[1:] if (term := SpfTerm.parse(word))]
        yield from (term for term in terms if term.name != "redirect")
        if not any(term.name == "all" for term in terms):
            yield from (term for term in terms if term.name == "redirect")

    def _matches(self, term: SpfTerm, domain: str, address: str) -> bool:
        target = (term.value or domain).lower()
        match term.name:
            case "all":
                return True
            case "ip4" | "ip6":
                return ip_address(address) in ip_network(term.value)
            case "include":
                return "%" not in target and self.result(target, address) == "pass"
            case "a":
                return self._near(term, address, target)
            case "mx":
                hosts = [each.partition(" ")[2] for each in self._ask(target, "MX")]
                return any(self._near(term, address, host) for host in hosts[:MOST_LOOKUPS])
            case _:
                return False

    def _near(self, term: SpfTerm, address: str, host: str) -> bool:
        """Whether an address is a host's, as far as it counts."""
        four = ip_address(address).version == 4  # noqa: PLR2004 - IPv4
        found = self._ask(host, "A" if four else "AAAA")
        prefix = term.prefixes[0 if four else 1]
        return any(
            ip_address(address) in ip_network(f"{one}/{prefix}", strict=False) for one in found
        )

    def _ask(self, name: str, kind: str) -> list[str]:
        if not name or "%" in name:
            return []
        if (name, kind) not in self._asked:
            self._asked[name, kind] = self._resolver.ask(name, kind)
        return self._asked[name, kind]


def _network(name: str, text: str) -> object:
    network = ip_network(text, strict=False)
    if network.version != int(name[-1]):
        raise ValueError(f"{name}:{text} is no network of that kind")
    return network

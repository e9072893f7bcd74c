"""Asks DNS, and evaluates SPF records as a mail server does (RFC 7208).

Errors of dnspython become CallFailed here. SPF's terms that depend on the single message
(macros, `exists`, `ptr`) count as look-ups, but never match: no newsletter should depend on them.
"""

import contextlib
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Self

from syndicate.errors import CallFailed

if TYPE_CHECKING:  # start-up
    from dns.resolver import Resolver as _Resolver

_CONTROL = re.compile(r"[^\t\x20-\x7e]")
_PROBES = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Addresses for documentation (RFC 5737, RFC 3849); nothing is sent there."""
MAX_LOOKUPS = 10
"""A record that needs more is an error (RFC 7208, 4.6.4)."""
_RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_LOOKUP_TERMS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
_TERM = re.compile(r"([-+~?]?)([A-Za-z][A-Za-z0-9_.-]*)([:=/]?)(.*)")
_TARGET = re.compile(r"([^/]*)(?:/(\d{1,2}))?(?://(\d{1,3}))?")


@dataclass
class Resolver:
    """Asks the name servers of this machine, or those given."""

    nameservers: tuple[str, ...] = ()
    port: int = 53
    timeout: float = 6
    """Seconds for an answer; less after a question without one, until there is one again."""

    def ask(self, name: str, kind: str) -> list[str]:
        """Return the records of a name, without final dots; empty if there are none.

        `kind` is TXT, MX ("10 mx.example.org"), A, AAAA or PTR. Raise CallFailed if no
        answer comes.
        """
        from dns.exception import DNSException, Timeout  # noqa: PLC0415 - start-up
        from dns.resolver import NXDOMAIN, NoAnswer, NoNameservers  # noqa: PLC0415

        try:
            answer = self._resolver.resolve(f"{name}.", kind, search=False)
            self._resolver.lifetime = self.timeout
        except (NXDOMAIN, NoAnswer):
            self._resolver.lifetime = self.timeout
            return []
        except Timeout as error:
            self._resolver.lifetime = max(1, self._resolver.lifetime / 2)
            raise CallFailed(f"DNS gave no answer for {name} {kind} in time") from error
        except NoNameservers as error:
            raise CallFailed(f"DNS gave no answer for {name} {kind}: its servers fail") from error
        except (DNSException, OSError) as error:
            raise CallFailed(f"DNS gave no answer for {name} {kind}: {error}") from error
        if kind == "TXT":
            # no control characters of strangers for the operator's terminal
            texts = [b"".join(record.strings).decode("ascii", "replace") for record in answer]
            return [_CONTROL.sub("?", text) for text in texts]
        return [record.to_text().removesuffix(".") for record in answer]

    def exists(self, name: str) -> bool:
        """Whether there is anything at a name or below it (RFC 8020); raise CallFailed."""
        from dns.exception import DNSException  # noqa: PLC0415 - start-up
        from dns.resolver import NXDOMAIN, NoAnswer  # noqa: PLC0415

        try:
            self._resolver.resolve(f"{name}.", "TXT", search=False)
        except NXDOMAIN:
            return False
        except NoAnswer:
            return True
        except (DNSException, OSError) as error:
            raise CallFailed(f"DNS gave no answer for {name}: {error}") from error
        return True

    @cached_property
    def _resolver(self) -> "_Resolver":
        from dns.resolver import Resolver  # noqa: PLC0415 - start-up

        resolver = Resolver(configure=not self.nameservers)
        if self.nameservers:
            resolver.nameservers = list(self.nameservers)
            resolver.port = self.port
        resolver.lifetime = self.timeout
        return resolver


def addresses(resolver: Resolver, host: str) -> list[str]:
    """Return the addresses of a host, which may itself be one; raise CallFailed."""
    try:
        return [str(ip_address(host.strip("[]")))]
    except ValueError:
        return [*resolver.ask(host, "A"), *resolver.ask(host, "AAAA")]


def own_addresses() -> list[str]:
    """Return the public addresses of this machine; behind a NAT, none."""
    addresses = []
    for remote, family in _PROBES:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((remote, 9))  # for UDP this chooses a route, and sends nothing
            address = probe.getsockname()[0]
            if ip_address(address).is_global:
                addresses.append(address)
    return addresses


@dataclass(frozen=True, slots=True)
class SpfTerm:
    """A mechanism, or the modifier `redirect`."""

    name: str
    result: str
    """The result if it matches."""
    value: str = ""
    """A domain or a network; empty: the domain of the record."""
    prefixes: tuple[int, int] = (32, 128)
    """Prefix lengths for IPv4 and IPv6."""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse a term; None for a modifier that is ignored. Raise ValueError."""
        match = _TERM.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not an SPF term")
        qualifier, name, mark, rest = match[1] or "+", match[2].lower(), match[3], match[4]
        if mark == "=" and not match[1]:
            return cls(name, "", rest) if name == "redirect" and rest else None
        if name not in _MECHANISMS or mark == "=":
            raise ValueError(f"{text!r} is not an SPF term")
        if name in {"ip4", "ip6"}:
            network = ip_network(rest, strict=False)
            if network.version != int(name[-1]):
                raise ValueError(f"{name}:{rest} is not such a network")
            return cls(name, _RESULTS[qualifier], str(network))
        target = _TARGET.fullmatch(f"/{rest}" if mark == "/" else rest)
        if target is None or (name in {"include", "exists"} and not target[1]):
            raise ValueError(f"{text!r} is not an SPF term")
        prefixes = int(target[2] or 32), int(target[3] or 128)
        return cls(name, _RESULTS[qualifier], target[1], prefixes)


class SpfRecords:
    """The SPF records of domains; each is looked up once."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._ask_once = cache(resolver.ask)

    def record(self, domain: str) -> str | None:
        """Return a domain's record; raise ValueError if it has several, CallFailed."""
        texts = self._ask(domain, "TXT")
        records = [text for text in texts if re.match("v=spf1( |$)", text, re.IGNORECASE)]
        if len(records) > 1:
            raise ValueError(f"{domain} has {len(records)} SPF records; join them to one")
        return records[0] if records else None

    def lookups(self, domain: str, above: tuple[str, ...] = ()) -> int:
        """Count the look-ups that a record takes, with all that it includes.

        The count may stop once it is too high. Raise ValueError for an invalid record,
        CallFailed.
        """
        if domain in above:
            raise ValueError(f"{domain} includes itself")
        count = 0
        for term in self._terms(domain):
            count += term.name in _LOOKUP_TERMS
            if term.name in {"include", "redirect"} and "%" not in term.value:
                count += self.lookups(term.value.lower(), (*above, domain))
            if count > 2 * MAX_LOOKUPS:
                break
        return count

    def result(self, domain: str, address: str) -> str:
        """Return the result for an address: pass, fail, softfail or neutral.

        Call it only after `lookups` has validated the record. Raise CallFailed.
        """
        for term in self._terms(domain):
            if term.name == "redirect":
                return self.result(term.value.lower(), address)
            if self._matches(term, domain, address):
                return term.result
        return "neutral"

    def _terms(self, domain: str) -> Iterator[SpfTerm]:
        """Yield a record's terms; `redirect` comes last, and only if there is no `all`."""
        record = self.record(domain)
        if record is None:
            raise ValueError(f"{domain} has no SPF record, but is included")
        words = filter(None, record.split(" ")[1:])
        terms = [term for word in words if (term := SpfTerm.parse(word))]
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
                return self._is_near(term, address, target)
            case "mx":
                hosts = [record.partition(" ")[2] for record in self._ask(target, "MX")]
                return any(self._is_near(term, address, host) for host in hosts[:MAX_LOOKUPS])
            case _:
                return False

    def _is_near(self, term: SpfTerm, address: str, host: str) -> bool:
        """Whether an address shares the term's prefix with one of the host's addresses."""
        ip = ip_address(address)
        is_ipv4 = ip.version == 4  # noqa: PLR2004
        kind, prefix = ("A" if is_ipv4 else "AAAA"), term.prefixes[0 if is_ipv4 else 1]
        networks = (f"{address}/{prefix}" for address in self._ask(host, kind))
        return any(ip in ip_network(network, strict=False) for network in networks)

    def _ask(self, name: str, kind: str) -> list[str]:
        return self._ask_once(name, kind) if name and "%" not in name else []

"""What was found of one thing, and what to publish where it is not well."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from syndicate.errors import CallFailed


class FindingState(StrEnum):
    """How one thing stands."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """It can't be told from here, or DNS did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecord:
    """A record for DNS."""

    name: str
    type: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one thing stands."""

    check: str
    """What was looked at: SPF, DKIM, DMARC, MX, PTR, or a part of the configuration."""
    where: str
    """Of which domain, name, address or key of config.toml."""
    state: FindingState
    said: str
    """What was found, and what to do about it."""
    publish: DnsRecord | None = None
    demanded: bool = True
    """Whether Gmail, Yahoo or Microsoft refuse bulk mail without it."""

    @property
    def fails(self) -> bool:
        """Whether mail is refused for it, or it could not be seen whether it is."""
        return self.demanded and self.state is not FindingState.OK


def asked(check: str, where: str, ask: Callable[[], Finding]) -> Finding:
    """Return what a check finds, or that DNS did not answer."""
    try:
        return ask()
    except CallFailed as error:
        return Finding(check=check, where=where, state=FindingState.UNKNOWN, said=str(error))

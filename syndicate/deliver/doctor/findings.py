"""What a check found, and the record that would put it right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TypeVarTuple

from syndicate.errors import CallFailed

_Args = TypeVarTuple("_Args")


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


def listed(names: Sequence[str]) -> str:
    """Return names as in a sentence: "pct, rf and ri"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def run_check(
    check: str, where: str, function: Callable[[partial[Finding], *_Args], Finding], *args: *_Args
) -> Finding:
    """Return what a function finds, given a partial Finding; UNKNOWN if DNS does not answer."""
    finding = partial(Finding, check, where)
    try:
        return function(finding, *args)
    except CallFailed as error:
        return finding(UNKNOWN, str(error))

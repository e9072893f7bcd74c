"""Why an address is not mailed: since when, by what evidence, and how to put it right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from shlex import quote
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from syndicate.cli.console import format_time
from syndicate.model.deliveries import DeliveryState
from syndicate.model.feedback import FeedbackKind, FeedbackRecord
from syndicate.model.subscribers import Actor, Cause, Suppression, SuppressionKind

if TYPE_CHECKING:
    from syndicate.store import PersonalRecord

_KINDS: Mapping[SuppressionKind, FeedbackKind] = {
    SuppressionKind.HARD_BOUNCE: FeedbackKind.HARD_BOUNCE,
    SuppressionKind.SOFT_BOUNCES: FeedbackKind.SOFT_BOUNCE,
    SuppressionKind.COMPLAINT: FeedbackKind.COMPLAINT,
}
"""What each kind of suppression follows from."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was reported about the mail of one person, in words."""

    records: Sequence[FeedbackRecord]
    """In the order in which they came."""
    accepted_at: Mapping[int, datetime]
    """When the message of each edition was accepted."""

    @classmethod
    def of(cls, record: "PersonalRecord") -> Self:
        """Return the evidence in what the store keeps on a person."""
        accepted = DeliveryState.ACCEPTED
        times = {item.edition: item.at for item in record.mailed_items if item.state is accepted}
        return cls(record.feedback, times)

    def about(self, edition: int) -> list[FeedbackRecord]:
        """Return what was reported about an edition."""
        return [record for record in self.records if record.edition == edition]

    def of_change(self, cause: Cause) -> str:
        """Describe the report that a change in the audit log follows from; empty without one."""
        if cause.who is not Actor.SERVER:
            return ""
        return "; ".join(self.describe(r) for r in self.records if r.received_at == cause.at)

    def of_suppression(self, suppression: Suppression, soft_within: timedelta) -> list[str]:
        """Describe the reports that a suppression follows from: all soft bounces, else one."""
        kind, since = _KINDS.get(suppression.kind), suppression.at
        earlier = [r for r in self.records if r.kind is kind and r.received_at <= since]
        if kind is FeedbackKind.SOFT_BOUNCE:
            return [self.describe(r) for r in earlier if r.received_at > since - soft_within]
        return [self.describe(r) for r in earlier[-1:]]

    def describe(self, record: FeedbackRecord) -> str:
        """Describe one report, as "550 5.1.1 by mx.example.net for edition 41, …"."""
        return record.evidence(self.accepted_at.get(record.edition))


def suppression_lines(
    suppression: Suppression, evidence: Sequence[str], zone: ZoneInfo
) -> Iterator[str]:
    """Yield the lines about a suppression: kind and since when, why, and the remedy."""
    is_repeated = any(line.startswith(suppression.reason) for line in evidence)
    reason = "" if is_repeated else f": {suppression.reason}"
    yield f"{suppression.kind} since {format_time(suppression.at, zone)}{reason}"
    yield from evidence
    yield f"{unsuppress_command(suppression.address)} has it mailed again"


def suppression_values(suppression: Suppression, evidence: Sequence[str]) -> dict[str, Any]:
    """Return a suppression for scripts."""
    return {
        "kind": suppression.kind,
        "since": suppression.at,
        "reason": suppression.reason,
        "evidence": list(evidence),
        "remedy": unsuppress_command(suppression.address),
    }


def unsuppress_command(address: str) -> str:
    """Return the command that has an address mailed again."""
    return f"`syndicate subscribers unsuppress {quote(address)} --because …`"

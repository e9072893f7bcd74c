"""What `status` says of the doors that bounces come in by: when one last did, and what went wrong.

A mailbox and a Maildir are read by us; a pipe and hooks are only heard of when somebody calls.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from syndicate.cli.console import format_time
from syndicate.model.feedback import HOOK_SOURCE
from syndicate.text import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from syndicate.config import Config
    from syndicate.store import Transaction
    from syndicate.store.ledger.door_states import DoorState

_PIPE = "pipe"


@dataclass(slots=True)
class CalledDoor:
    """A pipe or a hook, by what came through it since the store was made."""

    source: str
    reports: int = 0
    """Reports or events, those left out that came again."""
    last_at: datetime | None = None
    """When the last one came, be it again."""
    refused: Counter[str] = field(default_factory=Counter)
    """Calls that were refused, by why."""
    refused_at: datetime | None = None
    replayed: int = 0
    """Calls of which everything was recorded before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorStatus:
    """The doors that are configured."""

    polled: "dict[str, DoorState | None]"
    """The mailbox and the Maildir; None before one was tried."""
    called: list[CalledDoor]
    """The pipe and the hooks."""

    @classmethod
    def read(cls, tx: "Transaction", config: "Config") -> "DoorStatus":
        """Read the state of each."""
        states = {state.door: state for state in tx.doors.all()}
        sources = [_PIPE] * config.bounces.pipe
        sources += [f"{HOOK_SOURCE}{hook.name}" for hook in config.hooks]
        return cls(
            polled={door: states.get(door) for door in sorted(config.bounces.polled)},
            called=_called(tx, sources),
        )

    def lines(self, zone: "ZoneInfo") -> "Iterator[str]":
        """Write them for people, a line each."""
        for name, state in self.polled.items():
            yield f"{name}: {_state(state, zone) if state else 'was never read'}"
        for door in self.called:
            yield f"{door.source}: {_traffic(door, zone)}"

    def values(self) -> dict[str, Any]:
        """Return them for scripts."""
        return {
            "bounces": [
                {
                    "door": name,
                    "read_at": state and state.read_at,
                    "reports": state.reports if state else 0,
                    "failing_since": state and state.failing_since,
                    "reason": (state and state.reason) or None,
                }
                for name, state in self.polled.items()
            ],
            "called": [
                {
                    "door": door.source,
                    "reports": door.reports,
                    "last_at": door.last_at,
                    "refused": dict(door.refused),
                    "refused_at": door.refused_at,
                    "replayed": door.replayed,
                }
                for door in self.called
            ],
        }


def _called(tx: "Transaction", sources: list[str]) -> list[CalledDoor]:
    from syndicate.feedback.effects import RecordOutcome  # noqa: PLC0415 - start-up
    from syndicate.web.telemetry.counters import WebhookResult  # noqa: PLC0415

    again = {RecordOutcome.REPEATED.value, WebhookResult.REPLAYED.value}
    refusals = {result.value for result in WebhookResult} - again
    doors = {source: CalledDoor(source) for source in sources}
    for count in tx.held_reports.traffic():
        door = doors.get(count.source)
        if door is None:
            continue
        if count.outcome in refusals:
            door.refused[count.outcome] += count.count
            door.refused_at = max(door.refused_at or count.last_at, count.last_at)
            continue
        door.last_at = max(door.last_at or count.last_at, count.last_at)
        door.reports += count.count * (count.outcome not in again)
        door.replayed += count.count * (count.outcome == WebhookResult.REPLAYED.value)
    return list(doors.values())


def _state(door: "DoorState", zone: "ZoneInfo") -> str:
    since = format_time(door.failing_since, zone) if door.failing_since else ""
    if since and not door.was_read:
        return f"can't be read since {since}: {door.reason}"
    left = f"; since {since} {door.reason}" if since else ""
    return f"read at {format_time(door.read_at, zone)}, {count_of(door.reports, 'report')}{left}"


def _traffic(door: CalledDoor, zone: "ZoneInfo") -> str:
    noun = "report" if door.source == _PIPE else "event"
    came = f"no {noun} yet"
    if door.last_at is not None:
        last = format_time(door.last_at, zone)
        came = f"{count_of(door.reports, noun)}, the last at {last}"
    if door.replayed:
        came += f"; {count_of(door.replayed, 'call')} replayed or sent again"
    if door.refused_at is None:
        return came
    why = ", ".join(f"{count:,} {result}" for result, count in sorted(door.refused.items()))
    return f"{came}; calls refused: {why}, the last at {format_time(door.refused_at, zone)}"

"""`status`: what is wrong, what waits, what is being sent and what goes out next."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from typer import Exit

from syndicate import clock
from syndicate.cli.console import echo, echo_json, format_slot_time, format_time, note
from syndicate.cli.context import AsJson, CommandContext
from syndicate.cli.editions.progress import blocker_lines, format_counts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syndicate.config import Config
    from syndicate.model.alarms import Alarm
    from syndicate.model.deliveries import DeliveryTotals
    from syndicate.model.editions import Edition, WaitingEdition
    from syndicate.schedule.mail_status import Blocker
    from syndicate.store import Transaction

_NEXT_SLOTS = 5
"""How many slots of all schedules are listed."""


def status(command: CommandContext, *, json: AsJson = False) -> None:
    """Show what is wrong, what waits and what goes out next.

    The exit code is 1 if anything is wrong, for scripts and monitoring.
    """
    from syndicate.errors import Refused  # noqa: PLC0415 - start-up
    from syndicate.store import Store  # noqa: PLC0415

    config, at = command.config, clock.now()
    if not Store.exists(config):
        raise Refused("there is no store yet: `syndicate run` or `syndicate import` makes it")
    with command.store() as store, store.read() as tx:
        found = _Status.read(tx, config, at)
    if json:
        echo_json(found.values())
    else:
        for line in found.lines():
            echo(line)
    if found.alarms:
        raise Exit(1)
    if not json:
        note("nothing is wrong")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Status:
    config: "Config"
    alarms: "list[Alarm]"
    waiting: "list[WaitingEdition]"
    sending: "list[tuple[Edition, DeliveryTotals]]"
    blockers: "tuple[Blocker, ...]"
    slots: list[tuple[datetime, str, str, ZoneInfo]]
    """When, the schedule, its newsletter, and its zone."""
    last_tick: datetime | None

    @classmethod
    def read(cls, tx: "Transaction", config: "Config", at: datetime) -> "_Status":
        from syndicate.schedule.alarms.current import current_alarms  # noqa: PLC0415 - start-up
        from syndicate.schedule.mail_status import MailStatus  # noqa: PLC0415

        sending = [(one, tx.deliveries.totals(one.key)) for one in tx.editions.unfinished()]
        return cls(
            config=config,
            alarms=current_alarms(tx, config, at),
            waiting=tx.waiting.all(),
            sending=sending,
            blockers=MailStatus.read(tx, config, at).edition_blockers(sending),
            slots=_next_slots(config, at),
            last_tick=tx.heartbeats.last_tick(),
        )

    def lines(self) -> "Iterator[str]":
        """Write it for people."""
        zone = self.config.publication.timezone
        for alarm in self.alarms:
            yield f"wrong      {alarm.text} (since {format_time(alarm.since, zone)})"
            yield f"           {alarm.remedy}"
        for waiting in self.waiting:
            name = f"edition {waiting.edition.key} of {waiting.edition.newsletter}"
            yield f"waiting    {name}: {_wait(waiting, zone)}"
        for edition, totals in self.sending:
            name = f"edition {edition.key} of {edition.newsletter}"
            yield f"{edition.state.value:<10} {name}: {format_counts(totals)}"
        for line in blocker_lines(self.blockers, zone):
            yield f"           {line}"
        for due_at, schedule, newsletter, local in self.slots:
            yield f"next       {format_slot_time(due_at, local)}  {schedule} → {newsletter}"
        tick = format_time(self.last_tick, zone) if self.last_tick else "never"
        yield f"last pass  {tick}"

    def values(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "alarms": [
                {
                    "cause": alarm.kind.value,
                    "about": alarm.subject,
                    "machine": alarm.machine,
                    "text": alarm.text,
                    "remedy": alarm.remedy,
                    "since": alarm.since,
                    "notified_at": alarm.notified_at,
                }
                for alarm in self.alarms
            ],
            "waiting": [
                {
                    "edition": waiting.edition.key,
                    "newsletter": waiting.edition.newsletter,
                    "subject": waiting.edition.subject,
                    "findings": waiting.terms.findings,
                    "approve_by": waiting.terms.approve_by,
                    "release_at": waiting.release_at,
                }
                for waiting in self.waiting
            ],
            "sending": [
                {
                    "edition": edition.key,
                    "newsletter": edition.newsletter,
                    "state": edition.state.value,
                    "audience": totals.audience,
                    "accepted": totals.accepted,
                    "waiting": totals.waiting,
                }
                for edition, totals in self.sending
            ],
            "next": [
                {"at": due_at.astimezone(local), "schedule": schedule, "newsletter": newsletter}
                for due_at, schedule, newsletter, local in self.slots
            ],
            "last_tick": self.last_tick,
        }


def _next_slots(config: "Config", at: datetime) -> list[tuple[datetime, str, str, ZoneInfo]]:
    """Return the next slot of each schedule, the earliest first."""
    from syndicate.model.schedule_slots import schedule_timing  # noqa: PLC0415 - start-up

    slots = []
    for schedule in config.schedules:
        zone = config.zone(schedule)
        names = schedule.name, schedule.newsletter
        upcoming = schedule_timing(schedule, zone).upcoming(at, 1)
        slots += [(slot.due_at, *names, zone) for slot in upcoming]
    return sorted(slots, key=lambda slot: slot[:2])[:_NEXT_SLOTS]


def _wait(waiting: "WaitingEdition", zone: ZoneInfo) -> str:
    if waiting.release_at is not None:
        return f"it is sent at {format_time(waiting.release_at, zone)}"
    why = f" ({'; '.join(waiting.terms.findings)})" if waiting.terms.findings else ""
    return f"for approval until {format_time(waiting.terms.approve_by, zone)}{why}"

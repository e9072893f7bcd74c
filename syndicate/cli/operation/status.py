"""`status`: what is wrong or refused, what waits, what is being sent and what goes out next."""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from typer import Exit

from syndicate import clock
from syndicate.cli.console import echo, echo_json, format_slot_time, format_time, note
from syndicate.cli.context import AsJson, CommandContext
from syndicate.cli.editions.feedback import format_feedback, recent_feedback_values
from syndicate.cli.editions.progress import format_counts, format_unsettled
from syndicate.cli.editions.relays import blocker_lines
from syndicate.cli.operation.door_status import DoorStatus
from syndicate.text import count_of, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syndicate.config import Config
    from syndicate.model.alarms import Alarm
    from syndicate.model.deliveries import DeliveryTotals
    from syndicate.model.editions import Edition, WaitingEdition
    from syndicate.model.feedback import FeedbackTotals
    from syndicate.schedule.mail_status import Blocker
    from syndicate.store import Transaction
    from syndicate.store.articles.refused_files import RefusedFile

_NEXT_SLOTS = 5
"""How many slots of all schedules are listed."""

_REFUSED_FILES = 10
"""How many refused files are listed; a site that was copied may have thousands."""


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
    if not json and not found.refused:
        note("nothing is wrong")


class _NextSlot(NamedTuple):
    due_at: datetime
    schedule: str
    newsletter: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class _Status:
    config: "Config"
    alarms: "list[Alarm]"
    refused: "list[RefusedFile]"
    """Article files that can't be imported as they are."""
    waiting: "list[WaitingEdition]"
    sending: "list[tuple[Edition, DeliveryTotals]]"
    unsettled: dict[int, int]
    """How many deliveries of an edition are unknown, and not settled."""
    blockers: "tuple[Blocker, ...]"
    slots: list[_NextSlot]
    complaints: dict[str, str]
    """Why the next edition of a newsletter waits for a person, where it does."""
    feedback: "dict[str, FeedbackTotals]"
    """What came back within a week, by newsletter."""
    held_reports: int
    """Reports about mail that a person has to read."""
    doors: DoorStatus
    last_tick: datetime | None

    @classmethod
    def read(cls, tx: "Transaction", config: "Config", at: datetime) -> "_Status":
        from syndicate.intake.articles.refusals import refused_files  # noqa: PLC0415
        from syndicate.schedule.alarms.current import current_alarms  # noqa: PLC0415 - start-up
        from syndicate.schedule.alarms.reputation import find_complaints  # noqa: PLC0415
        from syndicate.schedule.mail_status import MailStatus  # noqa: PLC0415

        unfinished = tx.editions.unfinished()
        sending = [(edition, tx.deliveries.totals(edition.key)) for edition in unfinished]
        slots = _next_slots(config, at)
        newsletters = {slot.newsletter for slot in slots}
        findings = {name: find_complaints(tx, config, name, at) for name in newsletters}
        return cls(
            config=config,
            alarms=current_alarms(tx, config, at),
            refused=refused_files(tx, config),
            waiting=tx.waiting.all(),
            sending=sending,
            unsettled=tx.control.unsettled(),
            blockers=MailStatus.read(tx, config, at).edition_blockers(sending),
            slots=slots,
            complaints={name: "; ".join(found) for name, found in findings.items() if found},
            feedback=tx.feedback_figures.recent(at),
            held_reports=tx.held_reports.count(),
            doors=DoorStatus.read(tx, config),
            last_tick=tx.heartbeats.last_tick(),
        )

    def lines(self) -> "Iterator[str]":
        """Write it for people."""
        zone = self.config.publication.timezone
        for alarm in self.alarms:
            yield f"wrong      {alarm.text} (since {format_time(alarm.since, zone)})"
            yield f"           {alarm.remedy}"
        yield from self._refused_lines(zone)
        yield from self._waiting_lines(zone)
        for edition, totals in self.sending:
            name = f"edition {edition.key} of {edition.newsletter}"
            yield f"{edition.state.value:<10} {name}: {format_counts(totals)}"
        for line in blocker_lines(self.blockers, zone):
            yield f"           {line}"
        for slot in self.slots:
            why = self.complaints.get(slot.newsletter)
            waits = f", and waits for a person: {why}" if why else ""
            due_at = format_slot_time(slot.due_at, slot.zone)
            yield f"next       {due_at}  {slot.schedule} → {slot.newsletter}{waits}"
        for newsletter, feedback in self.feedback.items():
            if counts := format_feedback(feedback):
                yield f"came back  of {newsletter} within 7 days: {counts}"
        for line in self.doors.lines(zone):
            yield f"bounces    {line}"
        tick = format_time(self.last_tick, zone) if self.last_tick else "never"
        yield f"last pass  {tick}"

    def _refused_lines(self, zone: ZoneInfo) -> "Iterator[str]":
        """Write which article files are refused, without those that an alarm is about."""
        from syndicate.intake.articles.refusals import REMEDY  # noqa: PLC0415 - start-up

        alarmed = {alarm.subject for alarm in self.alarms}
        refused = [file for file in self.refused if file.path not in alarmed]
        for file in refused[:_REFUSED_FILES]:
            yield f"refused    {one_line(file.reason)} (since {format_time(file.since, zone)})"
        if (more := len(refused) - _REFUSED_FILES) > 0:
            yield f"           and {count_of(more, 'more file')}; `syndicate status --json` has all"
        if refused:
            yield f"           {REMEDY}"

    def _waiting_lines(self, zone: ZoneInfo) -> "Iterator[str]":
        """Write what a person has to decide."""
        for waiting in self.waiting:
            name = f"edition {waiting.edition.key} of {waiting.edition.newsletter}"
            yield f"waiting    {name}: {_wait(waiting, zone)}"
        for key, count in self.unsettled.items():
            yield f"waiting    edition {key}: {format_unsettled(key, count)}"
        if self.held_reports:
            reports = count_of(self.held_reports, "report")
            yield f"waiting    {reports} about mail for a person: `syndicate bounces`"

    def values(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "alarms": [_alarm_values(alarm) for alarm in self.alarms],
            "refused": [
                {"file": file.path, "reason": file.reason, "since": file.since}
                for file in self.refused
            ],
            "waiting": [_waiting_values(waiting) for waiting in self.waiting],
            "sending": [_sending_values(edition, totals) for edition, totals in self.sending],
            "unsettled": [
                {"edition": key, "unknown": count} for key, count in self.unsettled.items()
            ],
            "next": [
                {
                    "at": slot.due_at.astimezone(slot.zone),
                    "schedule": slot.schedule,
                    "newsletter": slot.newsletter,
                    "waits_for": self.complaints.get(slot.newsletter),
                }
                for slot in self.slots
            ],
            "feedback": [
                {"newsletter": newsletter, **recent_feedback_values(totals)}
                for newsletter, totals in self.feedback.items()
            ],
            "held_reports": self.held_reports,
            **self.doors.values(),
            "last_tick": self.last_tick,
        }


def _alarm_values(alarm: "Alarm") -> dict[str, Any]:
    return {
        "cause": alarm.kind.value,
        "about": alarm.subject,
        "machine": alarm.machine,
        "text": alarm.text,
        "remedy": alarm.remedy,
        "since": alarm.since,
        "notified_at": alarm.notified_at,
    }


def _waiting_values(waiting: "WaitingEdition") -> dict[str, Any]:
    return {
        "edition": waiting.edition.key,
        "newsletter": waiting.edition.newsletter,
        "subject": waiting.edition.subject,
        "findings": waiting.terms.findings,
        "approve_by": waiting.terms.approve_by,
        "release_at": waiting.release_at,
    }


def _sending_values(edition: "Edition", totals: "DeliveryTotals") -> dict[str, Any]:
    return {
        "edition": edition.key,
        "newsletter": edition.newsletter,
        "state": edition.state.value,
        "audience": totals.audience,
        "accepted": totals.accepted,
        "waiting": totals.waiting,
    }


def _next_slots(config: "Config", at: datetime) -> list[_NextSlot]:
    """Return the next slot of each schedule, the earliest first."""
    from syndicate.model.schedule_slots import schedule_timing  # noqa: PLC0415 - start-up

    slots = []
    for schedule in config.schedules:
        zone = config.zone(schedule)
        slots += [
            _NextSlot(slot.due_at, schedule.name, schedule.newsletter, zone)
            for slot in schedule_timing(schedule, zone).upcoming(at, 1)
        ]
    return sorted(slots, key=attrgetter("due_at", "schedule"))[:_NEXT_SLOTS]


def _wait(waiting: "WaitingEdition", zone: ZoneInfo) -> str:
    if waiting.release_at is not None:
        return f"it is sent at {format_time(waiting.release_at, zone)}"
    why = f" ({'; '.join(waiting.terms.findings)})" if waiting.terms.findings else ""
    return f"for approval until {format_time(waiting.terms.approve_by, zone)}{why}"

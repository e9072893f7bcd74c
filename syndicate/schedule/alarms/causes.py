"""Finds what is wrong by looking at the store: the same for every process that looks."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from syndicate.config import Config, Schedule
from syndicate.model.alarms import AlarmCause, AlarmKind
from syndicate.model.editions import WaitingEdition
from syndicate.model.schedule_slots import FireOutcome, is_too_late, overdue, schedule_timing
from syndicate.schedule.alarms.reputation import complaint_causes, refusal_causes
from syndicate.schedule.mail_status import find_stall
from syndicate.store import Transaction

IN_STORE = frozenset(
    {
        AlarmKind.SLOT,
        AlarmKind.MAIL,
        AlarmKind.PAUSED,
        AlarmKind.APPROVAL,
        AlarmKind.PREFLIGHT,
        AlarmKind.CERTIFICATE,
        AlarmKind.BOUNCES,
        AlarmKind.COMPLAINTS,
        AlarmKind.BLOCKED,
    }
)
"""The kinds that are found here."""
SLOT_GRACE = timedelta(minutes=5)
"""How late a slot may be dealt with: `run` and cron try every minute."""
UNREAD_FOR = timedelta(minutes=15)
"""How long bounces may wait unread: a mail server that is restarted rings nobody."""
_MISSED_FOR = timedelta(hours=6)
"""How long a slot that was too late is reported, unless the next one or a person is earlier."""


def find_causes(tx: Transaction, config: Config, at: datetime) -> Iterator[AlarmCause]:
    """Yield what is wrong at `at`; this reads few rows, however much is in the store.

    Where readers complain, some thousand rows of an index are counted for each complaint.
    """
    for schedule in config.schedules:
        yield from _slot(tx, config, schedule, at)
    yield from _mail(tx, config, at)
    yield from _paused(tx)
    for waiting in tx.waiting.all():
        yield from _waiting(waiting, config, at)
    yield from _certificates(tx, config, at)
    yield from _doors(tx, config, at)
    yield from complaint_causes(tx, config, at)
    yield from refusal_causes(tx, at)


def _slot(
    tx: Transaction, config: Config, schedule: Schedule, at: datetime
) -> Iterator[AlarmCause]:
    """Yield the newest slot of a schedule that failed or was too late, or one that did not fire."""
    name, zone = schedule.name, config.zone(schedule)
    newest = tx.fires.newest(name, at)
    text, since = "", at
    remedy = f"`syndicate fires {name}` lists its slots; each pass tries again"
    if newest is not None and newest.outcome is FireOutcome.FAILED:
        text, since = f"failed: {newest.reason}", newest.due_at
    elif newest is not None and is_too_late(newest.outcome, newest.reason):
        sent = tx.editions.newest_of(name)
        is_old = at - newest.at >= _MISSED_FOR
        if not is_old and (sent is None or sent.created_at < newest.due_at):
            text, since = f"was missed: {newest.reason}", newest.due_at
            remedy = (
                f"`syndicate send {schedule.newsletter} --schedule {name}` sends now what it would "
                "have sent; else the next slot does"
            )
    if not text:
        timing = schedule_timing(schedule, zone)
        first = tx.schedules.timing_since(name, timing.fingerprint)
        last = tx.fires.last(name, at)
        slot = first and overdue(timing, last=last, since=first, now=at - SLOT_GRACE)
        if not slot:
            return
        tick = tx.heartbeats.last_tick()
        passes = f"the last pass was at {format_local(tick, zone)}" if tick else "nothing ran yet"
        text, since = f"did not fire; {passes}", slot.due_at
        remedy = "start `syndicate run`, or let cron call `syndicate tick` every minute"
    yield AlarmCause(
        kind=AlarmKind.SLOT,
        subject=name,
        text=f"the slot {format_local(since, zone)} of {name} {text}",
        remedy=remedy,
        since=since,
    )


def _mail(tx: Transaction, config: Config, at: datetime) -> Iterator[AlarmCause]:
    stall = find_stall(tx, config, at)
    if stall is None:
        return
    flow, blockers = stall
    since = flow.idle_since or at
    # a relay without a name of its own has that of its host, with which the reason begins
    relays = [
        blocker.reason
        if blocker.reason.startswith(blocker.relay)
        else f"{blocker.relay}: {blocker.reason}"
        for blocker in blockers
        if blocker.relay and blocker.reason
    ]
    why = "; ".join(relays) or "no process delivers, or no mail server takes it"
    yield AlarmCause(
        kind=AlarmKind.MAIL,
        subject="",
        text=(
            f"no mail was accepted since {format_local(since, config.publication.timezone)} "
            f"while mail waits: {why}"
        ),
        remedy="`syndicate relays` shows the mail servers, `syndicate editions` what waits",
        since=since,
    )


def _paused(tx: Transaction) -> Iterator[AlarmCause]:
    for key, pause in tx.control.self_paused():
        yield AlarmCause(
            kind=AlarmKind.PAUSED,
            subject=f"{key}",
            text=f"edition {key} paused itself: {pause.cause.how}",
            remedy=(
                f"`syndicate deliveries {key}` lists the replies; then `syndicate resume {key}`, "
                f"`syndicate replace {key}` or `syndicate cancel {key}`"
            ),
            since=pause.cause.at,
        )


def _waiting(waiting: WaitingEdition, config: Config, at: datetime) -> Iterator[AlarmCause]:
    """Yield the mistakes of an edition that waits, and that half of its time for approval is up."""
    edition, terms = waiting.edition, waiting.terms
    zone = config.zone(config.schedule(edition.schedule))
    name = f"edition {edition.key} of {edition.newsletter}"
    # an edition that is composed again has another number, and is the same cause
    subject = edition.schedule or f"edition {edition.original or edition.key}"
    then = "its articles go into the next one"
    if waiting.corrects is not None:
        subject = f"correction of article {waiting.corrects.article} in {edition.newsletter}"
        then = "nobody gets the correction as a mail of its own"
    remedy = (
        f"`syndicate editions show {edition.key}`, then `syndicate approve {edition.key}` or "
        f"`syndicate reject {edition.key}`"
    )
    if terms.findings:
        yield AlarmCause(
            kind=AlarmKind.PREFLIGHT,
            subject=subject,
            text=f"{name} waits for a person: {'; '.join(terms.findings)}",
            remedy=remedy,
            since=edition.created_at,
        )
    if terms.approve_by is None:
        return
    half = edition.created_at + (terms.approve_by - edition.created_at) / 2
    if at >= half:
        yield AlarmCause(
            kind=AlarmKind.APPROVAL,
            subject=subject,
            text=(
                f"{name} waits for approval; at {format_local(terms.approve_by, zone)} it is "
                f"given up, and {then}"
            ),
            remedy=remedy,
            since=half,
        )


def _certificates(tx: Transaction, config: Config, at: datetime) -> Iterator[AlarmCause]:
    servers = config.mail.servers if config.mail.transport == "smtp" else ()
    relays = {relay.name: relay for relay in servers if relay.security != "none"}
    for certificate in tx.certificates.all():
        if certificate.relay in relays and certificate.is_ending(at):
            relay = relays[certificate.relay]
            ends = format_local(certificate.ends_at, config.publication.timezone)
            yield AlarmCause(
                kind=AlarmKind.CERTIFICATE,
                subject=relay.name,
                text=f"the certificate of the mail server {relay.address} ends at {ends}",
                remedy=(
                    "renew it, or ask the people who run the server; `syndicate doctor --connect` "
                    "reads it again"
                ),
            )


def _doors(tx: Transaction, config: Config, at: datetime) -> Iterator[AlarmCause]:
    for state in tx.doors.all():
        since = state.failing_since
        if since is None or at - since < UNREAD_FOR or state.door not in config.bounces.polled:
            continue
        what = "not all bounces could be recorded" if state.was_read else "no bounces were read"
        local = format_local(since, config.publication.timezone)
        yield AlarmCause(
            kind=AlarmKind.BOUNCES,
            subject=state.door,
            text=f"{what} since {local}: {state.reason}",
            remedy="`syndicate bounces fetch` tries now; nothing is lost meanwhile",
            since=since,
        )


def format_local(at: datetime, zone: ZoneInfo) -> str:
    """Format a time for operators: "2026-11-24 07:00 CET"."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"

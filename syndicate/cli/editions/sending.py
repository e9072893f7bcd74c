"""`tick` and `send` send editions; `deliveries` and `fires` list what was sent."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain, groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

from syndicate import clock
from syndicate.cli.console import echo, echo_json, echo_table, format_slot_time, note
from syndicate.cli.context import AsJson, At, CommandContext, EditionId
from syndicate.cli.editions.control import load_edition
from syndicate.cli.editions.feedback import describe_records, record_values
from syndicate.cli.editions.progress import show_progress
from syndicate.cli.reports import (
    note_assumed_address,
    notify,
    report_delivery,
    report_polls,
    update_mirror,
)
from syndicate.errors import ConfigError
from syndicate.model.deliveries import Delivery, DeliveryState
from syndicate.model.editions import Edition, EditionState

if TYPE_CHECKING:
    from syndicate.config import Newsletter, Schedule
    from syndicate.schedule.wiring import ManualSend, Services
    from syndicate.store.editions.fires import Fire

_DELIVERY_KEYS = ("email", "state", "attempt", "code", "reply", "at", "next_attempt_at")
_FIRE_KEYS = ("schedule", "slot", "due_at", "outcome", "reason", "left_out", "node", "at")
"""The attributes that `--json` prints."""


def tick(
    command: CommandContext,
    *,
    at: At = None,
    really: Annotated[
        bool, Option("--really", help="Send mail by SMTP even if it is due in the future.")
    ] = False,
) -> None:
    """Do everything that is due, once: publish, compose, deliver. For cron and tests.

    What is due at TIME is sent now; with a mail server, a TIME in the future needs `--really`.
    """
    from syndicate.schedule.orphaned_names import find_orphans_daily  # noqa: PLC0415 - start-up

    is_trial = at is not None
    moment = command.time(at)
    if moment > clock.now() and not really and command.config.mail.transport == "smtp":
        raise ConfigError(
            f'--at {at!r} is in the future, and mail.transport is "smtp": readers would get now '
            'what is due then. Try transport = "outbox", or add --really to send it'
        )
    with command.services() as services:
        with show_progress(services.store, services.config):
            report = services.tick(moment, trial=is_trial)
        summary = report.built
        echo(f"published: {len(summary.written)} written, {len(summary.deleted)} deleted")
        taken_in = chain.from_iterable(result.problems for result in report.taken_in)
        for problem in (*taken_in, *summary.warnings, *summary.failed):
            note(str(problem))
        if not is_trial:
            for message in find_orphans_daily(services.store, services.config, at=moment):
                note(message)
        for message in report.released:
            echo(message)
        _echo_fires(command, report.fires)
        report_delivery(report.delivered)
        report_polls(report.polled, only_news=True)
        if report.purged:
            echo(f"retention: {report.purged}")
        mirrored = update_mirror(None if is_trial else services.mirror)
        notify(None if is_trial else services.notifier)
    if report.failed or not mirrored:
        raise Exit(1)


def send(
    command: CommandContext,
    newsletter: Annotated[str, Argument(help="The newsletter's name.")],
    *,
    schedule: Annotated[str | None, Option(help="Compose what this schedule would send.")] = None,
    article: Annotated[
        list[str] | None, Option(metavar="SLUG", help="Exactly this article; may be repeated.")
    ] = None,
    segment: Annotated[
        str | None, Option(help="Send it to this segment of the newsletter's readers only.")
    ] = None,
    to: Annotated[
        str | None,
        Option(metavar="ADDRESS", help="Send only a test copy, marked [Test], to this address."),
    ] = None,
    at: Annotated[
        str | None,
        Option("--at", metavar="TIME", help="With --to: of the first slot from TIME on."),
    ] = None,
) -> None:
    """Compose an edition now and send it."""
    from syndicate.schedule.wiring import ManualSend  # noqa: PLC0415 - start-up

    chosen = command.newsletter(newsletter)
    rule = _schedule(command, chosen, schedule, article or ())
    if segment is not None:
        command.segment(segment)
    note_assumed_address(command.config)
    order = ManualSend(newsletter=chosen, schedule=rule, slugs=article or (), segment=segment)
    if to is not None:
        _send_test_copy(command, order, to, at)
    elif at is not None:
        raise ConfigError("--at chooses the slot of a test copy: use it with --to")
    else:
        _send_edition(command, order)


def _send_test_copy(
    command: CommandContext, order: "ManualSend", to: str, slot_from: str | None
) -> None:
    if order.segment is not None:
        raise ConfigError("--to sends a single copy: leave out --segment")
    after = command.time(slot_from) if slot_from is not None else None
    with command.services() as services:
        reply, proposal = services.send_test_copy(order, to=to, at=clock.now(), slot_from=after)
    by = f", by {proposal.plan.path}" if proposal.plan.path else ""
    echo(f"sent a test copy to {to}{by}: {reply}")


def _send_edition(command: CommandContext, order: "ManualSend") -> None:
    """Send an edition, and print what became of it; raise Exit if something failed."""
    from syndicate.schedule.composer import no_audience_reason  # noqa: PLC0415 - start-up

    newsletter, rule = order.newsletter.name, order.schedule
    with command.services() as services:
        _note_planned(command, services, rule)
        with show_progress(services.store, services.config):
            sent = services.send(order, at=clock.now())
        with services.store.read() as tx:
            audience = tx.deliveries.totals(sent[0].key).audience if sent else 0
        mirrored = update_mirror(services.mirror)
        notify(services.notifier)
    if sent is None:
        echo(f"nothing new for {newsletter}: no edition")
        note("name articles with --article SLUG to send them anyway")
        return
    edition, delivered = sent
    echo(f"edition {edition.key}: {edition.subject}")
    if edition.state is EditionState.WAITING:
        note(f"it waits: `syndicate editions show {edition.key}` says for what")
    elif not audience:
        note(no_audience_reason(newsletter, order.segment or (rule.segment if rule else None)))
    if not report_delivery(delivered) or not mirrored:
        raise Exit(1)


def _note_planned(
    command: CommandContext, services: "Services", schedule: "Schedule | None"
) -> None:
    """Print that what is sent by hand leaves the file about the next slot to that slot."""
    if schedule is None:
        return
    services.take_in_editions(clock.now())
    if (planned := services.planned_slot(schedule, clock.now())) is not None:
        slot_at, path = planned
        slot = format_slot_time(slot_at, command.config.zone(schedule))
        note(f"{path} is for the slot of {slot}; what is sent by hand doesn't use it")


def deliveries(command: CommandContext, edition: EditionId, *, json: AsJson = False) -> None:
    """List an edition's deliveries, with outcome, reply and what came back later."""
    with command.store() as store, store.read() as tx:
        stored = load_edition(tx, edition)
        deliveries_ = list(tx.deliveries.by_edition(edition))
        reports = list(tx.feedback.by_edition(edition))
        paused = tx.mail_pause.current() is not None
    by_reader = {key: list(own) for key, own in groupby(reports, key=attrgetter("subscriber"))}
    values = [
        {name: getattr(delivery, name) for name in _DELIVERY_KEYS}
        | {"waits_for": delivery_wait(stored, delivery, clock.now(), all_paused=paused)}
        | {"feedback": by_reader.get(delivery.subscriber, [])}
        for delivery in deliveries_
    ]
    if json:
        echo_json([v | {"feedback": [*map(record_values, v["feedback"])]} for v in values])
        return
    columns = ["state", "email", "at", "attempt", "next_attempt_at", "waits_for", "reply"]
    headings = ["state", "email", "at", "attempts", "next attempt", "waits for", "reply"]
    for value in values:
        value["came_back"] = describe_records(value["feedback"])
    if any(value["came_back"] for value in values):
        columns.append("came_back")
        headings.append("came back")
    rows = [[value[column] for column in columns] for value in values]
    echo_table(headings, rows, command.config.publication.timezone)


def delivery_wait(
    edition: Edition, delivery: Delivery, now: datetime, *, all_paused: bool = False
) -> str:
    """Return what a delivery waits for; empty for one that is settled."""
    if delivery.state is DeliveryState.SENDING:
        return "the server's answer"
    if delivery.state not in {DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DEFERRED}:
        return ""
    if edition.state is EditionState.PAUSED:
        return "the edition is paused"
    if all_paused:
        return "all mail is paused"
    if delivery.next_attempt_at is not None and delivery.next_attempt_at > now:
        return "its next attempt"
    return "its turn"


def fires(
    command: CommandContext,
    schedule: Annotated[str | None, Argument(help="Only this schedule.")] = None,
    *,
    limit: Annotated[int, Option(min=1, help="How many per schedule.")] = 10,
    json: AsJson = False,
) -> None:
    """List the outcome of each schedule's slots, newest first. A deleted one is listed by name."""
    schedules = command.config.schedules
    names = [rule.name for rule in schedules] if schedule is None else [schedule]
    with command.store() as store, store.read() as tx:
        fires_ = [fire for name in names for fire in tx.fires.recent(name, limit)]
    if schedule is not None and not fires_:
        command.find("schedule", schedule, schedules)
    if json:
        echo_json([{name: getattr(fire, name) for name in _FIRE_KEYS} for fire in fires_])
        return
    rows = []
    for fire in fires_:
        rule = command.config.schedule(fire.schedule)  # it may no longer be there
        zone = command.config.zone(rule)
        rows.append((fire.schedule, format_slot_time(fire.due_at, zone), fire))
    echo_table(("schedule", "slot", "outcome"), rows)


def _echo_fires(command: CommandContext, recorded: "Sequence[Fire]") -> None:
    """Print the outcome of each schedule's newest slot, and how many older ones were missed."""
    for schedule in command.config.schedules:
        own = [fire for fire in recorded if fire.schedule == schedule.name]
        missed = len(own) - 1 + sum(fire.older for fire in own)
        if missed > 0:
            slots = "slot was" if missed == 1 else "slots were"
            echo(f"{schedule.name}: {missed:,} older {slots} missed and skipped")
        for fire in own[-1:]:
            slot = format_slot_time(fire.due_at, command.config.zone(schedule))
            echo(f"{schedule.name} {slot}: {fire}")


def _schedule(
    command: CommandContext, newsletter: "Newsletter", name: str | None, articles: Sequence[str]
) -> "Schedule | None":
    """Return the schedule named, or the newsletter's only one; None when articles are named."""
    if articles and name:
        raise ConfigError("--schedule and --article exclude each other: use one of them")
    if articles:
        return None
    rules = [rule for rule in command.config.schedules if rule.newsletter == newsletter.name]
    matching = [rule for rule in rules if name in {None, rule.name}]
    if len(matching) == 1:
        return matching[0]
    names = ", ".join(rule.name for rule in rules) or "none"
    if name is not None:
        raise ConfigError(f"{newsletter.name} has no schedule {name!r}; it has: {names}")
    if not rules:
        raise ConfigError(f"{newsletter.name} has no schedule: name articles with --article")
    raise ConfigError(
        f"{newsletter.name} has {len(rules)} schedules ({names}): choose one with --schedule, "
        "or name articles with --article"
    )

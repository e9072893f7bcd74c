"""`tick`, `send`, `deliveries`, `fires`: what goes out, and what went."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate import clock
from syndicate.cli.articles.mirror_report import follow
from syndicate.cli.articles.push_report import tell
from syndicate.cli.context import AsJson, At, Context, here
from syndicate.cli.editions.blockers import delivery_waits_for
from syndicate.cli.editions.delivery_report import tell_delivered
from syndicate.cli.terminal.console import as_json, note, say, slot_time, table, when
from syndicate.errors import ConfigError, Refused
from syndicate.model.editions import Edition

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from syndicate.config import Newsletter, Schedule
    from syndicate.store import Store
    from syndicate.store.editions.fires import Fire

TOLD = ("email", "state", "attempt", "code", "reply", "at", "next_attempt_at")
"""What `deliveries --json` says of each."""

RECORDED = ("schedule", "slot", "due_at", "outcome", "reason", "node", "at")
"""What `fires --json` says of each."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(tick)
    app.command()(send)
    app.command()(deliveries)
    app.command()(fires)


def tick(
    context: typer.Context,
    *,
    at: At = None,
    really: Annotated[
        bool, typer.Option("--really", help="Mail by SMTP what is due in the future, too.")
    ] = False,
) -> None:
    """Do everything that is due, once: publish, compose, deliver. For cron and tests.

    What is due at TIME is sent now: with a mail server, a TIME to come needs `--really`.
    """
    from syndicate.cli.editions.watch import shown  # noqa: PLC0415
    from syndicate.cli.terminal.event_log import log_events  # noqa: PLC0415 - start-up
    from syndicate.schedule.orphans import find_orphans_daily  # noqa: PLC0415
    from syndicate.schedule.tick import tick as pass_  # noqa: PLC0415
    from syndicate.schedule.wiring import Services  # noqa: PLC0415

    log_events()
    ours = here(context)
    moment = ours.time(at)
    if at is not None and not really:
        _must_not_mail_the_future(ours, at, moment)
    with ours.store() as store:
        services = Services.of(store, ours.config)
        with shown(store, ours.config):
            ticked = pass_(services, at=moment, trial=at is not None)
        built, delivered = ticked.built, ticked.delivered
        say(f"published: {len(built.written)} written, {len(built.deleted)} deleted")
        for problem in (*built.warnings, *built.failed):
            note(str(problem))
        for message in find_orphans_daily(store, ours.config, at=moment) if at is None else ():
            note(message)
        _say_fires(ours, ticked.fires)
        tell_delivered(delivered)
        if ticked.purged:
            say(f"retention: {ticked.purged}")
        mirrored = follow(services.mirror if at is None else None)
        tell(services.notifier if at is None else None)
    if ticked.failed or not mirrored:
        raise typer.Exit(1)


def _must_not_mail_the_future(ours: Context, text: str, moment: datetime) -> None:
    """Raise ConfigError where readers would really get today what is due in the future."""
    from syndicate.config import TransportKind  # noqa: PLC0415 - start-up

    if moment > clock.now() and ours.config.mail.transport is not TransportKind.OUTBOX:
        raise ConfigError(
            f'--at {text!r} lies in the future, and mail.transport is "smtp": readers would get '
            'now what is due then. Try it with transport = "outbox", or add --really to mail it'
        )


def send(
    context: typer.Context,
    newsletter: Annotated[str, typer.Argument(help="The newsletter's name.")],
    *,
    schedule: Annotated[str | None, typer.Option(help="Compose as this schedule would.")] = None,
    article: Annotated[
        list[str] | None, typer.Option(metavar="SLUG", help="Exactly this article; repeat it.")
    ] = None,
    segment: Annotated[
        str | None, typer.Option(help="To this segment of the newsletter's readers alone.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="A test copy, marked [Test], that no ledger knows of."
        ),
    ] = None,
) -> None:
    """Compose an edition now and send it."""
    from syndicate.cli.editions.watch import shown  # noqa: PLC0415
    from syndicate.cli.terminal.event_log import log_events  # noqa: PLC0415 - start-up
    from syndicate.schedule.composer import no_audience_reason  # noqa: PLC0415
    from syndicate.schedule.manual_send import ManualSend, send_now, send_test_copy  # noqa: PLC0415
    from syndicate.schedule.wiring import Services  # noqa: PLC0415

    log_events()
    ours = here(context)
    chosen = ours.newsletter(newsletter)
    rule = _schedule(ours, chosen, schedule, article or ())
    if segment is not None:
        ours.segment(segment)
        if to is not None:
            raise ConfigError("--to sends one copy, whatever the segment: leave out --segment")
    order = ManualSend(newsletter=chosen, schedule=rule, slugs=article or (), segment=segment)
    with ours.store() as store:
        services = Services.of(store, ours.config)
        if to is not None:
            reply = send_test_copy(services, order, to=to, at=clock.now())
            say(f"a test copy went to {to}: {reply}")
            return
        with shown(store, ours.config):
            sent = send_now(services, order, at=clock.now())
        audience = _audience(store, sent.edition) if sent else 0
        mirrored = follow(services.mirror)
        tell(services.notifier)
    if sent is None:
        say(f"nothing new for {newsletter}: no edition")
        note("name articles with --article SLUG to send them all the same")
        return
    say(f"edition {sent.edition.key}: {sent.edition.subject}")
    if not audience:
        note(no_audience_reason(newsletter, segment or (rule.segment if rule else None)))
    fine = tell_delivered(sent.delivered)
    if not fine or not mirrored:
        raise typer.Exit(1)


def deliveries(
    context: typer.Context,
    edition: Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="Its id, as in `editions`.")],
    *,
    json: AsJson = False,
) -> None:
    """List to whom an edition went, with which outcome, reply and time."""
    ours = here(context)
    with ours.store() as store, store.read() as tx:
        its = tx.editions.by_key(edition)
        if its is None:
            raise Refused(f"there is no edition {edition}; `syndicate editions` lists them")
        found = list(tx.deliveries.by_edition(edition))
    waits = [delivery_waits_for(its, one, clock.now()) for one in found]
    if json:
        told = [{name: getattr(one, name) for name in TOLD} for one in found]
        as_json([one | {"waits_for": why} for one, why in zip(told, waits, strict=True)])
        return
    zone = ours.config.publication.timezone
    table(
        ("state", "email", "at", "attempts", "next attempt", "waits for", "reply"),
        [
            (
                one.state,
                one.email,
                when(one.at, zone),
                one.attempt,
                when(one.next_attempt_at, zone),
                why,
                one.reply,
            )
            for one, why in zip(found, waits, strict=True)
        ],
    )


def fires(
    context: typer.Context,
    schedule: Annotated[str | None, typer.Argument(help="Only this schedule.")] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many of each schedule.")] = 10,
    json: AsJson = False,
) -> None:
    """List what became of each schedule's slots, newest first; of one that is gone, by its name."""
    ours = here(context)
    names = [one.name for one in ours.config.schedules]
    with ours.store() as store, store.read() as tx:
        chosen = names if schedule is None else [schedule]
        found = [fire for name in chosen for fire in tx.fires.recent(name, limit)]
    if schedule is not None and not found and schedule not in names:
        raise ConfigError(
            f"no schedule is called {schedule!r}; there is: {', '.join(names) or 'none'}"
        )
    if json:
        as_json([{name: getattr(fire, name) for name in RECORDED} for fire in found])
        return
    rows = [(fire.schedule, slot_time(fire.due_at, _zone(ours, fire)), fire) for fire in found]
    table(("schedule", "slot", "outcome"), rows)


def _zone(ours: Context, fire: "Fire") -> "ZoneInfo":
    """Return the zone of a fire's schedule, which may be gone from the config."""
    schedule = ours.config.schedule(fire.schedule)
    return ours.config.zone(schedule) if schedule else ours.config.publication.timezone


def _say_fires(ours: Context, recorded: "Sequence[Fire]") -> None:
    """Say what became of the newest slot of each schedule, and how many older ones there were."""
    for schedule in ours.config.schedules:
        its = [fire for fire in recorded if fire.schedule == schedule.name]
        missed = len(its) - 1 + sum(fire.older for fire in its)
        if missed > 0:
            slots = "slot was" if missed == 1 else "slots were"
            say(f"{schedule.name}: {missed:,} older {slots} missed and skipped")
        for fire in its[-1:]:
            say(f"{schedule.name} {slot_time(fire.due_at, ours.config.zone(schedule))}: {fire}")


def _audience(store: "Store", edition: Edition) -> int:
    with store.read() as tx:
        return tx.deliveries.totals(edition.key).audience


def _schedule(
    ours: Context, newsletter: "Newsletter", name: str | None, articles: Sequence[str]
) -> "Schedule | None":
    """Return the schedule to compose as: the one named, or the only one; None for articles."""
    if articles and name:
        raise ConfigError("--schedule and --article exclude each other: name one of them")
    if articles:
        return None
    its = [one for one in ours.config.schedules if one.newsletter == newsletter.name]
    found = [one for one in its if name in {None, one.name}]
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.name for one in its) or "none"
    if name is not None:
        raise ConfigError(f"{newsletter.name} has no schedule {name!r}; it has: {names}")
    raise ConfigError(
        f"{newsletter.name} has {len(its)} schedules ({names}); say which with --schedule, "
        "or name articles with --article"
    )

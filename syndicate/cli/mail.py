"""`tick`, `send`, `editions`, `deliveries`: what goes out, and what went."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, At, Context, here
from syndicate.cli.terminal import as_json, note, say, table, when
from syndicate.config import Newsletter, Schedule
from syndicate.errors import ConfigError, Refused
from syndicate.model.deliveries import Totals
from syndicate.model.editions import Edition

if TYPE_CHECKING:
    from syndicate.deliver.worker import Drained

STATES = tuple(field.name for field in fields(Totals))
COUNTS = ("audience", *STATES)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(tick)
    app.command()(send)
    app.command()(editions)
    app.command()(deliveries)


def tick(context: typer.Context, *, at: At = None) -> None:
    """Do everything that is due, once: publish, compose, deliver. For cron and tests."""
    from syndicate.cli.events import log_events  # noqa: PLC0415 - start-up
    from syndicate.schedule.newsroom import Newsroom  # noqa: PLC0415
    from syndicate.schedule.tick import tick as pass_  # noqa: PLC0415

    log_events()
    ours = here(context)
    moment = ours.time(at)
    with ours.store() as store:
        ticked = pass_(Newsroom.of(store, ours.config), at=moment)
    built, delivered = ticked.built, ticked.delivered
    say(f"published: {len(built.written)} written, {len(built.deleted)} deleted")
    for problem in (*built.warnings, *built.failed):
        note(str(problem))
    for fire in ticked.fires:
        say(f"{fire.schedule} {fire.slot}: {fire}")
    _say_delivered(delivered)
    if ticked.failed:
        raise typer.Exit(1)


def send(
    context: typer.Context,
    newsletter: Annotated[str, typer.Argument(help="The newsletter's name.")],
    *,
    schedule: Annotated[str | None, typer.Option(help="Compose as this schedule would.")] = None,
    article: Annotated[
        list[str] | None, typer.Option(metavar="SLUG", help="Exactly this article; repeat it.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A test copy that no ledger knows of.")
    ] = None,
) -> None:
    """Compose an edition now and send it."""
    from syndicate.cli.events import log_events  # noqa: PLC0415 - start-up
    from syndicate.schedule.newsroom import Newsroom  # noqa: PLC0415
    from syndicate.schedule.sending import Order, send_now, send_test_copy  # noqa: PLC0415

    log_events()
    ours = here(context)
    if article and schedule:
        raise ConfigError("--schedule and --article exclude each other: name one of them")
    chosen = ours.newsletter(newsletter)
    order = Order(
        newsletter=chosen,
        schedule=None if article else _schedule(ours, chosen, schedule),
        slugs=article or (),
    )
    with ours.store() as store:
        newsroom = Newsroom.of(store, ours.config)
        if to is not None:
            reply = send_test_copy(newsroom, order, to=to, at=clock.now())
            say(f"a test copy went to {to}: {reply}")
            return
        sent = send_now(newsroom, order, at=clock.now())
    if sent is None:
        say(f"nothing new for {newsletter}: no edition")
        note("name articles with --article SLUG to send them all the same")
        return
    say(f"edition {sent.edition.key}: {sent.edition.subject}")
    _say_delivered(sent.delivered)
    if sent.delivered.unavailable:
        raise typer.Exit(1)


def editions(context: typer.Context, *, json: AsJson = False) -> None:
    """List what went out and is going out, newest first."""
    ours = here(context)
    with ours.store() as store, store.read() as tx:
        found = [(edition, tx.deliveries.totals(edition.key)) for edition in tx.editions.all()]
    if json:
        as_json([_values(edition, totals) for edition, totals in found])
        return
    zone = ours.config.publication.timezone
    rows = [
        (
            edition.key,
            when(edition.created_at, zone),
            edition.newsletter,
            edition.kind,
            edition.subject,
            *(getattr(totals, name) for name in COUNTS),
        )
        for edition, totals in found
    ]
    table(("id", "at", "newsletter", "kind", "subject", *COUNTS), rows)


def deliveries(
    context: typer.Context,
    edition: Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="Its id, as in `editions`.")],
    *,
    json: AsJson = False,
) -> None:
    """List to whom an edition went, with which outcome, reply and time."""
    ours = here(context)
    with ours.store() as store, store.read() as tx:
        if tx.editions.by_key(edition) is None:
            raise Refused(f"there is no edition {edition}; `syndicate editions` lists them")
        found = list(tx.deliveries.of(edition))
    if json:
        as_json(
            [
                {
                    "email": one.email,
                    "state": one.state,
                    "attempt": one.attempt,
                    "code": one.code,
                    "reply": one.reply,
                    "at": one.at,
                    "next_attempt_at": one.next_attempt_at,
                }
                for one in found
            ]
        )
        return
    zone = ours.config.publication.timezone
    table(
        ("state", "email", "at", "attempts", "next attempt", "reply"),
        [
            (
                one.state,
                one.email,
                when(one.at, zone),
                one.attempt,
                when(one.next_attempt_at, zone),
                one.reply,
            )
            for one in found
        ],
    )


def _say_delivered(drained: "Drained") -> None:
    counts = {
        "accepted": drained.accepted,
        "failed": drained.failed,
        "deferred": drained.deferred,
        "held back": drained.skipped,
        "unknown": drained.unknown,
        "expired": drained.expired,
    }
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    say(f"delivered: {said or 'nothing was due'}")
    if drained.unavailable:
        note(f"no relay answered: {drained.unavailable}")


def _values(edition: Edition, totals: Totals) -> dict[str, Any]:
    return {
        "id": edition.key,
        "newsletter": edition.newsletter,
        "schedule": edition.schedule,
        "kind": edition.kind,
        "subject": edition.subject,
        "created_at": edition.created_at,
        **{name: getattr(totals, name) for name in COUNTS},
    }


def _schedule(ours: Context, newsletter: Newsletter, name: str | None) -> Schedule:
    """Return the schedule to compose as: the one named, or the newsletter's only one."""
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

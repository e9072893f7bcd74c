"""`editions` and `editions show`: what went out, and which links in it were followed."""

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, Context, here
from syndicate.cli.editions.blockers import (
    note_values,
    state_of,
    state_value,
    wait_values,
    waits_for,
)
from syndicate.cli.editions.progress_bar import obstacle_values, obstacles
from syndicate.cli.terminal.console import as_json, note, say, table, when
from syndicate.errors import ConfigError, Refused
from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.edition_control import EditionWait
from syndicate.model.editions import Edition, EditionState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from syndicate.schedule.mail_status import Blocker, MailStatus
    from syndicate.store import LinkClicks, Transaction

Found: TypeAlias = tuple[Edition, DeliveryTotals, EditionWait]

STATES = tuple(field.name for field in fields(DeliveryTotals))
COUNTS = ("audience", *STATES)

Watch = Annotated[
    bool, typer.Option("--watch", help="Show it as it goes, once a second, until Ctrl-C.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(invoke_without_command=True, help="What went out, newest first.")
    group.callback()(editions)
    group.command()(show)
    app.add_typer(group, name="editions")


def editions(context: typer.Context, *, json: AsJson = False, watch: Watch = False) -> None:
    """List what went out and is going out, newest first; `show` tells of one."""
    if context.invoked_subcommand is not None:
        return
    ours = here(context)
    if watch:
        _watch(ours, json=json)
        return
    with ours.store() as store, store.read() as tx:
        found = [_found(tx, edition) for edition in tx.editions.all()]
        traffic = _traffic(tx, ours, found)
    if json:
        as_json([_values(*one, traffic) for one in found])
        return
    zone = ours.config.publication.timezone
    rows = [
        (
            edition.key,
            when(edition.created_at, zone),
            edition.newsletter,
            edition.kind,
            state_of(edition, totals),
            totals.audience,
            _outcome(totals),
            edition.subject,
        )
        for edition, totals, _ in found
    ]
    headings = ("id", "at", "newsletter", "kind", "state", "audience", "outcome", "subject")
    table(headings, rows)
    for edition, _, wait in found:
        for line in waits_for(edition, wait, zone):
            say(f"edition {edition.key}: {line}")
    for line in obstacles(_in_the_way(found, traffic), zone):
        say(line)


def show(
    context: typer.Context,
    edition: Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="Its id, as in `editions`.")],
    *,
    json: AsJson = False,
    watch: Watch = False,
) -> None:
    """Tell what became of one: who has it, and how often each link was followed.

    `--watch` ends by itself when nothing of it waits any more.
    """
    ours = here(context)
    if watch:
        _watch(ours, only=edition, json=json)
        return
    with ours.store() as store, store.read() as tx:
        found = tx.editions.by_key(edition)
        if found is None:
            raise Refused(f"there is no edition {edition}; `syndicate editions` lists them")
        _, totals, wait = _found(tx, found)
        clicks, notes = tx.clicks.counts(edition), tx.control.decisions(edition)
        traffic = _traffic(tx, ours, [(found, totals, wait)])
    if json:
        links = [asdict(each) for each in clicks if each.link]
        hidden = sum(each.machines for each in clicks if not each.link)
        decisions = [note_values(one) for one in notes]
        told = _values(found, totals, wait, traffic) | {"decisions": decisions}
        as_json(told | {"links": links, "hidden_link": hidden})
        return
    say(f"edition {found.key}: {found.subject}")
    zone = ours.config.publication.timezone
    at = when(found.created_at, zone)
    stands = state_of(found, totals)
    outcome = _outcome(totals) or "no recipients"
    say(f"{found.kind} of {found.newsletter}, {at}, {stands}; {outcome}")
    for line in waits_for(found, wait, zone):
        say(line)
    for line in obstacles(_in_the_way([(found, totals, wait)], traffic), zone):
        say(line)
    for one in notes:
        say(f"{when(one.at, zone)}  {one.act} ({one.cause.how}): {one.detail}")
    _say_clicks(ours, found, clicks)


def _say_clicks(ours: Context, edition: Edition, clicks: "Sequence[LinkClicks]") -> None:
    """List the links by number, people and machines apart."""
    from syndicate.config import Tracking  # noqa: PLC0415 - start-up

    newsletter = ours.config.newsletter(edition.newsletter)
    if newsletter is None or newsletter.tracking is Tracking.NONE:
        note(f'clicks are not counted: tracking is "none" for {edition.newsletter}')
    links = [each for each in clicks if each.link]
    if not any(each.people or each.machines for each in clicks):
        if links and newsletter is not None and newsletter.tracking is not Tracking.NONE:
            note("no link was followed yet")
        return
    say()
    known = any(each.readers for each in links)
    headings = ("people", *(("readers",) if known else ()), "machines", "link")
    table(
        headings,
        [
            (each.people, *((each.readers,) if known else ()), each.machines, each.address)
            for each in links
        ],
    )
    for hidden in clicks[:1]:
        if not hidden.link:
            note(f"the link that no person sees was followed {hidden.machines} times, by machines")


def _outcome(totals: DeliveryTotals) -> str:
    """Say where its readers stand, without the states that nobody is in."""
    counts = ((name, getattr(totals, name)) for name in STATES)
    return ", ".join(f"{count} {name}" for name, count in counts if count)


def _found(tx: "Transaction", edition: Edition) -> Found:
    """Count an edition's readers; what it waits for is asked only where something may be."""
    totals = tx.deliveries.totals(edition.key)
    asked = totals.waiting or totals.unknown or edition.state is EditionState.PAUSED
    return edition, totals, tx.control.blockers(edition) if asked else EditionWait()


def _traffic(tx: "Transaction", ours: Context, found: "Iterable[Found]") -> "MailStatus | None":
    """Look at the ways out where something is to leave."""
    from syndicate.schedule.mail_status import MailStatus  # noqa: PLC0415 - start-up

    due = any(totals.waiting for _, totals, _ in found)
    return MailStatus.read(tx, ours.config, clock.now()) if due else None


def _in_the_way(found: "Iterable[Found]", traffic: "MailStatus | None") -> "Sequence[Blocker]":
    """Return what is in the way of those that wait; of one that is paused, that is it alone."""
    states = [totals for edition, totals, _ in found if edition.state is EditionState.SENDING]
    if traffic is None or not any(totals.waiting for totals in states):
        return ()
    return traffic.edition_blockers(queued=any(totals.queued for totals in states))


def _watch(ours: Context, *, json: bool, only: int | None = None) -> None:
    from syndicate.cli.editions.watch import watch  # noqa: PLC0415 - start-up

    if json:
        raise ConfigError("--watch is for people, and --json for scripts: name one of them")
    watch(ours, only=only)


def _values(
    edition: Edition, totals: DeliveryTotals, wait: EditionWait, traffic: "MailStatus | None"
) -> dict[str, Any]:
    bars = _in_the_way([(edition, totals, wait)], traffic)
    return {
        "id": edition.key,
        "newsletter": edition.newsletter,
        "schedule": edition.schedule,
        "kind": edition.kind,
        "subject": edition.subject,
        "created_at": edition.created_at,
        "slot_at": edition.slot_at,
        "state": state_value(edition.state, waits=bool(totals.waiting)),
        "successor": edition.successor,
        "original": edition.original,
        "waiting": totals.waiting,
        "waits_for": wait_values(wait) | {"obstacles": obstacle_values(bars)},
        **{name: getattr(totals, name) for name in COUNTS},
    }

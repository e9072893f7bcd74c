"""`subscribers`: the group of commands, and of them `list`, `export` and `tidy`."""

import csv
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, CommandContext
from syndicate.cli.readers.export_columns import ExportColumns, ExportSyntax, person_values
from syndicate.cli.terminal.console import echo, echo_json, echo_table, note
from syndicate.model.subscribers import SubscriptionState

if TYPE_CHECKING:
    from syndicate.store import SearchCriteria

_LIST_LIMIT = 50
"""People that `list` shows without `--all`."""


class SubscriptionFilter(StrEnum):
    """States to filter by."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    LEFT = "left"
    SUPPRESSED = "suppressed"


Newsletter = Annotated[str | None, typer.Option(help="Only those of this newsletter.")]
State = Annotated[SubscriptionFilter | None, typer.Option(help="Only those in this state.")]
Tag = Annotated[str | None, typer.Option(help="Only those with this tag.")]
InSegment = Annotated[str | None, typer.Option("--segment", help="Only those of this segment.")]


def list_(
    command: CommandContext,
    *,
    newsletter: Newsletter = None,
    state: State = None,
    tag: Tag = None,
    segment: InSegment = None,
    everybody: Annotated[
        bool, typer.Option("--all", help=f"Not only the first {_LIST_LIMIT}.")
    ] = False,
    json: AsJson = False,
) -> None:
    """List subscribers, in the order they joined."""
    from syndicate.store import SearchCriteria  # noqa: PLC0415 - start-up

    criteria = _criteria(command, newsletter, state, tag, segment)
    limit = None if everybody or json else _LIST_LIMIT
    with command.store() as store, store.read() as tx:
        people = list(tx.search.find(criteria, limit=limit))
        count = len(people) if len(people) != limit else tx.search.count(criteria)
        suppressed = criteria == SearchCriteria(suppressed=True)
        unowned = list(tx.search.unknown_suppressions()) if suppressed else []
    if json:
        addresses = [{"email": address, "suppressed": reason} for address, reason in unowned]
        echo_json([*map(person_values, people), *addresses])
        return
    rows = [
        (
            person.email,
            person.name,
            ", ".join(f"{s.newsletter} ({s.state})" for s in person.subscriptions),
            ", ".join(person.tags),
            person.suppressed or "",
        )
        for person in people
    ]
    rows += [(address, "", "", "", reason) for address, reason in unowned]
    echo_table(("email", "name", "newsletters", "tags", "suppressed"), rows)
    if count > len(people):
        note(f"{len(people)} of {count:,} subscribers; --all lists all of them")
    else:
        note("1 subscriber" if count == 1 else f"{count:,} subscribers")
    if unowned:
        note(f"{len(unowned):,} suppressed addresses that belong to no subscriber")


def export(
    command: CommandContext,
    *,
    newsletter: Newsletter = None,
    state: State = None,
    tag: Tag = None,
    segment: InSegment = None,
    fields: Annotated[
        str | None,
        typer.Option(metavar="A,B,…", help="Only these columns, such as email,state,city."),
    ] = None,
    format: Annotated[ExportSyntax, typer.Option(help="CSV, or JSON lines.")] = ExportSyntax.CSV,  # noqa: A002 - the option's name
) -> None:
    """Export subscribers: CSV per subscription, or JSON per person."""
    from syndicate.store import SearchCriteria  # noqa: PLC0415 - start-up

    criteria = _criteria(command, newsletter, state, tag, segment)
    with command.store() as store, store.read() as tx:
        columns = ExportColumns.of(fields, tx.search.field_names())
        people = tx.search.find(criteria)
        everybody = criteria in {SearchCriteria(), SearchCriteria(suppressed=True)}
        unowned = tx.search.unknown_suppressions() if everybody else iter(())
        if format is ExportSyntax.JSONL:
            for person in people:
                echo_json(columns.value(person), indent=None)
            for address, reason in unowned:
                echo_json({"email": address, "suppressed": reason}, indent=None)
        else:
            writer = csv.writer(sys.stdout)
            writer.writerow(columns.names)
            for person in people:
                writer.writerows(columns.rows(person))
            writer.writerows(columns.suppression(*row) for row in unowned)


def tidy(
    command: CommandContext,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    json: AsJson = False,
) -> None:
    """Delete now what [retention] says; `run` and `tick` do so once a day."""
    from syndicate.schedule.retention import count_purgeable, purge  # noqa: PLC0415 - start-up

    act = count_purgeable if dry_run else purge
    with command.store() as store:
        purged = act(store, command.config, at=clock.now())
    if json:
        echo_json(asdict(purged))
    elif dry_run:
        echo(
            f"{purged.unconfirmed} unconfirmed, {purged.letters} letters "
            f"and {purged.events} events would be deleted"
        )
    else:
        echo(str(purged))


def _criteria(
    command: CommandContext, newsletter: Newsletter, state: State, tag: Tag, segment: InSegment
) -> "SearchCriteria":
    from syndicate.store import SearchCriteria  # noqa: PLC0415 - start-up

    if newsletter is not None:
        command.newsletter(newsletter)
    if segment is not None:
        command.segment(segment)
    suppressed = state is SubscriptionFilter.SUPPRESSED
    return SearchCriteria(
        newsletter=newsletter,
        state=None if state is None or suppressed else SubscriptionState(state.value),
        suppressed=True if suppressed else None,
        tag=tag,
        segment=None if segment is None else command.config.criteria(segment),
    )

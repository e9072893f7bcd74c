"""`subscribers import|list|export`: who gets mail."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, here
from syndicate.cli.terminal import as_json, note, outcome, say, table
from syndicate.model.subscribers import Subscriber

Newsletter = Annotated[str | None, typer.Option(help="Only those of this newsletter.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Who gets mail.")
    group.command("import")(import_)
    group.command("list")(list_)
    group.command()(export)
    app.add_typer(group, name="subscribers")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="UTF-8 CSV with the header email[,name].")],
    newsletter: Annotated[str, typer.Option(help="What they subscribe to.")],
) -> None:
    """Subscribe people who have agreed to it; one line per row that is refused."""
    from syndicate.intake.readers import import_readers  # noqa: PLC0415 - start-up

    ours = here(context)
    ours.newsletter(newsletter)
    counts: dict[str, int] = {}
    with ours.store() as store:
        for row in import_readers(store, file, newsletter, at=clock.now()):
            counts[row.outcome] = counts.get(row.outcome, 0) + 1
            if row.reason:
                outcome(row.outcome, f"{file}:{row.line}: {row.reason}")
    say(", ".join(f"{count} {word}" for word, count in counts.items()) or "no rows")
    if counts.get("refused"):
        raise typer.Exit(1)


def list_(context: typer.Context, *, newsletter: Newsletter = None, json: AsJson = False) -> None:
    """List subscribers and what they are subscribed to."""
    ours = here(context)
    if newsletter is not None:
        ours.newsletter(newsletter)
    with ours.store() as store, store.read() as tx:
        people = list(tx.subscribers.all(newsletter))
    if json:
        as_json([_values(person) for person in people])
        return
    rows = [
        (
            person.email,
            person.name,
            ", ".join(f"{s.newsletter} ({s.state})" for s in person.subscriptions),
            person.suppressed or "",
        )
        for person in people
    ]
    table(("email", "name", "newsletters", "suppressed"), rows)
    note("1 subscriber" if len(people) == 1 else f"{len(people)} subscribers")


def export(context: typer.Context, *, newsletter: Newsletter = None) -> None:
    """Write subscribers as CSV: one line for each subscription."""
    ours = here(context)
    if newsletter is not None:
        ours.newsletter(newsletter)
    writer = csv.writer(sys.stdout)
    writer.writerow(["email", "name", "newsletter", "state", "at", "source", "suppressed"])
    with ours.store() as store, store.read() as tx:
        for person in tx.subscribers.all(newsletter):
            writer.writerows(_lines(person))


def _lines(person: Subscriber) -> Iterator[list[str]]:
    for one in person.subscriptions:
        yield [
            person.email,
            person.name,
            one.newsletter,
            one.state,
            one.at.isoformat(),
            one.source,
            person.suppressed or "",
        ]


def _values(person: Subscriber) -> dict[str, object]:
    return {
        "email": person.email,
        "name": person.name,
        "suppressed": person.suppressed,
        "subscriptions": [
            {"newsletter": s.newsletter, "state": s.state, "at": s.at, "source": s.source}
            for s in person.subscriptions
        ],
    }

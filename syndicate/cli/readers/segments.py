"""`segments`: list and count the segments of readers that config.toml defines."""

from typing import Annotated

import typer

from syndicate import clock
from syndicate.cli.console import echo, echo_json, echo_table, note
from syndicate.cli.context import AsJson, CommandContext


def list_(command: CommandContext, *, json: AsJson = False) -> None:
    """List the segments in config.toml, with the number of people in each."""
    now = clock.now()
    with command.store() as store, store.read() as tx:
        rows = [
            {
                "name": segment.name,
                "people": tx.segments.count(command.config.criteria(segment.name), at=now),
                "where": segment.where,
                "description": segment.description,
            }
            for segment in command.config.segments
        ]
    if json:
        echo_json(rows)
        return
    echo_table(("segment", "people", "where", "description"), [row.values() for row in rows])
    if not rows:
        note("config.toml has no [[segments]]; docs/audience.md explains them")


def show(
    command: CommandContext,
    name: Annotated[str, typer.Argument(help="Its name in config.toml.")],
    *,
    newsletter: Annotated[
        str | None, typer.Option(help="Also count those whom this newsletter would reach now.")
    ] = None,
    addresses: Annotated[bool, typer.Option("--list", help="List their addresses.")] = False,
    json: AsJson = False,
) -> None:
    """Count the people in a segment, or list them."""
    segment = command.segment(name)
    if newsletter is not None:
        command.newsletter(newsletter)
    criteria, now = command.config.criteria(name), clock.now()
    with command.store() as store, store.read() as tx:
        if addresses and not json:
            for email in tx.segments.addresses(criteria, newsletter, at=now):
                echo(email)
            return
        people = tx.segments.count(criteria, at=now)
        reached = tx.segments.count(criteria, newsletter, at=now) if newsletter else None
        emails = list(tx.segments.addresses(criteria, newsletter, at=now)) if addresses else None
    if json:
        values = {"name": name, "where": segment.where, "people": people}
        values |= {} if reached is None else {"newsletter": newsletter, "reached": reached}
        echo_json(values | ({} if emails is None else {"addresses": emails}))
        return
    echo(f"{name}: {people:,} {'person' if people == 1 else 'people'}")
    echo(f"  where {segment.where}")
    if segment.description:
        echo(f"  {segment.description}")
    if reached is not None:
        echo(f"  {newsletter} would reach {reached:,} of them now")

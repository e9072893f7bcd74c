"""`feeds grant|revoke|list`: who follows the publication in full, under an address of their own."""

from typing import TYPE_CHECKING

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, command_context
from syndicate.cli.readers.person import Address, unknown_person
from syndicate.cli.terminal.console import echo, echo_json, echo_table, format_time, note
from syndicate.errors import Refused
from syndicate.model.subscribers import Actor, Cause, Subscriber

if TYPE_CHECKING:
    from syndicate.store import Transaction


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Private feeds: whole articles, for one reader each.")
    group.callback(invoke_without_command=True)(_all_without_a_command)
    for command in (grant, revoke):
        group.command()(command)
    group.command("list")(list_)
    app.add_typer(group, name="feeds")


def grant(context: typer.Context, address: Address, *, json: AsJson = False) -> None:
    """Give somebody a private feed, and print its addresses; those that they had end."""
    from syndicate.render import addresses  # noqa: PLC0415 - start-up
    from syndicate.render.feeds import FORMATS  # noqa: PLC0415 - start-up

    command = command_context(context)
    with command.store() as store, store.write() as tx:
        person = _person(tx, address)
        before = tx.private_feeds.granted_at(person.key)
        token = tx.private_feeds.grant(person.key, at=clock.now(), cause=_by_command("grant"))
    home = command.config.web_url + addresses.private_feed(token)
    if json:
        echo_json({"email": person.email} | {each.name.value: home + each.file for each in FORMATS})
    else:
        for each in FORMATS:
            echo(home + each.file)
    if before is not None:
        since = format_time(before, command.config.publication.timezone)
        note(f"the address that {person.email} had since {since} is not good any more")
    note("whoever has the address reads everything; it is told here and never again")


def revoke(context: typer.Context, address: Address) -> None:
    """End somebody's private feed, at once."""
    with command_context(context).store() as store, store.write() as tx:
        person = _person(tx, address)
        if not tx.private_feeds.revoke(person.key, at=clock.now(), cause=_by_command("revoke")):
            raise Refused(f"{person.email} has no private feed; `syndicate feeds list` lists them")
    echo(f"the private feed of {person.email} is not good any more")


def list_(context: typer.Context, *, json: AsJson = False) -> None:
    """List who has a private feed, and since when."""
    command = command_context(context)
    with command.store() as store, store.read() as tx:
        granted = list(tx.private_feeds.all())
    if json:
        echo_json([{"email": one.email, "since": one.since} for one in granted])
        return
    zone = command.config.publication.timezone
    echo_table(("address", "since"), [(one.email, format_time(one.since, zone)) for one in granted])
    if not granted:
        note("nobody has a private feed; `syndicate feeds grant ADDRESS` gives them one")


def _all_without_a_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_(context)


def _person(tx: "Transaction", address: str) -> Subscriber:
    person = tx.subscribers.by_any_email(address)
    if person is None:
        raise unknown_person(address)
    return person


def _by_command(name: str) -> Cause:
    return Cause(who=Actor.OPERATOR, how=f"syndicate feeds {name}")

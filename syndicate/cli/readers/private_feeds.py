"""`feeds grant|revoke|list`: private feeds with whole articles, one per reader."""

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, command_context
from syndicate.cli.readers.person import Address, load_person
from syndicate.cli.terminal.console import echo, echo_json, echo_table, format_time, note
from syndicate.errors import Refused
from syndicate.model.subscribers import Actor, Cause


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Private feeds: whole articles, for one reader each.")
    group.callback(invoke_without_command=True)(_list_by_default)
    for command in (grant, revoke):
        group.command()(command)
    group.command("list")(list_)
    app.add_typer(group, name="feeds")


def grant(context: typer.Context, address: Address, *, json: AsJson = False) -> None:
    """Give a reader a private feed and print its URLs; their earlier ones stop working."""
    from syndicate.render import addresses  # noqa: PLC0415 - start-up
    from syndicate.render.feeds.formats import FORMATS  # noqa: PLC0415 - start-up

    command = command_context(context)
    with command.store() as store, store.write() as tx:
        person = load_person(tx, address)
        before = tx.private_feeds.granted_at(person.key)
        token = tx.private_feeds.grant(person.key, at=clock.now(), cause=_by_command("grant"))
    home = command.config.web_url + addresses.private_feed(token)
    if json:
        echo_json({"email": person.email} | {feed.name.value: home + feed.file for feed in FORMATS})
    else:
        for feed in FORMATS:
            echo(home + feed.file)
    if before is not None:
        since = format_time(before, command.config.publication.timezone)
        note(f"the URLs that {person.email} has had since {since} no longer work")
    note("anybody who has a URL can read everything; it is not shown again")


def revoke(context: typer.Context, address: Address) -> None:
    """Revoke a reader's private feed, at once."""
    with command_context(context).store() as store, store.write() as tx:
        person = load_person(tx, address)
        if not tx.private_feeds.revoke(person.key, at=clock.now(), cause=_by_command("revoke")):
            raise Refused(f"{person.email} has no private feed; `syndicate feeds list` lists them")
    echo(f"the private feed of {person.email} no longer works")


def list_(context: typer.Context, *, json: AsJson = False) -> None:
    """List the readers with a private feed."""
    command = command_context(context)
    with command.store() as store, store.read() as tx:
        granted = list(tx.private_feeds.all())
    if json:
        echo_json([{"email": feed.email, "since": feed.since} for feed in granted])
        return
    zone = command.config.publication.timezone
    echo_table(
        ("address", "since"), [(feed.email, format_time(feed.since, zone)) for feed in granted]
    )
    if not granted:
        note("nobody has a private feed; `syndicate feeds grant ADDRESS` creates one")


def _list_by_default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_(context)


def _by_command(name: str) -> Cause:
    return Cause(who=Actor.OPERATOR, how=f"syndicate feeds {name}")

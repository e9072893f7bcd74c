"""`feeds grant|revoke|list`: private feeds with whole articles, one per reader."""

from syndicate.cli.console import echo, echo_json, echo_table, format_time, note
from syndicate.cli.context import AsJson, CommandContext, operator_change
from syndicate.cli.readers.person import Address, load_person
from syndicate.errors import Refused


def grant(command: CommandContext, address: Address, *, json: AsJson = False) -> None:
    """Give a reader a private feed and print its URLs; their earlier ones stop working."""
    from syndicate.render import addresses  # noqa: PLC0415 - start-up
    from syndicate.render.feeds.formats import FORMATS  # noqa: PLC0415 - start-up

    with command.store() as store, store.write() as tx:
        person = load_person(tx, address)
        before = tx.private_feeds.granted_at(person.key)
        token = tx.private_feeds.grant(person.key, **operator_change("feeds grant"))
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


def revoke(command: CommandContext, address: Address) -> None:
    """Revoke a reader's private feed, at once."""
    with command.store() as store, store.write() as tx:
        person = load_person(tx, address)
        if not tx.private_feeds.revoke(person.key, **operator_change("feeds revoke")):
            raise Refused(f"{person.email} has no private feed; `syndicate feeds list` lists them")
    echo(f"the private feed of {person.email} no longer works")


def list_(command: CommandContext, *, json: AsJson = False) -> None:
    """List the readers with a private feed."""
    with command.store() as store, store.read() as tx:
        granted = list(tx.private_feeds.all())
    if json:
        echo_json([{"email": feed.email, "since": feed.since} for feed in granted])
        return
    rows = [(feed.email, feed.since) for feed in granted]
    echo_table(("address", "since"), rows, command.config.publication.timezone)
    if not granted:
        note("nobody has a private feed; `syndicate feeds grant ADDRESS` creates one")

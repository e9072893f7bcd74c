"""`subscribers show`: everything that is known of one person."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from syndicate.cli.context import AsJson, CommandContext, command_context
from syndicate.cli.readers.export_columns import person_values
from syndicate.cli.terminal.console import echo, echo_json, echo_table, format_time, note
from syndicate.errors import Refused

if TYPE_CHECKING:
    from syndicate.store import PersonalRecord

FOLDED = 20
"""Lines of mail that people are shown; --json tells all."""

Address = Annotated[str, typer.Argument(help="Their address, however it is written.")]


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command()(show)


def show(context: typer.Context, address: Address, *, json: AsJson = False) -> None:
    """Tell everything that is known of somebody: state, history and mail."""
    command = command_context(context)
    with command.store() as store, store.read() as tx:
        person = tx.subscribers.by_any_email(address)
        suppressed = tx.subscribers.suppression_reason(address)
        held = tx.data_export.load(person.key) if person is not None else None
    if held is None:
        if suppressed is None:
            raise unknown_person(address)
        if json:
            echo_json({"email": address, "suppressed": suppressed})
        else:
            echo(f"{address} is not mailed: {suppressed}; nothing else is known of it")
        return
    if json:
        echo_json(_all(held))
        return
    _say_person(command, held)
    _say_history(command, held)


def unknown_person(address: str) -> Refused:
    """Say that nobody has an address."""
    return Refused(f"nobody has the address {address}; `syndicate subscribers list` lists them")


def _say_person(command: CommandContext, held: "PersonalRecord") -> None:
    person, zone = held.person, command.config.publication.timezone
    echo(f"{person.name} <{person.email}>" if person.name else person.email)
    echo(f"  joined      {format_time(person.created_at, zone)}")
    if person.suppressed is not None:
        echo(f"  not mailed  {person.suppressed}")
    if person.paused_until is not None:
        echo(f"  paused      until {format_time(person.paused_until, zone)}")
    if held.private_feed_since is not None:
        echo(f"  own feed    since {format_time(held.private_feed_since, zone)}")
    if held.former_addresses:
        echo(f"  formerly    {', '.join(held.former_addresses)}")
    if person.language:
        echo(f"  language    {person.language}")
    if person.tags:
        echo(f"  tags        {', '.join(person.tags)}")
    for name, value in person.fields.items():
        echo(f"  {name:<11} {value}")


def _say_history(command: CommandContext, held: "PersonalRecord") -> None:
    zone = command.config.publication.timezone
    if held.person.subscriptions:
        echo()
        rows = [
            (s.newsletter, s.state, format_time(s.at, zone), s.source)
            for s in held.person.subscriptions
        ]
        echo_table(("newsletter", "state", "since", "source"), rows)
    if held.changes:
        echo()
        trail = [
            (
                format_time(one.at, zone),
                one.action,
                one.newsletter or "",
                one.cause.who,
                one.cause.how,
                one.cause.origin,
                one.detail,
            )
            for one in held.changes
        ]
        echo_table(("at", "change", "newsletter", "by", "how", "from", "detail"), trail)
    if held.mailed_items:
        echo()
        newest = held.mailed_items[-FOLDED:]
        mailed = [
            (
                one.edition,
                format_time(one.at, zone),
                one.newsletter,
                one.state,
                one.subject,
                one.reply,
            )
            for one in newest
        ]
        echo_table(("edition", "at", "newsletter", "state", "subject", "reply"), mailed)
        if len(held.mailed_items) > FOLDED:
            note(f"the newest {FOLDED} of {len(held.mailed_items)}; --json tells all")


def _all(held: "PersonalRecord") -> dict[str, Any]:
    return {
        **person_values(held.person),
        "former_addresses": list(held.former_addresses),
        "private_feed": held.private_feed_since,
        "history": [
            {
                "at": one.at,
                "change": one.action,
                "newsletter": one.newsletter,
                "by": one.cause.who,
                "how": one.cause.how,
                "from": one.cause.origin,
                "detail": one.detail,
            }
            for one in held.changes
        ],
        "mail": [
            {
                "edition": one.edition,
                "newsletter": one.newsletter,
                "kind": one.kind,
                "subject": one.subject,
                "state": one.state,
                "attempt": one.attempt,
                "code": one.code,
                "reply": one.reply,
                "at": one.at,
            }
            for one in held.mailed_items
        ],
    }

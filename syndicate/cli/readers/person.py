"""`subscribers show`: everything that is known of one person."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from syndicate.cli.context import AsJson, Context, here
from syndicate.cli.readers.columns import as_values
from syndicate.cli.terminal.console import as_json, note, say, table, when
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
    ours = here(context)
    with ours.store() as store, store.read() as tx:
        person = tx.subscribers.by_any_email(address)
        suppressed = tx.subscribers.suppression_reason(address)
        held = tx.data_export.load(person.key) if person is not None else None
    if held is None:
        if suppressed is None:
            raise unknown(address)
        if json:
            as_json({"email": address, "suppressed": suppressed})
        else:
            say(f"{address} is not mailed: {suppressed}; nothing else is known of it")
        return
    if json:
        as_json(_all(held))
        return
    _say_person(ours, held)
    _say_history(ours, held)


def unknown(address: str) -> Refused:
    """Say that nobody has an address."""
    return Refused(f"nobody has the address {address}; `syndicate subscribers list` lists them")


def _say_person(ours: Context, held: "PersonalRecord") -> None:
    person, zone = held.person, ours.config.publication.timezone
    say(f"{person.name} <{person.email}>" if person.name else person.email)
    say(f"  joined      {when(person.created_at, zone)}")
    if person.suppressed is not None:
        say(f"  not mailed  {person.suppressed}")
    if person.paused_until is not None:
        say(f"  paused      until {when(person.paused_until, zone)}")
    if held.private_feed_since is not None:
        say(f"  own feed    since {when(held.private_feed_since, zone)}")
    if held.former_addresses:
        say(f"  formerly    {', '.join(held.former_addresses)}")
    if person.language:
        say(f"  language    {person.language}")
    if person.tags:
        say(f"  tags        {', '.join(person.tags)}")
    for name, value in person.fields.items():
        say(f"  {name:<11} {value}")


def _say_history(ours: Context, held: "PersonalRecord") -> None:
    zone = ours.config.publication.timezone
    if held.person.subscriptions:
        say()
        rows = [
            (s.newsletter, s.state, when(s.at, zone), s.source) for s in held.person.subscriptions
        ]
        table(("newsletter", "state", "since", "source"), rows)
    if held.changes:
        say()
        trail = [
            (
                when(one.at, zone),
                one.action,
                one.newsletter or "",
                one.cause.who,
                one.cause.how,
                one.cause.origin,
                one.detail,
            )
            for one in held.changes
        ]
        table(("at", "change", "newsletter", "by", "how", "from", "detail"), trail)
    if held.mailed_items:
        say()
        newest = held.mailed_items[-FOLDED:]
        mailed = [
            (one.edition, when(one.at, zone), one.newsletter, one.state, one.subject, one.reply)
            for one in newest
        ]
        table(("edition", "at", "newsletter", "state", "subject", "reply"), mailed)
        if len(held.mailed_items) > FOLDED:
            note(f"the newest {FOLDED} of {len(held.mailed_items)}; --json tells all")


def _all(held: "PersonalRecord") -> dict[str, Any]:
    return {
        **as_values(held.person),
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

"""`subscribers show`: everything that the store has on one person."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from syndicate.cli.context import AsJson, CommandContext, command_context
from syndicate.cli.readers.export_columns import person_values
from syndicate.cli.terminal.console import echo, echo_json, echo_table, format_time, note
from syndicate.errors import Refused
from syndicate.model.subscribers import Subscriber

if TYPE_CHECKING:
    from syndicate.store import PersonalRecord, Transaction

_MAIL_SHOWN = 20
"""Deliveries to print; --json has all of them."""

Address = Annotated[str, typer.Argument(help="Their address, in any spelling.")]


def show(context: typer.Context, address: Address, *, json: AsJson = False) -> None:
    """Show everything known about a person: state, history and mail."""
    command = command_context(context)
    with command.store() as store, store.read() as tx:
        person = tx.subscribers.by_any_email(address)
        suppressed = tx.subscribers.suppression_reason(address)
        record = tx.data_export.load(person.key) if person is not None else None
    if record is None:
        if suppressed is None:
            raise _unknown(address)
        if json:
            echo_json({"email": address, "suppressed": suppressed})
        else:
            echo(f"{address} is suppressed: {suppressed}; nothing else is known about it")
        return
    if json:
        echo_json(_values(record))
        return
    _echo_person(command, record)
    _echo_history(command, record)


def load_person(tx: "Transaction", address: str) -> Subscriber:
    """Load the person with an address, current or former; raise Refused if there is none."""
    person = tx.subscribers.by_any_email(address)
    if person is None:
        raise _unknown(address)
    return person


def _unknown(address: str) -> Refused:
    return Refused(f"nobody has the address {address}; `syndicate subscribers list` lists them")


def _echo_person(command: CommandContext, record: "PersonalRecord") -> None:
    person, zone = record.person, command.config.publication.timezone
    echo(f"{person.name} <{person.email}>" if person.name else person.email)
    echo(f"  joined      {format_time(person.created_at, zone)}")
    if person.suppressed is not None:
        echo(f"  not mailed  {person.suppressed}")
    if person.paused_until is not None:
        echo(f"  paused      until {format_time(person.paused_until, zone)}")
    if record.private_feed_since is not None:
        echo(f"  own feed    since {format_time(record.private_feed_since, zone)}")
    if record.former_addresses:
        echo(f"  formerly    {', '.join(record.former_addresses)}")
    if person.language:
        echo(f"  language    {person.language}")
    if person.tags:
        echo(f"  tags        {', '.join(person.tags)}")
    for name, value in person.fields.items():
        echo(f"  {name:<11} {value}")


def _echo_history(command: CommandContext, record: "PersonalRecord") -> None:
    zone = command.config.publication.timezone
    if record.person.subscriptions:
        echo()
        subscriptions = [
            (s.newsletter, s.state, format_time(s.at, zone), s.source)
            for s in record.person.subscriptions
        ]
        echo_table(("newsletter", "state", "since", "source"), subscriptions)
    if record.changes:
        echo()
        history = _history(record)
        rows = [(format_time(row.pop("at"), zone), *row.values()) for row in history]
        echo_table(("at", "change", "newsletter", "by", "how", "from", "detail"), rows)
    if record.mailed_items:
        echo()
        mailed = [
            (m.edition, format_time(m.at, zone), m.newsletter, m.state, m.subject, m.reply)
            for m in record.mailed_items[-_MAIL_SHOWN:]
        ]
        echo_table(("edition", "at", "newsletter", "state", "subject", "reply"), mailed)
        if len(record.mailed_items) > _MAIL_SHOWN:
            note(f"the newest {_MAIL_SHOWN} of {len(record.mailed_items)}; --json prints all")


def _history(record: "PersonalRecord") -> list[dict[str, Any]]:
    return [
        {
            "at": change.at,
            "change": change.action,
            "newsletter": change.newsletter,
            "by": change.cause.who,
            "how": change.cause.how,
            "from": change.cause.origin,
            "detail": change.detail,
        }
        for change in record.changes
    ]


def _values(record: "PersonalRecord") -> dict[str, Any]:
    return {
        **person_values(record.person),
        "former_addresses": list(record.former_addresses),
        "private_feed": record.private_feed_since,
        "history": _history(record),
        "mail": [
            {
                "edition": item.edition,
                "newsletter": item.newsletter,
                "kind": item.kind,
                "subject": item.subject,
                "state": item.state,
                "attempt": item.attempt,
                "code": item.code,
                "reply": item.reply,
                "at": item.at,
            }
            for item in record.mailed_items
        ],
    }

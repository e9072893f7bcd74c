"""`subscribers show` and `feeds`: everything about one person, and their private feed.

A private feed has whole articles.
"""

from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument

from syndicate.cli.console import echo, echo_json, echo_table, format_time, note
from syndicate.cli.context import AsJson, CommandContext, by_operator
from syndicate.cli.readers.subscribers import person_values
from syndicate.errors import Refused
from syndicate.model.subscribers import Subscriber

if TYPE_CHECKING:
    from syndicate.store import PersonalRecord, Transaction

_MAIL_SHOWN = 20
"""Deliveries to print; --json has all of them."""
_MAIL_KEYS = ("edition", "newsletter", "kind", "subject", "state", "attempt", "code", "reply", "at")

Address = Annotated[str, Argument(help="Their address, in any spelling.")]


def show(command: CommandContext, address: Address, *, json: AsJson = False) -> None:
    """Show everything known about a person: state, history and mail."""
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
    facts = {
        "joined": format_time(person.created_at, zone),
        "not mailed": person.suppressed,
        "paused": person.paused_until and f"until {format_time(person.paused_until, zone)}",
        "own feed": record.private_feed_since
        and f"since {format_time(record.private_feed_since, zone)}",
        "formerly": ", ".join(record.former_addresses),
        "language": person.language,
        "tags": ", ".join(person.tags),
    }
    for name, value in (*facts.items(), *person.fields.items()):
        if value:
            echo(f"  {name:<11} {value}")


def _echo_history(command: CommandContext, record: "PersonalRecord") -> None:
    zone = command.config.publication.timezone
    if record.person.subscriptions:
        echo()
        rows = [(s.newsletter, s.state, s.at, s.source) for s in record.person.subscriptions]
        echo_table(("newsletter", "state", "since", "source"), rows, zone)
    if record.changes:
        echo()
        history = _history(record)
        echo_table([*history[0]], [change.values() for change in history], zone)
    if record.mailed_items:
        echo()
        mailed = [
            (m.edition, m.at, m.newsletter, m.state, m.subject, m.reply)
            for m in record.mailed_items[-_MAIL_SHOWN:]
        ]
        echo_table(("edition", "at", "newsletter", "state", "subject", "reply"), mailed, zone)
        if len(record.mailed_items) > _MAIL_SHOWN:
            note(f"the newest {_MAIL_SHOWN} of {len(record.mailed_items)}; --json prints all")


def _history(record: "PersonalRecord") -> list[dict[str, Any]]:
    return [
        {
            "at": change.cause.at,
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
        "mail": [{key: getattr(item, key) for key in _MAIL_KEYS} for item in record.mailed_items],
    }


def grant(command: CommandContext, address: Address, *, json: AsJson = False) -> None:
    """Give a reader a private feed and print its URLs; their earlier ones stop working."""
    from syndicate.render import addresses  # noqa: PLC0415 - start-up
    from syndicate.render.feeds.formats import FORMATS  # noqa: PLC0415 - start-up

    with command.store() as store, store.write() as tx:
        person = load_person(tx, address)
        before = tx.private_feeds.granted_at(person.key)
        token = tx.private_feeds.grant(person.key, cause=by_operator("feeds grant"))
    home = command.config.web_url + addresses.private_feed(token)
    if json:
        echo_json({"email": person.email} | {feed.name: home + feed.file for feed in FORMATS})
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
        if not tx.private_feeds.revoke(person.key, cause=by_operator("feeds revoke")):
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

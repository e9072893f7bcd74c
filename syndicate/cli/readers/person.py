"""`subscribers show` and `feeds`: everything about one person, and their private feed.

A private feed has whole articles.
"""

from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument

from syndicate.cli.console import echo, echo_json, echo_table, format_time, note
from syndicate.cli.context import AsJson, CommandContext, by_operator
from syndicate.cli.editions.feedback import describe_records, record_values
from syndicate.cli.readers.subscribers import person_values
from syndicate.cli.readers.suppression import Evidence, suppression_lines, suppression_values
from syndicate.errors import Refused
from syndicate.model.subscribers import Subscriber

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syndicate.model.subscribers import Suppression
    from syndicate.store import PersonalRecord, Transaction

_MAIL_SHOWN = 20
"""Deliveries to print; --json has all of them."""
_MAIL_KEYS = ("edition", "newsletter", "kind", "subject", "state", "attempt", "code", "reply", "at")

Address = Annotated[str, Argument(help="Their address, in any spelling.")]


def show(command: CommandContext, address: Address, *, json: AsJson = False) -> None:
    """Show everything known about a person: state, history and mail."""
    with command.store() as store, store.read() as tx:
        person = tx.subscribers.by_any_email(address)
        suppression = tx.subscribers.suppression(person.email if person else address)
        record = tx.data_export.load(person.key) if person is not None else None
    if record is None:
        if suppression is None:
            raise _unknown(address)
        _show_unknown(command, suppression, json=json)
        return
    evidence, soft_within = Evidence.of(record), command.config.bounces.soft_within
    reasons = evidence.of_suppression(suppression, soft_within) if suppression else []
    if json:
        values = suppression_values(suppression, reasons) if suppression else None
        echo_json(_values(record, evidence) | {"not_mailed": values})
        return
    zone = command.config.publication.timezone
    not_mailed = [*suppression_lines(suppression, reasons, zone)] if suppression else []
    _echo_person(command, record, not_mailed)
    _echo_history(command, record, evidence)


def _show_unknown(command: CommandContext, suppression: "Suppression", *, json: bool) -> None:
    """Show a suppressed address that no subscriber has."""
    if json:
        found = {"email": suppression.address, "suppressed": suppression.reason}
        echo_json(found | {"not_mailed": suppression_values(suppression, ())})
        return
    echo(f"{suppression.address} is suppressed, and nothing else is known about it")
    for line in suppression_lines(suppression, (), command.config.publication.timezone):
        echo(f"  {line}")


def load_person(tx: "Transaction", address: str) -> Subscriber:
    """Load the person with an address, current or former; raise Refused if there is none."""
    person = tx.subscribers.by_any_email(address)
    if person is None:
        raise _unknown(address)
    return person


def _unknown(address: str) -> Refused:
    return Refused(f"nobody has the address {address}; `syndicate subscribers list` lists them")


def _echo_person(
    command: CommandContext, record: "PersonalRecord", not_mailed: "Sequence[str]"
) -> None:
    person, zone = record.person, command.config.publication.timezone
    echo(f"{person.name} <{person.email}>" if person.name else person.email)
    paused = person.paused_until and f"until {format_time(person.paused_until, zone)}"
    feed = record.private_feed_since and f"since {format_time(record.private_feed_since, zone)}"
    reports = record.held_reports and f"{len(record.held_reports)} to read: `syndicate bounces`"
    facts = (
        ("joined", format_time(person.created_at, zone)),
        *(("" if number else "not mailed", line) for number, line in enumerate(not_mailed)),
        ("paused", paused),
        ("reports", reports),
        ("own feed", feed),
        ("formerly", ", ".join(record.former_addresses)),
        ("language", person.language),
        ("tags", ", ".join(person.tags)),
        *person.fields.items(),
    )
    for name, value in facts:
        if value:
            echo(f"  {name:<11} {value}")


def _echo_history(command: CommandContext, record: "PersonalRecord", evidence: Evidence) -> None:
    zone = command.config.publication.timezone
    if record.person.subscriptions:
        echo()
        rows = [(s.newsletter, s.state, s.at, s.source) for s in record.person.subscriptions]
        echo_table(("newsletter", "state", "since", "source"), rows, zone)
    if record.changes:
        echo()
        history = _history(record, evidence)
        for change in history:
            change["detail"] = change.pop("evidence") or change["detail"]
        echo_table([*history[0]], [change.values() for change in history], zone)
    if record.mailed_items:
        echo()
        headings = ["edition", "at", "newsletter", "state", "subject", "reply"]
        shown = record.mailed_items[-_MAIL_SHOWN:]
        mailed = [[m.edition, m.at, m.newsletter, m.state, m.subject, m.reply] for m in shown]
        came_back = [describe_records(evidence.about(item.edition)) for item in shown]
        if any(came_back):
            headings.append("came back")
            mailed = [[*row, found] for row, found in zip(mailed, came_back, strict=True)]
        echo_table(headings, mailed, zone)
        if len(record.mailed_items) > _MAIL_SHOWN:
            note(f"the newest {_MAIL_SHOWN} of {len(record.mailed_items)}; --json prints all")


def _history(record: "PersonalRecord", evidence: Evidence) -> list[dict[str, Any]]:
    return [
        {
            "at": change.cause.at,
            "change": change.action,
            "newsletter": change.newsletter,
            "by": change.cause.who,
            "how": change.cause.how,
            "from": change.cause.origin,
            "detail": change.detail,
            "evidence": evidence.of_change(change.cause),
        }
        for change in record.changes
    ]


def _values(record: "PersonalRecord", evidence: Evidence) -> dict[str, Any]:
    return {
        **person_values(record.person),
        "former_addresses": list(record.former_addresses),
        "private_feed": record.private_feed_since,
        "held_reports": [report.key for report in record.held_reports],
        "history": _history(record, evidence),
        "mail": [
            {key: getattr(item, key) for key in _MAIL_KEYS}
            | {"feedback": [*map(record_values, evidence.about(item.edition))]}
            for item in record.mailed_items
        ],
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

"""`bounces`: the reports that nobody but a person can decide about."""

import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Option

from syndicate.cli.console import echo, echo_json, echo_table, echo_text, format_time, note
from syndicate.cli.context import MAX_ID, AsJson, CommandContext, by_operator
from syndicate.errors import Refused
from syndicate.model.feedback import FeedbackKind
from syndicate.text import count_of, one_line, printable, shorten

if TYPE_CHECKING:
    from syndicate.model.feedback import HeldReport
    from syndicate.store import Transaction

ReportKey = Annotated[int, Argument(min=1, max=MAX_ID, help="Its number, as in `bounces`.")]
_SUBJECT_SHOWN = 40
"""Characters of a subject in the list; --json has all of it."""
_KINDS = {
    "hard-bounce": FeedbackKind.HARD_BOUNCE,
    "soft-bounce": FeedbackKind.SOFT_BOUNCE,
    "complaint": FeedbackKind.COMPLAINT,
    "unsubscribe": FeedbackKind.UNSUBSCRIBED,
}


def list_(command: CommandContext, *, json: AsJson = False) -> None:
    """List the reports that wait for a person, oldest first."""
    with command.store() as store, store.read() as tx:
        reports = tx.held_reports.list()
    if json:
        echo_json([_values(report) for report in reports])
        return
    if not reports:
        note("no report waits for you")
        return
    rows = [_values(report) for report in reports]
    for row in rows:
        row["subject"] = shorten(row["subject"], _SUBJECT_SHOWN)
    zone = command.config.publication.timezone
    echo_table([*rows[0]], [row.values() for row in rows], zone)
    note("`syndicate bounces show N` prints one; then apply or drop it")


def show(
    command: CommandContext,
    key: ReportKey,
    *,
    raw: Annotated[bool, Option("--raw", help="Print the message alone, byte by byte.")] = False,
    json: AsJson = False,
) -> None:
    """Print a report, with control characters made harmless."""
    with command.store() as store, store.read() as tx:
        report = _find(tx, key)
    if raw:
        sys.stdout.buffer.write(report.raw)
        return
    text = printable(report.raw.decode("utf-8", "replace").replace("\r\n", "\n"))
    if json:
        echo_json({**_values(report), "message": text})
        return
    facts = {
        "arrived": format_time(report.received_at, command.config.publication.timezone),
        "by": report.source,
        "about": report.recipient,
        "from": report.sender,
        "subject": report.subject,
        "waits": report.reason,
    }
    for name, value in facts.items():
        if value:
            echo(f"{name:<8} {value}")
    echo()
    echo_text(text)


def apply(
    command: CommandContext,
    key: ReportKey,
    *,
    kind: Annotated[
        Literal["hard-bounce", "soft-bounce", "complaint", "unsubscribe"] | None,
        Option("--as", help="What it is to count as. Default: what it says."),
    ] = None,
    address: Annotated[str, Option(help="Whose it is. Default: of the reader whom it names.")] = "",
    because: Annotated[str, Option(help="Why; it is stored.")] = "",
) -> None:
    """Let a report count for the reader whom it names."""
    from syndicate.feedback.held_decision import HeldDecision  # noqa: PLC0415 - start-up

    cause = by_operator(f"bounces apply {key}", one_line(because))
    decision = HeldDecision(kind=_KINDS[kind] if kind else None, address=address, cause=cause)
    with command.store() as store, store.write() as tx:
        did = decision.apply(tx, _find(tx, key), command.config.bounces)
    echo(did)


def drop(
    command: CommandContext,
    keys: Annotated[list[int], Argument(metavar="N…", min=1, max=MAX_ID, help="One or more.")],
) -> None:
    """Delete reports that say nothing; nothing else changes."""
    with command.store() as store, store.write() as tx:
        for key in keys:
            _find(tx, key)
            tx.held_reports.delete(key)
    echo(f"dropped {count_of(len(keys), 'report')}")


def _find(tx: "Transaction", key: int) -> "HeldReport":
    report = tx.held_reports.find(key)
    if report is None:
        raise Refused(f"no report {key} waits; `syndicate bounces` lists those that do")
    return report


def _values(report: "HeldReport") -> dict[str, Any]:
    return {
        "report": report.key,
        "at": report.received_at,
        "by": report.source,
        "about": report.recipient,
        "from": report.sender,
        "subject": report.subject,
        "why": report.reason,
    }

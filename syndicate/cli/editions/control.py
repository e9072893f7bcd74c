"""Stop an edition that is being sent, or let it continue; send it again, corrected or as it is."""

import os
import pwd
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Exit, Option

from syndicate.cli.console import echo, echo_json, note
from syndicate.cli.context import MAX_ID, AsJson, CommandContext, EditionId, by_operator
from syndicate.cli.editions.mail_pause import ALL_PAUSED, SENT_NEXT, pause_all, resume_all
from syndicate.cli.reports import notify, report_delivery, update_mirror
from syndicate.errors import ConfigError, Refused
from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.editions import Edition, EditionState
from syndicate.model.subscribers import Cause
from syndicate.text import count_of, one_line

if TYPE_CHECKING:
    from syndicate.model.editions import ControlOutcome
    from syndicate.store import Transaction

Reason = Annotated[str, Option(metavar="TEXT", help="Why, for the record.")]
EditionOrAll = Annotated[
    int | None, Argument(min=1, max=MAX_ID, help="Its id, as in `editions`.", metavar="EDITION")
]


def pause(
    command: CommandContext,
    edition: EditionOrAll = None,
    *,
    all_: Annotated[bool, Option("--all", help="All mail: editions, letters, everything.")] = False,
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Stop sending an edition, or all mail, until it is resumed."""
    if (key := _edition_or_all(edition, all_=all_)) is None:
        pause_all(command, decide("pause --all", reason), json=json)
        return
    with command.store() as store, store.write() as tx:
        decision = tx.control.pause(key, decide("pause", reason))
    _report(key, decision, EditionState.PAUSED, "paused", json=json)


def resume(
    command: CommandContext,
    edition: EditionOrAll = None,
    *,
    all_: Annotated[bool, Option("--all", help="What `pause --all` stopped.")] = False,
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Resume sending a paused edition, or all mail."""
    if (key := _edition_or_all(edition, all_=all_)) is None:
        resume_all(command, decide("resume --all", reason), json=json)
        return
    with command.store() as store, store.write() as tx:
        decision = tx.control.resume(key, decide("resume", reason))
        all_paused = tx.mail_pause.current() is not None
    _report(key, decision, EditionState.SENDING, "resumed", json=json)
    if decision.changed and decision.left.held_back:
        note(ALL_PAUSED if all_paused else SENT_NEXT)


def _edition_or_all(edition: int | None, *, all_: bool) -> int | None:
    """Return the edition that a command is about; None for all mail. Raise ConfigError for both."""
    if (edition is None) != all_:
        raise ConfigError("name either an edition, by its id in `editions`, or --all")
    return edition


def cancel(
    command: CommandContext, edition: EditionId, *, reason: Reason = "", json: AsJson = False
) -> None:
    """Stop sending an edition for good."""
    decided = decide("cancel", reason)
    with command.store() as store:
        with store.write() as tx:
            decision = tx.control.cancel(edition, decided)
        _report(edition, decision, EditionState.CANCELLED, "cancelled", json=json)
        sys.stdout.flush()  # it is cancelled now; updating a million rows takes longer
        store.sweep(decided.at)


def settle(
    command: CommandContext,
    edition: EditionId,
    *,
    unknown: Annotated[
        Literal["resend", "skip"], Option(help="Send them again, or leave them unknown.")
    ],
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Settle deliveries that may or may not have arrived."""
    again = unknown == "resend"
    with command.store() as store, store.write() as tx:
        settled = tx.control.settle_unknown(edition, decide("settle", reason), again=again)
        stored, all_pause = tx.editions.by_key(edition), tx.mail_pause.current()
    if json:
        echo_json({"edition": edition, "settled": settled, "unknown": unknown})
        return
    if not settled:
        echo(f"edition {edition} has no unknown deliveries to settle")
        return
    result = "queued again" if again else "left as they are"
    echo(f"edition {edition}: {settled} unknown deliveries {result}")
    if again:
        paused = stored is not None and stored.state is EditionState.PAUSED
        at_once = SENT_NEXT if all_pause is None else ALL_PAUSED
        sent_next = f"they wait for `syndicate resume {edition}`" if paused else at_once
        note(f"some readers may get it twice; {sent_next}")


def replace(
    command: CommandContext,
    edition: EditionId,
    *,
    article: Annotated[
        list[str] | None,
        Option(metavar="SLUG", help="Exactly this article; may be repeated. Default: the same."),
    ] = None,
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Stop an edition, and send a corrected one to the rest."""
    write = note if json else echo
    with command.services() as services:
        successor, left, report = services.replace(
            edition, article or (), decide("replace", reason)
        )
        write(f"edition {successor.key}: {successor.subject}")
        write(f"it replaces edition {edition} for {count_of(left.held_back, 'reader')}: {left}")
        delivered = report_delivery(report, write=write)
        mirrored = update_mirror(services.mirror, write=write)
        notify(services.notifier, write=write)
    if json:
        echo_json({"edition": successor.key, "replaces": edition, "readers": left.held_back})
    if not delivered or not mirrored:
        raise Exit(1)


def resend(
    command: CommandContext,
    edition: EditionId,
    *,
    missing: Annotated[
        bool, Option("--missing", help="To those who provably didn't get it.")
    ] = False,
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Send an edition again to the readers who didn't get it."""
    if not missing:
        raise ConfigError("add --missing to send it to those who provably didn't get it")
    write = note if json else echo
    with command.services() as services:
        resent = services.resend(edition, decide("resend", reason))
    successor, readers, report = resent or (None, 0, None)
    if json:
        key = successor.key if successor else None
        echo_json({"edition": key, "repeats": edition, "readers": readers})
    if successor is None or report is None:
        write(f"no edition was made: nobody provably missed edition {edition}")
        return
    write(f"edition {successor.key}: {successor.subject}")
    write(f"it repeats edition {edition} for {count_of(readers, 'reader')} who didn't get it")
    if not report_delivery(report, write=write):
        raise Exit(1)


def decide(command: str, reason: str) -> Cause:
    """Return who decides now about an edition, by which command, and why, on one line."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # as in containers
        user = f"user {os.getuid()}"
    return by_operator(f"{command}, by {user}", one_line(reason))


def load_edition(tx: "Transaction", key: int) -> Edition:
    """Load an edition; raise Refused if there is none."""
    edition = tx.editions.by_key(key)
    if edition is None:
        raise Refused(f"there is no edition {key}; `syndicate editions` lists them")
    return edition


def edition_state(edition: Edition, totals: DeliveryTotals) -> str:
    """Return an edition's state: sending, done, paused, cancelled, replaced by 42."""
    if edition.state is EditionState.REPLACED:
        return f"replaced by {edition.successor}"
    return edition_state_value(edition.state, waits=bool(totals.waiting))


def edition_state_value(state: EditionState, *, waits: bool) -> str:
    """Return an edition's state for scripts: sending, done, paused, cancelled, replaced."""
    return "done" if state is EditionState.SENDING and not waits else str(state)


def _report(
    edition: int, decision: "ControlOutcome", state: EditionState, verb: str, *, json: bool
) -> None:
    """Print the decision and the edition's counts, which add up to its audience."""
    left, before = decision.left, decision.before
    if json:
        now = edition_state_value(state if decision.changed else before, waits=not left.is_over)
        values = {"edition": edition, "state": now, "changed": decision.changed}
        echo_json(values | {"audience": left.audience, **asdict(left)})
    elif state is EditionState.SENDING and (decision.changed or before is state):
        was = verb if decision.changed else "wasn't paused"
        echo(f"edition {edition} {was}: {left.summary(pending='waiting')}")
    elif decision.changed or before is state:
        echo(f"edition {edition} is {'' if decision.changed else 'already '}{verb}: {left}")
    else:
        echo(f"edition {edition} has nothing left to stop: {left}")

"""`pause`, `resume`, `cancel`, `settle`: stop an edition that is being sent, or let it continue."""

import os
import pwd
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli.context import AsJson, Change, command_context, operator_change
from syndicate.cli.editions.progress_format import edition_state_value
from syndicate.cli.terminal.console import echo, echo_json, note
from syndicate.errors import Refused
from syndicate.model.editions import Edition, EditionState
from syndicate.text import one_line

if TYPE_CHECKING:
    from syndicate.model.edition_control import ControlOutcome
    from syndicate.store import Transaction

EditionId = Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="Its id, as in `editions`.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record.")]

_SENT_NEXT = "`syndicate run` sends the rest within a second; otherwise the next `tick` does"


class Decision(Change):
    """A change of an edition, and why."""

    detail: str


class UnknownChoice(StrEnum):
    """What to do about deliveries that may or may not have arrived."""

    RESEND = "resend"
    SKIP = "skip"


def pause(
    context: typer.Context, edition: EditionId, *, reason: Reason = "", json: AsJson = False
) -> None:
    """Stop sending an edition until it is resumed."""
    with command_context(context).store() as store, store.write() as tx:
        decision = tx.control.pause(edition, **decide("pause", reason))
    _report(edition, decision, EditionState.PAUSED, "paused", json=json)


def resume(
    context: typer.Context, edition: EditionId, *, reason: Reason = "", json: AsJson = False
) -> None:
    """Resume sending a paused edition."""
    with command_context(context).store() as store, store.write() as tx:
        decision = tx.control.resume(edition, **decide("resume", reason))
    _report(edition, decision, EditionState.SENDING, "resumed", json=json)
    if decision.changed and decision.left.held_back:
        note(_SENT_NEXT)


def cancel(
    context: typer.Context, edition: EditionId, *, reason: Reason = "", json: AsJson = False
) -> None:
    """Stop sending an edition for good."""
    decided = decide("cancel", reason)
    with command_context(context).store() as store:
        with store.write() as tx:
            decision = tx.control.cancel(edition, **decided)
        _report(edition, decision, EditionState.CANCELLED, "cancelled", json=json)
        sys.stdout.flush()  # it is cancelled now; updating a million rows takes longer
        store.sweep(decided["at"])


def settle(
    context: typer.Context,
    edition: EditionId,
    *,
    unknown: Annotated[UnknownChoice, typer.Option(help="Send them again, or leave them unknown.")],
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Settle deliveries that may or may not have arrived."""
    again = unknown is UnknownChoice.RESEND
    with command_context(context).store() as store, store.write() as tx:
        settled = tx.control.settle_unknown(edition, again=again, **decide("settle", reason))
        stored = tx.editions.by_key(edition)
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
        sent_next = f"they wait for `syndicate resume {edition}`" if paused else _SENT_NEXT
        note(f"some readers may get it twice; {sent_next}")


def decide(command: str, reason: str) -> Decision:
    """Return who decides now about an edition, by which command, and why, on one line."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # as in containers
        user = f"user {os.getuid()}"
    change = operator_change(f"{command}, by {user}")
    return Decision(**change, detail=one_line(reason))


def load_edition(tx: "Transaction", key: int) -> Edition:
    """Load an edition; raise Refused if there is none."""
    edition = tx.editions.by_key(key)
    if edition is None:
        raise Refused(f"there is no edition {key}; `syndicate editions` lists them")
    return edition


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

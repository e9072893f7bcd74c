"""`pause`, `resume`, `cancel`, `settle`: what is decided about an edition under way."""

import os
import pwd
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, here
from syndicate.cli.editions.blockers import state_value
from syndicate.cli.terminal.console import as_json, note, say
from syndicate.model.editions import EditionState
from syndicate.model.subscribers import Actor, Cause

if TYPE_CHECKING:
    from syndicate.model.edition_control import ControlOutcome

Key = Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="Its id, as in `editions`.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record.")]

GOES_ON = "the rest leaves within a second where `syndicate run` is at work, else by `tick`"


class UnknownChoice(StrEnum):
    """What is done about deliveries of which nobody knows whether they arrived."""

    RESEND = "resend"
    SKIP = "skip"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (pause, resume, cancel, settle):
        app.command()(command)


def pause(
    context: typer.Context, edition: Key, *, reason: Reason = "", json: AsJson = False
) -> None:
    """Let nothing more of an edition leave, until it is resumed."""
    with here(context).store() as store, store.write() as tx:
        decision = tx.control.pause(
            edition, cause=by_command("pause"), at=clock.now(), detail=in_a_line(reason)
        )
    _tell(edition, decision, EditionState.PAUSED, "is paused", json=json)


def resume(
    context: typer.Context, edition: Key, *, reason: Reason = "", json: AsJson = False
) -> None:
    """Let a paused edition go on."""
    with here(context).store() as store, store.write() as tx:
        decision = tx.control.resume(
            edition, cause=by_command("resume"), at=clock.now(), detail=in_a_line(reason)
        )
    _tell(edition, decision, EditionState.SENDING, "goes on", json=json)
    if decision.changed and decision.left.held_back:
        note(GOES_ON)


def cancel(
    context: typer.Context, edition: Key, *, reason: Reason = "", json: AsJson = False
) -> None:
    """Let nothing more of an edition leave, for good."""
    at = clock.now()
    with here(context).store() as store:
        with store.write() as tx:
            decision = tx.control.cancel(
                edition, cause=by_command("cancel"), at=at, detail=in_a_line(reason)
            )
        _tell(edition, decision, EditionState.CANCELLED, "is cancelled", json=json)
        sys.stdout.flush()  # it holds from here on; that a million rows follow takes longer
        store.sweep(at)


def settle(
    context: typer.Context,
    edition: Key,
    *,
    unknown: Annotated[
        UnknownChoice, typer.Option(help="Send them again, or leave them as they are.")
    ],
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Settle what is unknown of an edition: whether it arrived, nobody can tell."""
    again = unknown is UnknownChoice.RESEND
    with here(context).store() as store, store.write() as tx:
        settled = tx.control.settle_unknown(
            edition,
            again=again,
            cause=by_command("settle"),
            at=clock.now(),
            detail=in_a_line(reason),
        )
        found = tx.editions.by_key(edition)
    if json:
        as_json({"edition": edition, "settled": settled, "unknown": unknown})
        return
    if not settled:
        say(f"nothing of edition {edition} is unknown and waits to be settled")
        return
    say(f"edition {edition}: {settled} unknown, {'queued again' if again else 'left as they are'}")
    if again:
        paused = found is not None and found.state is EditionState.PAUSED
        waits = f"they wait for `syndicate resume {edition}`" if paused else GOES_ON
        note(f"somebody may get it twice; {waits}")


def by_command(name: str) -> Cause:
    """Name a command, and who gave it, as the one who decided."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # as in containers
        user = f"user {os.getuid()}"
    return Cause(who=Actor.OPERATOR, how=f"syndicate {name}, by {user}")


def in_a_line(reason: str) -> str:
    """Return what somebody gave as a reason, as it is kept."""
    return " ".join(reason.split())


def _tell(
    edition: int, decision: "ControlOutcome", state: EditionState, now: str, *, json: bool
) -> None:
    """Say what came of it, and how far the edition had got: the numbers are its audience."""
    left = decision.left
    if json:
        now_in = state if decision.changed else decision.before
        stands = state_value(now_in, waits=not left.over)
        told = {"edition": edition, "state": stands, "changed": decision.changed}
        as_json(told | {"audience": left.audience, **asdict(left)})
    elif decision.changed:
        say(f"edition {edition} {now}: {left}")
    elif decision.before is state is EditionState.SENDING:
        say(f"edition {edition} wasn't paused: {left}")
    elif decision.before is state:
        say(f"edition {edition} {now} already: {left}")
    else:
        say(f"nothing was left to stop of edition {edition}: {left}")

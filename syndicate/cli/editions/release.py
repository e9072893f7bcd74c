"""`approve` and `reject` decide about an edition that waits to be released."""

from syndicate.cli.console import echo, echo_json, note
from syndicate.cli.context import AsJson, CommandContext, EditionId
from syndicate.cli.editions.control import Reason, decide
from syndicate.cli.editions.mail_pause import ALL_PAUSED, SENT_NEXT


def approve(
    command: CommandContext, edition: EditionId, *, reason: Reason = "", json: AsJson = False
) -> None:
    """Release an edition that waits, as it is."""
    with command.services() as services:
        outcome = services.release.approve(edition, decide("approve", reason))
        with services.store.read() as tx:
            all_paused = tx.mail_pause.current() is not None
    _report(edition, outcome, json=json)
    if not json:
        note(ALL_PAUSED if all_paused else SENT_NEXT)


def reject(
    command: CommandContext, edition: EditionId, *, reason: Reason = "", json: AsJson = False
) -> None:
    """Drop an edition that waits; its articles are new for the next slot."""
    with command.services() as services:
        outcome = services.release.reject(edition, decide("reject", reason))
    _report(edition, outcome, json=json)


def _report(edition: int, outcome: str, *, json: bool) -> None:
    if json:
        echo_json({"edition": edition, "outcome": outcome})
    else:
        echo(outcome)

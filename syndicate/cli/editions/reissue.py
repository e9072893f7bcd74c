"""`replace` and `resend`: send an edition again, corrected or as it is."""

from typing import Annotated

import typer

from syndicate.cli.context import AsJson, command_context
from syndicate.cli.editions.control import EditionId, Reason, decide
from syndicate.cli.terminal.console import echo, echo_json, note
from syndicate.cli.terminal.reports import notify, report_delivery, update_mirror
from syndicate.errors import ConfigError


def replace(
    context: typer.Context,
    edition: EditionId,
    *,
    article: Annotated[
        list[str] | None,
        typer.Option(metavar="SLUG", help="Exactly this article; repeat it. Default: the same."),
    ] = None,
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Stop an edition, and send a corrected one to the rest."""
    from syndicate.schedule import manual_send  # noqa: PLC0415 - start-up

    write = note if json else echo
    with command_context(context).services() as services:
        successor, left, report = manual_send.replace(
            services, edition, article or (), **decide("replace", reason)
        )
        write(f"edition {successor.key}: {successor.subject}")
        write(f"it replaces edition {edition} for {left.held_back} readers: {left}")
        delivered = report_delivery(report, write=write)
        mirrored = update_mirror(services.mirror, write=write)
        notify(services.notifier, write=write)
    if json:
        echo_json({"edition": successor.key, "replaces": edition, "readers": left.held_back})
    if not delivered or not mirrored:
        raise typer.Exit(1)


def resend(
    context: typer.Context,
    edition: EditionId,
    *,
    missing: Annotated[
        bool, typer.Option("--missing", help="To those who provably didn't get it.")
    ] = False,
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Send an edition again to the readers who didn't get it."""
    from syndicate.schedule import manual_send  # noqa: PLC0415 - start-up

    if not missing:
        raise ConfigError("add --missing to send it to those who provably didn't get it")
    write = note if json else echo
    with command_context(context).services() as services:
        resent = manual_send.resend(services, edition, **decide("resend", reason))
    successor, readers, report = resent or (None, 0, None)
    if json:
        key = successor.key if successor else None
        echo_json({"edition": key, "repeats": edition, "readers": readers})
    if successor is None or report is None:
        write(f"no edition was made: nobody provably missed edition {edition}")
        return
    write(f"edition {successor.key}: {successor.subject}")
    write(f"it repeats edition {edition} for {readers} readers who didn't get it")
    if not report_delivery(report, write=write):
        raise typer.Exit(1)

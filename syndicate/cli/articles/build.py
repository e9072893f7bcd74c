"""`build`: write the published output."""

from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli.context import At, CommandContext
from syndicate.cli.terminal.console import echo, echo_outcome, note
from syndicate.cli.terminal.reports import notify, update_mirror

if TYPE_CHECKING:
    from syndicate.publish.build.build import BuildSummary


def build(
    command: CommandContext,
    *,
    at: At = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Rebuild every file, and restore files that were edited by hand."
        ),
    ] = False,
    compress: Annotated[
        bool | None,
        typer.Option(
            "--compress/--no-compress",
            help="Whether to keep .gz and .br copies beside article pages from now on.",
            show_default="as before",
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Name each file.")] = False,
) -> None:
    """Write what changed to feeds/ and its mirror, and notify hubs.

    `--at` updates no mirror and notifies nobody.
    """
    from syndicate.publish.build.publisher import Publisher  # noqa: PLC0415 - start-up
    from syndicate.publish.mirror.mirror import Mirror  # noqa: PLC0415
    from syndicate.publish.push.change_notifier import ChangeNotifier  # noqa: PLC0415

    time = command.time(at)
    mirror = Mirror.of(command.config) if at is None else None
    with command.store() as store:
        notifier = ChangeNotifier.of(store, command.config) if at is None else None
        publisher = Publisher(store, command.config, compress=compress)
        summary = publisher.publish(
            time, number=at is None, everything=everything, trial=at is not None
        )
        _print(summary, verbose=verbose)
        note(f"in {command.config.output}")
        mirrored = update_mirror(mirror)
        if notifier is not None:
            notifier.record_build(summary, time)
        notify(notifier)
    if summary.failed or not mirrored:
        raise typer.Exit(1)


def _print(summary: "BuildSummary", *, verbose: bool) -> None:
    if verbose:
        for path in summary.written:
            echo_outcome("written", path)
        for path in summary.deleted:
            echo_outcome("deleted", path)
    for problem in summary.warnings:
        echo_outcome("warned", str(problem))
    for problem in summary.failed:
        echo_outcome("failed", str(problem))
    echo(
        f"{len(summary.written)} written, {len(summary.deleted)} deleted, "
        f"{summary.unchanged} unchanged; {summary.articles} articles"
    )

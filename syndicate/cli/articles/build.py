"""`build`: the published output."""

from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli.articles.mirror_report import follow
from syndicate.cli.articles.push_report import tell
from syndicate.cli.context import At, here
from syndicate.cli.terminal.console import note, outcome, say

if TYPE_CHECKING:
    from syndicate.publish.build.build import BuildSummary

Everything = Annotated[
    bool,
    typer.Option("--all", help="Make every file anew, and put right what was changed by hand."),
]
Compress = Annotated[
    bool | None,
    typer.Option(
        "--compress/--no-compress",
        help="Whether the pages of articles lie beside themselves as .gz and .br, from now on.",
        show_default="as before",
    ),
]

Verbose = Annotated[bool, typer.Option("--verbose", help="Name each file.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(build)


def build(
    context: typer.Context,
    *,
    at: At = None,
    everything: Everything = False,
    compress: Compress = None,
    verbose: Verbose = False,
) -> None:
    """Write feeds/ from the store, and its mirror: only what changed, and notify of it.

    `--at` mirrors nothing and tells nobody.
    """
    from syndicate.publish.build.build import build as publish  # noqa: PLC0415 - start-up
    from syndicate.publish.mirror.mirror import Mirror  # noqa: PLC0415
    from syndicate.publish.push.change_notifier import ChangeNotifier  # noqa: PLC0415

    ours = here(context)
    moment = ours.time(at)
    mirror = Mirror.of(ours.config) if at is None else None
    with ours.store() as store:
        herald = ChangeNotifier.of(store, ours.config) if at is None else None
        built = publish(
            store,
            ours.config,
            at=moment,
            number=at is None,
            everything=everything,
            compress=compress,
            trial=at is not None,
        )
        _print(built, verbose=verbose)
        note(f"in {ours.config.output}")
        mirrored = follow(mirror)
        if herald is not None:
            herald.hear(built, moment)
        tell(herald)
    if built.failed or not mirrored:
        raise typer.Exit(1)


def _print(built: "BuildSummary", *, verbose: bool) -> None:
    if verbose:
        for path in built.written:
            outcome("written", path)
        for path in built.deleted:
            outcome("deleted", path)
    for problem in built.warnings:
        outcome("warned", str(problem))
    for problem in built.failed:
        outcome("failed", str(problem))
    say(
        f"{len(built.written)} written, {len(built.deleted)} deleted, "
        f"{built.unchanged} unchanged; {built.articles} articles"
    )

"""`build`: the published output."""

from typing import Annotated

import typer

from syndicate.cli.context import At, here
from syndicate.cli.mirroring import follow
from syndicate.cli.terminal import note, outcome, say

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


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(build)


def build(
    context: typer.Context,
    *,
    at: At = None,
    everything: Everything = False,
    compress: Compress = None,
) -> None:
    """Write feeds/ from the store, and its mirror: only what changed. `--at` mirrors nothing."""
    from syndicate.publish.build import build as publish  # noqa: PLC0415 - start-up
    from syndicate.publish.mirror import Mirror  # noqa: PLC0415

    ours = here(context)
    mirror = Mirror.of(ours.config) if at is None else None
    with ours.store() as store:
        built = publish(
            store,
            ours.config,
            at=ours.time(at),
            number=at is None,
            everything=everything,
            compress=compress,
        )
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
    note(f"in {ours.config.output}")
    mirrored = follow(mirror)
    if built.failed or not mirrored:
        raise typer.Exit(1)

"""`build`: the published output."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli.context import At, here
from syndicate.cli.mirroring import follow
from syndicate.cli.pushing import tell
from syndicate.cli.terminal import note, outcome, say

if TYPE_CHECKING:
    from syndicate.publish.build import Built

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

_MANY = 40
"""Paths that people still read one by one."""


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
    """Write feeds/ from the store, and its mirror: only what changed, and tell of it.

    `--at` mirrors nothing and tells nobody.
    """
    from syndicate.publish.build import build as publish  # noqa: PLC0415 - start-up
    from syndicate.publish.mirror import Mirror  # noqa: PLC0415
    from syndicate.publish.push.herald import Herald  # noqa: PLC0415

    ours = here(context)
    moment = ours.time(at)
    mirror = Mirror.of(ours.config) if at is None else None
    with ours.store() as store:
        herald = Herald.of(store, ours.config) if at is None else None
        built = publish(
            store,
            ours.config,
            at=moment,
            number=at is None,
            everything=everything,
            compress=compress,
            trial=at is not None,
        )
        _print(built)
        note(f"in {ours.config.output}")
        mirrored = follow(mirror)
        if herald is not None:
            herald.hear(built, moment)
        tell(herald)
    if built.failed or not mirrored:
        raise typer.Exit(1)


def _print(built: "Built") -> None:
    _list("written", built.written)
    _list("deleted", built.deleted)
    for problem in built.warnings:
        outcome("warned", str(problem))
    for problem in built.failed:
        outcome("failed", str(problem))
    say(
        f"{len(built.written)} written, {len(built.deleted)} deleted, "
        f"{built.unchanged} unchanged; {built.articles} articles"
    )


def _list(word: str, paths: Sequence[str]) -> None:
    """List paths; for people, of many only how many lie where."""
    if len(paths) <= _MANY or not sys.stdout.isatty():
        for path in paths:
            outcome(word, path)
        return
    for folder, count in Counter(path.partition("/")[0] for path in paths).items():
        outcome(word, f"{folder}/: {count:,} files" if count > 1 else folder)

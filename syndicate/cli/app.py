"""The commands, gathered. Each module imports what its commands need when they run."""

from pathlib import Path
from typing import Annotated

import typer

from syndicate.cli import (
    articles,
    audience,
    correcting,
    dkim,
    editions,
    feeds,
    mail,
    output,
    publication,
    push,
    relays,
    running,
    segments,
    stopping,
)
from syndicate.cli.context import Context
from syndicate.cli.signals import let_hang_up

app = typer.Typer(
    name="syndicate",
    help="File an article once; it is in the feeds, on the pages and in the mail.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    publication,
    articles,
    output,
    push,
    audience,
    segments,
    feeds,
    mail,
    relays,
    dkim,
    editions,
    stopping,
    correcting,
    running,
):
    module.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - start-up

        typer.echo(version("syndicate"))
        raise typer.Exit


@app.callback()
def _publication(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", metavar="PATH", help="The publication's config.toml.")
    ] = Path("config.toml"),
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    context.obj = Context(config)
    if context.invoked_subcommand not in running.LASTING:
        let_hang_up()

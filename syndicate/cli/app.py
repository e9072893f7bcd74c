"""Assemble the commands. Each module imports what its commands need when they run."""

from pathlib import Path
from typing import Annotated

import typer

from syndicate import __version__
from syndicate.cli.articles import articles, build, push
from syndicate.cli.context import CommandContext
from syndicate.cli.editions import control, editions, reissue, relays, sending
from syndicate.cli.operation import check, deliverability, run, setup
from syndicate.cli.operation.signals import unblock_sighup
from syndicate.cli.readers import private_feeds, segments, subscribers

app = typer.Typer(
    name="syndicate",
    help="File an article once; it is in the feeds, on the pages and in the mail.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(setup.init, check.check, setup.migrate),
    *(articles.import_, articles.articles, articles.show, articles.retract),
    *(build.build, push.push),
    *(sending.tick, sending.send, sending.deliveries, sending.fires),
    *(relays.relays, deliverability.dkim_keygen, deliverability.doctor),
    *(control.pause, control.resume, control.cancel, control.settle),
    *(reissue.replace, reissue.resend),
    *(run.run, run.serve),
):
    app.command(command.__name__.rstrip("_").replace("_", "-"))(command)
for group in (setup, subscribers, segments, private_feeds, editions):
    group.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _select_publication(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", metavar="PATH", help="The publication's config.toml.")
    ] = Path("config.toml"),
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    context.obj = CommandContext(config)
    if context.invoked_subcommand not in run.LONG_RUNNING:
        unblock_sighup()

"""Assemble the commands. Each module imports what its commands need when they run."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from typer.models import ArgumentInfo, ParameterInfo

from syndicate import __version__
from syndicate.cli.articles import articles, publishing
from syndicate.cli.context import CommandContext
from syndicate.cli.editions import (
    control,
    corrections,
    editions,
    planning,
    relays,
    release,
    sending,
)
from syndicate.cli.operation import check, deliverability, doors, preview, run, setup, status
from syndicate.cli.operation.signals import unblock_sighup
from syndicate.cli.readers import (
    csv_import,
    held_reports,
    person,
    person_changes,
    reader_counts,
    subscribers,
)

Command = Callable[..., Any]
_METAVARS = {str: "TEXT", int: "N", Path: "FILE"}
"""What the help calls a value of a type; flags have none, and choices are listed."""


def _with_context(command: Command) -> Command:
    """Adapt a command to typer: it takes our context first, in place of typer's.

    The default command of a group does nothing where another one is named.
    """

    @wraps(command)
    def run_command(context: typer.Context, **options: object) -> None:
        if context.invoked_subcommand is None:
            command(context.obj, **options)

    first, *options = map(_with_metavar, signature(command).parameters.values())
    taken = [first.replace(name="context", annotation=typer.Context), *options]
    run_command.__signature__ = Signature(taken)  # type: ignore[attr-defined]
    return run_command


def _with_metavar(parameter: Parameter) -> Parameter:
    """Name the value of an option or argument in the help; by itself typer names Python's types."""
    kind, *infos = get_args(parameter.annotation) or (parameter.annotation,)
    parts = {kind, *get_args(kind)}  # of an optional value, or of several
    parts |= {part for several in parts for part in get_args(several)}
    for info in infos:
        if isinstance(info, ParameterInfo) and info.metavar is None:
            own = parameter.name.rstrip("_").upper() if isinstance(info, ArgumentInfo) else None
            info.metavar = own or next(
                (_METAVARS[part] for part in _METAVARS if part in parts), None
            )
    return parameter


app = typer.Typer(
    name="syndicate",
    help="File an article once; it is in the feeds, on the pages and in the mail.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(setup.init, check.check, status.status, setup.migrate),
    *(articles.import_, articles.articles, articles.show, articles.retract),
    *(publishing.build, publishing.push),
    *(sending.tick, sending.send, sending.deliveries, sending.fires),
    *(relays.relays, deliverability.dkim_keygen, deliverability.doctor),
    *(planning.explain, planning.agenda, preview.preview),
    *(release.approve, release.reject),
    *(control.pause, control.resume, control.cancel, control.settle),
    *(control.replace, control.resend, corrections.correct),
    *(run.run, run.serve, doors.bounce),
):
    app.command(command.__name__.rstrip("_").replace("_", "-"))(_with_context(command))


def _add_group(name: str, help: str, *commands: Command, default: Command | None = None) -> None:  # noqa: A002 - typer's name
    """Add a group of commands; `default` runs where none of them is named."""
    group = typer.Typer(help=help, no_args_is_help=default is None)
    group.callback(invoke_without_command=default is not None)(
        _with_context(default) if default else lambda: None
    )
    for command in commands:
        group.command(command.__name__.rstrip("_"))(_with_context(command))
    app.add_typer(group, name=name)


_add_group("templates", "The templates of pages and mail.", setup.copy)
_add_group(
    "subscribers",
    "The people who get mail.",
    *(csv_import.import_, subscribers.list_, subscribers.export, person.show),
    *(person_changes.add, person_changes.remove, person_changes.tag, person_changes.untag),
    *(person_changes.merge, person_changes.suppress, person_changes.unsuppress),
    *(person_changes.erase, person_changes.set_, reader_counts.stats),
    *(subscribers.move, subscribers.tidy),
)
_add_group(
    "segments", "Segments of the readers.", reader_counts.show, default=reader_counts.segments
)
_add_group(
    "feeds",
    "Private feeds: whole articles, for one reader each.",
    *(person.grant, person.revoke, person.list_),
    default=person.list_,
)
_add_group(
    "bounces",
    "The reports of bounces and complaints that wait for a person.",
    *(held_reports.list_, held_reports.show, held_reports.apply, held_reports.drop, doors.fetch),
    default=held_reports.list_,
)
_add_group("editions", "The editions, newest first.", editions.show, default=editions.editions)


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

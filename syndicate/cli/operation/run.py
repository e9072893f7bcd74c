"""`run` and `serve`: the publication as a process."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate import clock
from syndicate.cli.context import CommandContext, command_context
from syndicate.cli.terminal.console import echo, echo_text, format_slot_time, note

if TYPE_CHECKING:
    from syndicate.cli.operation.lifecycle import Lifecycle
    from syndicate.config import Config
    from syndicate.web.server.server import WebServer

Host = Annotated[str | None, typer.Option(help="The address to listen on. Default: web.host.")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="The port to listen on. Default: PORT, or web.port."),
]

LONG_RUNNING = frozenset({"run", "serve"})
"""The commands that go on until they are told to stop."""

EXAMPLE = """\
---
title: The lighthouse is dark tonight
section: City
breaking: true
---

The harbour office asks every ship to keep two miles off the point.
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(serve)


def run(context: typer.Context, *, host: Host = None, port: Port = None) -> None:
    """Serve the web, keep the timetable, deliver the mail, take in what is filed."""
    with _started(command_context(context), host, port, works=True) as operation:
        _say_what_is_where(operation.config, operation.server)
        operation.go_on()
        note("stopping: what is being handed over is finished first")
    note("stopped")


def serve(context: typer.Context, *, host: Host = None, port: Port = None) -> None:
    """Serve the web alone."""
    with _started(command_context(context), host, port, works=False) as operation:
        echo(f"serving {operation.config.output} at {operation.server.url}")
        operation.go_on()
    note("stopped")


@contextmanager
def _started(
    command: CommandContext, host: str | None, port: int | None, *, works: bool
) -> "Iterator[Lifecycle]":
    """Put a publication into operation, and end it cleanly."""
    from syndicate.cli.operation.lifecycle import Lifecycle, ServingAddress  # noqa: PLC0415
    from syndicate.cli.operation.signals import SignalHandlers  # noqa: PLC0415
    from syndicate.cli.terminal.event_log import log_events  # noqa: PLC0415 - start-up

    address = ServingAddress.of(command, host, port)
    log_events()
    with ExitStack() as until_stopped:
        until_stopped.callback(address.listener.close)
        signals = SignalHandlers()
        operation = Lifecycle(address, signals, works=works)
        until_stopped.callback(operation.stop)
        operation.start()
        yield operation


def _say_what_is_where(config: "Config", server: "WebServer") -> None:
    echo(f"{config.publication.title} is at {server.url}/")
    echo(f"  feeds       {server.url}/rss.xml  /atom.xml  /feed.json")
    echo(f"  mail        {_mail(config, server)}")
    if config.signup.enabled and any(one.offered for one in config.newsletters):
        echo(f"  readers     {server.url}/signup  /newsletters/")
    for name, newsletter, slot in _next_editions(config):
        echo(f"  next        {slot}  {name} → {newsletter}")
    if config.intake.watch:
        folder = config.intake.folder
        echo(f"Save a file like this into {folder}/: {folder}/lighthouse.md")
        echo_text(f"\n{EXAMPLE}")


def _mail(config: "Config", server: "WebServer") -> str:
    from syndicate.config import TransportKind  # noqa: PLC0415 - start-up
    from syndicate.web.outbox.pages import is_outbox_served  # noqa: PLC0415 - start-up

    if config.mail.transport is not TransportKind.OUTBOX:
        return f"by {', '.join(server.address for server in config.mail.servers)}"
    if is_outbox_served(config):
        return f"{server.url}/outbox (nothing is really sent)"
    return (
        f"{config.mail.outbox}/ (nothing is really sent; web.monitors lets you read it at /outbox)"
    )


def _next_editions(config: "Config") -> Iterator[tuple[str, str, str]]:
    from syndicate.model.due_slots import schedule_timing  # noqa: PLC0415 - start-up

    for schedule in config.schedules:
        zone = config.zone(schedule)
        for slot in schedule_timing(schedule, zone).upcoming(clock.now(), 1):
            yield schedule.name, schedule.newsletter, format_slot_time(slot.due_at, zone)

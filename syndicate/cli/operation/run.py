"""`run` and `serve`: the commands that run until they are stopped."""

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

from typer import Option

from syndicate import clock
from syndicate.cli.console import echo, echo_text, format_slot_time, log_events, note
from syndicate.cli.context import CommandContext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syndicate.cli.operation.lifecycle import Lifecycle
    from syndicate.config import Config
    from syndicate.web.server.server import WebServer

Host = Annotated[str | None, Option(help="The address to listen on. Default: web.host.")]
Port = Annotated[
    int | None, Option(min=0, max=65535, help="The port to listen on. Default: PORT, or web.port.")
]

LONG_RUNNING = frozenset({"run", "serve", "preview"})
"""The commands that run until a signal stops them."""

_EXAMPLE = """\
---
title: The lighthouse is dark tonight
section: City
breaking: true
---

The harbour office asks every ship to keep two miles off the point.
"""


def run(command: CommandContext, *, host: Host = None, port: Port = None) -> None:
    """Serve the web, import articles, fire schedules, deliver mail."""
    with _started(command, host, port, serve_only=False) as lifecycle:
        _introduce(lifecycle.config, lifecycle.server)
        _note_other_address(command, lifecycle.config)
        lifecycle.run_until_stopped()
        note("stopping: finishing the messages in flight")
    note("stopped")


def serve(command: CommandContext, *, host: Host = None, port: Port = None) -> None:
    """Serve the web only."""
    with _started(command, host, port, serve_only=True) as lifecycle:
        echo(f"serving {lifecycle.config.output} at {lifecycle.server.url}")
        _note_other_address(command, lifecycle.config)
        lifecycle.run_until_stopped()
    note("stopped")


@contextmanager
def _started(
    command: CommandContext, host: str | None, port: int | None, *, serve_only: bool
) -> "Iterator[Lifecycle]":
    from syndicate.cli.operation.lifecycle import Lifecycle, ServingAddress  # noqa: PLC0415
    from syndicate.cli.operation.signals import SignalHandlers  # noqa: PLC0415

    address = ServingAddress(command, host, port)
    log_events()
    with ExitStack() as on_exit:
        on_exit.callback(address.listener.close)
        lifecycle = Lifecycle(address, SignalHandlers(), serve_only=serve_only)
        on_exit.callback(lifecycle.stop)
        lifecycle.start()
        yield lifecycle


def _note_other_address(command: CommandContext, config: "Config") -> None:
    """Say so if other commands, which don't know the port of this process, assume another one."""
    assumed = CommandContext(command.path).config.url
    if not config.publication.url and assumed != config.url:
        note(
            f"links lead to {config.url} here, but to {assumed} if `build`, `send` or another "
            f"command makes them: set web.port = {config.web.port}, or publication.url"
        )


def _introduce(config: "Config", server: "WebServer") -> None:
    from syndicate.model.schedule_slots import schedule_timing  # noqa: PLC0415 - start-up
    from syndicate.web.outbox import is_outbox_served  # noqa: PLC0415

    if config.mail.transport == "smtp":
        mail = f"by {', '.join(relay.address for relay in config.mail.servers)}"
    elif is_outbox_served(config):
        mail = f"{server.url}/outbox (no mail is really sent)"
    else:
        unread = "no mail is really sent; web.monitors lets you read it at /outbox"
        mail = f"{config.mail.outbox}/ ({unread})"
    echo(f"{config.publication.title} is at {server.url}/")
    echo(f"  feeds       {server.url}/rss.xml  /atom.xml  /feed.json")
    echo(f"  mail        {mail}")
    if config.signup.enabled and any(newsletter.offered for newsletter in config.newsletters):
        echo(f"  readers     {server.url}/signup  /newsletters/")
    for schedule in config.schedules:
        zone = config.zone(schedule)
        for slot in schedule_timing(schedule, zone).upcoming(clock.now(), 1):
            at = format_slot_time(slot.due_at, zone)
            echo(f"  next        {at}  {schedule.name} → {schedule.newsletter}")
    if config.intake.watch:
        folder = config.intake.folder
        echo(f"Save a file like this into {folder}/: {folder}/lighthouse.md")
        echo_text(f"\n{_EXAMPLE}")

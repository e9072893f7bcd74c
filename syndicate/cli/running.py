"""`run` and `serve`: the publication as a process."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate import clock
from syndicate.cli.context import Context, exported_port, here
from syndicate.cli.terminal import note, say, when

if TYPE_CHECKING:
    from syndicate.config import Config
    from syndicate.store import Store
    from syndicate.web.server import Server

Host = Annotated[str | None, typer.Option(help="The address to listen on. Default: web.host.")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="The port to listen on. Default: PORT, or web.port."),
]

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
    from syndicate.cli.events import log_events  # noqa: PLC0415 - start-up
    from syndicate.schedule.newsroom import Newsroom  # noqa: PLC0415
    from syndicate.schedule.runner import Runner  # noqa: PLC0415
    from syndicate.store import Store  # noqa: PLC0415

    config, listener = _bound(here(context), host, port)
    log_events()
    with _interrupted() as stop, ExitStack() as open_until_stopped:
        open_until_stopped.callback(listener.close)
        store = Store.of(config)
        open_until_stopped.callback(store.close)
        runner = Runner(Newsroom.of(store, config), stop)
        server = _server(store, config, listener, letters_due=runner.mail_is_due)
        runner.take_in()
        open_until_stopped.enter_context(server)
        open_until_stopped.enter_context(runner)
        _say_what_is_where(config, server)
        stop.wait()
        note("stopping: what is being handed over is finished first")
    note("stopped")


def serve(context: typer.Context, *, host: Host = None, port: Port = None) -> None:
    """Serve the web alone."""
    from syndicate.cli.events import log_events  # noqa: PLC0415 - start-up
    from syndicate.store import Store  # noqa: PLC0415

    config, listener = _bound(here(context), host, port)
    log_events()
    with _interrupted() as stop, ExitStack() as open_until_stopped:
        open_until_stopped.callback(listener.close)
        store = Store.of(config)
        open_until_stopped.callback(store.close)
        server = open_until_stopped.enter_context(_server(store, config, listener))
        say(f"serving {config.output} at {server.url}")
        stop.wait()
    note("stopped")


def _bound(ours: Context, host: str | None, port: int | None) -> "tuple[Config, socket.socket]":
    """Take hold of the address, so that the config knows it before anything is made of it."""
    from syndicate.web.server import listen  # noqa: PLC0415 - start-up

    ours.port = port if port is not None else exported_port()
    config = ours.config
    listener = listen(host or config.web.host, config.web.port)
    bound = {"host": host or config.web.host, "port": listener.getsockname()[1]}
    return config.override(web=config.web.model_copy(update=bound)), listener


def _server(
    store: "Store",
    config: "Config",
    listener: socket.socket,
    *,
    letters_due: Callable[[], None] = lambda: None,
) -> "Server":
    from syndicate.web.app import application  # noqa: PLC0415 - start-up
    from syndicate.web.server import Server  # noqa: PLC0415

    app = application(store, config, letters_due)
    return Server(app, config.web.host, config.web.port, listener=listener)


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """Wait for SIGINT or SIGTERM without an exception: it may come at any moment."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    yield stop


def _say_what_is_where(config: "Config", server: "Server") -> None:
    say(f"{config.publication.title} is at {server.url}/")
    say(f"  feeds       {server.url}/rss.xml  /atom.xml  /feed.json")
    say(f"  mail        {_mail(config, server)}")
    if config.signup.enabled and any(one.offered for one in config.newsletters):
        say(f"  readers     {server.url}/signup  /newsletters/")
    for name, newsletter, slot in _next_editions(config):
        say(f"  next        {slot}  {name} → {newsletter}")
    if config.intake.watch:
        folder = config.intake.folder
        say(f"Save a file like this into {folder}/: {folder}/lighthouse.md\n\n{EXAMPLE}")


def _mail(config: "Config", server: "Server") -> str:
    from syndicate.config import Transport  # noqa: PLC0415 - start-up
    from syndicate.web.loopback import is_loopback  # noqa: PLC0415 - start-up

    if config.mail.transport is not Transport.OUTBOX:
        return f"by {config.mail.host}:{config.mail.server_port}"
    if is_loopback(config.web.host):
        return f"{server.url}/outbox (nothing is really sent)"
    return f"{config.mail.outbox}/ (nothing is really sent; only on loopback is it at /outbox)"


def _next_editions(config: "Config") -> Iterator[tuple[str, str, str]]:
    from syndicate.model.timetable import timing  # noqa: PLC0415 - start-up

    for schedule in config.schedules:
        zone = config.zone(schedule)
        for slot in timing(schedule, zone).upcoming(clock.now(), 1):
            yield schedule.name, schedule.newsletter, when(slot.due_at, zone)

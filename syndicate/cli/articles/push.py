"""`push`: list and retry the calls that hubs and search engines are still to get."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate import clock
from syndicate.cli.articles.push_report import notify
from syndicate.cli.context import AsJson, command_context
from syndicate.cli.terminal.console import echo_json, echo_table, format_time, note

if TYPE_CHECKING:
    from syndicate.config import Config
    from syndicate.store import Store

Now = Annotated[
    bool, typer.Option("--now", help="Retry now everything that waits or was given up.")
]

_MAX_SUBSCRIBERS = 20
"""Failing subscribers of our own hub that are listed one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCall:
    """A call that is still to be made, as `push --json` prints it."""

    to: str
    """The URL of a hub or search engine, or the host of a subscriber of our own hub."""
    what: str
    """A feed's URL, or how many pages."""
    attempts: int
    next_at: datetime | None
    """When it is retried; None: only by `push --now`."""
    error: str


def push(context: typer.Context, *, now: Now = False, json: AsJson = False) -> None:
    """List pending calls to hubs and search engines, with their errors."""
    from syndicate.publish.push.change_notifier import ChangeNotifier  # noqa: PLC0415 - start-up

    command = command_context(context)
    with command.store() as store:
        notifier = ChangeNotifier.of(store, command.config)
        if notifier is None:
            note(f"nobody is notified: {_remedy(command.config)}")
        failed = False
        if now and notifier is not None:
            with store.write() as tx:
                tx.calls.retry_now(clock.now())
            failed = not notify(notifier, write=note)
        calls = _pending_calls(store)
        hub = _hub_line(store) if command.config.websub.own else ""
    if json:
        echo_json([{name: getattr(call, name) for name in PendingCall.__slots__} for call in calls])
    else:
        zone = command.config.publication.timezone
        echo_table(
            ("to", "what", "attempts", "next try", "error"),
            [
                (call.to, call.what, call.attempts, format_time(call.next_at, zone), call.error)
                for call in calls
            ],
        )
        if hub:
            note(hub)
    if failed:
        raise typer.Exit(1)


def _remedy(config: "Config") -> str:
    """Return what to configure for somebody to be notified."""
    if config.websub.hubs or config.indexnow.key:
        return f"{config.url} can't be reached from elsewhere; set publication.url"
    return "set websub.hubs, websub.own or indexnow.key"


def _hub_line(store: "Store") -> str:
    with store.read() as tx:
        hub = tx.hub.counts()
    return (
        f"our hub: subscriptions {hub.subscriptions}, waiting for verification {hub.requests}, "
        f"waiting for the newest version {hub.owed}, failing {hub.failing}"
    )


def _pending_calls(store: "Store") -> list[PendingCall]:
    from syndicate.publish.push.fan_out import host_of  # noqa: PLC0415 - start-up
    from syndicate.store import CallKind  # noqa: PLC0415

    with store.read() as tx:
        pending = tx.calls.pending()
    pings = [calls for calls in pending if calls.kind is CallKind.PING]
    pages = [calls for calls in pending if calls.kind is CallKind.INDEXNOW]
    failing = [calls for calls in pending if calls.kind is CallKind.DELIVERY and calls.error]
    return [
        PendingCall(
            # the rest of a callback is a secret
            to=host_of(calls.endpoint) if calls.kind is CallKind.DELIVERY else calls.endpoint,
            what=calls.topic or ("1 page" if calls.calls == 1 else f"{calls.calls} pages"),
            attempts=calls.attempts,
            next_at=calls.due_at,
            error=calls.error,
        )
        for calls in (*pings, *pages, *failing[:_MAX_SUBSCRIBERS])
    ]

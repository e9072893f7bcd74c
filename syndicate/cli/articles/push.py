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
                tx.endpoint_backoff.clear()
                tx.pings.retry_now(clock.now())
                tx.submissions.retry_now(clock.now())
                tx.hub.retry_now(clock.now())
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


def _next_attempt(due_at: datetime | None, backoff: datetime | None) -> datetime | None:
    """Return when a call is retried, at the earliest when its server's backoff ends."""
    return max(due_at, backoff) if due_at and backoff else due_at


def _hub_line(store: "Store") -> str:
    with store.read() as tx:
        hub = tx.hub.counts()
    return (
        f"our hub: subscriptions {hub.subscriptions}, waiting for verification {hub.requests}, "
        f"waiting for the newest version {hub.owed}, failing {hub.failing}"
    )


def _pending_calls(store: "Store") -> list[PendingCall]:
    from syndicate.publish.push.fan_out import host_of  # noqa: PLC0415 - start-up

    with store.read() as tx:
        pings, submissions = tx.pings.pending(), tx.submissions.pending()
        endpoints = {ping.hub for ping in pings} | {batch.engine for batch in submissions}
        backoffs = {endpoint: tx.endpoint_backoff.until(endpoint) for endpoint in endpoints}
        failing = tx.hub.counts().first
    return [
        *(
            PendingCall(
                to=ping.hub,
                what=ping.topic,
                attempts=ping.attempts,
                next_at=_next_attempt(ping.due_at, backoffs[ping.hub]),
                error=ping.error,
            )
            for ping in pings
        ),
        *(
            PendingCall(
                to=batch.engine,
                what="1 page" if batch.pages == 1 else f"{batch.pages} pages",
                attempts=batch.attempts,
                next_at=_next_attempt(batch.due_at, backoffs[batch.engine]),
                error=batch.error,
            )
            for batch in submissions
        ),
        *(
            PendingCall(
                to=host_of(delivery.callback),  # the rest of a callback is a secret
                what=delivery.topic,
                attempts=delivery.attempts,
                next_at=delivery.due_at,
                error=delivery.error,
            )
            for delivery in failing
        ),
    ]

"""`push`: what hubs and search engines are still owed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate import clock
from syndicate.cli.articles.push_report import tell
from syndicate.cli.context import AsJson, here
from syndicate.cli.terminal.console import as_json, note, table, when

if TYPE_CHECKING:
    from syndicate.config import Config
    from syndicate.store import Store

Now = Annotated[
    bool, typer.Option("--now", help="Try everything that waits now, and what was given up.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCall:
    """What somebody is to be told, as `push --json` says it."""

    to: str
    """The address of a hub or of a search engine, or the host of a subscriber of our hub."""
    what: str
    """A feed's address, or how many pages."""
    attempts: int
    next_at: datetime | None
    """When it is tried next; None: not by itself."""
    error: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(push)


def push(context: typer.Context, *, now: Now = False, json: AsJson = False) -> None:
    """List what hubs and search engines are still to be told, and why they were not yet."""
    from syndicate.publish.push.change_notifier import ChangeNotifier  # noqa: PLC0415 - start-up

    ours = here(context)
    with ours.store() as store:
        herald = ChangeNotifier.of(store, ours.config)
        if herald is None:
            note(f"nobody is told of anything: {_remedy(ours.config)}")
        failed = False
        if now and herald is not None:
            with store.write() as tx:
                tx.endpoint_backoff.clear()
                tx.pings.retry_now(clock.now())
                tx.submissions.retry_now(clock.now())
                tx.hub.retry_now(clock.now())
            failed = not tell(herald, said=note)
        owed = _owed(store)
        hub = _hub(store) if ours.config.websub.own else ""
    if json:
        as_json([{name: getattr(one, name) for name in PendingCall.__slots__} for one in owed])
    else:
        zone = ours.config.publication.timezone
        table(
            ("to", "what", "attempts", "next try", "error"),
            [(one.to, one.what, one.attempts, when(one.next_at, zone), one.error) for one in owed],
        )
        if hub:
            note(hub)
    if failed:
        raise typer.Exit(1)


def _remedy(config: "Config") -> str:
    """Say what to set for somebody to be told."""
    if config.websub.hubs or config.indexnow.key:
        return f"nobody elsewhere can reach {config.url}; set publication.url"
    return "set websub.hubs, websub.own or indexnow.key"


def _later(due_at: datetime | None, pause: datetime | None) -> datetime | None:
    """Return when something is tried next that is due to a server that may be left alone."""
    return max(due_at, pause) if due_at and pause else due_at


def _hub(store: "Store") -> str:
    """Say how our own hub stands."""
    with store.read() as tx:
        hub = tx.hub.counts()
    return (
        f"our hub: subscriptions {hub.subscriptions}, to be verified {hub.requests}, "
        f"waiting for the newest version {hub.owed}, failing {hub.failing}"
    )


def _owed(store: "Store") -> list[PendingCall]:
    from syndicate.publish.push.fan_out import host_of  # noqa: PLC0415 - start-up

    with store.read() as tx:
        pings, waiting = tx.pings.pending(), tx.submissions.pending()
        pauses = {to: tx.endpoint_backoff.until(to) for to in {one.hub for one in pings}}
        pauses |= {to: tx.endpoint_backoff.until(to) for to in {one.engine for one in waiting}}
        failing = tx.hub.counts().first
    return [
        *(
            PendingCall(
                to=ping.hub,
                what=ping.topic,
                attempts=ping.attempts,
                next_at=_later(ping.due_at, pauses[ping.hub]),
                error=ping.error,
            )
            for ping in pings
        ),
        *(
            PendingCall(
                to=one.engine,
                what="1 page" if one.pages == 1 else f"{one.pages} pages",
                attempts=one.attempts,
                next_at=_later(one.due_at, pauses[one.engine]),
                error=one.error,
            )
            for one in waiting
        ),
        *(
            PendingCall(
                to=host_of(one.callback),  # the rest of a callback is a secret
                what=one.topic,
                attempts=one.attempts,
                next_at=one.due_at,
                error=one.error,
            )
            for one in failing
        ),
    ]

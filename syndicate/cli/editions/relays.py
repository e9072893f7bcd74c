"""`relays`: the mail servers, what each takes at the moment, and why one takes nothing."""

from typing import TYPE_CHECKING, Any

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, here
from syndicate.cli.editions.progress_bar import obstacle_values, obstacles, rate
from syndicate.cli.terminal.console import as_json, say, table

if TYPE_CHECKING:
    from syndicate.schedule.mail_status import RelayStatus

HEADINGS = ("relay", "server", "weight", "connections", "rate", "today", "sessions", "now")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(relays)


def relays(context: typer.Context, *, json: AsJson = False) -> None:
    """List the mail servers: their limits, how much leaves by them now, and why nothing does."""
    from syndicate.schedule.mail_status import MailStatus  # noqa: PLC0415 - start-up

    ours = here(context)
    with ours.store() as store, store.read() as tx:
        traffic = MailStatus.read(tx, ours.config, clock.now())
    if json:
        as_json([_values(way) for way in traffic.relays])
        return
    table(HEADINGS, [_row(way) for way in traffic.relays])
    for line in obstacles(traffic.blockers, ours.config.publication.timezone):
        say(line)


def _row(way: "RelayStatus") -> tuple[object, ...]:
    relay = way.settings
    return (
        way.name,
        way.server,
        relay.weight,
        relay.connections,
        relay.rate or "",
        "" if way.quota is None else f"{way.quota_used:,} of {way.quota:,}",
        way.sessions,
        rate(way.per_second) if way.per_second else "",
    )


def _values(way: "RelayStatus") -> dict[str, Any]:
    relay = way.settings
    return {
        "relay": way.name,
        "server": way.server,
        "weight": relay.weight,
        "connections": relay.connections,
        "rate": str(relay.rate) if relay.rate else None,
        "warm_up_today": way.quota,
        "used_today": way.quota_used,
        "sessions": way.sessions,
        "per_second": round(way.per_second, 2),
        "accepted": way.accepted,
        "deferred": way.deferred,
        "failed": way.failed,
        "obstacle": obstacle_values([way.blocker])[0] if way.blocker else None,
    }

"""`relays`: the mail servers, their limits and current rates, and what blocks them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, command_context
from syndicate.cli.editions.progress_format import blocker_lines, format_rate
from syndicate.cli.terminal.console import echo, echo_json, echo_table

if TYPE_CHECKING:
    from syndicate.schedule.mail_status import RelayStatus

HEADINGS = ("relay", "server", "weight", "connections", "rate", "today", "sessions", "now")


def relays(context: typer.Context, *, json: AsJson = False) -> None:
    """List the mail servers: limits, current rates, blockers."""
    from syndicate.schedule.mail_status import MailStatus  # noqa: PLC0415 - start-up

    command = command_context(context)
    with command.store() as store, store.read() as tx:
        status = MailStatus.read(tx, command.config, clock.now())
    if json:
        echo_json([_values(relay) for relay in status.relays])
        return
    echo_table(HEADINGS, [_row(relay) for relay in status.relays])
    for line in blocker_lines(status.blockers, command.config.publication.timezone):
        echo(line)


def _row(relay: "RelayStatus") -> tuple[object, ...]:
    settings = relay.settings
    return (
        relay.name,
        relay.server,
        settings.weight,
        settings.connections,
        settings.rate or "",
        "" if relay.quota is None else f"{relay.quota_used:,} of {relay.quota:,}",
        relay.sessions,
        format_rate(relay.per_second),
    )


def _values(relay: "RelayStatus") -> dict[str, Any]:
    settings = relay.settings
    return {
        "relay": relay.name,
        "server": relay.server,
        "weight": settings.weight,
        "connections": settings.connections,
        "rate": str(settings.rate) if settings.rate else None,
        "warm_up_today": relay.quota,
        "used_today": relay.quota_used,
        "sessions": relay.sessions,
        "per_second": round(relay.per_second, 2),
        **{name: getattr(relay, name) for name in ("accepted", "deferred", "failed")},
        "obstacle": asdict(relay.blocker) if relay.blocker else None,
    }

"""`relays`: the mail servers, how fast mail leaves by each, and what blocks it."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from syndicate import clock
from syndicate.cli.console import echo, echo_json, echo_table, format_time
from syndicate.cli.context import AsJson, CommandContext
from syndicate.cli.editions.mail_pause import PAUSED_SINCE

if TYPE_CHECKING:
    from syndicate.schedule.mail_status import Blocker

_HEADINGS = ("relay", "server", "weight", "connections", "rate", "today", "sessions", "now")
_COUNTS = ("sessions", "accepted", "deferred", "failed")
_BLOCKERS = {
    "pause": PAUSED_SINCE,
    "hold": "{name}: on hold until {until}: {reason}",
    "out": "{name}: unavailable at {at}: {reason}",
    "rate": "{name}: at the rate limit that [mail] sets, {reason}",
    "warm_up": "{name}: today's warm_up quota of {reason} is used up; more from {until}",
    "nobody": "no process is delivering: start `syndicate run`, or run `syndicate tick`",
}


def relays(command: CommandContext, *, json: AsJson = False) -> None:
    """List the mail servers: limits, current rates, blockers."""
    from syndicate.schedule.mail_status import MailStatus  # noqa: PLC0415 - start-up

    with command.store() as store, store.read() as tx:
        status = MailStatus.read(tx, command.config, clock.now())
    values = [
        {
            "relay": relay.name,
            "server": relay.server,
            "weight": relay.settings.weight,
            "connections": relay.settings.connections,
            "rate": str(relay.settings.rate) if relay.settings.rate else None,
            "warm_up_today": relay.quota,
            "used_today": relay.quota_used,
            "per_second": round(relay.per_second, 2),
            **{name: getattr(relay, name) for name in _COUNTS},
            "obstacle": asdict(relay.blocker) if relay.blocker else None,
        }
        for relay in status.relays
    ]
    if json:
        echo_json(values)
        return
    rows = []
    for value, relay in zip(values, status.relays, strict=True):
        quota = "" if relay.quota is None else f"{relay.quota_used:,} of {relay.quota:,}"
        settings = [value[key] for key in _HEADINGS[:5]]
        rows.append((*settings, quota, relay.sessions, format_rate(relay.per_second)))
    echo_table(_HEADINGS, rows)
    for line in blocker_lines(status.blockers, command.config.publication.timezone):
        echo(line)


def blocker_lines(blockers: "Iterable[Blocker]", zone: ZoneInfo) -> Iterator[str]:
    """Yield a line for each blocker."""
    for blocker in blockers:
        yield _BLOCKERS[blocker.kind].format(
            name=f"relay {blocker.relay}" if blocker.relay else ", ".join(blocker.domains),
            at=format_time(blocker.at, zone),
            until=format_time(blocker.until, zone),
            reason=blocker.reason,
        )


def format_rate(per_second: float) -> str:
    """Format a rate, with two significant digits where it is low: "812/s", "2.5/s", "20/min"."""
    if not per_second:
        return ""
    if per_second >= 10:  # noqa: PLR2004 - two digits
        return f"{per_second:,.0f}/s"
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{per_second * 60:.0f}/min"

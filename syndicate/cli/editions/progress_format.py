"""Format the progress of mail: bars, counts, rates, remaining times, and what blocks it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from syndicate.cli.editions.blockers import edition_state
from syndicate.cli.terminal.console import format_time, supports_unicode
from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.edition_progress import EditionProgress
from syndicate.model.editions import EditionState

if TYPE_CHECKING:
    from syndicate.schedule.mail_status import Blocker, RelayStatus

_BAR_WIDTH = 24
_OTHER_STATES = ("deferred", "failed", "expired", "skipped", "unknown")

RELAY_HEADINGS = ("relay", "sessions", "rate", "accepted", "deferred", "failed")
"""The headings for `relay_row`."""


def draw_bar(share: float) -> str:
    """Draw a progress bar, in ASCII where the terminal shows nothing else."""
    full = int(share * _BAR_WIDTH)
    full_char, empty_char = "━─" if supports_unicode() else "#."
    return full_char * full + empty_char * (_BAR_WIDTH - full)


def format_counts(totals: DeliveryTotals) -> str:
    """Format an edition's counts: "7,320 of 12,000 accepted, 12 deferred, 3 failed"."""
    others = ((name, getattr(totals, name)) for name in _OTHER_STATES)
    rest = (f", {count:,} {name}" for name, count in others if count)
    return f"{totals.accepted:,} of {totals.audience:,} accepted{''.join(rest)}"


def format_speed(progress: EditionProgress, zone: ZoneInfo) -> str:
    """Format an edition's rate and remaining time: "812/s, done in 6 s"; or its state."""
    state = edition_state(progress.edition, progress.totals)
    if state != EditionState.SENDING:
        return state
    if not progress.totals.queued and not progress.totals.sending:
        return f"next attempt {format_time(progress.next_attempt_at, zone)}"
    if not progress.per_second:
        return "waiting"
    rate, left = format_rate(progress.per_second), progress.left
    return f"{rate}, done in {format_remaining(left)}" if left else rate


def format_rate(per_second: float) -> str:
    """Format a rate, with two significant digits where it is low: "812/s", "2.5/s", "20/min"."""
    if per_second >= 10:  # noqa: PLR2004 - two digits
        return f"{per_second:,.0f}/s"
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{per_second * 60:.0f}/min"


def format_remaining(time: timedelta) -> str:
    """Format a remaining time roughly: "40 s", "12 min", "3 h 5 min"."""
    seconds = int(time.total_seconds())
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest} min" if hours else f"{minutes} min"


def blocker_lines(blockers: "Sequence[Blocker]", zone: ZoneInfo) -> Iterator[str]:
    """Yield a line for each blocker."""
    from syndicate.schedule.mail_status import BlockerKind  # noqa: PLC0415 - start-up

    for blocker in blockers:
        name = f"relay {blocker.relay}" if blocker.relay else ", ".join(blocker.domains)
        until, reason = format_time(blocker.until, zone), blocker.reason
        match blocker.kind:
            case BlockerKind.HOLD:
                yield f"{name}: on hold until {until}: {reason}"
            case BlockerKind.OUT:
                yield f"{name}: unavailable at {format_time(blocker.at, zone)}: {reason}"
            case BlockerKind.RATE:
                yield f"{name}: at the rate limit that [mail] sets, {reason}"
            case BlockerKind.WARM_UP:
                yield f"{name}: today's warm_up quota of {reason} is used up; more from {until}"
            case BlockerKind.NOBODY:
                yield "no process is delivering: start `syndicate run`, or run `syndicate tick`"


def blocker_values(blockers: "Sequence[Blocker]") -> list[dict[str, Any]]:
    """Return the blockers, for scripts."""
    return [asdict(blocker) for blocker in blockers]


def relay_row(relay: "RelayStatus") -> tuple[object, ...]:
    """Return a relay's row in a table."""
    rate = format_rate(relay.per_second) if relay.per_second else ""
    return relay.name, relay.sessions, rate, relay.accepted, relay.deferred, relay.failed

"""How far mail is, in words: a bar, a rate, how long it still takes, and what is in the way."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from syndicate.cli.editions.blockers import state_of
from syndicate.cli.terminal.console import shows_lines, when
from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.edition_progress import EditionProgress
from syndicate.model.editions import EditionState

if TYPE_CHECKING:
    from syndicate.schedule.mail_status import Blocker, RelayStatus

_WIDTH = 24
_TOLD = ("deferred", "failed", "expired", "skipped", "unknown")


def bar(share: float) -> str:
    """Draw how much of it is over, as far as the terminal can show that."""
    full = int(share * _WIDTH)
    done, open_ = "━─" if shows_lines() else "#."
    return done * full + open_ * (_WIDTH - full)


def counts(totals: DeliveryTotals) -> str:
    """Say where its readers stand: "7,320 of 12,000 accepted, 12 deferred, 3 failed"."""
    others = ((name, getattr(totals, name)) for name in _TOLD)
    rest = (f", {count:,} {name}" for name, count in others if count)
    return f"{totals.accepted:,} of {totals.audience:,} accepted{''.join(rest)}"


def speed(one: EditionProgress, zone: ZoneInfo) -> str:
    """Say how fast it goes, and how long it takes: "812/s, done in 6 s"; or how it stands."""
    stands = state_of(one.edition, one.totals)
    if stands != EditionState.SENDING:
        return stands
    if not one.totals.queued and not one.totals.sending:
        return f"the next attempt {when(one.next_attempt_at, zone)}"
    if not one.per_second:
        return "waiting"
    left = one.left
    return f"{rate(one.per_second)}, done in {lasting(left)}" if left else rate(one.per_second)


def rate(per_second: float) -> str:
    """Write a speed, as many digits of it as say something: "812/s", "2.5/s", "20/min"."""
    if per_second >= 10:  # noqa: PLR2004 - below it a digit more says something
        return f"{per_second:,.0f}/s"
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{per_second * 60:.0f}/min"


def lasting(time: timedelta) -> str:
    """Write how long something takes, roughly: "40 s", "12 min", "3 h 5 min"."""
    seconds = int(time.total_seconds())
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest} min" if hours else f"{minutes} min"


def obstacles(found: "Sequence[Blocker]", zone: ZoneInfo) -> Iterator[str]:
    """Say what is in the way, a line each."""
    from syndicate.schedule.mail_status import BlockerKind  # noqa: PLC0415 - start-up

    for one in found:
        who = f"relay {one.relay}" if one.relay else ", ".join(one.domains)
        until = when(one.until, zone)
        match one.kind:
            case BlockerKind.HOLD:
                yield f"{who}: wants nothing until {until}: {one.reason}"
            case BlockerKind.OUT:
                yield f"{who}: took nothing at {when(one.at, zone)}: {one.reason}"
            case BlockerKind.RATE:
                yield f"{who}: gets {one.reason}, as much as [mail] lets it have"
            case BlockerKind.WARM_UP:
                yield f"{who}: had its {one.reason} of today (warm_up); more from {until} on"
            case BlockerKind.NOBODY:
                yield "nobody delivers: `syndicate run` does, and `syndicate tick`, once"


def obstacle_values(found: "Sequence[Blocker]") -> list[dict[str, Any]]:
    """Return what is in the way, for scripts."""
    return [asdict(one) for one in found]


def way_row(way: "RelayStatus") -> tuple[object, ...]:
    """Return what a table says of how it goes with a relay."""
    pace = rate(way.per_second) if way.per_second else ""
    return way.name, way.sessions, pace, way.accepted, way.deferred, way.failed


WAY = ("relay", "sessions", "rate", "accepted", "deferred", "failed")
"""The headings above it."""

"""Format the progress of mail: states, bars, counts, rates, remaining times, what blocks it.

Functions called `…_values` return the same for scripts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from syndicate.cli.terminal.console import format_time, supports_unicode
from syndicate.model.deliveries import Delivery, DeliveryState, DeliveryTotals
from syndicate.model.edition_control import ControlRecord, EditionWait
from syndicate.model.editions import Edition, EditionProgress, EditionState

if TYPE_CHECKING:
    from syndicate.schedule.mail_status import Blocker

_BAR_WIDTH = 24
_OTHER_STATES = ("deferred", "failed", "expired", "skipped", "unknown")


def edition_state(edition: Edition, totals: DeliveryTotals) -> str:
    """Return an edition's state: sending, done, paused, cancelled, replaced by 42."""
    if edition.state is EditionState.REPLACED:
        return f"replaced by {edition.successor}"
    return edition_state_value(edition.state, waits=bool(totals.waiting))


def edition_state_value(state: EditionState, *, waits: bool) -> str:
    """Return an edition's state for scripts: sending, done, paused, cancelled, replaced."""
    return "done" if state is EditionState.SENDING and not waits else str(state)


def edition_wait_lines(edition: Edition, wait: EditionWait, zone: ZoneInfo) -> Iterator[str]:
    """Yield a line for each reason why an edition waits."""
    if edition.state is EditionState.PAUSED:
        paused = wait.paused
        by = f" since {format_time(paused.at, zone)}: {paused.cause.how}" if paused else ""
        yield f"paused{by}; waits for `syndicate resume {edition.key}`"
    if wait.put_off:
        why = f": {wait.reply}" if wait.reply else ""
        at = format_time(wait.next_attempt_at, zone)
        yield f"{wait.put_off} deferred, the first until {at}{why}"
    if wait.unsettled:
        settle = f"`syndicate settle {edition.key} --unknown resend|skip`"
        yield f"{wait.unsettled} unknown: they may have arrived; waits for {settle}"


def delivery_wait(edition: Edition, delivery: Delivery, now: datetime) -> str:
    """Return what a delivery waits for; empty for one that is settled."""
    if delivery.state is DeliveryState.SENDING:
        return "the server's answer"
    if delivery.state not in {DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DEFERRED}:
        return ""
    if edition.state is EditionState.PAUSED:
        return "the edition is paused"
    if delivery.next_attempt_at is not None and delivery.next_attempt_at > now:
        return "its next attempt"
    return "its turn"


def wait_values(wait: EditionWait) -> dict[str, Any]:
    """Return what an edition waits for, for scripts."""
    return asdict(wait) | {"paused": decision_values(wait.paused) if wait.paused else None}


def decision_values(decision: ControlRecord) -> dict[str, Any]:
    """Return a decision about an edition, for scripts."""
    return {
        "at": decision.at,
        "decision": decision.act,
        "who": decision.cause.who,
        "how": decision.cause.how,
        "detail": decision.detail,
    }


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
    if not per_second:
        return ""
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

"""What editions and deliveries wait for: as lines for people, and as values for scripts."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.cli.terminal.console import format_time
from syndicate.model.deliveries import Delivery, DeliveryState, DeliveryTotals
from syndicate.model.edition_control import ControlRecord, EditionWait
from syndicate.model.editions import Edition, EditionState


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
    return {
        "paused": decision_values(wait.paused) if wait.paused else None,
        "put_off": wait.put_off,
        "next_attempt_at": wait.next_attempt_at,
        "reply": wait.reply,
        "unsettled": wait.unsettled,
    }


def decision_values(decision: ControlRecord) -> dict[str, Any]:
    """Return a decision about an edition, for scripts."""
    return {
        "at": decision.at,
        "decision": decision.act,
        "who": decision.cause.who,
        "how": decision.cause.how,
        "detail": decision.detail,
    }

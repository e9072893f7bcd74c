"""What editions and their deliveries wait for, and why, in words and as values."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.cli.terminal.console import when
from syndicate.model.deliveries import Delivery, DeliveryState, DeliveryTotals
from syndicate.model.edition_control import ControlRecord, EditionWait
from syndicate.model.editions import Edition, EditionState


def state_of(edition: Edition, totals: DeliveryTotals) -> str:
    """Say in a word how an edition stands: sending, done, paused, cancelled, replaced by 42."""
    if edition.state is EditionState.REPLACED:
        return f"replaced by {edition.successor}"
    return state_value(edition.state, waits=bool(totals.waiting))


def state_value(state: EditionState, *, waits: bool) -> str:
    """Return how an edition stands, for scripts: sending, done, paused, cancelled, replaced."""
    return "done" if state is EditionState.SENDING and not waits else str(state)


def waits_for(edition: Edition, wait: EditionWait, zone: ZoneInfo) -> Iterator[str]:
    """Say what an edition waits for, a line each."""
    if edition.state is EditionState.PAUSED:
        by = f" since {when(wait.paused.at, zone)}: {wait.paused.cause.how}" if wait.paused else ""
        yield f"paused{by}; waits for `syndicate resume {edition.key}`"
    if wait.put_off:
        why = f": {wait.reply}" if wait.reply else ""
        yield f"{wait.put_off} put off, the first until {when(wait.next_attempt_at, zone)}{why}"
    if wait.unsettled:
        settle = f"`syndicate settle {edition.key} --unknown resend|skip`"
        yield f"{wait.unsettled} unknown, whether they arrived; waits for {settle}"


def delivery_waits_for(edition: Edition, one: Delivery, now: datetime) -> str:
    """Say what one delivery waits for; empty where nothing more is to come."""
    if one.state is DeliveryState.SENDING:
        return "the server's answer"
    if one.state not in {DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DEFERRED}:
        return ""
    if edition.state is EditionState.PAUSED:
        return "the edition is paused"
    if one.next_attempt_at is not None and one.next_attempt_at > now:
        return "its next attempt"
    return "its turn"


def wait_values(wait: EditionWait) -> dict[str, Any]:
    """Return what is waited for, for scripts."""
    return {
        "paused": note_values(wait.paused) if wait.paused else None,
        "put_off": wait.put_off,
        "next_attempt_at": wait.next_attempt_at,
        "reply": wait.reply,
        "unsettled": wait.unsettled,
    }


def note_values(note: ControlRecord) -> dict[str, Any]:
    """Return a decision, for scripts."""
    return {
        "at": note.at,
        "decision": note.act,
        "who": note.cause.who,
        "how": note.cause.how,
        "detail": note.detail,
    }

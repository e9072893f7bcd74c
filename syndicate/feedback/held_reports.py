"""Keeps for a person what only a person can decide: reports by mail, and events of providers.

An event is kept where nothing in it names a delivery, but its address is a reader's. It is kept
as JSON: what it is taken for, and the event as the provider sent it.
"""

import json
from dataclasses import asdict, replace
from datetime import datetime

from syndicate.feedback.effects import RecordedFeedback, RecordOutcome, name
from syndicate.feedback.providers.provider_event import ProviderEvent
from syndicate.model.feedback import (
    DeliveryReference,
    Feedback,
    FeedbackKind,
    HeldReport,
    ParsedReport,
)
from syndicate.model.subscribers import (
    Subscriber,
    SubscriptionState,
    SuppressionKind,
    normalise_email,
)
from syndicate.store import Transaction
from syndicate.text import one_line, shorten

MAX_RAW = 256 * 1024
"""Bytes that are kept of a report."""
CROWDED, CROWDED_RAW = 1000, 16 * 1024
"""When so many reports wait, only this much is kept of a further one."""
MOST_HELD = 10_000
"""Of more that wait, the oldest go: a flood of spam must not fill the disk."""
_MAX_REASON = 500
_MAX_NAME = 255
_ABOUT_READERS = (FeedbackKind.HARD_BOUNCE, FeedbackKind.COMPLAINT, FeedbackKind.UNSUBSCRIBED)
"""The kinds of events that end something for a reader; of others there will be more."""


def hold_report(
    tx: Transaction, parsed: ParsedReport, raw: bytes, *, reason: str, source: str, at: datetime
) -> None:
    """Keep a report by mail, cut off where it is long."""
    named = [item.reference.recipient for item in parsed.feedback if item.reference.recipient]
    report = HeldReport(
        source=source,
        received_at=at,
        reason=shorten(reason, _MAX_REASON),
        sender=shorten(parsed.sender, _MAX_NAME),
        subject=shorten(parsed.subject, _MAX_NAME),
        recipient=one_line(normalise_email(named[0])) if named else "",
        raw=b"",
    )
    _hold(tx, replace(report, raw=raw[: _room(tx)]))


def hold_event(
    tx: Transaction, event: ProviderEvent, done: RecordedFeedback, *, source: str, at: datetime
) -> bool:
    """Keep a provider's event that needs a person; return whether it was kept.

    It is not where it is about nobody who is a reader, where nothing is left to decide, and where
    the same kind of event of that hook about that address waits already.
    """
    feedback = event.feedback
    if feedback is None or feedback.kind not in _ABOUT_READERS or not done.needs_person:
        return False
    address = one_line(normalise_email(feedback.reference.recipient))
    reader = tx.subscribers.by_email(address) if address else None
    if reader is None or _is_settled(tx, reader, feedback.kind):
        return False
    subject = feedback.kind.value
    if tx.held_reports.contains(source, address, subject):
        return False
    reason = done.sentence
    if done.outcome is RecordOutcome.UNMATCHED:
        reason = f"the {name(feedback.kind)} names no delivery of ours, only a reader's address"
    report = HeldReport(
        source=source,
        received_at=at,
        reason=shorten(": ".join(filter(None, (reason, feedback.answer))), _MAX_REASON),
        sender=shorten(feedback.host, _MAX_NAME),
        subject=subject,
        recipient=address,
        raw=_written(event, feedback, _room(tx)),
    )
    _hold(tx, report)
    return True


def read_event(raw: bytes) -> Feedback:
    """Return what an event that was kept is taken for."""
    values = json.loads(raw)["taken_for"]
    at = values["at"]
    return Feedback(
        kind=FeedbackKind(values["kind"]),
        reference=DeliveryReference(recipient=values["recipient"]),
        at=datetime.fromisoformat(at) if at else None,
        code=values["code"],
        status=values["status"],
        text=values["text"],
        host=values["host"],
        event_id=values["event_id"],
    )


def _is_settled(tx: Transaction, reader: Subscriber, kind: FeedbackKind) -> bool:
    """Whether nothing would follow any more if a person let it count."""
    if kind is FeedbackKind.UNSUBSCRIBED:
        return all(item.state is SubscriptionState.LEFT for item in reader.subscriptions)
    suppression = tx.subscribers.suppression(reader.email)
    if suppression is None:
        return False
    # a complaint outranks bounces: a reader can lift those
    final = SuppressionKind.COMPLAINT, SuppressionKind.OPERATOR
    return kind is FeedbackKind.HARD_BOUNCE or suppression.kind in final


def _written(event: ProviderEvent, feedback: Feedback, room: int) -> bytes:
    """Write an event; where it is too large or too deep, only what it is taken for."""
    values = asdict(feedback)
    values["recipient"] = values.pop("reference")["recipient"]
    values["at"] = feedback.at and feedback.at.isoformat()
    content = {"taken_for": values, "event": event.fields}
    try:
        raw = _as_json(content)
        if len(raw) <= room:
            return raw
        left_out = f"left out, since it has {len(raw)} bytes"
    except RecursionError:
        left_out = "left out, since it is nested too deeply"
    return _as_json(content | {"event": left_out})


def _as_json(content: object) -> bytes:
    # addresses as they are: an erasure looks for them
    return json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _room(tx: Transaction) -> int:
    """Return how many bytes are kept of one more report."""
    return CROWDED_RAW if tx.held_reports.count() >= CROWDED else MAX_RAW


def _hold(tx: Transaction, report: HeldReport) -> None:
    tx.held_reports.add(report)
    if tx.held_reports.count() > MOST_HELD:
        tx.held_reports.delete_oldest(keep=MOST_HELD)

"""Deliveries and what came back about them, for tests of figures and alarms."""

from datetime import datetime, timedelta
from typing import Any

from syndicate.model.deliveries import DeliveryState
from syndicate.model.feedback import FeedbackKind, FeedbackRecord, MatchedBy
from syndicate.store import Transaction
from syndicate.store.database.schema import deliveries

MINUTE = timedelta(minutes=1)


def report(edition: int, subscriber: int, kind: FeedbackKind, **changes: Any) -> FeedbackRecord:
    """Make a record of feedback that came by mail; `at` is when it happened and was received."""
    at = changes.pop("at")
    values: dict[str, Any] = {
        "domain": "example.org",
        "host": "mx.example.net",
        "source": "imap",
        "matched_by": MatchedBy.RETURN_PATH,
        "received_at": at,
        **changes,
    }
    return FeedbackRecord(edition=edition, subscriber=subscriber, kind=kind, at=at, **values)


def accept_all(tx: Transaction, edition: int, at: datetime) -> None:
    """Let a server have accepted all that is queued of an edition."""
    tx._connection.execute(
        deliveries.update()
        .where(deliveries.c.edition == edition)
        .values(state=DeliveryState.ACCEPTED, code=250, at=at)
    )

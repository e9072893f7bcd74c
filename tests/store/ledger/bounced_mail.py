"""Editions that servers have accepted, and what came back about them, for tests of figures."""

from datetime import UTC, datetime, timedelta

from syndicate.model.deliveries import DeliveryState
from syndicate.model.feedback import FeedbackKind, MatchedBy
from syndicate.store.database.schema import deliveries
from tests.feedback_records import accept_all, report
from tests.sample_editions import freeze, subscribe

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
HARD, SOFT, BLOCKED = (FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.BLOCKED)


def edition(store, *addresses, at=NOW, **options):
    """Freeze an edition for these readers, all of whose mail is accepted; return numbers."""
    keys = [subscribe(store, address, at=NOW) for address in addresses]
    key = freeze(store, at=at, **options).key
    with store.write() as tx:
        accept_all(tx, key, at)
    return key, keys


def crowd(count, domain="example.org"):
    return [f"r{number}@{domain}" for number in range(count)]


def refuse(tx, key, reader, kind=HARD, **changes):
    """Record a refusal at hand-over, as the send loop does."""
    tx._connection.execute(
        deliveries.update()
        .where(deliveries.c.edition == key, deliveries.c.subscriber == reader)
        .values(state=DeliveryState.FAILED, code=550)
    )
    changes = {"source": "smtp", "matched_by": MatchedBy.HAND_OVER, "at": NOW, **changes}
    assert tx.feedback.add(report(key, reader, kind, **changes))


def complain(store, key, people):
    with store.write() as tx:
        for reader in people:
            tx.feedback.add(report(key, reader, FeedbackKind.COMPLAINT, at=NOW))

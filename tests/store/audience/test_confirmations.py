"""A confirmation is found and answered once."""

from datetime import UTC, datetime, timedelta

from syndicate.model.subscribers import ConfirmationKind
from syndicate.store import PendingConfirmation

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_question_is_answered_once_and_by_whom_it_was_put_to_alone(tx):
    asked = PendingConfirmation(
        letter=7,
        subscriber=3,
        kind=ConfirmationKind.SUBSCRIBE,
        asked={"newsletters": ["news"]},
        at=NOW,
        expires_at=NOW + timedelta(days=7),
    )
    tx.confirmations.add(asked)
    assert tx.confirmations.find(7, 4) is None
    assert tx.confirmations.find(7, 3) == asked
    assert tx.confirmations.by_subscriber(3) == [asked]
    assert tx.confirmations.mark_done(7, at=NOW)
    assert not tx.confirmations.mark_done(7, at=NOW)
    assert tx.confirmations.find(7, 3).done_at == NOW

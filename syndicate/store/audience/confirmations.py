"""Confirmations: what a letter asks its reader to confirm, and whether they did."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from syndicate.model.subscribers import ConfirmationKind
from syndicate.store.database.repository import Repository, columns_of
from syndicate.store.database.schema import confirmations


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingConfirmation:
    """What one letter asks its reader to confirm."""

    letter: int
    """The number of its edition."""
    subscriber: int
    kind: ConfirmationKind
    asked: dict[str, Any]
    """Its parameters: `newsletters` by name; or `from` and `to`, two subscribers' keys; or none."""
    at: datetime
    expires_at: datetime
    done_at: datetime | None = None


class Confirmations(Repository):
    """Confirmations, by letter and subscriber."""

    def add(self, pending: PendingConfirmation) -> None:
        """Add a confirmation that is pending."""
        self._insert(confirmations, columns_of(pending))

    def find(self, letter: int, subscriber: int) -> PendingConfirmation | None:
        """Find what a letter asks of a subscriber."""
        matches = confirmations.c.letter == letter, confirmations.c.subscriber == subscriber
        return self._value(PendingConfirmation, select(confirmations).where(*matches))

    def by_subscriber(self, subscriber: int) -> list[PendingConfirmation]:
        """Return what a subscriber was asked, oldest first."""
        query = select(confirmations).where(confirmations.c.subscriber == subscriber)
        return self._values(PendingConfirmation, query.order_by(confirmations.c.letter))

    def mark_done(self, letter: int, *, at: datetime) -> bool:
        """Record that a letter was confirmed; return False where it was confirmed before."""
        pending = confirmations.c.letter == letter, confirmations.c.done_at.is_(None)
        return self._update(confirmations, *pending, done_at=at) == 1

"""Confirmations: what a letter asks its reader to confirm, and whether they did."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update

from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import requests


class ConfirmationKind(StrEnum):
    """What the reader is asked to confirm."""

    SUBSCRIBE = "subscribe"
    ADDRESS = "address"
    """A change of address; it takes a letter to each of the two."""
    DATA = "data"
    """Access to their data: to see, correct, download or erase it, until the letter expires."""


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
        row = {name: getattr(pending, name) for name in PendingConfirmation.__dataclass_fields__}
        self._execute(insert(requests), row)

    def find(self, letter: int, subscriber: int) -> PendingConfirmation | None:
        """Find what a letter asks of a subscriber."""
        query = select(requests).where(
            requests.c.letter == letter, requests.c.subscriber == subscriber
        )
        row = self._execute(query).one_or_none()
        return None if row is None else _confirmation(row)

    def by_subscriber(self, subscriber: int, kind: ConfirmationKind) -> list[PendingConfirmation]:
        """Return what a subscriber was asked, newest first."""
        query = select(requests).where(requests.c.subscriber == subscriber, requests.c.kind == kind)
        rows = self._execute(query.order_by(requests.c.letter.desc()))
        return [_confirmation(row) for row in rows]

    def mark_done(self, letter: int, *, at: datetime) -> bool:
        """Record that a letter was confirmed; return False where it was confirmed before."""
        pending = update(requests).where(requests.c.letter == letter, requests.c.done_at.is_(None))
        return self._execute(pending, {"done_at": at}).rowcount == 1


def _confirmation(row: Row[Any]) -> PendingConfirmation:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return PendingConfirmation(**values | {"kind": ConfirmationKind(row.kind)})

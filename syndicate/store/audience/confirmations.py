"""Requests: what somebody asked for by a letter, and is still to be confirmed, or was."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from syndicate.store.database.schema import requests


class ConfirmationKind(StrEnum):
    """What is asked."""

    SUBSCRIBE = "subscribe"
    ADDRESS = "address"
    """To be mailed at another address from now on; it takes a letter to each of the two."""
    DATA = "data"
    """To see, correct, download or erase what is kept on them, as long as it has not expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingConfirmation:
    """One question that a letter puts to its reader."""

    letter: int
    """The edition that asks."""
    subscriber: int
    kind: ConfirmationKind
    asked: dict[str, Any]
    """What is to happen: `newsletters` by name; or `from` and `to`, two subscribers' keys; or
    nothing."""
    at: datetime
    expires_at: datetime
    done_at: datetime | None = None


class Confirmations:
    """What is asked of whom."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, request: PendingConfirmation) -> None:
        """Keep a question."""
        row = {name: getattr(request, name) for name in PendingConfirmation.__dataclass_fields__}
        self._connection.execute(insert(requests), row)

    def find(self, letter: int, subscriber: int) -> PendingConfirmation | None:
        """Find the question of a letter to somebody."""
        query = select(requests).where(
            requests.c.letter == letter, requests.c.subscriber == subscriber
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _request(row)

    def by_subscriber(self, subscriber: int, kind: ConfirmationKind) -> list[PendingConfirmation]:
        """Return what was asked of somebody, newest first."""
        query = select(requests).where(requests.c.subscriber == subscriber, requests.c.kind == kind)
        rows = self._connection.execute(query.order_by(requests.c.letter.desc()))
        return [_request(row) for row in rows]

    def mark_done(self, letter: int, *, at: datetime) -> bool:
        """Note that a question was answered with yes; False where it had been before."""
        open_ = update(requests).where(requests.c.letter == letter, requests.c.done_at.is_(None))
        return self._connection.execute(open_, {"done_at": at}).rowcount == 1


def _request(row: Row[Any]) -> PendingConfirmation:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return PendingConfirmation(**values | {"kind": ConfirmationKind(row.kind)})

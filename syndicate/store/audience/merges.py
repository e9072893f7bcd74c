"""Merges two subscribers into one, and follows old numbers to the one they became.

Links and ledger rows keep the old number. The audit log records the merge on both sides.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update

from syndicate.model.subscribers import Action, Cause, Subscriber, SubscriptionState
from syndicate.store.articles.reading import ArticleReader
from syndicate.store.audience.audit_log import AuditEntry, AuditLog
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import (
    changes,
    clicks,
    subscriber_tags,
    subscribers,
    subscriptions,
)
from syndicate.store.database.sql_engine import insert_new

_MERGED_FROM = "took in "
_MERGED_INTO = "became "
_MAX_STEPS = 100
"""Merges that are followed at most, so that a circle ends."""


class Merges(Repository):
    """Merges, and the numbers of merged subscribers."""

    def record(self, key: int, into: int, *, cause: Cause, at: datetime) -> None:
        """Give the audit log and the clicks of one number to another, and record the merge."""
        for table in (changes, clicks):
            moved = update(table).where(table.c.subscriber == key)
            self._execute(moved, {"subscriber": into})
        sides = ((into, f"{_MERGED_FROM}{key}"), (key, f"{_MERGED_INTO}{into}"))
        AuditLog(self._connection).add(
            *(
                AuditEntry(subscriber=side, action=Action.MERGED, cause=cause, at=at, detail=detail)
                for side, detail in sides
            )
        )

    def combine(self, first: Subscriber, second: Subscriber) -> None:
        """Give the subscriptions, tags and fields of the first person to the second.

        Where both have a subscription to a newsletter and one of them left, it stays left.
        """
        states = {other.newsletter: other.state for other in second.subscriptions}
        for taken in first.subscriptions:
            matches = and_(
                subscriptions.c.subscriber == second.key,
                subscriptions.c.newsletter == taken.newsletter,
            )
            row: dict[str, Any] = {"state": taken.state, "at": taken.at, "source": taken.source}
            if taken.newsletter not in states:
                row |= {"subscriber": second.key, "newsletter": taken.newsletter}
                row |= {"since": taken.since}
                insert_new(self._connection, subscriptions, row)
            elif states[taken.newsletter] is SubscriptionState.PENDING or (
                taken.state is SubscriptionState.LEFT
            ):
                if taken.state is SubscriptionState.CONFIRMED:
                    row["since"] = ArticleReader(self._connection).newest_number()
                self._execute(update(subscriptions).where(matches), row)
        tags = [{"subscriber": second.key, "tag": tag} for tag in first.tags]
        insert_new(self._connection, subscriber_tags, tags)
        pauses = [person.paused_until for person in (first, second) if person.paused_until]
        values = {
            "name": second.name or first.name,
            "language": second.language or first.language,
            "fields": {**first.fields, **second.fields},
            "paused_until": max(pauses, default=None),
            "created_at": min(first.created_at, second.created_at),
        }
        self._execute(update(subscribers).where(subscribers.c.key == second.key), values)

    def current_number(self, key: int) -> int:
        """Return today's number of the person who once had this one; mostly the same."""
        for _ in range(_MAX_STEPS):
            merged_into = self._details(key, _MERGED_INTO)
            if not merged_into:
                break
            key = merged_into[-1]
        return key

    def all_numbers(self, key: int) -> list[int]:
        """Return every number that a subscriber has had, today's first."""
        return [key, *self._details(key, _MERGED_FROM)]

    def _details(self, key: int, prefix: str) -> list[int]:
        query = select(changes.c.detail).where(
            changes.c.subscriber == key,
            changes.c.action == Action.MERGED,
            changes.c.detail.startswith(prefix),
        )
        rows = self._execute(query.order_by(changes.c.key)).scalars()
        return [int(detail.removeprefix(prefix)) for detail in rows]

"""Mergers: who became whom, so that links and ledger rows of a number that is gone find them.

The audit trail has it, on both sides, for as long as it is kept.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

from syndicate.model.subscribers import Action, Cause, Subscriber, SubscriptionState
from syndicate.store.articles.reading import ArticleReader
from syndicate.store.audience.audit_log import AuditEntry, AuditLog
from syndicate.store.database.schema import (
    changes,
    clicks,
    subscriber_tags,
    subscribers,
    subscriptions,
)
from syndicate.store.database.sql_engine import insert_new

_TOOK_IN = "took in "
_BECAME = "became "
_MOST = 100
"""Steps from number to number; nobody takes so many, and a circle would never end."""


class Merges:
    """Numbers of subscribers that are one person now."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, key: int, into: int, *, cause: Cause, at: datetime) -> None:
        """Hand trail and clicks of one number over to another, and note so on both sides."""
        for table in (changes, clicks):
            mine = update(table).where(table.c.subscriber == key)
            self._connection.execute(mine, {"subscriber": into})
        sides = ((into, f"{_TOOK_IN}{key}"), (key, f"{_BECAME}{into}"))
        AuditLog(self._connection).add(
            *(
                AuditEntry(subscriber=side, action=Action.MERGED, cause=cause, at=at, detail=detail)
                for side, detail in sides
            )
        )

    def fold(self, first: Subscriber, second: Subscriber) -> None:
        """Give subscriptions, tags and what is known of the first to the second.

        Where both are subscribed to a newsletter, who left stays away.
        """
        stands = {one.newsletter: one.state for one in second.subscriptions}
        for one in first.subscriptions:
            is_theirs = and_(
                subscriptions.c.subscriber == second.key,
                subscriptions.c.newsletter == one.newsletter,
            )
            row: dict[str, Any] = {"state": one.state, "at": one.at, "source": one.source}
            if one.newsletter not in stands:
                row |= {"subscriber": second.key, "newsletter": one.newsletter, "since": one.since}
                insert_new(self._connection, subscriptions, row)
            elif stands[one.newsletter] is SubscriptionState.PENDING or (
                one.state is SubscriptionState.LEFT
            ):
                if one.state is SubscriptionState.CONFIRMED:
                    row["since"] = ArticleReader(self._connection).newest_number()
                self._connection.execute(update(subscriptions).where(is_theirs), row)
        tags = [{"subscriber": second.key, "tag": tag} for tag in first.tags]
        insert_new(self._connection, subscriber_tags, tags)
        pauses = [one.paused_until for one in (first, second) if one.paused_until]
        values = {
            "name": second.name or first.name,
            "language": second.language or first.language,
            "fields": {**first.fields, **second.fields},
            "paused_until": max(pauses, default=None),
            "created_at": min(first.created_at, second.created_at),
        }
        theirs = subscribers.c.key == second.key
        self._connection.execute(update(subscribers).where(theirs), values)

    def current_number(self, key: int) -> int:
        """Return the number that somebody has now who had this one once; mostly the same."""
        for _ in range(_MOST):
            further = self._details(key, _BECAME)
            if not further:
                break
            key = further[-1]
        return key

    def all_numbers(self, key: int) -> list[int]:
        """Return every number that somebody had, today's first."""
        return [key, *self._details(key, _TOOK_IN)]

    def _details(self, key: int, word: str) -> list[int]:
        query = select(changes.c.detail).where(
            changes.c.subscriber == key,
            changes.c.action == Action.MERGED,
            changes.c.detail.startswith(word),
        )
        rows = self._connection.execute(query.order_by(changes.c.key)).scalars()
        return [int(detail.removeprefix(word)) for detail in rows]

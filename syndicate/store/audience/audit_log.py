"""The audit log: who or what changed something about a subscriber, when and from where."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from syndicate.model.subscribers import Action, Actor, Cause, SubscriberChange
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import changes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A change to be recorded."""

    subscriber: int
    action: Action
    cause: Cause
    at: datetime
    newsletter: str | None = None
    detail: str = ""


class AuditLog(Repository):
    """Changes about subscribers; only added to, until retention deletes the oldest."""

    def add(self, *entries: AuditEntry) -> None:
        """Record changes."""
        self.add_all(entries)

    def add_all(self, entries: Iterable[AuditEntry]) -> None:
        """Record many changes at once."""
        rows = [_row(entry) for entry in entries]
        if rows:
            self._execute(insert(changes), rows)

    def add_reason(self, subscriber: int, newsletter: str, reason: str) -> bool:
        """Add why a subscriber last left a newsletter; return False where a reason is recorded."""
        left = (
            (changes.c.subscriber == subscriber)
            & (changes.c.newsletter == newsletter)
            & changes.c.action.in_((Action.LEFT, Action.DECLINED))
        )
        last = select(func.max(changes.c.key)).where(left).scalar_subquery()
        without_reason = update(changes).where(changes.c.key == last, changes.c.detail == "")
        return self._execute(without_reason, {"detail": reason}).rowcount == 1

    def changes(self, subscriber: int) -> Iterator[SubscriberChange]:
        """Iterate over the changes about one subscriber, oldest first."""
        query = select(changes).where(changes.c.subscriber == subscriber).order_by(changes.c.key)
        for row in self._execute(query):
            yield SubscriberChange(
                at=row.at,
                action=Action(row.action),
                newsletter=row.newsletter,
                cause=Cause(who=Actor(row.who), how=row.how, origin=row.origin),
                detail=row.detail,
            )


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "subscriber": entry.subscriber,
        "at": entry.at,
        "action": entry.action,
        "newsletter": entry.newsletter,
        "who": entry.cause.who,
        "how": entry.cause.how,
        "origin": entry.cause.origin,
        "detail": entry.detail,
    }

"""The audit log: who or what changed something about a subscriber, when and from where."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import func, select

from syndicate.clock import EPOCH
from syndicate.model.subscribers import Action, Cause, SubscriberChange
from syndicate.store.database.repository import Repository, value_of
from syndicate.store.database.schema import changes

COLUMNS = ("subscriber", "at", "action", "newsletter", "who", "how", "origin", "detail")


class AuditLog(Repository):
    """Changes about subscribers; only added to, until retention deletes the oldest."""

    def add(
        self,
        subscriber: int,
        action: Action,
        cause: Cause,
        *,
        newsletter: str | None = None,
        detail: str = "",
    ) -> None:
        """Record a change."""
        self.add_all([(subscriber, detail)], action, cause, newsletter=newsletter)

    def add_all(
        self,
        details: Iterable[tuple[int, str]],
        action: Action,
        cause: Cause,
        *,
        newsletter: str | None = None,
    ) -> None:
        """Record a change about many subscribers at once, for each with its own detail."""
        change = {"at": cause.at, "action": action, "newsletter": newsletter}
        change |= {"who": cause.who, "how": cause.how, "origin": cause.origin}
        self._insert(
            changes, [{"subscriber": key, "detail": detail, **change} for key, detail in details]
        )

    def add_reason(self, subscriber: int, newsletter: str, reason: str) -> bool:
        """Add why a subscriber last left a newsletter; return False where a reason is recorded."""
        last = select(func.max(changes.c.key)).where(
            changes.c.subscriber == subscriber,
            changes.c.newsletter == newsletter,
            changes.c.action.in_((Action.LEFT, Action.DECLINED)),
        )
        is_last = changes.c.key == last.scalar_subquery()
        return self._update(changes, is_last, changes.c.detail == "", detail=reason) == 1

    def changes(self, subscriber: int, *, since: datetime = EPOCH) -> Iterator[SubscriberChange]:
        """Iterate over the changes about one subscriber, oldest first."""
        query = select(changes).where(changes.c.subscriber == subscriber, changes.c.at >= since)
        for row in self._execute(query.order_by(changes.c.key)):
            yield value_of(SubscriberChange, row, cause=value_of(Cause, row, why=""))

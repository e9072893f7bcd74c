"""Renames newsletters, with their readers, editions and history."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, func, insert, literal, select

from syndicate.model.editions import NEVER_SENT
from syndicate.model.subscribers import Action, Cause, SubscriptionState
from syndicate.store.audience.audit_log import COLUMNS
from syndicate.store.database.repository import LOCK_AUDIENCE, LOCK_NUMBERS, Repository, lock
from syndicate.store.database.schema import (
    Instant,
    changes,
    deliveries,
    editions,
    renames,
    schedules,
    subscriptions,
)

_OLD = subscriptions.alias("old")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsletterRename:
    """What was moved to a newsletter's new name."""

    confirmed: int
    pending: int
    left: int
    both: int
    """How many of them were subscribed to both names."""
    editions: int
    unread: tuple[int, ...] = ()
    """Editions under the new name, from before, that nobody got."""

    @property
    def readers(self) -> int:
        """How many people are or were subscribed."""
        return self.confirmed + self.pending + self.left


class Newsletters(Repository):
    """Newsletters by name."""

    def subscription_counts(self) -> dict[str, dict[SubscriptionState, int]]:
        """Count each newsletter's subscriptions that are confirmed or pending."""
        columns = subscriptions.c.newsletter, subscriptions.c.state
        query = select(*columns, func.count()).where(columns[1] != SubscriptionState.LEFT)
        counts: dict[str, dict[SubscriptionState, int]] = {}
        for name, state, count in self._execute(query.group_by(*columns)):
            counts.setdefault(name, {})[state] = count
        return counts

    def current_name(self, name: str) -> str:
        """Return today's name of a newsletter that may have been renamed."""
        return self._scalar(renames.c.new, renames.c.old == name) or name

    def rename(self, old: str, new: str, *, cause: Cause) -> NewsletterRename:
        """Move everything from one name to another: readers, editions, history.

        Two subscriptions of one reader become one, which is left if either was. Links in
        old mail keep working.
        """
        lock(self._connection, LOCK_NUMBERS)
        lock(self._connection, LOCK_AUDIENCE)
        state = subscriptions.c.state
        query = select(state, func.count()).where(subscriptions.c.newsletter == old)
        counts: dict[SubscriptionState, int] = dict(self._execute(query.group_by(state)).all())
        has_readers = exists().where(deliveries.c.edition == editions.c.key)
        unread = select(editions.c.key).where(
            editions.c.newsletter == new, editions.c.state.not_in(NEVER_SENT), ~has_readers
        )
        keys = tuple(self._column(unread.order_by(editions.c.key)))
        both = self._join_subscriptions(old, new, cause)
        moved = self._update(editions, editions.c.newsletter == old, newsletter=new)
        for table in (subscriptions, changes, schedules):
            self._update(table, table.c.newsletter == old, newsletter=new)
        # older names lead to the newest, too
        self._delete(renames, renames.c.old.in_([old, new]))
        self._update(renames, renames.c.new == old, new=new)
        self._insert(renames, {"old": old, "new": new, "at": cause.at})
        return NewsletterRename(
            confirmed=counts.get(SubscriptionState.CONFIRMED, 0),
            pending=counts.get(SubscriptionState.PENDING, 0),
            left=counts.get(SubscriptionState.LEFT, 0),
            both=both,
            editions=moved,
            unread=keys,
        )

    def _join_subscriptions(self, old: str, new: str, cause: Cause) -> int:
        """Record the change, and merge the subscriptions of readers who have both names.

        Return how many do.
        """
        rows = select(
            subscriptions.c.subscriber,
            bindparam("noted_at", cause.at, type_=Instant),
            literal(Action.RENAMED.value),
            literal(new),
            literal(cause.who.value),
            literal(cause.how),
            literal(cause.origin),
            literal(f"from {old}"),
        ).where(subscriptions.c.newsletter == old)
        self._execute(insert(changes).from_select(COLUMNS, rows))
        new_c, old_c = subscriptions.c, _OLD.c
        confirmed, left = SubscriptionState.CONFIRMED, SubscriptionState.LEFT
        names = ("state", "at", "source")
        self._copy_columns(old, new, names, new_c.state != left, old_c.state == left)
        pending = new_c.state == SubscriptionState.PENDING
        self._copy_columns(old, new, (*names, "since"), pending, old_c.state == confirmed)
        earlier = (old_c.state == confirmed) & (old_c.since < new_c.since)
        self._copy_columns(old, new, ("since",), new_c.state == confirmed, earlier)
        twin = subscriptions.alias("twin")
        has_both = exists().where(
            twin.c.newsletter == new, twin.c.subscriber == subscriptions.c.subscriber
        )
        return self._delete(subscriptions, new_c.newsletter == old, has_both)

    def _copy_columns(
        self,
        old: str,
        new: str,
        names: tuple[str, ...],
        condition: ColumnElement[bool],
        before: ColumnElement[bool],
    ) -> None:
        """Copy columns from the old name's subscriptions to the new name's, of the same readers."""
        matches = _OLD.c.newsletter == old, _OLD.c.subscriber == subscriptions.c.subscriber, before
        values: dict[str, Any] = {
            name: select(_OLD.c[name]).where(*matches).scalar_subquery() for name in names
        }
        copied = subscriptions.c.newsletter == new, condition, exists().where(*matches)
        self._update(subscriptions, *copied, **values)

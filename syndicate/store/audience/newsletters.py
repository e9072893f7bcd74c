"""Newsletters by their names: one that has another name now takes its readers along."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from syndicate.model.subscribers import Action, Cause, SubscriptionState
from syndicate.store.database.locks import LOCK_AUDIENCE, LOCK_NUMBERS, lock
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
_SAME_READER = _OLD.c.subscriber == subscriptions.c.subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsletterRename:
    """What a newsletter took along to its new name."""

    confirmed: int
    pending: int
    left: int
    both: int
    """How many of them were subscribed to both names."""
    editions: int
    unread: tuple[int, ...] = ()
    """Editions that the new name had meanwhile, and that were for nobody."""

    @property
    def readers(self) -> int:
        """Everybody who has a subscription, or had one."""
        return self.confirmed + self.pending + self.left


class Newsletters:
    """What the store keeps under the names of newsletters."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def subscription_counts(self) -> dict[str, dict[SubscriptionState, int]]:
        """Count, for each newsletter, who is subscribed to it or still to confirm that."""
        columns = subscriptions.c.newsletter, subscriptions.c.state
        query = select(*columns, func.count()).where(columns[1] != SubscriptionState.LEFT)
        found: dict[str, dict[SubscriptionState, int]] = {}
        for name, state, count in self._connection.execute(query.group_by(*columns)):
            found.setdefault(name, {})[SubscriptionState(state)] = count
        return found

    def current_name(self, name: str) -> str:
        """Return the name that a newsletter has now; mostly the same."""
        query = select(renames.c.new).where(renames.c.old == name)
        return self._connection.execute(query).scalar() or name

    def rename(self, old: str, new: str, *, cause: Cause, at: datetime) -> NewsletterRename:
        """Give everything that is kept under one name to another: readers, editions, history.

        Who is subscribed to both is so once; who left either of them stays away. Links
        in mail that went out under the old name go on working.
        """
        lock(self._connection, LOCK_NUMBERS)
        lock(self._connection, LOCK_AUDIENCE)
        counts = self._counts(old)
        unread = self._unread(new)
        self._note(old, new, cause, at)
        both = self._join_subscriptions(old, new)
        moved = update(subscriptions).where(subscriptions.c.newsletter == old)
        self._connection.execute(moved, {"newsletter": new})
        for table in (changes, schedules):
            its = update(table).where(table.c.newsletter == old)
            self._connection.execute(its, {"newsletter": new})
        its_editions = update(editions).where(editions.c.newsletter == old)
        sent = self._connection.execute(its_editions, {"newsletter": new}).rowcount
        self._keep_name(old, new, at)
        return NewsletterRename(
            confirmed=counts.get(SubscriptionState.CONFIRMED, 0),
            pending=counts.get(SubscriptionState.PENDING, 0),
            left=counts.get(SubscriptionState.LEFT, 0),
            both=both,
            editions=sent,
            unread=unread,
        )

    # how

    def _counts(self, name: str) -> dict[str, int]:
        query = select(subscriptions.c.state, func.count()).where(
            subscriptions.c.newsletter == name
        )
        rows = self._connection.execute(query.group_by(subscriptions.c.state))
        return {state: count for state, count in rows}  # noqa: C416 - rows are no pairs

    def _unread(self, name: str) -> tuple[int, ...]:
        for_somebody = exists().where(deliveries.c.edition == editions.c.key)
        query = select(editions.c.key).where(editions.c.newsletter == name, ~for_somebody)
        return tuple(self._connection.execute(query.order_by(editions.c.key)).scalars())

    def _note(self, old: str, new: str, cause: Cause, at: datetime) -> None:
        rows = select(
            subscriptions.c.subscriber,
            bindparam("noted_at", at, type_=Instant),
            literal(Action.RENAMED.value),
            literal(new),
            literal(cause.who.value),
            literal(cause.how),
            literal(cause.origin),
            literal(f"from {old}"),
        ).where(subscriptions.c.newsletter == old)
        columns = ["subscriber", "at", "action", "newsletter", "who", "how", "origin", "detail"]
        self._connection.execute(insert(changes).from_select(columns, rows))

    def _join_subscriptions(self, old: str, new: str) -> int:
        """Make one subscription of two, where somebody has both; return how many had."""
        mine, before = subscriptions.c, _OLD.c
        confirmed, left = SubscriptionState.CONFIRMED, SubscriptionState.LEFT
        names = ("state", "at", "source")
        self._take_over(old, new, names, mine.state != left, before.state == left)
        pending = mine.state == SubscriptionState.PENDING
        self._take_over(old, new, (*names, "since"), pending, before.state == confirmed)
        earlier = (before.state == confirmed) & (before.since < mine.since)
        self._take_over(old, new, ("since",), mine.state == confirmed, earlier)
        twin = subscriptions.alias("twin")
        has_both = exists().where(
            twin.c.newsletter == new, twin.c.subscriber == subscriptions.c.subscriber
        )
        gone = delete(subscriptions).where(mine.newsletter == old, has_both)
        return self._connection.execute(gone).rowcount

    def _take_over(
        self,
        old: str,
        new: str,
        names: tuple[str, ...],
        where: ColumnElement[bool],
        before: ColumnElement[bool],
    ) -> None:
        """Give subscriptions of the new name what those of the old one say."""
        theirs = (_OLD.c.newsletter == old, _SAME_READER, before)

        def old_value(name: str) -> ScalarSelect[Any]:
            return select(_OLD.c[name]).where(*theirs).scalar_subquery()

        taken = update(subscriptions).where(
            subscriptions.c.newsletter == new, where, exists().where(*theirs)
        )
        self._connection.execute(taken.values({name: old_value(name) for name in names}))

    def _keep_name(self, old: str, new: str, at: datetime) -> None:
        """Keep what the newsletter was called, also where it has had several names."""
        self._connection.execute(delete(renames).where(renames.c.old.in_([old, new])))
        self._connection.execute(update(renames).where(renames.c.new == old), {"new": new})
        self._connection.execute(insert(renames), {"old": old, "new": new, "at": at})

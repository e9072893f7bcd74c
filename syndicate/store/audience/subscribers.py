"""Subscribers, their subscriptions, suppressed addresses, and what letters ask to confirm.

The audit log records every change, with its cause, in the same transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from syndicate.model.subscribers import (
    Action,
    Cause,
    ConfirmationKind,
    SubscribeOutcome,
    Subscriber,
    SubscriptionState,
    Suppression,
    SuppressionKind,
    normalise_email,
)
from syndicate.store.articles.reading import ArticleReader
from syndicate.store.audience.audit_log import AuditLog
from syndicate.store.audience.erasures import Erasures
from syndicate.store.audience.merges import Merges
from syndicate.store.audience.private_feeds import PrivateFeedTokens
from syndicate.store.audience.search import select_people, subscribers_from
from syndicate.store.database.repository import LOCK_AUDIENCE, Repository, columns_of, lock
from syndicate.store.database.schema import (
    confirmations,
    subscriber_tags,
    subscribers,
    subscriptions,
)
from syndicate.store.database.schema_feedback import suppressions

_PENDING, _CONFIRMED, _LEFT = SubscriptionState


class Subscribers(Repository):
    """Finds and changes subscribers."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._note = AuditLog(connection).add
        self._erasures = Erasures(connection)
        self._merges = Merges(connection)

    def by_email(self, email: str) -> Subscriber | None:
        """Find a subscriber by address, however it is written."""
        return self._one(subscribers.c.address == normalise_email(email))

    def by_any_email(self, email: str) -> Subscriber | None:
        """Find a subscriber by the address that they have, or used to have."""
        person = self.by_email(email)
        if person is None:
            key = self._merges.former_owner(normalise_email(email))
            person = None if key is None else self.by_key(key)
        return person

    def by_key(self, key: int) -> Subscriber | None:
        """Find a subscriber by the store's number."""
        return self._one(subscribers.c.key == key)

    def suppression_reason(self, email: str) -> str | None:
        """Return why an address is suppressed; None where it isn't."""
        found = self.suppression(email)
        return None if found is None else found.reason

    def suppression(self, email: str) -> Suppression | None:
        """Return how an address is suppressed; None where it isn't."""
        query = select(suppressions).where(suppressions.c.address == normalise_email(email))
        return self._value(Suppression, query)

    def subscribe(
        self, email: str, newsletter: str, *, name: str = "", cause: Cause
    ) -> SubscribeOutcome:
        """Subscribe an address, unless it left, is suppressed or was erased."""
        lock(self._connection, LOCK_AUDIENCE)
        if self.suppression_reason(email) is not None:
            return SubscribeOutcome.SUPPRESSED
        if self._erasures.contains(email):
            return SubscribeOutcome.ERASED
        key = self._ensure(email, name=name, at=cause.at)
        if self._add_subscription(key, newsletter, _CONFIRMED, cause):
            self._note(key, Action.SUBSCRIBED, cause, newsletter=newsletter)
            return SubscribeOutcome.NEW
        # there is consent now; a subscription that isn't pending is left alone
        self._move(key, newsletter, [_PENDING], Action.CONFIRMED, cause)
        has_left = self._exists(
            subscriptions,
            subscriptions.c.subscriber == key,
            subscriptions.c.newsletter == newsletter,
            subscriptions.c.state == _LEFT,
        )
        return SubscribeOutcome.LEFT if has_left else SubscribeOutcome.KNOWN

    def add_pending(self, email: str, newsletters: Iterable[str], *, cause: Cause) -> int | None:
        """Record a request to subscribe an address, perhaps by somebody else than its owner.

        No subscription changes: new ones are pending until `confirm`. Return the
        subscriber's key; None for a suppressed address, unless only bounces suppressed it.
        """
        lock(self._connection, LOCK_AUDIENCE)
        suppressed = self.suppression(email)
        if suppressed is not None and not suppressed.kind.is_bounce:
            return None
        key = self._ensure(email, name="", at=cause.at)
        for newsletter in newsletters:
            self._add_subscription(key, newsletter, _PENDING, cause)
            self._note(key, Action.ASKED, cause, newsletter=newsletter)
        return key

    def confirm(self, key: int, newsletters: Iterable[str], *, cause: Cause) -> list[str]:
        """Confirm subscriptions, even of a subscriber who left; return those that are new.

        It takes a letter that arrived, so a suppression by bounces is lifted.
        """
        lock(self._connection, LOCK_AUDIENCE)
        person = self.by_key(key)
        if person is None:
            return []
        if person.suppression is not None and person.suppression.is_bounce:
            self.unsuppress(person.email, cause=replace(cause, why="a letter to it arrived"))
        new = [name for name in newsletters if not person.is_subscribed(name)]
        for newsletter in new:
            if self._add_subscription(key, newsletter, _CONFIRMED, cause):
                self._note(key, Action.CONFIRMED, cause, newsletter=newsletter)
            else:
                since = ArticleReader(self._connection).newest_number()
                before, action = [_PENDING, _LEFT], Action.CONFIRMED
                self._move(key, newsletter, before, action, cause, since=since)
        self._erasures.delete(person.email)
        if new:  # the address is a reader's own now, though it may have been another's
            self._merges.delete_address(normalise_email(person.email))
        return new

    def unsubscribe(self, key: int, newsletter: str, *, cause: Cause) -> bool:
        """Unsubscribe a subscriber; return False when they were not subscribed."""
        return any(
            self._move(key, newsletter, [state], action, cause)
            for state, action in ((_CONFIRMED, Action.LEFT), (_PENDING, Action.DECLINED))
        )

    def resubscribe(self, key: int, newsletter: str, *, cause: Cause) -> bool:
        """Undo an unsubscription at the reader's wish; return False when they had not left."""
        return self._move(key, newsletter, [_LEFT], Action.REJOINED, cause)

    def pause(self, key: int, until: datetime | None, *, cause: Cause) -> None:
        """Send a subscriber no editions until then; None ends the pause."""
        self._update(subscribers, subscribers.c.key == key, paused_until=until)
        detail = f"until {until:%Y-%m-%d}" if until else ""
        self._note(key, Action.PAUSED if until else Action.RESUMED, cause, detail=detail)

    def update(
        self,
        key: int,
        *,
        cause: Cause,
        name: str | None = None,
        language: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> bool:
        """Change the fields that are not None; return whether anything changed.

        An empty language means the publication's.
        """
        person = self.by_key(key)
        if person is None:
            return False
        changed: dict[str, Any] = {}
        if name is not None and name != person.name:
            changed["name"] = name
        if language is not None and (language or None) != person.language:
            changed["language"] = language or None
        if fields is not None and dict(fields) != dict(person.fields):
            changed["fields"] = dict(fields)
        if changed:
            self._update(subscribers, subscribers.c.key == key, **changed)
            self._note(key, Action.CHANGED, cause, detail=", ".join(changed))
        return bool(changed)

    def tag(self, key: int, tags: Iterable[str], *, cause: Cause) -> list[str]:
        """Add tags to a subscriber; return those that are new."""
        rows = [{"subscriber": key, "tag": tag} for tag in dict.fromkeys(tags)]
        new = [str(row["tag"]) for row in rows if self._insert_new(subscriber_tags, row)]
        if new:
            detail = ", ".join(f"+{tag}" for tag in new)
            self._note(key, Action.CHANGED, cause, detail=detail)
        return new

    def untag(self, key: int, tags: Sequence[str], *, cause: Cause) -> int:
        """Remove tags from a subscriber; return how many there were."""
        matches = subscriber_tags.c.subscriber == key, subscriber_tags.c.tag.in_(tags)
        removed = self._delete(subscriber_tags, *matches)
        if removed:
            detail = ", ".join(f"-{tag}" for tag in tags)
            self._note(key, Action.CHANGED, cause, detail=detail)
        return removed

    def merge(self, key: int, into: int, *, cause: Cause) -> None:
        """Merge two people: the first one's subscriptions, tags and history go to `into`.

        Where both are subscribed to a newsletter and one of them left, it stays left. The
        address of `into` stays; a file with the other one means the same person.
        """
        lock(self._connection, LOCK_AUDIENCE)
        first, second = self.by_key(key), self.by_key(into)
        assert first is not None
        assert second is not None
        PrivateFeedTokens(self._connection).reassign(key, into, cause=cause)
        self._merges.combine(first, second, cause)
        self._erasures.delete_people([key])
        self._merges.add_address(normalise_email(first.email), into)
        self._merges.delete_address(normalise_email(second.email))

    def change_address(self, key: int, to: int, *, cause: Cause) -> None:
        """Give a subscriber the address of another, at their own wish, and merge the two.

        They keep their number, so that links in old mail and mail under way stay theirs.
        """
        person, other = self.by_key(key), self.by_key(to)
        assert person is not None
        assert other is not None
        self.merge(to, key, cause=cause)
        address = normalise_email(other.email)
        self._update(subscribers, subscribers.c.key == key, address=address, email=other.email)
        # a letter that gives access to their data is at the old address
        data = confirmations.c.kind == ConfirmationKind.DATA
        self._delete(confirmations, confirmations.c.subscriber == key, data)
        self._merges.add_address(normalise_email(person.email), key)
        self._merges.delete_address(address)
        self._note(key, Action.MOVED, cause)
        self.confirm(key, (), cause=cause)  # it may have been erased once

    def suppress(
        self,
        email: str,
        reason: str,
        *,
        kind: SuppressionKind = SuppressionKind.OPERATOR,
        cause: Cause,
    ) -> bool:
        """Never mail an address again.

        The first reason stays, and the result is False then; but a complaint or an operator's
        decision replaces a bounce, since only a bounce can be lifted by its reader.
        """
        address = normalise_email(email)
        row = {"address": address, "kind": kind, "reason": reason, "at": cause.at}
        new = self._insert_new(suppressions, row) == 1
        if not new and not kind.is_bounce:
            by_bounce = suppressions.c.kind.in_(
                [kind for kind in SuppressionKind if kind.is_bounce]
            )
            is_address = suppressions.c.address == address
            new = self._update(suppressions, is_address, by_bounce, **row) == 1
        person = self.by_email(email)
        if new and person is not None:
            self._note(person.key, Action.SUPPRESSED, cause, detail=reason)
        return new

    def unsuppress(self, email: str, *, cause: Cause) -> bool:
        """Mail an address again; return False where it was not suppressed."""
        address = normalise_email(email)
        removed = self._delete(suppressions, suppressions.c.address == address) == 1
        person = self.by_email(email)
        if removed and person is not None:
            self._note(person.key, Action.UNSUPPRESSED, cause, detail=cause.why)
        return removed

    def _ensure(self, email: str, *, name: str, at: datetime) -> int:
        address = normalise_email(email)
        row = {"address": address, "email": email.strip(), "name": name, "created_at": at}
        self._insert_new(subscribers, row)
        query = select(subscribers.c.key).where(subscribers.c.address == address)
        return int(self._execute(query).scalar_one())

    def _add_subscription(
        self, key: int, newsletter: str, state: SubscriptionState, cause: Cause
    ) -> bool:
        """Add a subscription where there is none; return whether it is new."""
        row = {"subscriber": key, "newsletter": newsletter, "state": state, "at": cause.at}
        row |= {"since": ArticleReader(self._connection).newest_number(), "source": cause.how}
        return self._insert_new(subscriptions, row) == 1

    def _move(
        self,
        key: int,
        newsletter: str,
        before: Collection[SubscriptionState],
        action: Action,
        cause: Cause,
        **values: Any,
    ) -> bool:
        """Confirm or end a subscription; return False where its state isn't one of `before`."""
        changed = self._update(
            subscriptions,
            subscriptions.c.subscriber == key,
            subscriptions.c.newsletter == newsletter,
            subscriptions.c.state.in_(before),
            **values,
            state=_LEFT if action in {Action.LEFT, Action.DECLINED} else _CONFIRMED,
            source=cause.how,
            at=cause.at,
        )
        if changed:
            self._note(key, action, cause, newsletter=newsletter, detail=cause.why)
        return changed == 1

    def _one(self, condition: ColumnElement[bool]) -> Subscriber | None:
        query = select_people().where(condition).order_by(subscriptions.c.newsletter)
        return next(subscribers_from(self._connection, self._execute(query)), None)


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

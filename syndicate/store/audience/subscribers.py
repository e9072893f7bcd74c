"""Subscribers, their subscriptions, and the addresses that are not mailed.

Every change is noted in the audit trail, with its cause, in the same transaction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update

from syndicate.model.subscribers import (
    Action,
    Cause,
    SubscribeOutcome,
    Subscriber,
    SubscriptionState,
    normalise_email,
)
from syndicate.store.articles.reading import ArticleReader
from syndicate.store.audience.audit_log import AuditEntry, AuditLog
from syndicate.store.audience.confirmations import ConfirmationKind
from syndicate.store.audience.data_export import DataExport
from syndicate.store.audience.erasures import Erasures
from syndicate.store.audience.former_addresses import FormerAddresses
from syndicate.store.audience.merges import Merges
from syndicate.store.audience.people import grouped, people
from syndicate.store.audience.private_feeds import PrivateFeedTokens
from syndicate.store.database.locks import LOCK_AUDIENCE, lock
from syndicate.store.database.schema import (
    changes,
    private_feeds,
    requests,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)
from syndicate.store.database.sql_engine import insert_new


class Subscribers:
    """The audience."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._audit_log = AuditLog(connection)
        self._erasures = Erasures(connection)
        self._former = FormerAddresses(connection)

    # looking

    def by_email(self, email: str) -> Subscriber | None:
        """Find somebody by address, however it is written."""
        return self._one(subscribers.c.address == normalise_email(email))

    def by_any_email(self, email: str) -> Subscriber | None:
        """Find somebody by the address that they have, or had before they merged or moved."""
        person = self.by_email(email)
        if person is None:
            key = self._former.holder(normalise_email(email))
            person = None if key is None else self.by_key(key)
        return person

    def by_key(self, key: int) -> Subscriber | None:
        """Find somebody by the store's number."""
        return self._one(subscribers.c.key == key)

    def all(
        self, newsletter: str | None = None, state: SubscriptionState | None = None
    ) -> Iterator[Subscriber]:
        """Iterate over everybody, in the order they came, or those of a newsletter or state."""
        query = people().order_by(subscribers.c.key, subscriptions.c.newsletter)
        if newsletter is not None:
            query = query.where(subscriptions.c.newsletter == newsletter)
        if state is not None:
            query = query.where(subscriptions.c.state == state)
        yield from grouped(self._connection, self._connection.execute(query))

    def suppression_reason(self, email: str) -> str | None:
        """Say why an address is not mailed, if it isn't."""
        mine = suppressions.c.address == normalise_email(email)
        return self._connection.execute(select(suppressions.c.reason).where(mine)).scalar()

    def is_erased(self, email: str) -> bool:
        """Whether somebody with this address had everything about them erased."""
        return self._erasures.has(email)

    # subscriptions

    def subscribe(
        self,
        email: str,
        newsletter: str,
        *,
        name: str = "",
        cause: Cause,
        state: SubscriptionState = SubscriptionState.CONFIRMED,
        at: datetime,
    ) -> SubscribeOutcome:
        """Subscribe an address; it never brings back somebody who left, or is suppressed."""
        lock(self._connection, LOCK_AUDIENCE)
        if self.suppression_reason(email) is not None:
            return SubscribeOutcome.SUPPRESSED
        if self.is_erased(email):
            return SubscribeOutcome.ERASED
        key = self._ensure(email, name=name, at=at)
        if self._begin(key, newsletter, state=state, source=cause.how, at=at):
            self._note(key, Action.SUBSCRIBED, cause, at, newsletter=newsletter)
            return SubscribeOutcome.NEW
        return self._meet_again(key, newsletter, state=state, cause=cause, at=at)

    def add_pending(
        self, email: str, newsletters: Iterable[str], *, name: str = "", cause: Cause, at: datetime
    ) -> int | None:
        """Note that somebody asked to subscribe an address, whoever that was.

        Nothing that stands is changed: what is new is pending until `confirm`.
        Return the subscriber's key; None for an address that is not mailed.
        """
        if self.suppression_reason(email) is not None:
            return None
        key = self._ensure(email, name=name, at=at)
        for newsletter in newsletters:
            pending = SubscriptionState.PENDING
            self._begin(key, newsletter, state=pending, source=cause.how, at=at)
            self._note(key, Action.ASKED, cause, at, newsletter=newsletter)
        return key

    def confirm(
        self, key: int, newsletters: Iterable[str], *, cause: Cause, at: datetime
    ) -> list[str]:
        """Subscribe somebody at their own wish, who may have left; return what is new to them."""
        lock(self._connection, LOCK_AUDIENCE)
        person = self.by_key(key)
        if person is None:
            return []
        confirmed = SubscriptionState.CONFIRMED
        stands = {one.newsletter: one.state for one in person.subscriptions}
        new = [name for name in newsletters if stands.get(name) is not confirmed]
        for newsletter in new:
            if not self._begin(key, newsletter, state=confirmed, source=cause.how, at=at):
                self._set(key, newsletter, state=confirmed, source=cause.how, at=at)
            self._note(key, Action.CONFIRMED, cause, at, newsletter=newsletter)
        self._erasures.forget(person.email)
        if new:  # they want the address for itself, though it may have been somebody's
            self._former.forget(normalise_email(person.email))
        return new

    def unsubscribe(
        self, key: int, newsletter: str, *, at: datetime, cause: Cause, reason: str = ""
    ) -> bool:
        """Unsubscribe somebody; False when there was nothing to leave."""
        confirmed, pending = SubscriptionState.CONFIRMED, SubscriptionState.PENDING
        left = SubscriptionState.LEFT
        for state, action in ((confirmed, Action.LEFT), (pending, Action.DECLINED)):
            if self._move(key, newsletter, state, left, cause=cause, at=at):
                self._note(key, action, cause, at, newsletter=newsletter, detail=reason)
                return True
        return False

    def resubscribe(self, key: int, newsletter: str, *, at: datetime, cause: Cause) -> bool:
        """Undo an unsubscription, at the reader's own wish; False when they had not left."""
        left, confirmed = SubscriptionState.LEFT, SubscriptionState.CONFIRMED
        back = self._move(key, newsletter, left, confirmed, cause=cause, at=at)
        if back:
            self._note(key, Action.REJOINED, cause, at, newsletter=newsletter)
        return back

    def pause(self, key: int, until: datetime | None, *, at: datetime, cause: Cause) -> None:
        """Send somebody no editions until then; None: send them again from now on."""
        self._connection.execute(
            update(subscribers).where(subscribers.c.key == key), {"paused_until": until}
        )
        detail = f"until {until:%Y-%m-%d}" if until else ""
        self._note(key, Action.PAUSED if until else Action.RESUMED, cause, at, detail=detail)

    # people

    def update(
        self,
        key: int,
        *,
        at: datetime,
        cause: Cause,
        name: str | None = None,
        language: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> bool:
        """Change what is known of somebody, and leave what is None; say whether that was new.

        A language that is empty is the publication's again.
        """
        person = self.by_key(key)
        if person is None:
            return False
        wanted: dict[str, Any] = {
            "name": person.name if name is None else name,
            "language": person.language if language is None else language or None,
            "fields": dict(person.fields) if fields is None else dict(fields),
        }
        stands = {"name": person.name, "language": person.language, "fields": dict(person.fields)}
        if wanted == stands:
            return False
        self._connection.execute(update(subscribers).where(subscribers.c.key == key), wanted)
        differ = [what for what in wanted if wanted[what] != stands[what]]
        self._note(key, Action.CHANGED, cause, at, detail=", ".join(differ))
        return True

    def tag(self, key: int, tags: Iterable[str], *, at: datetime, cause: Cause) -> list[str]:
        """Put tags on somebody; return those that are new."""
        rows = [{"subscriber": key, "tag": tag} for tag in dict.fromkeys(tags)]
        new = [row["tag"] for row in rows if insert_new(self._connection, subscriber_tags, row)]
        if new:
            detail = ", ".join(f"+{tag}" for tag in new)
            self._note(key, Action.CHANGED, cause, at, detail=detail)
        return [str(tag) for tag in new]

    def untag(self, key: int, tags: Sequence[str], *, at: datetime, cause: Cause) -> int:
        """Take tags off somebody; return how many there were."""
        mine = and_(subscriber_tags.c.subscriber == key, subscriber_tags.c.tag.in_(tags))
        gone = self._connection.execute(delete(subscriber_tags).where(mine)).rowcount
        if gone:
            detail = ", ".join(f"-{tag}" for tag in tags)
            self._note(key, Action.CHANGED, cause, at, detail=detail)
        return gone

    def merge(self, key: int, into: int, *, at: datetime, cause: Cause) -> None:
        """Make one person of two: what the first is subscribed to, tagged and told goes over.

        Where both are subscribed to a newsletter, who left stays away. The address that
        stays is that of `into`; a file with the other one means the same person.
        """
        first, second = self.by_key(key), self.by_key(into)
        assert first is not None
        assert second is not None
        Merges(self._connection).fold(first, second)
        PrivateFeedTokens(self._connection).hand_over(key, into, cause=cause, at=at)
        Merges(self._connection).note(key, into, cause=cause, at=at)
        self._former.hand_over(key, into)
        self._remove(key)
        self._former.keep(normalise_email(first.email), into)
        self._former.forget(normalise_email(second.email))

    def change_address(self, key: int, to: int, *, at: datetime, cause: Cause) -> None:
        """Give somebody the address of another row, at their own wish, and make one of the two.

        They keep their number: links in old mails, and what is under way, stay theirs.
        """
        person, other = self.by_key(key), self.by_key(to)
        assert person is not None
        assert other is not None
        self.merge(to, key, at=at, cause=cause)
        values = {"address": normalise_email(other.email), "email": other.email}
        self._connection.execute(update(subscribers).where(subscribers.c.key == key), values)
        asked = and_(requests.c.subscriber == key, requests.c.kind == ConfirmationKind.DATA)
        self._connection.execute(delete(requests).where(asked))  # its letter is at the old address
        self._former.keep(normalise_email(person.email), key)
        self._former.forget(normalise_email(other.email))
        self._note(key, Action.MOVED, cause, at)
        self.confirm(key, (), cause=cause, at=at)  # they may have had it erased once

    def erase(self, key: int, *, at: datetime, cause: Cause) -> bool:
        """Forget somebody; a hash of their address alone is kept, so that no import revives them.

        Their rows of the ledger stay, with no more than their number. Since nothing else is
        left, neither is what kept the address from being mailed.
        """
        lock(self._connection, LOCK_AUDIENCE)
        person = self.by_key(key)
        if person is None:
            return False
        addresses = [normalise_email(person.email), *self._former.of(key)]
        for address in addresses:
            self._erasures.keep(address, at=at)
        mine = suppressions.c.address.in_(addresses)
        self._connection.execute(delete(suppressions).where(mine))
        DataExport(self._connection).forget(key)
        self.delete(key)
        self._note(key, Action.ERASED, cause, at)
        return True

    def delete(self, key: int) -> None:
        """Delete somebody who never confirmed, or came by mistake: as if they had never been."""
        self._connection.execute(delete(changes).where(changes.c.subscriber == key))
        self._remove(key)

    # addresses that are not mailed

    def suppress(self, email: str, reason: str, *, at: datetime, cause: Cause) -> bool:
        """Never mail an address again; the first reason stands, and it is False then."""
        row = {"address": normalise_email(email), "reason": reason, "at": at}
        new = insert_new(self._connection, suppressions, row) == 1
        person = self.by_email(email)
        if new and person is not None:
            self._note(person.key, Action.SUPPRESSED, cause, at, detail=reason)
        return new

    def unsuppress(self, email: str, *, at: datetime, cause: Cause) -> bool:
        """Mail an address again; False where nothing was in the way."""
        mine = suppressions.c.address == normalise_email(email)
        gone = self._connection.execute(delete(suppressions).where(mine)).rowcount == 1
        person = self.by_email(email)
        if gone and person is not None:
            self._note(person.key, Action.UNSUPPRESSED, cause, at)
        return gone

    # how

    def _ensure(self, email: str, *, name: str, at: datetime) -> int:
        address = normalise_email(email)
        row = {"address": address, "email": email.strip(), "name": name, "created_at": at}
        insert_new(self._connection, subscribers, row)
        who = select(subscribers.c.key).where(subscribers.c.address == address)
        return int(self._connection.execute(who).scalar_one())

    def _begin(
        self, key: int, newsletter: str, *, state: SubscriptionState, source: str, at: datetime
    ) -> bool:
        """Make a subscription where there is none."""
        row = {"subscriber": key, "newsletter": newsletter, "state": state, "at": at}
        row |= {"since": ArticleReader(self._connection).newest_number(), "source": source}
        return insert_new(self._connection, subscriptions, row) == 1

    def _set(
        self, key: int, newsletter: str, *, state: SubscriptionState, source: str, at: datetime
    ) -> None:
        """Put a subscription into a state; one that begins again, begins with what comes now."""
        values: dict[str, Any] = {"state": state, "source": source, "at": at}
        if state is SubscriptionState.CONFIRMED:
            values["since"] = ArticleReader(self._connection).newest_number()
        mine = and_(subscriptions.c.subscriber == key, subscriptions.c.newsletter == newsletter)
        self._connection.execute(update(subscriptions).where(mine), values)

    def _meet_again(
        self, key: int, newsletter: str, *, state: SubscriptionState, cause: Cause, at: datetime
    ) -> SubscribeOutcome:
        """Confirm a pending subscription where consent is there now; leave every other alone."""
        mine = and_(subscriptions.c.subscriber == key, subscriptions.c.newsletter == newsletter)
        now = self._connection.execute(select(subscriptions.c.state).where(mine)).scalar_one()
        if now == SubscriptionState.LEFT:
            return SubscribeOutcome.LEFT
        if now == SubscriptionState.PENDING and state == SubscriptionState.CONFIRMED:
            confirmed = {"state": state, "source": cause.how, "at": at}
            self._connection.execute(update(subscriptions).where(mine), confirmed)
            self._note(key, Action.CONFIRMED, cause, at, newsletter=newsletter)
        return SubscribeOutcome.KNOWN

    def _move(
        self,
        key: int,
        newsletter: str,
        from_: SubscriptionState,
        to: SubscriptionState,
        *,
        cause: Cause,
        at: datetime,
    ) -> bool:
        """Set the state of a subscription; False where it wasn't in the one before."""
        moved = self._connection.execute(
            update(subscriptions).where(
                subscriptions.c.subscriber == key,
                subscriptions.c.newsletter == newsletter,
                subscriptions.c.state == from_,
            ),
            {"state": to, "at": at, "source": cause.how},
        )
        return moved.rowcount == 1

    def _remove(self, key: int) -> None:
        for table in (subscriptions, subscriber_tags, requests, private_feeds):
            self._connection.execute(delete(table).where(table.c.subscriber == key))
        self._former.forget_all(key)
        self._connection.execute(delete(subscribers).where(subscribers.c.key == key))

    def _note(
        self,
        key: int,
        action: Action,
        cause: Cause,
        at: datetime,
        *,
        newsletter: str | None = None,
        detail: str = "",
    ) -> None:
        self._audit_log.add(
            AuditEntry(
                subscriber=key,
                action=action,
                cause=cause,
                at=at,
                newsletter=newsletter,
                detail=detail,
            )
        )

    def _one(self, condition: Any) -> Subscriber | None:
        query = people().where(condition).order_by(subscriptions.c.newsletter)
        return next(grouped(self._connection, self._connection.execute(query)), None)

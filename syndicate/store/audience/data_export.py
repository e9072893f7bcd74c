"""Collects everything that the store keeps on one person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from syndicate.model.subscribers import Subscriber, SubscriberChange
from syndicate.store.audience.audit_log import AuditLog
from syndicate.store.audience.confirmations import (
    ConfirmationKind,
    Confirmations,
    PendingConfirmation,
)
from syndicate.store.audience.former_addresses import FormerAddresses
from syndicate.store.audience.merges import Merges
from syndicate.store.audience.people import select_people, subscribers_from
from syndicate.store.audience.private_feeds import PrivateFeedTokens
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import (
    clicks,
    contents,
    deliveries,
    delivery_events,
    edition_links,
    editions,
    subscribers,
    subscriptions,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedAttempt:
    """A mail server's reply to an attempt that failed or was deferred."""

    attempt: int
    event: str
    code: int
    reply: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedItem:
    """One edition or letter that was sent, or to be sent, to a subscriber."""

    edition: int
    newsletter: str
    kind: EditionKind
    subject: str
    state: DeliveryState
    attempt: int
    code: int
    reply: str
    """The server's last reply, or why it was skipped."""
    at: datetime
    """Since when it is in this state."""
    failed_attempts: tuple[FailedAttempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedLink:
    """A link that a subscriber followed, where clicks are recorded by reader."""

    edition: int
    link: str
    """Its URL; empty for the hidden one."""
    at: datetime
    machine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalRecord:
    """Everything that the store keeps on a subscriber."""

    person: Subscriber
    changes: tuple[SubscriberChange, ...]
    mailed_items: tuple[MailedItem, ...]
    followed_links: tuple[FollowedLink, ...]
    confirmations: tuple[PendingConfirmation, ...]
    private_feed_since: datetime | None
    """Since when they have a private feed, if they have one."""
    former_addresses: tuple[str, ...] = ()
    """Addresses that they used to have."""


class DataExport(Repository):
    """What the store keeps on a person."""

    def load(self, key: int) -> PersonalRecord | None:
        """Return everything, each list oldest first; None if there is no such subscriber."""
        query = select_people().where(subscribers.c.key == key).order_by(subscriptions.c.newsletter)
        person = next(subscribers_from(self._connection, self._execute(query)), None)
        if person is None:
            return None
        return PersonalRecord(
            person=person,
            changes=tuple(AuditLog(self._connection).changes(key)),
            mailed_items=tuple(self.mailed_items(key)),
            followed_links=tuple(self._followed(key)),
            confirmations=tuple(self._confirmations(key)),
            private_feed_since=PrivateFeedTokens(self._connection).granted_at(key),
            former_addresses=tuple(FormerAddresses(self._connection).by_subscriber(key)),
        )

    def mailed_items(self, key: int) -> Iterator[MailedItem]:
        """Iterate over the mail for a subscriber, also under numbers that they used to have."""
        numbers = Merges(self._connection).all_numbers(key)
        attempts = self._failed_attempts(numbers)
        # by way of the editions: the ledger is ordered by them, and has no index of readers
        query = (
            select(deliveries, editions.c.newsletter, editions.c.kind, contents.c.subject)
            .select_from(editions)
            .join(
                deliveries,
                and_(deliveries.c.edition == editions.c.key, deliveries.c.subscriber.in_(numbers)),
            )
            .join(contents, contents.c.hash == editions.c.content)
            .order_by(deliveries.c.edition, deliveries.c.subscriber)
        )
        for row in self._execute(query):
            yield MailedItem(
                edition=row.edition,
                newsletter=row.newsletter,
                kind=EditionKind(row.kind),
                subject=row.subject,
                state=DeliveryState(row.state),
                attempt=row.attempt,
                code=row.code,
                reply=row.reply,
                at=row.at,
                failed_attempts=tuple(attempts.get((row.edition, row.subscriber), ())),
            )

    def _followed(self, key: int) -> Iterator[FollowedLink]:
        same_link = and_(
            edition_links.c.edition == clicks.c.edition, edition_links.c.position == clicks.c.link
        )
        query = (
            select(clicks, edition_links.c.address)
            .outerjoin(edition_links, same_link)
            .where(clicks.c.subscriber == key)
            .order_by(clicks.c.key)
        )
        for row in self._execute(query):
            yield FollowedLink(
                edition=row.edition, link=row.address or "", at=row.at, machine=row.machine
            )

    def _confirmations(self, key: int) -> list[PendingConfirmation]:
        by_subscriber = Confirmations(self._connection).by_subscriber
        confirmations = [asked for kind in ConfirmationKind for asked in by_subscriber(key, kind)]
        return sorted(confirmations, key=lambda asked: asked.letter)

    def _failed_attempts(
        self, numbers: Sequence[int]
    ) -> dict[tuple[int, int], list[FailedAttempt]]:
        query = (
            select(delivery_events)
            .select_from(editions)
            .join(
                delivery_events,
                and_(
                    delivery_events.c.edition == editions.c.key,
                    delivery_events.c.subscriber.in_(numbers),
                ),
            )
            .order_by(delivery_events.c.key)
        )
        attempts: dict[tuple[int, int], list[FailedAttempt]] = {}
        for row in self._execute(query):
            attempt = FailedAttempt(
                attempt=row.attempt, event=row.event, code=row.code, reply=row.reply, at=row.at
            )
            attempts.setdefault((row.edition, row.subscriber), []).append(attempt)
        return attempts

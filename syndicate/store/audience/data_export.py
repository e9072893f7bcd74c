"""Collects everything that the store keeps on one person."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, and_, func, select

from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from syndicate.model.feedback import FeedbackRecord, HeldReport
from syndicate.model.subscribers import Subscriber, SubscriberChange, normalise_email
from syndicate.store.audience.audit_log import AuditLog
from syndicate.store.audience.merges import Merges
from syndicate.store.audience.private_feeds import PrivateFeedTokens
from syndicate.store.audience.subscribers import Confirmations, PendingConfirmation, Subscribers
from syndicate.store.database.repository import Repository, value_of
from syndicate.store.database.schema import (
    clicks,
    contents,
    deliveries,
    delivery_events,
    edition_links,
    editions,
)
from syndicate.store.database.schema_feedback import WITHOUT_MESSAGE, feedback, held_reports


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
    feedback: tuple[FeedbackRecord, ...] = ()
    """What was reported about mail to them."""
    held_reports: tuple[HeldReport, ...] = ()
    """Reports that seem to be about them and wait for a person, without their messages."""


class DataExport(Repository):
    """What the store keeps on a person."""

    def load(self, key: int) -> PersonalRecord | None:
        """Return everything, each list oldest first; None if there is no such subscriber."""
        person = Subscribers(self._connection).by_key(key)
        if person is None:
            return None
        former = Merges(self._connection).addresses(key)
        return PersonalRecord(
            person=person,
            changes=tuple(AuditLog(self._connection).changes(key)),
            mailed_items=tuple(self.mailed_items(key)),
            followed_links=tuple(self._followed(key)),
            confirmations=tuple(Confirmations(self._connection).by_subscriber(key)),
            private_feed_since=PrivateFeedTokens(self._connection).granted_at(key),
            former_addresses=tuple(former),
            feedback=tuple(self._feedback(key)),
            held_reports=tuple(self._held([normalise_email(person.email), *former])),
        )

    def _feedback(self, key: int) -> list[FeedbackRecord]:
        numbers = Merges(self._connection).all_numbers(key)
        query = select(feedback).where(feedback.c.subscriber.in_(numbers))
        return self._values(FeedbackRecord, query.order_by(feedback.c.received_at))

    def _held(self, addresses: Sequence[str]) -> list[HeldReport]:
        query = WITHOUT_MESSAGE.where(held_reports.c.recipient.in_(addresses))
        return self._values(HeldReport, query.order_by(held_reports.c.key))

    def mailed_items(self, key: int) -> list[MailedItem]:
        """Return the mail for a subscriber, also under numbers that they used to have."""
        numbers = Merges(self._connection).all_numbers(key)
        attempts = defaultdict(list)
        events = _of_readers(delivery_events, numbers).order_by(delivery_events.c.key)
        for row in self._execute(events):
            attempts[row.edition, row.subscriber].append(value_of(FailedAttempt, row))
        query = (
            _of_readers(deliveries, numbers)
            .add_columns(editions.c.newsletter, editions.c.kind, contents.c.subject)
            .join(contents, contents.c.hash == editions.c.content)
            .order_by(deliveries.c.edition, deliveries.c.subscriber)
        )
        return [
            value_of(MailedItem, row, failed_attempts=tuple(attempts[row.edition, row.subscriber]))
            for row in self._execute(query)
        ]

    def _followed(self, key: int) -> list[FollowedLink]:
        same_link = and_(
            edition_links.c.edition == clicks.c.edition, edition_links.c.position == clicks.c.link
        )
        link = func.coalesce(edition_links.c.address, "").label("link")
        query = select(clicks.c.edition, link, clicks.c.at, clicks.c.machine)
        query = query.outerjoin(edition_links, same_link).where(clicks.c.subscriber == key)
        return self._values(FollowedLink, query.order_by(clicks.c.key))


def _of_readers(table: Table, numbers: Sequence[int]) -> Select[Any]:
    """Select rows of these readers, by way of the editions: no index begins with readers."""
    matches = and_(table.c.edition == editions.c.key, table.c.subscriber.in_(numbers))
    return select(table).select_from(editions.join(table, matches))

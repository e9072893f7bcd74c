"""The dossier: everything that is held on one person."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select, update

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
from syndicate.store.audience.people import grouped, people
from syndicate.store.audience.private_feeds import PrivateFeedTokens
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
    """What a mail server said to one attempt that did not go well."""

    attempt: int
    event: str
    code: int
    reply: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedItem:
    """One edition or letter that was meant for somebody."""

    edition: int
    newsletter: str
    kind: EditionKind
    subject: str
    state: DeliveryState
    attempt: int
    code: int
    reply: str
    """The server's last word, or why it was skipped."""
    at: datetime
    """When it came into this state."""
    answers: tuple[FailedAttempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedLink:
    """A link of an edition that somebody followed, where that is recorded by reader."""

    edition: int
    link: str
    """Where it leads; empty for the hidden one."""
    at: datetime
    machine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalRecord:
    """All that the store knows of somebody."""

    person: Subscriber
    changes: tuple[SubscriberChange, ...]
    mailed_items: tuple[MailedItem, ...]
    followed_links: tuple[FollowedLink, ...]
    confirmations: tuple[PendingConfirmation, ...]
    private_feed_since: datetime | None
    """Since when they have the address of a private feed, if they have one."""
    former_addresses: tuple[str, ...] = ()
    """Addresses that they had before they merged or moved."""


class DataExport:
    """What the store holds on one person, to be shown to them or forgotten."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def load(self, key: int) -> PersonalRecord | None:
        """Return everything, oldest first; None where there is nobody."""
        query = people().where(subscribers.c.key == key).order_by(subscriptions.c.newsletter)
        person = next(grouped(self._connection, self._connection.execute(query)), None)
        if person is None:
            return None
        return PersonalRecord(
            person=person,
            changes=tuple(AuditLog(self._connection).changes(key)),
            mailed_items=tuple(self.mailed_items(key)),
            followed_links=tuple(self._followed(key)),
            confirmations=tuple(self._requests(key)),
            private_feed_since=PrivateFeedTokens(self._connection).granted_at(key),
            former_addresses=tuple(FormerAddresses(self._connection).of(key)),
        )

    def mailed_items(self, key: int) -> Iterator[MailedItem]:
        """Iterate over what was meant for somebody, also under numbers that they had before."""
        numbers = Merges(self._connection).all_numbers(key)
        answers = self._answers(numbers)
        # By way of the editions: the ledger is ordered by them, and has no index of its readers.
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
        for row in self._connection.execute(query):
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
                answers=tuple(answers.get((row.edition, row.subscriber), ())),
            )

    def forget(self, key: int) -> None:
        """Take somebody out of what is counted: the counts stay, and say nothing of them.

        What servers replied is blanked, since they like to name the address. Clicks are
        those of a number that was drawn, and is nobody's: how many readers there were stays.
        """
        theirs = clicks.c.subscriber == key
        nobody = -1 - secrets.randbelow(2**31 - 1)
        self._connection.execute(update(clicks).where(theirs), {"subscriber": nobody})
        numbers = Merges(self._connection).all_numbers(key)
        for table in (deliveries, delivery_events):
            replied = and_(
                table.c.edition.in_(select(editions.c.key)),
                table.c.subscriber.in_(numbers),
                table.c.reply != "",
            )
            self._connection.execute(update(table).where(replied), {"reply": ""})

    def _followed(self, key: int) -> Iterator[FollowedLink]:
        place = and_(
            edition_links.c.edition == clicks.c.edition, edition_links.c.position == clicks.c.link
        )
        query = (
            select(clicks, edition_links.c.address)
            .outerjoin(edition_links, place)
            .where(clicks.c.subscriber == key)
            .order_by(clicks.c.key)
        )
        for row in self._connection.execute(query):
            yield FollowedLink(
                edition=row.edition, link=row.address or "", at=row.at, machine=row.machine
            )

    def _requests(self, key: int) -> list[PendingConfirmation]:
        asked = Confirmations(self._connection)
        found = [one for kind in ConfirmationKind for one in asked.by_subscriber(key, kind)]
        return sorted(found, key=lambda one: one.letter)

    def _answers(self, numbers: Sequence[int]) -> dict[tuple[int, int], list[FailedAttempt]]:
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
        found: dict[tuple[int, int], list[FailedAttempt]] = {}
        for row in self._connection.execute(query):
            answer = FailedAttempt(
                attempt=row.attempt, event=row.event, code=row.code, reply=row.reply, at=row.at
            )
            found.setdefault((row.edition, row.subscriber), []).append(answer)
        return found

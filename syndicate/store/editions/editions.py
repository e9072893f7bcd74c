"""Freezes editions: content, articles, links, and a ledger row for every reader."""

from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from syndicate.config import Criteria
from syndicate.model.deliveries import WAITING, DeliveryState
from syndicate.model.editions import (
    LETTERS,
    NEVER_SENT,
    Content,
    Draft,
    Edition,
    EditionKind,
    EditionState,
    Item,
)
from syndicate.model.subscribers import SubscriptionState, SuppressionKind
from syndicate.store.articles.reading import carried_by
from syndicate.store.audience.segments import condition, takes_mail
from syndicate.store.database.repository import LOCK_NUMBERS, Repository, columns_of, lock
from syndicate.store.database.schema import (
    Instant,
    contents,
    deliveries,
    edition_items,
    edition_links,
    edition_notes,
    editions,
    subscribers,
    subscriptions,
)
from syndicate.store.database.schema_editorial import edition_omissions, edition_sources
from syndicate.store.database.schema_feedback import suppressions

LEFT = "left the newsletter"
GONE = "is no longer a subscriber"
PAUSED = "wants no mail for a while"


class Editions(Repository):
    """Adds and finds editions."""

    def add(self, draft: Draft) -> Edition:
        """Freeze an edition with a ledger row for every reader it is for.

        These are the confirmed ones whose subscription is older than its newest article,
        whose address is not suppressed, who have not paused mail, and who are in the
        draft's segment, if it names one.
        """
        edition = self.get(self.freeze(draft, everybody=draft.segment is None))
        self.queue_for_all(edition, newest=draft.newest, segment=draft.segment, at=draft.created_at)
        return edition

    def queue_for_all(
        self, edition: Edition, *, newest: int, segment: Criteria | None, at: datetime
    ) -> None:
        """Queue an edition for every reader it is for at a time, as `add` says."""
        readers = self._readers(edition.newsletter, newest=newest, segment=segment, at=at)
        queue(self._connection, edition.key, readers, at)

    def count_readers(
        self, newsletter: str, *, newest: int | None, segment: Criteria | None, at: datetime
    ) -> int:
        """Count the readers for whom `queue_for_all` would queue an edition.

        Without `newest`, those who subscribed after its stories became public count as well.
        """
        readers = self._readers(newsletter, newest=newest, segment=segment, at=at)
        return self._count(readers.subquery())

    def _readers(
        self, newsletter: str, *, newest: int | None, segment: Criteria | None, at: datetime
    ) -> sa.Select[Any]:
        readers = (
            sa.select(subscriptions.c.subscriber)
            .join(subscribers, subscribers.c.key == subscriptions.c.subscriber)
            .outerjoin(suppressions, suppressions.c.address == subscribers.c.address)
            .where(
                subscriptions.c.newsletter == newsletter,
                subscriptions.c.state == SubscriptionState.CONFIRMED,
                suppressions.c.address.is_(None),
                takes_mail(at),
            )
        )
        if newest is not None:
            readers = readers.where(subscriptions.c.since < newest)
        if segment is not None:
            readers = readers.where(condition(segment, self._dialect, at=at))
        return readers

    def freeze(
        self,
        draft: Draft,
        *,
        everybody: bool,
        original: int | None = None,
        state: EditionState = EditionState.SENDING,
    ) -> int:
        """Freeze an edition's content and articles, for nobody yet; return its number.

        `everybody`: whether the archive shows it. `original` is the first of the editions
        that it corrects.
        """
        lock(self._connection, LOCK_NUMBERS)
        names = ("newsletter", "schedule", "kind", "upto", "created_at", "expires_at")
        key = self.insert(
            draft.content,
            **{name: getattr(draft, name) for name in names},
            on_unknown="skip",
            everybody=everybody,
            original=original,
            state=state,
            slot_at=draft.slot_at or draft.created_at,
        )
        links = ({"address": address} for address in draft.links)
        for table, rows in (edition_items, map(columns_of, draft.items)), (edition_links, links):
            numbered = enumerate(rows, 1)
            self._insert(table, [{"edition": key, "position": n, **row} for n, row in numbered])
        omitted = [{"edition": key, "article": article} for article in draft.left_out]
        self._insert(edition_omissions, omitted)
        if draft.file_version:
            self._insert(edition_sources, {"edition": key, "version": draft.file_version})
        self._insert(edition_notes, [{"edition": key, **columns_of(note)} for note in draft.notes])
        return key

    def add_letter(
        self, content: Content, *, to: int, created_at: datetime, expires_at: datetime
    ) -> int:
        """Freeze a letter to one subscriber; return its number.

        One that was being sent when a process died is sent again: a letter that comes
        twice does no harm.
        """
        key = self.insert(
            content,
            newsletter=LETTERS,
            kind=EditionKind.LETTER,
            upto=0,
            created_at=created_at,
            expires_at=expires_at,
            on_unknown="resend",
            slot_at=created_at,
        )
        queue(self._connection, key, sa.select(sa.literal(to)), created_at)
        return key

    def insert(self, content: Content, **values: Any) -> int:
        """Insert an edition with its content; return its number."""
        self._insert_new(contents, {"hash": content.hash, **columns_of(content)})
        row = {"content": content.hash, **values}
        return int(self._execute(sa.insert(editions).returning(editions.c.key), row).scalar_one())

    def by_key(self, key: int) -> Edition | None:
        """Find an edition by its number."""
        return self._value(Edition, EDITIONS.where(editions.c.key == key))

    def get(self, key: int) -> Edition:
        """Return an edition that exists."""
        edition = self.by_key(key)
        assert edition is not None
        return edition

    def all(self) -> list[Edition]:
        """Return every edition but letters, newest first."""
        query = EDITIONS.where(editions.c.kind != EditionKind.LETTER)
        return self._values(Edition, query.order_by(editions.c.key.desc()))

    def unfinished(self) -> list[Edition]:
        """Return the editions, but letters, with deliveries that are not done, oldest first."""
        query = EDITIONS.where(editions.c.kind != EditionKind.LETTER, has_any(WAITING))
        return self._values(Edition, query.order_by(editions.c.key))

    def carriers(self, newsletter: str, schedule: str | None) -> dict[int, int]:
        """Return the newest edition that carries an article, by its key, for each that isn't new.

        An article is new to a schedule's next edition as `ArticleReader.candidates` says.
        """
        query = sa.select(edition_items.c.article, sa.func.max(editions.c.key)).join(editions)
        query = query.where(carried_by(newsletter, schedule)).group_by(edition_items.c.article)
        return dict(self._execute(query).all())

    def newest_of(self, schedule: str) -> Edition | None:
        """Return the newest edition of a schedule that was released."""
        released = editions.c.schedule == schedule, editions.c.state.not_in(NEVER_SENT)
        query = EDITIONS.where(*released)
        return self._value(Edition, query.order_by(editions.c.key.desc()).limit(1))

    def newest_key(self, newsletter: str) -> int:
        """Return the number of a newsletter's newest edition; 0 when it has none."""
        return self._scalar(sa.func.max(editions.c.key), editions.c.newsletter == newsletter) or 0

    def content(self, name: str) -> Content:
        """Return a frozen content by its hash."""
        query = sa.select(*(column for column in contents.c if column.name != "hash"))
        row = self._execute(query.where(contents.c.hash == name)).mappings().one()
        return Content(**row)

    def items(self, key: int) -> list[Item]:
        """Return the articles of an edition, in order."""
        query = sa.select(edition_items.c.article, edition_items.c.revision)
        query = query.where(edition_items.c.edition == key).order_by(edition_items.c.position)
        return self._values(Item, query)


EDITIONS = sa.select(
    *(column for column in editions.c if column.name != "everybody"), contents.c.subject
).join(contents)
"""Selects editions with their subjects; the columns have the names of an `Edition`'s fields."""


@cache
def has_any(states: tuple[DeliveryState, ...]) -> sa.ColumnElement[bool]:
    """Match editions with a delivery in one of these states."""
    # only the first row of each state is looked up in an index
    firsts = (
        sa.select(sa.func.min(deliveries.c.subscriber))
        .where(deliveries.c.edition == editions.c.key, deliveries.c.state == state)
        .scalar_subquery()
        for state in states
    )
    return sa.or_(*(first.is_not(None) for first in firsts))


def queue(connection: sa.Connection, edition: int, readers: sa.Select[Any], at: datetime) -> None:
    """Queue an edition for readers, by a query of their numbers."""
    rows = readers.add_columns(
        sa.literal(edition),
        sa.literal(DeliveryState.QUEUED.value),
        sa.literal(0),
        sa.literal(0),
        sa.literal(""),
        sa.bindparam("at", at, type_=Instant),
    )
    columns = ["subscriber", "edition", "state", "attempt", "code", "reply", "at"]
    connection.execute(sa.insert(deliveries).from_select(columns, rows))


def queue_for(
    connection: sa.Connection,
    edition: int,
    *,
    instead_of: int,
    condition: sa.ColumnElement[bool],
    at: datetime,
) -> None:
    """Queue an edition for the readers of another (`instead_of`) who aren't in its ledger yet.

    `condition` selects the rows of the other edition.
    """
    queued = deliveries.alias()
    in_ledger = sa.and_(queued.c.edition == edition, queued.c.subscriber == deliveries.c.subscriber)
    readers = sa.select(deliveries.c.subscriber).where(
        deliveries.c.edition == instead_of, condition, ~sa.exists().where(in_ledger)
    )
    queue(connection, edition, readers, at)


def join_readers(rows: sa.FromClause = deliveries) -> sa.Join:
    """Join each ledger row with its edition and with its reader as of today."""
    with_edition = rows.join(editions, editions.c.key == rows.c.edition)
    return join_reader(with_edition, rows.c.subscriber)


def join_reader(rows: sa.FromClause, reader: sa.ColumnElement[int]) -> sa.Join:
    """Join editions with one reader as of today."""
    subscribed = sa.and_(
        subscriptions.c.subscriber == reader, subscriptions.c.newsletter == editions.c.newsletter
    )
    return (
        rows.outerjoin(subscribers, subscribers.c.key == reader)
        .outerjoin(subscriptions, subscribed)
        .outerjoin(suppressions, suppressions.c.address == subscribers.c.address)
    )


def skip_reason(at: datetime | sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """Return why a reader must not be mailed any more; empty when they may."""
    subscribed = sa.or_(
        editions.c.kind == EditionKind.LETTER, subscriptions.c.state == SubscriptionState.CONFIRMED
    )
    paused = sa.and_(editions.c.kind != EditionKind.LETTER, subscribers.c.paused_until > at)
    by_bounces = sa.or_(
        *(suppressions.c.kind == kind for kind in SuppressionKind if kind.is_bounce)
    )
    # whether an address that bounced works again, a letter finds out
    tries_again = sa.and_(editions.c.kind == EditionKind.LETTER, by_bounces)
    return sa.case(
        (subscribers.c.key.is_(None), GONE),
        (sa.and_(suppressions.c.address.is_not(None), ~tries_again), suppressions.c.reason),
        (paused, PAUSED),
        (subscribed, ""),
        else_=LEFT,
    )

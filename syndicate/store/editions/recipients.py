"""Who gets an edition as of today, and why a reader of it is skipped."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    exists,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.sql.selectable import Join

from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from syndicate.model.subscribers import SubscriptionState
from syndicate.store.database.schema import (
    Instant,
    deliveries,
    editions,
    subscribers,
    subscriptions,
    suppressions,
)

LEFT = "left the newsletter"
GONE = "is no longer a subscriber"
PAUSED = "wants no mail for a while"


def queue(connection: Connection, edition: int, readers: Select[Any], at: datetime) -> None:
    """Queue an edition for readers, by a query of their numbers."""
    rows = readers.add_columns(
        literal(edition),
        literal(DeliveryState.QUEUED.value),
        literal(0),
        literal(0),
        literal(""),
        bindparam("at", at, type_=Instant),
    )
    columns = ["subscriber", "edition", "state", "attempt", "code", "reply", "at"]
    connection.execute(insert(deliveries).from_select(columns, rows))


def queue_for(
    connection: Connection,
    edition: int,
    *,
    instead_of: int,
    condition: ColumnElement[bool],
    at: datetime,
) -> None:
    """Queue an edition for the readers of another (`instead_of`) who aren't in its ledger yet.

    `condition` selects the rows of the other edition.
    """
    queued = deliveries.alias()
    in_ledger = and_(queued.c.edition == edition, queued.c.subscriber == deliveries.c.subscriber)
    readers = select(deliveries.c.subscriber).where(
        deliveries.c.edition == instead_of, condition, ~exists().where(in_ledger)
    )
    queue(connection, edition, readers, at)


def join_readers(rows: FromClause = deliveries) -> Join:
    """Join each ledger row with its edition and with its reader as of today."""
    with_edition = rows.join(editions, editions.c.key == rows.c.edition)
    return join_reader(with_edition, rows.c.subscriber)


def join_reader(rows: FromClause, reader: ColumnElement[int]) -> Join:
    """Join editions with one reader as of today."""
    subscribed = and_(
        subscriptions.c.subscriber == reader, subscriptions.c.newsletter == editions.c.newsletter
    )
    return (
        rows.outerjoin(subscribers, subscribers.c.key == reader)
        .outerjoin(subscriptions, subscribed)
        .outerjoin(suppressions, suppressions.c.address == subscribers.c.address)
    )


def skip_reason(at: datetime | ColumnElement[Any]) -> ColumnElement[str]:
    """Return why a reader must not be mailed any more; empty when they may."""
    subscribed = or_(
        editions.c.kind == EditionKind.LETTER, subscriptions.c.state == SubscriptionState.CONFIRMED
    )
    paused = and_(editions.c.kind != EditionKind.LETTER, subscribers.c.paused_until > at)
    return case(
        (subscribers.c.key.is_(None), GONE),
        (suppressions.c.address.is_not(None), suppressions.c.reason),
        (paused, PAUSED),
        (subscribed, ""),
        else_=LEFT,
    )

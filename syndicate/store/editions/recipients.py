"""Who gets an edition as of today, and why a reader of it is skipped."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
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
    rows = select(
        literal(edition),
        deliveries.c.subscriber,
        literal(DeliveryState.QUEUED.value),
        literal(0),
        literal(0),
        literal(""),
        bindparam("at", at, type_=Instant),
    ).where(deliveries.c.edition == instead_of, condition, ~exists().where(in_ledger))
    columns = ["edition", "subscriber", "state", "attempt", "code", "reply", "at"]
    connection.execute(insert(deliveries).from_select(columns, rows))


def join_readers(rows: FromClause = deliveries) -> Join:
    """Join each ledger row with its edition and with its reader as of today."""
    with_edition = rows.join(editions, editions.c.key == rows.c.edition)
    return _join_reader(with_edition, rows.c.subscriber)


def join_edition_and_reader() -> Join:
    """Join every edition with the reader of one ledger row, for a correlated subquery."""
    return _join_reader(editions, deliveries.c.subscriber)


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


def _join_reader(rows: FromClause, reader: ColumnElement[int]) -> Join:
    subscribed = and_(
        subscriptions.c.subscriber == reader, subscriptions.c.newsletter == editions.c.newsletter
    )
    return (
        rows.outerjoin(subscribers, subscribers.c.key == reader)
        .outerjoin(subscriptions, subscribed)
        .outerjoin(suppressions, suppressions.c.address == subscribers.c.address)
    )

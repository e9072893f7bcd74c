"""Whom an edition is for as things stand today, and why somebody of them isn't mailed after all."""

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
    which: ColumnElement[bool],
    at: datetime,
) -> None:
    """Put readers of one edition into the ledger of another, where they aren't in it yet.

    `which` says whose rows of the first.
    """
    there = deliveries.alias()
    theirs = and_(there.c.edition == edition, there.c.subscriber == deliveries.c.subscriber)
    rows = select(
        literal(edition),
        deliveries.c.subscriber,
        literal(DeliveryState.QUEUED.value),
        literal(0),
        literal(0),
        literal(""),
        bindparam("at", at, type_=Instant),
    ).where(deliveries.c.edition == instead_of, which, ~exists().where(theirs))
    columns = ["edition", "subscriber", "state", "attempt", "code", "reply", "at"]
    connection.execute(insert(deliveries).from_select(columns, rows))


def with_readers(rows: FromClause = deliveries) -> Join:
    """Join each ledger row with its edition and with what is known of its reader today."""
    theirs = rows.join(editions, editions.c.key == rows.c.edition)
    return _with_reader(theirs, rows.c.subscriber)


def edition_and_reader() -> Join:
    """Join every edition with the reader of one ledger row, for a query inside another's."""
    return _with_reader(editions, deliveries.c.subscriber)


def reason_not_to(at: datetime | ColumnElement[Any]) -> ColumnElement[str]:
    """Say why a reader is not to be mailed after all; empty when they are."""
    stayed = or_(
        editions.c.kind == EditionKind.LETTER, subscriptions.c.state == SubscriptionState.CONFIRMED
    )
    paused = and_(editions.c.kind != EditionKind.LETTER, subscribers.c.paused_until > at)
    return case(
        (subscribers.c.key.is_(None), GONE),
        (suppressions.c.address.is_not(None), suppressions.c.reason),
        (paused, PAUSED),
        (stayed, ""),
        else_=LEFT,
    )


def _with_reader(rows: FromClause, reader: ColumnElement[int]) -> Join:
    subscribed = and_(
        subscriptions.c.subscriber == reader, subscriptions.c.newsletter == editions.c.newsletter
    )
    return (
        rows.outerjoin(subscribers, subscribers.c.key == reader)
        .outerjoin(subscriptions, subscribed)
        .outerjoin(suppressions, suppressions.c.address == subscribers.c.address)
    )

"""The ledger: every move of a delivery, each a compare-and-set.

    queued ─claim─► claimed ─intend─► sending ─settle─► accepted, deferred, failed, unknown

`intend` is committed before the body's first byte leaves, so a row that is
`claimed` was provably not handed over, and one that is `sending` may have been.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)

from syndicate.model.deliveries import (
    Claim,
    Delivery,
    DeliveryOutcome,
    DeliveryState,
    DeliveryTotals,
)
from syndicate.model.editions import Edition, EditionKind, EditionState
from syndicate.store.database.schema import Instant, contents, deliveries, editions, subscribers
from syndicate.store.editions.editions import edition_of
from syndicate.store.editions.recipients import with_readers
from syndicate.store.ledger.claims import Claims, claim_of, put_off_until
from syndicate.store.ledger.transitions import GOES_ON

OVERDUE = "could not be handed over in time"
LOST_SIGHT = "the process ended while the message was being handed over"


@dataclass(frozen=True, slots=True)
class RecoveredClaims:
    """What a sweep found of workers that died."""

    requeued: int
    """Claimed, never handed over: queued again."""
    unknown: tuple[Claim, ...]
    """Being handed over: nobody here can know. Settle them with evidence, if there is any."""


class Deliveries:
    """One row per edition and reader."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # what there is

    def totals(self, edition: int) -> DeliveryTotals:
        """Count an edition's readers by where they stand."""
        # every state is named, so that a million rows are counted out of their index
        query = (
            select(deliveries.c.state, func.count())
            .where(deliveries.c.edition == edition, deliveries.c.state.in_(list(DeliveryState)))
            .group_by(deliveries.c.state)
        )
        counts = {DeliveryState(state): count for state, count in self._connection.execute(query)}
        counts[DeliveryState.QUEUED] = counts.get(DeliveryState.QUEUED, 0) + counts.pop(
            DeliveryState.CLAIMED, 0
        )
        return DeliveryTotals(**{state.value: count for state, count in counts.items()})

    def next_attempt(self, edition: int) -> datetime | None:
        """Return when the first of those that were put off is due again; None without any."""
        put_off = deliveries.c.next_attempt_at.is_not(None)
        query = select(func.min(deliveries.c.next_attempt_at))
        first: datetime | None = self._connection.execute(
            query.where(deliveries.c.edition == edition, put_off)
        ).scalar_one()
        return first

    def by_edition(self, edition: int) -> Iterator[Delivery]:
        """Iterate over an edition's ledger rows, in the order people came."""
        query = (
            select(deliveries, subscribers.c.email)
            .outerjoin(subscribers, subscribers.c.key == deliveries.c.subscriber)
            .where(deliveries.c.edition == edition)
            .order_by(deliveries.c.subscriber)
        )
        for row in self._connection.execute(query):
            yield Delivery(
                edition=row.edition,
                subscriber=row.subscriber,
                email=row.email or "",
                state=DeliveryState(row.state),
                attempt=row.attempt,
                code=row.code,
                reply=row.reply,
                at=row.at,
                next_attempt_at=row.next_attempt_at,
            )

    def open_editions(self, at: datetime, *, claimed: Collection[int] = ()) -> list[Edition]:
        """Return the editions with something to hand over at `at`: letters, alerts, digests.

        Those of `claimed` have, where they go on.
        """
        told = {"now": at, "claimed": list(claimed)}
        return [edition_of(row) for row in self._connection.execute(_open_editions(), told)]

    # moves

    def resend(self, claim: Claim, *, at: datetime) -> bool:
        """Queue an unknown one again: it provably did not arrive, or may arrive twice.

        Not so of an edition that was cancelled or replaced: it stays unknown.
        """
        over = (EditionState.CANCELLED, EditionState.REPLACED)
        mine = and_(
            deliveries.c.edition == claim.edition,
            deliveries.c.subscriber == claim.subscriber,
            deliveries.c.state == DeliveryState.UNKNOWN,
            deliveries.c.attempt == claim.attempt + 1,
            ~exists().where(editions.c.key == deliveries.c.edition, editions.c.state.in_(over)),
        )
        return self._set(mine, state=DeliveryState.QUEUED, at=at)

    def expire(self, at: datetime) -> int:
        """Give up what is past its edition's time; return how many."""
        over = select(editions.c.key).where(editions.c.expires_at <= at)
        expired = self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.state.in_([DeliveryState.QUEUED, DeliveryState.DEFERRED]),
                deliveries.c.edition.in_(over),
            )
            .values(
                state=DeliveryState.EXPIRED,
                reply=case((deliveries.c.reply == "", OVERDUE), else_=deliveries.c.reply),
                next_attempt_at=None,
                at=at,
            )
        )
        return expired.rowcount

    def recover(self, *, now: datetime, dead: Callable[[str], bool]) -> RecoveredClaims:
        """Take over from workers that died, or whose lease is over."""
        held = deliveries.c.state.in_([DeliveryState.CLAIMED, DeliveryState.SENDING])
        owners = self._connection.execute(select(deliveries.c.owner).where(held).distinct())
        gone = [owner for owner in owners.scalars() if owner is not None and dead(owner)]
        abandoned = or_(deliveries.c.owner.in_(gone), deliveries.c.lease_until < now)
        requeued = self._connection.execute(
            update(deliveries).where(deliveries.c.state == DeliveryState.CLAIMED, abandoned),
            {"state": DeliveryState.QUEUED, "owner": None, "lease_until": None, "at": now},
        )
        unknown = self._abandoned(abandoned)
        lost = [
            DeliveryOutcome(claim=one, state=DeliveryState.UNKNOWN, reply=LOST_SIGHT)
            for one in unknown
        ]
        Claims(self._connection).settle(lost, at=now)
        return RecoveredClaims(requeued.rowcount, tuple(unknown))

    # how

    def _abandoned(self, abandoned: ColumnElement[bool]) -> list[Claim]:
        rows = self._connection.execute(
            select(
                deliveries.c.edition,
                deliveries.c.subscriber,
                (deliveries.c.attempt - 1).label("attempt"),
                subscribers.c.email,
                subscribers.c.name,
                editions.c.newsletter,
            )
            .select_from(with_readers())
            .where(deliveries.c.state == DeliveryState.SENDING, abandoned)
        )
        return [claim_of(row) for row in rows]

    def _set(self, condition: ColumnElement[bool], **values: Any) -> bool:
        return self._connection.execute(update(deliveries).where(condition), values).rowcount == 1


@cache
def _open_editions() -> Select[Any]:
    """Ask which editions have something due, or go on and are claimed, the most urgent first.

    It is kept: a sender asks a few times a second, and to put it together takes longer.
    """
    urgency = case(
        (editions.c.kind == EditionKind.LETTER, 0),
        (editions.c.kind == EditionKind.ALERT, 1),
        else_=2,
    )
    theirs = deliveries.c.edition == editions.c.key
    # the first of each: so that it is looked up in an index, and nothing is walked through
    new = select(func.min(deliveries.c.subscriber)).where(
        theirs, deliveries.c.state == DeliveryState.QUEUED
    )
    put_off = select(func.min(deliveries.c.next_attempt_at)).where(
        theirs, put_off_until(bindparam("now", type_=Instant))
    )
    due = or_(*(first.scalar_subquery().is_not(None) for first in (new, put_off)))
    claimed = editions.c.key.in_(bindparam("claimed", expanding=True))
    return (
        select(editions, contents.c.subject)
        .join(contents)
        .where(GOES_ON, or_(due, claimed))
        .order_by(urgency, editions.c.key)
    )

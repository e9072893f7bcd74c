"""The ledger's rows: lists and counts them, expires them, and recovers those of dead workers."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, case, exists, func, or_, select

from syndicate.model.deliveries import (
    Claim,
    Delivery,
    DeliveryOutcome,
    DeliveryState,
    DeliveryTotals,
)
from syndicate.model.editions import Edition, EditionKind
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import Instant, deliveries, editions, subscribers
from syndicate.store.editions.control import STOPPED, count_by_state
from syndicate.store.editions.editions import EDITIONS, has_any
from syndicate.store.ledger.claims import Claims, is_deferred_until, select_claims
from syndicate.store.ledger.transitions import IS_SENDING

_BATCH = 1_000
"""Rows in a transaction that expires them: each may have an address suppressed."""
_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)
_IS_WAITING = deliveries.c.state.in_(_WAITING)
EXPIRED_REPLY = "could not be sent in time"
UNKNOWN_REPLY = "the process ended while the message was being sent"


class Deliveries(Repository):
    """One row per edition and reader."""

    def totals(self, edition: int) -> DeliveryTotals:
        """Count an edition's deliveries by state."""
        counts = count_by_state(self._connection, edition)
        counts[DeliveryState.QUEUED] += counts.pop(DeliveryState.CLAIMED, 0)
        return DeliveryTotals(**{state.value: count for state, count in counts.items()})

    def next_attempt(self, edition: int) -> datetime | None:
        """Return when the first deferred delivery is due; None without any."""
        due_at = deliveries.c.next_attempt_at
        return self._scalar(func.min(due_at), deliveries.c.edition == edition, due_at.is_not(None))

    def find(self, edition: int, subscriber: int) -> Delivery | None:
        """Return one ledger row, with the address that its reader has today."""
        query = _DELIVERIES.where(
            deliveries.c.edition == edition, deliveries.c.subscriber == subscriber
        )
        return self._value(Delivery, query)

    def recent(
        self, readers: Collection[int], since: datetime, *, newsletter: str | None = None
    ) -> list[Delivery]:
        """Return the ledger rows of a person's numbers, of editions since then, newest first."""
        # first the editions: no index of the ledger begins with readers
        recent = select(editions.c.key).where(editions.c.created_at >= since)
        if newsletter is not None:
            recent = recent.where(editions.c.newsletter == newsletter)
        query = _DELIVERIES.where(
            deliveries.c.edition.in_(self._column(recent)), deliveries.c.subscriber.in_(readers)
        )
        return self._values(Delivery, query.order_by(deliveries.c.edition.desc()))

    def by_edition(self, edition: int) -> Iterator[Delivery]:
        """Iterate over an edition's ledger rows, by subscriber number."""
        query = _DELIVERIES.where(deliveries.c.edition == edition)
        for row in self._execute(query.order_by(deliveries.c.subscriber)).mappings():
            yield Delivery(**row)

    def open_editions(self, at: datetime, *, claimed: Collection[int] = ()) -> list[Edition]:
        """Return the editions with something to send at `at`: letters first, then alerts.

        Those of `claimed` count as such unless they are stopped.
        """
        parameters = {"now": at, "claimed": list(claimed)}
        return self._values(Edition, _open_editions(), parameters)

    def resend(self, claim: Claim, *, at: datetime) -> bool:
        """Queue an unknown delivery again: it provably did not arrive, or may arrive twice.

        That of a cancelled or replaced edition stays unknown.
        """
        queued = self._update(
            deliveries,
            deliveries.c.edition == claim.edition,
            deliveries.c.subscriber == claim.subscriber,
            deliveries.c.state == DeliveryState.UNKNOWN,
            deliveries.c.attempt == claim.attempt + 1,
            ~exists().where(editions.c.key == deliveries.c.edition, editions.c.state.in_(STOPPED)),
            state=DeliveryState.QUEUED,
            at=at,
        )
        return queued == 1

    def expire_unanswered(self, at: datetime) -> int:
        """Expire what is past its edition's time and never had a reply code; return how many."""
        overdue = select(editions.c.key).where(editions.c.expires_at <= at)
        unanswered = deliveries.c.edition.in_(overdue), deliveries.c.code == 0
        return self._update(deliveries, _IS_WAITING, *unanswered, **_expired(at))

    def expire_answered(self, at: datetime) -> list[Delivery]:
        """Expire a batch of what is past its edition's time, all of one edition; return it.

        Call it until nothing is left: a server has put these off, and may have said why.
        """
        overdue = editions.c.expires_at <= at, has_any(_WAITING)
        edition = self._scalar(func.min(editions.c.key), *overdue)
        if edition is None:
            return []
        is_waiting = deliveries.c.edition == edition, _IS_WAITING
        batch = _DELIVERIES.where(*is_waiting).order_by(deliveries.c.subscriber).limit(_BATCH)
        expired = self._values(Delivery, batch.with_for_update(of=deliveries))
        readers = deliveries.c.subscriber.in_([delivery.subscriber for delivery in expired])
        self._update(deliveries, *is_waiting, readers, **_expired(at))
        return expired

    def recover(self, *, now: datetime, dead: Callable[[str], bool]) -> tuple[int, list[Claim]]:
        """Recover the claims of dead workers, and those whose lease is over.

        Return how many were not sent, and are queued again; and those that were being sent:
        settle them with evidence, if there is any.
        """
        claimed = deliveries.c.state.in_([DeliveryState.CLAIMED, DeliveryState.SENDING])
        owners = self._execute(select(deliveries.c.owner).where(claimed).distinct())
        dead_owners = [owner for owner in owners.scalars() if owner is not None and dead(owner)]
        abandoned = or_(deliveries.c.owner.in_(dead_owners), deliveries.c.lease_until < now)
        requeued = self._update(
            deliveries,
            deliveries.c.state == DeliveryState.CLAIMED,
            abandoned,
            state=DeliveryState.QUEUED,
            owner=None,
            lease_until=None,
            at=now,
        )
        attempt = (deliveries.c.attempt - 1).label("attempt")
        sending = select_claims(deliveries, attempt).where(
            deliveries.c.state == DeliveryState.SENDING, abandoned
        )
        unknown = self._values(Claim, sending)
        outcomes = [
            DeliveryOutcome(claim=claim, state=DeliveryState.UNKNOWN, reply=UNKNOWN_REPLY)
            for claim in unknown
        ]
        Claims(self._connection).settle(outcomes, at=now)
        return requeued, unknown


_DELIVERIES = select(
    *(column for column in deliveries.c if column.name not in {"owner", "lease_until"}),
    func.coalesce(subscribers.c.email, "").label("email"),
).outerjoin(subscribers, subscribers.c.key == deliveries.c.subscriber)
"""Selects ledger rows; the columns have the names of a `Delivery`'s fields."""


def _expired(at: datetime) -> dict[str, Any]:
    reply = case((deliveries.c.reply == "", EXPIRED_REPLY), else_=deliveries.c.reply)
    return {"state": DeliveryState.EXPIRED, "reply": reply, "next_attempt_at": None, "at": at}


@cache
def _open_editions() -> Select[Any]:
    """Select the editions with something due, or claimed, the most urgent first.

    It is cached: a sender asks a few times a second, and building it takes longer.
    """
    urgency = case(
        (editions.c.kind == EditionKind.LETTER, 0),
        (editions.c.kind.in_((EditionKind.ALERT, EditionKind.CORRECTION)), 1),
        else_=2,
    )
    # only the first is looked up in an index
    deferred = select(func.min(deliveries.c.next_attempt_at)).where(
        deliveries.c.edition == editions.c.key, is_deferred_until(bindparam("now", type_=Instant))
    )
    due = or_(has_any((DeliveryState.QUEUED,)), deferred.scalar_subquery().is_not(None))
    claimed = editions.c.key.in_(bindparam("claimed", expanding=True))
    return EDITIONS.where(IS_SENDING, or_(due, claimed)).order_by(urgency, editions.c.key)

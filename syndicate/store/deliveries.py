"""The ledger: every move of a delivery, each a compare-and-set.

    queued ─claim─► claimed ─intend─► sending ─settle─► accepted, deferred, failed, unknown

`intend` is committed before the body's first byte leaves, so a row that is
`claimed` was provably not handed over, and one that is `sending` may have been.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from syndicate.model.deliveries import Claim, Delivery, State, Totals, Verdict
from syndicate.model.editions import Edition, EditionState, Kind
from syndicate.store.editions import edition_of
from syndicate.store.engine import share_edition
from syndicate.store.handover import GOES_ON, AnyRow, Handover, claim_of, put_off_until
from syndicate.store.recipients import reason_not_to, with_readers
from syndicate.store.schema import contents, deliveries, delivery_events, editions, subscribers

OVERDUE = "could not be handed over in time"
LOST_SIGHT = "the process ended while the message was being handed over"


@dataclass(frozen=True, slots=True)
class Recovered:
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

    def totals(self, edition: int) -> Totals:
        """Count an edition's readers by where they stand."""
        query = (
            select(deliveries.c.state, func.count())
            .where(deliveries.c.edition == edition)
            .group_by(deliveries.c.state)
        )
        counts = {State(state): count for state, count in self._connection.execute(query)}
        counts[State.QUEUED] = counts.get(State.QUEUED, 0) + counts.pop(State.CLAIMED, 0)
        return Totals(**{state.value: count for state, count in counts.items()})

    def of(self, edition: int) -> Iterator[Delivery]:
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
                state=State(row.state),
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
        urgency = case(
            (editions.c.kind == Kind.LETTER, 0), (editions.c.kind == Kind.ALERT, 1), else_=2
        )
        theirs = deliveries.c.edition == editions.c.key
        # the first of each: so that it is looked up in an index, and nothing is walked through
        new = select(func.min(deliveries.c.subscriber)).where(
            theirs, deliveries.c.state == State.QUEUED
        )
        put_off = select(func.min(deliveries.c.next_attempt_at)).where(theirs, put_off_until(at))
        due = or_(*(first.scalar_subquery().is_not(None) for first in (new, put_off)))
        query = (
            select(editions, contents.c.subject)
            .join(contents)
            .where(GOES_ON, or_(due, editions.c.key.in_(claimed)))
            .order_by(urgency, editions.c.key)
        )
        return [edition_of(row) for row in self._connection.execute(query)]

    # moves

    def claim(
        self, edition: int, *, owner: str, lease_until: datetime, at: datetime, limit: int = 100
    ) -> list[Claim]:
        """Take up to `limit` rows that are due; nobody else can have them while the lease lasts.

        Readers who left or were suppressed since the edition was frozen are
        skipped on the way. Nothing of an edition that was stopped is taken.
        """
        share_edition(self._connection, edition)
        claims: list[Claim] = []
        while not claims:
            rows = self._due_rows(edition, at, limit)
            if not rows:
                break
            self._skip([row for row in rows if row.reason], at)
            claims = [claim_of(row) for row in rows if not row.reason]
            self._move(
                claims,
                (State.QUEUED, State.DEFERRED),
                state=State.CLAIMED,
                owner=owner,
                lease_until=lease_until,
                next_attempt_at=None,
                at=at,
            )
        return claims

    def release(self, claims: Sequence[Claim], *, owner: str, at: datetime) -> None:
        """Give back what was claimed and not handed over."""
        if claims:
            share_edition(self._connection, claims[0].edition)
        self._move(
            claims,
            (State.CLAIMED,),
            deliveries.c.owner == owner,
            state=State.QUEUED,
            owner=None,
            lease_until=None,
            at=at,
        )

    def intend(self, claim: Claim, *, owner: str, lease_until: datetime, at: datetime) -> bool:
        """Record that the body is about to leave. False: don't send it.

        That is so when the claim was lost, when the edition was stopped, or when
        the reader left since; then the row is skipped. Whoever stops an edition
        waits for the intents under way, so that it knows of each.
        """
        share_edition(self._connection, claim.edition)
        mine = and_(
            _row_of(claim), deliveries.c.state == State.CLAIMED, deliveries.c.owner == owner
        )
        reason = self._connection.execute(
            select(reason_not_to(at)).select_from(with_readers()).where(mine)
        ).one_or_none()
        if reason is None:
            return False
        if reason[0]:
            self._set(
                mine, state=State.SKIPPED, reply=reason[0], owner=None, lease_until=None, at=at
            )
            return False
        goes_on = exists().where(editions.c.key == deliveries.c.edition, GOES_ON)
        return self._set(
            and_(mine, goes_on),
            state=State.SENDING,
            attempt=claim.attempt + 1,
            lease_until=lease_until,
            at=at,
        )

    def settle(
        self,
        claim: Claim,
        state: State,
        *,
        code: int = 0,
        reply: str = "",
        at: datetime,
        next_attempt_at: datetime | None = None,
    ) -> bool:
        """Record what became of a message; False when the row has moved on.

        A verdict of the same attempt also settles a row that was called unknown.
        What no server was asked about (skipped, or failed without a reply code)
        counts no attempt.
        """
        attempt = claim.attempt + 1
        asked = state is not State.SKIPPED and (state is not State.FAILED or code > 0)
        sent = and_(
            deliveries.c.state.in_([State.SENDING, State.UNKNOWN]), deliveries.c.attempt == attempt
        )
        refused = and_(deliveries.c.state == State.CLAIMED, deliveries.c.attempt == claim.attempt)
        mine = and_(
            deliveries.c.edition == claim.edition, deliveries.c.subscriber == claim.subscriber
        )
        settled = self._set(
            and_(mine, or_(sent, refused)),
            state=state,
            attempt=attempt if asked else claim.attempt,
            code=code,
            reply=reply,
            at=at,
            next_attempt_at=next_attempt_at,
            owner=None,
            lease_until=None,
        )
        if settled and state is not State.ACCEPTED:
            self._note(claim, state, code=code, reply=reply, at=at)
        return settled

    def resend(self, claim: Claim, *, at: datetime) -> bool:
        """Queue an unknown one again: it provably did not arrive, or may arrive twice.

        Not so of an edition that was cancelled or replaced: it stays unknown.
        """
        over = (EditionState.CANCELLED, EditionState.REPLACED)
        mine = and_(
            deliveries.c.edition == claim.edition,
            deliveries.c.subscriber == claim.subscriber,
            deliveries.c.state == State.UNKNOWN,
            deliveries.c.attempt == claim.attempt + 1,
            ~exists().where(editions.c.key == deliveries.c.edition, editions.c.state.in_(over)),
        )
        return self._set(mine, state=State.QUEUED, at=at)

    def expire(self, at: datetime) -> int:
        """Give up what is past its edition's time; return how many."""
        over = select(editions.c.key).where(editions.c.expires_at <= at)
        expired = self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.state.in_([State.QUEUED, State.DEFERRED]),
                deliveries.c.edition.in_(over),
            )
            .values(
                state=State.EXPIRED,
                reply=case((deliveries.c.reply == "", OVERDUE), else_=deliveries.c.reply),
                next_attempt_at=None,
                at=at,
            )
        )
        return expired.rowcount

    def recover(self, *, now: datetime, dead: Callable[[str], bool]) -> Recovered:
        """Take over from workers that died, or whose lease is over."""
        held = deliveries.c.state.in_([State.CLAIMED, State.SENDING])
        owners = self._connection.execute(select(deliveries.c.owner).where(held).distinct())
        gone = [owner for owner in owners.scalars() if owner is not None and dead(owner)]
        abandoned = or_(deliveries.c.owner.in_(gone), deliveries.c.lease_until < now)
        requeued = self._connection.execute(
            update(deliveries).where(deliveries.c.state == State.CLAIMED, abandoned),
            {"state": State.QUEUED, "owner": None, "lease_until": None, "at": now},
        )
        unknown = self._abandoned(abandoned)
        lost = [Verdict(claim=one, state=State.UNKNOWN, reply=LOST_SIGHT) for one in unknown]
        Handover(self._connection).settle(lost, at=now)
        return Recovered(requeued.rowcount, tuple(unknown))

    # how

    def _due_rows(self, edition: int, at: datetime, limit: int) -> Sequence[AnyRow]:
        query = (
            select(
                deliveries.c.edition,
                deliveries.c.subscriber,
                deliveries.c.attempt,
                subscribers.c.email,
                subscribers.c.name,
                editions.c.newsletter,
                reason_not_to(at).label("reason"),
            )
            .select_from(with_readers())
            .where(deliveries.c.edition == edition, GOES_ON, _due(at))
            .order_by(deliveries.c.subscriber)
            .limit(limit)
            .with_for_update(skip_locked=True, of=deliveries)
        )
        return self._connection.execute(query).all()

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
            .where(deliveries.c.state == State.SENDING, abandoned)
        )
        return [claim_of(row) for row in rows]

    def _skip(self, rows: Iterable[AnyRow], at: datetime) -> None:
        for row in rows:
            mine = and_(
                deliveries.c.edition == row.edition,
                deliveries.c.subscriber == row.subscriber,
                deliveries.c.attempt == row.attempt,
            )
            self._set(mine, state=State.SKIPPED, reply=row.reason, next_attempt_at=None, at=at)

    def _move(
        self,
        claims: Sequence[Claim],
        states: Sequence[State],
        *conditions: ColumnElement[bool],
        **values: Any,
    ) -> None:
        """Move many rows of one edition at once."""
        if not claims:
            return
        self._connection.execute(
            update(deliveries).where(
                deliveries.c.edition == claims[0].edition,
                deliveries.c.subscriber.in_([claim.subscriber for claim in claims]),
                deliveries.c.state.in_(states),
                *conditions,
            ),
            values,
        )

    def _set(self, condition: ColumnElement[bool], **values: Any) -> bool:
        return self._connection.execute(update(deliveries).where(condition), values).rowcount == 1

    def _note(self, claim: Claim, state: State, *, code: int, reply: str, at: datetime) -> None:
        self._connection.execute(
            insert(delivery_events),
            {
                "edition": claim.edition,
                "subscriber": claim.subscriber,
                "attempt": claim.attempt + 1,
                "event": state,
                "code": code,
                "reply": reply,
                "at": at,
            },
        )


def _due(at: datetime) -> ColumnElement[bool]:
    return or_(deliveries.c.state == State.QUEUED, put_off_until(at))


def _row_of(claim: Claim) -> ColumnElement[bool]:
    return and_(
        deliveries.c.edition == claim.edition,
        deliveries.c.subscriber == claim.subscriber,
        deliveries.c.attempt == claim.attempt,
    )

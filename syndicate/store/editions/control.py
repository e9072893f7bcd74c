"""Editions that are paused, cancelled and resumed, and the notes of who decided so.

A decision is one short transaction, and counts by itself: from its commit on
nothing of the edition is claimed and no body leaves (`Deliveries.intend`). The
rows of who isn't served any more follow in steps (`sweep`), as many as there are.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from syndicate.errors import Refused
from syndicate.model.deliveries import DeliveryState
from syndicate.model.edition_control import (
    CANCELLED,
    ControlAction,
    ControlOutcome,
    ControlRecord,
    EditionWait,
    Remaining,
    replaced_by,
)
from syndicate.model.editions import Edition, EditionKind, EditionState
from syndicate.model.subscribers import Actor, Cause
from syndicate.store.database.locks import lock_edition
from syndicate.store.database.schema import deliveries, delivery_events, editions
from syndicate.store.database.schema_delivery import edition_acts
from syndicate.store.editions.editions import Editions
from syndicate.store.editions.recipients import queue_for

STEP = 5_000
"""How many rows follow a decision in one transaction: others want to write as well."""
UNBEGUN = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DEFERRED)
"""Where a delivery stands of which nothing is on its way."""
CANCELLED_ROW = and_(deliveries.c.state == DeliveryState.SKIPPED, deliveries.c.reply == CANCELLED)
HELD_BACK = or_(deliveries.c.state.in_(UNBEGUN), CANCELLED_ROW)
OVER = (EditionState.CANCELLED, EditionState.REPLACED)
_SETTLED = "settled"
"""The event of an unknown delivery that somebody has looked after."""


class EditionControl:
    """What is decided about editions under way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # decisions

    def pause(self, key: int, *, cause: Cause, at: datetime, detail: str = "") -> ControlOutcome:
        """Let nothing more of an edition leave until it is resumed.

        Raise Refused where there is no such edition, or no way back.
        """
        edition = self.lock_edition(key)
        if edition.state in OVER:
            raise Refused(f"edition {key} {over(edition)}: there is nothing to pause")
        left = self.left(edition)
        if changed := edition.state is EditionState.SENDING and not left.is_over:
            state, act = EditionState.PAUSED, ControlAction.PAUSED
            self.decide(edition, state, act, left, cause=cause, at=at, detail=detail)
        return ControlOutcome(changed=changed, before=edition.state, left=left)

    def resume(self, key: int, *, cause: Cause, at: datetime, detail: str = "") -> ControlOutcome:
        """Let a paused edition go on; from here its failures count anew. Raise Refused."""
        edition = self.lock_edition(key)
        if edition.state in OVER:
            raise Refused(f"edition {key} {over(edition)}: it can't go on")
        left = self.left(edition)
        if changed := edition.state is EditionState.PAUSED:
            state, act = EditionState.SENDING, ControlAction.RESUMED
            self.decide(edition, state, act, left, cause=cause, at=at, detail=detail)
        return ControlOutcome(changed=changed, before=edition.state, left=left)

    def cancel(self, key: int, *, cause: Cause, at: datetime, detail: str = "") -> ControlOutcome:
        """Let nothing more of an edition leave, for good; `sweep` sees to its rows.

        Who was skipped by it counts as held back, whenever it is asked again. Raise
        Refused where there is no such edition, or it was replaced.
        """
        edition = self.lock_edition(key)
        if edition.state is EditionState.REPLACED:
            raise Refused(f"edition {key} {over(edition)}: cancel that one")
        left = self.left(edition)
        if changed := edition.state is not EditionState.CANCELLED and not left.is_over:
            state, act = EditionState.CANCELLED, ControlAction.CANCELLED
            self.decide(edition, state, act, left, cause=cause, at=at, detail=detail)
        return ControlOutcome(changed=changed, before=edition.state, left=left)

    def settle_unknown(
        self, key: int, *, again: bool, cause: Cause, at: datetime, detail: str = ""
    ) -> int:
        """Settle what is unknown of an edition, and not settled yet; return how many.

        `again` queues it, under the same Message-ID; else it stays unknown and is asked
        about no more. Raise Refused where what is queued would never leave.
        """
        edition = self.lock_edition(key)
        if again and edition.state in OVER:
            raise Refused(f"edition {key} {over(edition)}: nothing of it is sent again")
        if again and edition.expires_at <= at:
            raise Refused(
                f"the time of edition {key} is over, so nothing of it is sent again; "
                "settle it with --unknown skip"
            )
        left = self.left(edition)
        open_ones = self._unsettled(key)
        if again:
            found = self._connection.execute(
                update(deliveries)
                .where(*open_ones)
                .values(state=DeliveryState.QUEUED, at=at, next_attempt_at=None)
            ).rowcount
        else:
            found = self._mark_settled(open_ones, at)
        if found:
            how = "to be sent again" if again else "left as it is"
            self.note(
                edition.key,
                ControlRecord(
                    at=at,
                    act=ControlAction.SETTLED,
                    cause=cause,
                    detail=_joined(f"{found} {how}", detail),
                ),
                left,
            )
        return found

    def sweep(self, at: datetime) -> int:
        """Let some rows follow what was decided about their edition; return how many did.

        Call it until it returns 0. Rows come late that were in flight and put off:
        a replaced edition's go to its successor then, too.
        """
        stale = exists().where(
            deliveries.c.edition == editions.c.key, deliveries.c.state.in_(UNBEGUN)
        )
        stopped = select(editions.c.key).where(editions.c.state.in_(OVER), stale)
        key = self._connection.execute(stopped.order_by(editions.c.key).limit(1)).scalar()
        if key is None:
            return 0
        edition = self.lock_edition(key)
        # no order: the rows come out of the index of their states, and none is looked at twice
        query = select(deliveries.c.subscriber).where(
            deliveries.c.edition == key, deliveries.c.state.in_(UNBEGUN)
        )
        some = list(self._connection.execute(query.limit(STEP)).scalars())
        unbegun = deliveries.c.state.in_(UNBEGUN)
        self.follow(edition, and_(deliveries.c.subscriber.in_(some), unbegun), at)
        return len(some)

    # what there is

    def left(self, edition: Edition) -> Remaining:
        """Say how far an edition got."""
        # every state is named, so that a million rows are counted out of their index
        query = select(deliveries.c.state, func.count()).where(
            deliveries.c.edition == edition.key, deliveries.c.state.in_(list(DeliveryState))
        )
        rows = self._connection.execute(query.group_by(deliveries.c.state))
        counts = {DeliveryState(state): count for state, count in rows}
        held = 0
        if counts.get(DeliveryState.SKIPPED):
            cancelled = select(func.count()).select_from(deliveries)
            held = self._connection.execute(
                cancelled.where(deliveries.c.edition == edition.key, CANCELLED_ROW)
            ).scalar_one()
        return Remaining(
            accepted=counts.get(DeliveryState.ACCEPTED, 0),
            in_flight=counts.get(DeliveryState.SENDING, 0),
            held_back=held + sum(counts.get(state, 0) for state in UNBEGUN),
            failed=counts.get(DeliveryState.FAILED, 0),
            expired=counts.get(DeliveryState.EXPIRED, 0),
            skipped=counts.get(DeliveryState.SKIPPED, 0) - held,
            unknown=counts.get(DeliveryState.UNKNOWN, 0),
        )

    def decisions(self, key: int) -> list[ControlRecord]:
        """Return what was decided about an edition, oldest first."""
        query = select(edition_acts).where(edition_acts.c.edition == key)
        return [
            ControlRecord(
                at=row.at,
                act=ControlAction(row.act),
                cause=Cause(who=Actor(row.who), how=row.how),
                detail=row.detail,
            )
            for row in self._connection.execute(query.order_by(edition_acts.c.key))
        ]

    def newest_decision(self) -> int:
        """Return the number of the newest decision; 0 where there was none."""
        return self._connection.execute(select(func.max(edition_acts.c.key))).scalar() or 0

    def blockers(self, edition: Edition) -> EditionWait:
        """Say what an edition waits for, and why."""
        notes = self.decisions(edition.key) if edition.state is EditionState.PAUSED else []
        of_it = deliveries.c.edition == edition.key, deliveries.c.state == DeliveryState.DEFERRED
        put_off = select(func.count(), func.min(deliveries.c.next_attempt_at)).where(*of_it)
        count, first = self._connection.execute(put_off).one()
        said = select(deliveries.c.code, deliveries.c.reply).where(*of_it)
        said = said.group_by(deliveries.c.code, deliveries.c.reply)
        most = self._connection.execute(said.order_by(func.count().desc()).limit(1)).one_or_none()
        unsettled = select(func.count()).select_from(deliveries)
        return EditionWait(
            paused=next((one for one in reversed(notes) if one.act is ControlAction.PAUSED), None),
            put_off=count,
            next_attempt_at=first,
            reply=f"{most.code or ''} {most.reply}".strip() if most else "",
            unsettled=self._connection.execute(
                unsettled.where(*self._unsettled(edition.key))
            ).scalar_one(),
        )

    def results_since_resume(self, key: int) -> tuple[int, int]:
        """Count who was tried, and for whom it failed, since an edition last was resumed."""
        tried, failed = self._tried(key)
        last = (
            select(edition_acts.c.tried, edition_acts.c.failed)
            .where(edition_acts.c.edition == key, edition_acts.c.act == ControlAction.RESUMED)
            .order_by(edition_acts.c.key.desc())
            .limit(1)
        )
        before = self._connection.execute(last).one_or_none()
        return (tried - before.tried, failed - before.failed) if before else (tried, failed)

    # for decisions elsewhere in the store

    def lock_edition(self, key: int) -> Edition:
        """Return an edition while nobody else moves its deliveries; raise Refused for none."""
        lock_edition(self._connection, key)
        edition = Editions(self._connection).by_key(key)
        if edition is None or edition.kind is EditionKind.LETTER:
            raise Refused(f"there is no edition {key}; `syndicate editions` lists them")
        return edition

    def decide(
        self,
        edition: Edition,
        state: EditionState,
        act: ControlAction,
        left: Remaining,
        *,
        cause: Cause,
        at: datetime,
        detail: str = "",
        **values: Any,
    ) -> None:
        """Bring an edition into a state, and note with it how far it had got."""
        self._connection.execute(
            update(editions).where(editions.c.key == edition.key).values(state=state, **values)
        )
        note = ControlRecord(at=at, act=act, cause=cause, detail=_joined(str(left), detail))
        self.note(edition.key, note, left)

    def note(self, key: int, note: ControlRecord, left: Remaining) -> None:
        """Write down a decision."""
        row = {"edition": key, "at": note.at, "act": note.act, "detail": note.detail}
        row |= {"who": note.cause.who, "how": note.cause.how}
        row |= {"tried": left.accepted + left.failed + left.unknown, "failed": left.failed}
        self._connection.execute(insert(edition_acts), row)

    def follow(self, edition: Edition, which: ColumnElement[bool], at: datetime) -> None:
        """Skip those of a stopped edition's readers, or hand them to its successor."""
        reason = CANCELLED if edition.successor is None else replaced_by(edition.successor)
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.edition == edition.key, which)
            .values(
                state=DeliveryState.SKIPPED,
                reply=reason,
                owner=None,
                lease_until=None,
                next_attempt_at=None,
                at=at,
            )
        )
        if edition.successor is not None:
            replaced = and_(
                deliveries.c.state == DeliveryState.SKIPPED, deliveries.c.reply == reason
            )
            queue_for(
                self._connection,
                edition.successor,
                instead_of=edition.key,
                which=replaced,
                at=at,
            )

    # how

    def _unsettled(self, key: int) -> tuple[ColumnElement[bool], ...]:
        seen = exists().where(
            delivery_events.c.edition == deliveries.c.edition,
            delivery_events.c.subscriber == deliveries.c.subscriber,
            delivery_events.c.attempt == deliveries.c.attempt,
            delivery_events.c.event == _SETTLED,
        )
        return deliveries.c.edition == key, deliveries.c.state == DeliveryState.UNKNOWN, ~seen

    def _mark_settled(self, which: tuple[ColumnElement[bool], ...], at: datetime) -> int:
        query = select(deliveries.c.edition, deliveries.c.subscriber, deliveries.c.attempt)
        rows = [
            {**row._mapping, "event": _SETTLED, "code": 0, "reply": "", "at": at}  # noqa: SLF001 - SQLAlchemy's public name for it
            for row in self._connection.execute(query.where(*which))
        ]
        if rows:
            self._connection.execute(insert(delivery_events), rows)
        return len(rows)

    def _tried(self, key: int) -> tuple[int, int]:
        tried = (DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.UNKNOWN)
        query = select(deliveries.c.state, func.count()).where(
            deliveries.c.edition == key, deliveries.c.state.in_(tried)
        )
        rows = self._connection.execute(query.group_by(deliveries.c.state))
        counts = {DeliveryState(state): count for state, count in rows}
        return sum(counts.values()), counts.get(DeliveryState.FAILED, 0)


def over(edition: Edition) -> str:
    """Say why an edition never goes on."""
    if edition.state is EditionState.CANCELLED:
        return "was cancelled"
    return f"was replaced by edition {edition.successor}"


def _joined(*said: str) -> str:
    return "; ".join(filter(None, said))

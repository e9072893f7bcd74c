"""Pauses, cancels and resumes editions, and records who decided so.

A decision is one short transaction: from its commit on, nothing of the edition is claimed
and no body leaves (`Claims.settle_and_intend`). The rows of readers who get nothing any
more are updated afterwards, in batches (`sweep`).
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select

from syndicate.errors import Refused
from syndicate.model.deliveries import WAITING, DeliveryState, EditionResults
from syndicate.model.editions import (
    CANCELLED,
    ControlAction,
    ControlOutcome,
    ControlRecord,
    Edition,
    EditionKind,
    EditionState,
    EditionWait,
    Remaining,
    replaced_by,
)
from syndicate.model.feedback import FeedbackKind, MatchedBy
from syndicate.model.subscribers import Actor, Cause
from syndicate.store.database.repository import Repository, lock_edition, value_of
from syndicate.store.database.schema import deliveries, delivery_events, editions
from syndicate.store.database.schema_delivery import control_records
from syndicate.store.database.schema_feedback import feedback
from syndicate.store.editions.editions import Editions, has_any, queue_for

BATCH = 5_000
"""Rows per transaction that a sweep updates: others want to write as well."""
NOT_STARTED = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DEFERRED)
"""The states of deliveries of which nothing is on its way."""
CANCELLED_ROW = and_(deliveries.c.state == DeliveryState.SKIPPED, deliveries.c.reply == CANCELLED)
HELD_BACK = or_(deliveries.c.state.in_(NOT_STARTED), CANCELLED_ROW)
STOPPED = (EditionState.CANCELLED, EditionState.REPLACED)
_STATES = {
    ControlAction.PAUSED: EditionState.PAUSED,
    ControlAction.RESUMED: EditionState.SENDING,
    ControlAction.CANCELLED: EditionState.CANCELLED,
    ControlAction.REPLACED: EditionState.REPLACED,
}
"""The state of an edition after an action."""
_TRIED = (DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.UNKNOWN)
_COUNTED_BOUNCES = (FeedbackKind.HARD_BOUNCE, FeedbackKind.BLOCKED)
"""What says that the list or the sender is bad; a full mailbox says neither."""
_SETTLED = "settled"
"""The event of an unknown delivery that an operator has settled."""


class EditionControl(Repository):
    """Decisions about editions under way."""

    def pause(self, key: int, cause: Cause) -> ControlOutcome:
        """Send nothing more of an edition until it is resumed.

        Raise Refused where there is no such edition, or it can't be resumed.
        """
        edition = self.lock_edition(key, STOPPED, "there is nothing to pause")
        return self._change(edition, ControlAction.PAUSED, cause)

    def resume(self, key: int, cause: Cause) -> ControlOutcome:
        """Continue a paused edition, and restart its failure count; raise Refused if it can't."""
        edition = self.lock_edition(key, STOPPED, "it can't be resumed")
        return self._change(edition, ControlAction.RESUMED, cause)

    def cancel(self, key: int, cause: Cause) -> ControlOutcome:
        """Send nothing more of an edition, ever; `sweep` updates its rows.

        Readers skipped by it keep counting as held back. Raise Refused where there is no
        such edition, or it was replaced.
        """
        edition = self.lock_edition(key, [EditionState.REPLACED], "cancel that one")
        return self._change(edition, ControlAction.CANCELLED, cause)

    def _change(self, edition: Edition, act: ControlAction, cause: Cause) -> ControlOutcome:
        """Set an edition's state; one that is complete can't be stopped any more."""
        state, remaining = _STATES[act], self.remaining(edition)
        can_change = state is EditionState.SENDING or not remaining.is_over
        changed = edition.state is not state and can_change
        if changed:
            self.decide(edition, act, cause, remaining)
        return ControlOutcome(changed=changed, before=edition.state, left=remaining)

    def settle_unknown(self, key: int, cause: Cause, *, again: bool) -> int:
        """Settle an edition's unknown deliveries that are not settled yet; return how many.

        `again` queues them, under the same Message-ID; else they stay unknown and are not
        reported any more. Raise Refused where a queued delivery would never leave.
        """
        refused = STOPPED if again else ()
        edition = self.lock_edition(key, refused, "nothing of it is sent again")
        if again and edition.expires_at <= cause.at:
            raise Refused(
                f"edition {key} has expired, so nothing of it is sent again; "
                "settle it with --unknown skip"
            )
        remaining = self.remaining(edition)
        unsettled = self._unsettled(key)
        if again:
            queued = {"state": DeliveryState.QUEUED, "at": cause.at, "next_attempt_at": None}
            count = self._update(deliveries, *unsettled, **queued)
        else:
            query = select(deliveries.c.edition, deliveries.c.subscriber, deliveries.c.attempt)
            settled = {"event": _SETTLED, "code": 0, "reply": "", "at": cause.at}
            rows = self._execute(query.where(*unsettled)).mappings().all()
            count = self._insert_new(delivery_events, [{**row, **settled} for row in rows])
        if count:
            how = "to be sent again" if again else "left as it is"
            self.record(key, ControlAction.SETTLED, cause, remaining, f"{count} {how}")
        return count

    def sweep(self, at: datetime) -> int:
        """Update a batch of rows of a stopped edition; return how many.

        Call it until it returns 0. A row that is deferred after it was in
        flight follows later; in a replaced edition, it too goes to the successor.
        """
        not_started = deliveries.c.state.in_(NOT_STARTED)
        waits = exists().where(deliveries.c.edition == editions.c.key, not_started)
        stopped = select(editions.c.key).where(editions.c.state.in_(STOPPED), waits)
        key = self._execute(stopped.order_by(editions.c.key).limit(1)).scalar()
        if key is None:
            return 0
        edition = self.lock_edition(key)
        # unordered: the rows come from the index of states, and none is read twice
        query = select(deliveries.c.subscriber).where(deliveries.c.edition == key, not_started)
        readers = self._column(query.limit(BATCH))
        self.skip_readers(edition, and_(deliveries.c.subscriber.in_(readers), not_started), at)
        return len(readers)

    def remaining(self, edition: Edition) -> Remaining:
        """Count an edition's deliveries by what became of them."""
        counts = count_by_state(self._connection, edition.key)
        held_back = 0
        if counts[DeliveryState.SKIPPED]:
            held_back = self._count(deliveries, deliveries.c.edition == edition.key, CANCELLED_ROW)
        return Remaining(
            accepted=counts[DeliveryState.ACCEPTED],
            in_flight=counts[DeliveryState.SENDING],
            held_back=held_back + sum(counts[state] for state in NOT_STARTED),
            failed=counts[DeliveryState.FAILED],
            expired=counts[DeliveryState.EXPIRED],
            skipped=counts[DeliveryState.SKIPPED] - held_back,
            unknown=counts[DeliveryState.UNKNOWN],
        )

    def decisions(self, key: int) -> list[ControlRecord]:
        """Return the decisions about an edition, oldest first."""
        query = select(control_records).where(control_records.c.edition == key)
        rows = self._execute(query.order_by(control_records.c.key))
        return [_control_record(row) for row in rows]

    def newest_decision(self) -> int:
        """Return the number of the newest decision; 0 where there was none."""
        return self._scalar(func.max(control_records.c.key)) or 0

    def self_paused(self) -> list[tuple[int, ControlRecord]]:
        """Return the editions under way that paused themselves, with that decision."""
        rows = self._execute(_self_paused()).all()
        return [(row.edition, _control_record(row)) for row in rows]

    def blockers(self, edition: Edition) -> EditionWait:
        """Return what an edition waits for, and why."""
        decisions = self.decisions(edition.key) if edition.state is EditionState.PAUSED else []
        pauses = [record for record in decisions if record.act is ControlAction.PAUSED]
        deferred = deliveries.c.edition == edition.key, deliveries.c.state == DeliveryState.DEFERRED
        summary = select(func.count(), func.min(deliveries.c.next_attempt_at)).where(*deferred)
        count, first = self._execute(summary).one()
        replies = select(deliveries.c.code, deliveries.c.reply).where(*deferred)
        replies = replies.group_by(deliveries.c.code, deliveries.c.reply)
        reply = self._execute(replies.order_by(func.count().desc()).limit(1)).one_or_none()
        return EditionWait(
            paused=pauses[-1] if pauses else None,
            put_off=count,
            next_attempt_at=first,
            reply=f"{reply.code or ''} {reply.reply}".strip() if reply else "",
            unsettled=self._count(deliveries, *self._unsettled(edition.key)),
        )

    def unsettled(self) -> dict[int, int]:
        """Count the unknown deliveries that are not settled, by edition; letters have none."""
        unknown = editions.c.kind != EditionKind.LETTER, has_any((DeliveryState.UNKNOWN,))
        keys = self._execute(select(editions.c.key).where(*unknown).order_by(editions.c.key))
        counts = {key: self._count(deliveries, *self._unsettled(key)) for key in keys.scalars()}
        return {key: count for key, count in counts.items() if count}

    def results_since_resume(self, key: int) -> EditionResults:
        """Count the deliveries that were tried, and that failed, since the last resume."""
        counts = count_by_state(self._connection, key, _TRIED)
        tried, refused = counts.total(), counts[DeliveryState.FAILED]
        columns = (control_records.c[name] for name in ("tried", "failed", "at"))
        last = (
            select(*columns)
            .where(control_records.c.edition == key, control_records.c.act == ControlAction.RESUMED)
            .order_by(control_records.c.key.desc())
            .limit(1)
        )
        before = self._execute(last).one_or_none()
        if before is None:
            bounced = self._count_bounced(key)
            return EditionResults(tried=tried, refused=refused, bounced=bounced)
        return EditionResults(
            tried=tried - before.tried,
            refused=refused - before.failed,
            bounced=self._count_bounced(key, deliveries.c.at > before.at),
        )

    def count_bounce_reports(self, keys: Collection[int]) -> dict[int, int]:
        """Count the reports, by edition, that a message bounced or was blocked after all.

        A resume doesn't restart it. It is fast: an index has the few rows of such reports.
        """
        query = select(feedback.c.edition, func.count()).where(
            feedback.c.edition.in_(keys),
            feedback.c.kind.in_(_COUNTED_BOUNCES),
            feedback.c.matched_by != MatchedBy.HAND_OVER,
        )
        return dict(self._execute(query.group_by(feedback.c.edition)).all())

    def _count_bounced(self, key: int, *conditions: ColumnElement[bool]) -> int:
        """Count an edition's deliveries that bounced or were blocked after they were accepted."""
        is_delivery = and_(
            deliveries.c.edition == feedback.c.edition,
            deliveries.c.subscriber == feedback.c.subscriber,
        )
        bounced = select(func.count(feedback.c.subscriber.distinct()))
        bounced = bounced.select_from(feedback.join(deliveries, is_delivery)).where(
            feedback.c.edition == key,
            feedback.c.kind.in_(_COUNTED_BOUNCES),
            deliveries.c.state.in_((DeliveryState.ACCEPTED, DeliveryState.UNKNOWN)),
            *conditions,
        )
        return int(self._execute(bounced).scalar_one())

    def lock_edition(
        self, key: int, refused: Collection[EditionState] = (), remedy: str = ""
    ) -> Edition:
        """Return an edition and lock its deliveries.

        Raise Refused where there is none, where it was never released, and with a remedy for a
        state that is refused.
        """
        lock_edition(self._connection, key)
        edition = Editions(self._connection).by_key(key)
        if edition is None or edition.kind is EditionKind.LETTER:
            raise Refused(f"there is no edition {key}; `syndicate editions` lists them")
        if edition.state is EditionState.WAITING:
            raise Refused(
                f"edition {key} isn't released yet: `syndicate approve {key}` releases it, "
                f"and `syndicate reject {key}` drops it"
            )
        if edition.state is EditionState.REJECTED:
            raise Refused(f"edition {key} was rejected, and nobody has got it")
        if edition.state in refused:
            successor = edition.successor
            stopped = "cancelled" if successor is None else f"replaced by edition {successor}"
            raise Refused(f"edition {key} was {stopped}: {remedy}")
        return edition

    def decide(
        self, edition: Edition, act: ControlAction, cause: Cause, left: Remaining, **values: Any
    ) -> None:
        """Set an edition's state, and record the decision with its counts."""
        self._update(editions, editions.c.key == edition.key, state=_STATES[act], **values)
        successor = values.get("successor")
        detail = f"{left}; by edition {successor}" if successor else str(left)
        self.record(edition.key, act, cause, left, detail)

    def record(
        self, key: int, act: ControlAction, cause: Cause, left: Remaining, detail: str
    ) -> None:
        """Record a decision about an edition with these deliveries."""
        row = {"edition": key, "at": cause.at, "act": act, "who": cause.who, "how": cause.how}
        row["detail"] = f"{detail}; {cause.why}" if cause.why else detail
        tried = left.accepted + left.failed + left.unknown
        self._insert(control_records, {**row, "failed": left.failed, "tried": tried})

    def skip_readers(self, edition: Edition, condition: ColumnElement[bool], at: datetime) -> None:
        """Skip readers of a stopped edition, and queue its successor for them, if there is one."""
        reason = CANCELLED if edition.successor is None else replaced_by(edition.successor)
        skipped = {"state": DeliveryState.SKIPPED, "reply": reason, "at": at}
        skipped |= dict.fromkeys(("owner", "lease_until", "next_attempt_at"))
        self._update(deliveries, deliveries.c.edition == edition.key, condition, **skipped)
        if edition.successor is not None:
            replaced = and_(
                deliveries.c.state == DeliveryState.SKIPPED, deliveries.c.reply == reason
            )
            successor, key = edition.successor, edition.key
            queue_for(self._connection, successor, instead_of=key, condition=replaced, at=at)

    def _unsettled(self, key: int) -> tuple[ColumnElement[bool], ...]:
        settled = exists().where(
            delivery_events.c.edition == deliveries.c.edition,
            delivery_events.c.subscriber == deliveries.c.subscriber,
            delivery_events.c.attempt == deliveries.c.attempt,
            delivery_events.c.event == _SETTLED,
        )
        return deliveries.c.edition == key, deliveries.c.state == DeliveryState.UNKNOWN, ~settled


@cache
def _self_paused() -> Select[Any]:
    """Select the decisions of those editions under way that paused themselves."""
    pauses = control_records.alias()
    newest = select(func.max(pauses.c.key)).where(
        pauses.c.edition == editions.c.key, pauses.c.act == ControlAction.PAUSED
    )
    paused = (
        select(control_records)
        .join(editions, editions.c.key == control_records.c.edition)
        .where(
            editions.c.state == EditionState.PAUSED,
            control_records.c.key == newest.scalar_subquery(),
            control_records.c.who.in_((Actor.SERVER, Actor.SCHEDULE)),
            has_any(WAITING),
        )
    )
    return paused.order_by(control_records.c.edition)


def _control_record(row: Row[Any]) -> ControlRecord:
    return value_of(ControlRecord, row, cause=Cause(who=row.who, how=row.how, at=row.at))


def count_by_state(
    connection: Connection, edition: int, states: Iterable[DeliveryState] = DeliveryState
) -> Counter[DeliveryState]:
    """Count an edition's deliveries by state."""
    # naming the states lets the index count a million rows
    query = select(deliveries.c.state, func.count()).where(
        deliveries.c.edition == edition, deliveries.c.state.in_(list(states))
    )
    return Counter(dict(connection.execute(query.group_by(deliveries.c.state)).all()))

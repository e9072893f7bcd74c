"""The ledger's transitions as SQL: which rows may make each, and what they become.

A row is named by its edition, its subscriber and the attempt that it is at.
"""

from typing import Any

from sqlalchemy import ColumnElement, case, exists, null, or_, update
from sqlalchemy.sql.dml import Update

from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionState
from syndicate.store.database.bulk_update import INTEGER, TEXT, BulkUpdate, Parameters, text_literal
from syndicate.store.database.schema import deliveries, editions
from syndicate.store.editions.editions import join_reader, skip_reason

IS_SENDING = editions.c.state == EditionState.SENDING
_FREE = {"owner": null(), "lease_until": null()}
_ROW = {"row_edition": INTEGER, "row_subscriber": INTEGER, "row_attempt": INTEGER}


def _from(
    bound: Parameters, *states: DeliveryState, attempt: ColumnElement[Any] | None = None
) -> Update:
    """Update a row that is in one of these states, and at its attempt."""
    # as an expression: until PostgreSQL has analysed a new ledger, it prefers the index of
    # states, and walks through the million rows that are in one of them
    state = deliveries.c.state.concat(text_literal(""))
    return update(deliveries).where(
        deliveries.c.edition == bound["row_edition"],
        deliveries.c.subscriber == bound["row_subscriber"],
        deliveries.c.attempt == (bound["row_attempt"] if attempt is None else attempt),
        or_(*(state == text_literal(allowed) for allowed in states)),
    )


def _claimed(bound: Parameters) -> Update:
    return _from(bound, DeliveryState.QUEUED, DeliveryState.DEFERRED).values(
        state=text_literal(DeliveryState.CLAIMED),
        owner=bound["owner_name"],
        lease_until=bound["lease_end"],
        next_attempt_at=null(),
        at=bound["now"],
    )


def _released(bound: Parameters) -> Update:
    return (
        _from(bound, DeliveryState.CLAIMED)
        .where(deliveries.c.owner == bound["owner_name"])
        .values(state=text_literal(DeliveryState.QUEUED), **_FREE, at=bound["now"])
    )


def _intended(bound: Parameters) -> Update:
    wanted = (
        exists()
        .select_from(join_reader(editions, deliveries.c.subscriber))
        .where(editions.c.key == deliveries.c.edition, IS_SENDING, skip_reason(bound["now"]) == "")
        .correlate(deliveries)
    )
    return (
        _from(bound, DeliveryState.CLAIMED)
        .where(deliveries.c.owner == bound["owner_name"], wanted)
        .values(
            state=text_literal(DeliveryState.SENDING),
            attempt=deliveries.c.attempt + 1,
            lease_until=bound["lease_end"],
            at=bound["now"],
        )
    )


def _settled(bound: Parameters) -> Update:
    # a body that left counted one attempt more
    attempt = bound["row_attempt"] + case(
        (deliveries.c.state == text_literal(DeliveryState.CLAIMED), 0), else_=1
    )
    return _from(
        bound, DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.UNKNOWN, attempt=attempt
    ).values(
        state=bound["new_state"],
        attempt=bound["new_attempt"],
        code=bound["new_code"],
        reply=bound["new_reply"],
        next_attempt_at=bound["retry_at"],
        at=bound["now"],
        **_FREE,
    )


def _skipped(bound: Parameters) -> Update:
    return _from(bound, DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.CLAIMED).values(
        state=text_literal(DeliveryState.SKIPPED),
        reply=bound["reason"],
        **_FREE,
        next_attempt_at=null(),
        at=bound["now"],
    )


_NOW = {"now": INTEGER}
_OWNER = {"owner_name": TEXT}
_LEASE = {"lease_end": INTEGER}
_OUTCOME = {"new_state": TEXT, "new_attempt": INTEGER, "new_code": INTEGER}
_OUTCOME |= {"new_reply": TEXT, "retry_at": INTEGER}
CLAIM = BulkUpdate(_claimed, per_row=_ROW, shared=_OWNER | _LEASE | _NOW)
RELEASE = BulkUpdate(_released, per_row=_ROW, shared=_OWNER | _NOW)
INTEND = BulkUpdate(_intended, per_row=_ROW, shared=_OWNER | _LEASE | _NOW)
SETTLE = BulkUpdate(_settled, per_row=_ROW | _OUTCOME, shared=_NOW)
SKIP = BulkUpdate(_skipped, per_row=_ROW | {"reason": TEXT}, shared=_NOW)

"""The moves of the ledger as SQL: which rows may make each, and what they are then.

A row is told by its edition, its subscriber and the attempt that it is at.
"""

from typing import Any

from sqlalchemy import ColumnElement, case, exists, null, or_, update
from sqlalchemy.sql.dml import Update

from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionState
from syndicate.store.database.bulk_update import INTEGER, TEXT, BulkUpdate, Values, fixed
from syndicate.store.database.schema import deliveries, editions
from syndicate.store.editions.recipients import edition_and_reader, reason_not_to

GOES_ON = editions.c.state == EditionState.SENDING
_ROW = {"its_edition": INTEGER, "its_subscriber": INTEGER, "its_attempt": INTEGER}


def _from(
    told: Values, *states: DeliveryState, attempt: ColumnElement[Any] | None = None
) -> Update:
    """Change a row that is in one of these states, as of its attempt."""
    tried = told["its_attempt"] if attempt is None else attempt
    # as an expression: PostgreSQL, until it has counted a new ledger, takes the index of
    # states for the shorter way, and walks through the million rows that are in one of them
    state = deliveries.c.state.concat(fixed(""))
    return update(deliveries).where(
        deliveries.c.edition == told["its_edition"],
        deliveries.c.subscriber == told["its_subscriber"],
        deliveries.c.attempt == tried,
        or_(*(state == fixed(one) for one in states)),
    )


def _claimed(told: Values) -> Update:
    return _from(told, DeliveryState.QUEUED, DeliveryState.DEFERRED).values(
        state=fixed(DeliveryState.CLAIMED),
        owner=told["its_owner"],
        lease_until=told["its_lease"],
        next_attempt_at=null(),
        at=told["now"],
    )


def _released(told: Values) -> Update:
    mine = deliveries.c.owner == told["its_owner"]
    return (
        _from(told, DeliveryState.CLAIMED)
        .where(mine)
        .values(state=fixed(DeliveryState.QUEUED), owner=null(), lease_until=null(), at=told["now"])
    )


def _intended(told: Values) -> Update:
    wanted = (
        exists()
        .select_from(edition_and_reader())
        .where(editions.c.key == deliveries.c.edition, GOES_ON, reason_not_to(told["now"]) == "")
        .correlate(deliveries)
    )
    return (
        _from(told, DeliveryState.CLAIMED)
        .where(deliveries.c.owner == told["its_owner"], wanted)
        .values(
            state=fixed(DeliveryState.SENDING),
            attempt=deliveries.c.attempt + 1,
            lease_until=told["its_lease"],
            at=told["now"],
        )
    )


def _settled(told: Values) -> Update:
    # a body that left was one attempt more
    tried = told["its_attempt"] + case(
        (deliveries.c.state == fixed(DeliveryState.CLAIMED), 0), else_=1
    )
    return _from(
        told, DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.UNKNOWN, attempt=tried
    ).values(
        state=told["its_state"],
        attempt=told["tried"],
        code=told["its_code"],
        reply=told["its_reply"],
        next_attempt_at=told["again"],
        at=told["now"],
        owner=null(),
        lease_until=null(),
    )


def _skipped(told: Values) -> Update:
    return _from(told, DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.CLAIMED).values(
        state=fixed(DeliveryState.SKIPPED),
        reply=told["reason"],
        owner=null(),
        lease_until=null(),
        next_attempt_at=null(),
        at=told["now"],
    )


_NOW = {"now": INTEGER}
_OWNER = {"its_owner": TEXT}
_LEASE = {"its_lease": INTEGER}
_VERDICT = {"its_state": TEXT, "tried": INTEGER, "its_code": INTEGER}
_VERDICT |= {"its_reply": TEXT, "again": INTEGER}
CLAIM = BulkUpdate(_claimed, each=_ROW, alike=_OWNER | _LEASE | _NOW)
RELEASE = BulkUpdate(_released, each=_ROW, alike=_OWNER | _NOW)
INTEND = BulkUpdate(_intended, each=_ROW, alike=_OWNER | _LEASE | _NOW)
SETTLE = BulkUpdate(_settled, each=_ROW | _VERDICT, alike=_NOW)
SKIP = BulkUpdate(_skipped, each=_ROW | {"reason": TEXT}, alike=_NOW)

"""The ledger's transitions as SQL: which rows may make each, and what they become.

A row is named by its edition, its subscriber and the attempt that it is at.
"""

from typing import Any

import sqlalchemy as sa

from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionState
from syndicate.store.database.bulk_update import BulkUpdate
from syndicate.store.database.schema import deliveries, editions
from syndicate.store.database.schema_delivery import mail_pause
from syndicate.store.editions.editions import join_reader, skip_reason

IS_SENDING = sa.and_(
    editions.c.state == EditionState.SENDING, ~sa.exists(sa.select(mail_pause.c.key))
)
"""Matches editions that may be sent: none while all mail is paused."""


def _word(word: str) -> sa.ColumnElement[str]:
    """Return a word of ours as a literal in the SQL itself."""
    return sa.literal_column(f"'{word}'", sa.Text())


_ROW = _EDITION, _SUBSCRIBER, _ATTEMPT = [
    sa.bindparam(name, type_=sa.BigInteger())
    for name in ("row_edition", "row_subscriber", "row_attempt")
]
_NEW_ATTEMPT, _CODE, _RETRY_AT, _LEASE, _NOW = (
    sa.bindparam(name, type_=sa.BigInteger())
    for name in ("new_attempt", "new_code", "retry_at", "lease_end", "now")
)
_STATE, _REPLY, _REASON, _OWNER = (
    sa.bindparam(name, type_=sa.Text) for name in ("new_state", "new_reply", "reason", "owner_name")
)
_FREE = {"owner": sa.null(), "lease_until": sa.null()}


def _from(*states: DeliveryState, attempt: sa.ColumnElement[Any] = _ATTEMPT) -> sa.Update:
    """Update a row that is in one of these states, and at its attempt."""
    # as an expression: until PostgreSQL has analysed a new ledger, it prefers the index of
    # states, and walks through the million rows that are in one of them
    state = deliveries.c.state.concat(_word(""))
    return sa.update(deliveries).where(
        deliveries.c.edition == _EDITION,
        deliveries.c.subscriber == _SUBSCRIBER,
        deliveries.c.attempt == attempt,
        sa.or_(*(state == _word(allowed) for allowed in states)),
    )


_CLAIMED = _from(DeliveryState.CLAIMED).where(deliveries.c.owner == _OWNER)
"""Updates a row that this owner has claimed."""
_IS_WANTED = (
    sa.exists()
    .select_from(join_reader(editions, deliveries.c.subscriber))
    .where(editions.c.key == deliveries.c.edition, IS_SENDING, skip_reason(_NOW) == "")
    .correlate(deliveries)
)
# a body that left counted one attempt more
_SENT_ATTEMPT = _ATTEMPT + sa.case((deliveries.c.state == _word(DeliveryState.CLAIMED), 0), else_=1)

CLAIM = BulkUpdate(
    _from(DeliveryState.QUEUED, DeliveryState.DEFERRED).values(
        state=_word(DeliveryState.CLAIMED),
        owner=_OWNER,
        lease_until=_LEASE,
        next_attempt_at=sa.null(),
        at=_NOW,
    ),
    per_row=_ROW,
    shared=[_OWNER, _LEASE, _NOW],
)
RELEASE = BulkUpdate(
    _CLAIMED.values(state=_word(DeliveryState.QUEUED), **_FREE, at=_NOW),
    per_row=_ROW,
    shared=[_OWNER, _NOW],
)
INTEND = BulkUpdate(
    _CLAIMED.where(_IS_WANTED).values(
        state=_word(DeliveryState.SENDING),
        attempt=deliveries.c.attempt + 1,
        lease_until=_LEASE,
        at=_NOW,
    ),
    per_row=_ROW,
    shared=[_OWNER, _LEASE, _NOW],
)
SETTLE = BulkUpdate(
    _from(
        DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.UNKNOWN, attempt=_SENT_ATTEMPT
    ).values(
        state=_STATE,
        attempt=_NEW_ATTEMPT,
        code=_CODE,
        reply=_REPLY,
        next_attempt_at=_RETRY_AT,
        at=_NOW,
        **_FREE,
    ),
    per_row=[*_ROW, _STATE, _NEW_ATTEMPT, _CODE, _REPLY, _RETRY_AT],
    shared=[_NOW],
)
SKIP = BulkUpdate(
    _from(DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.CLAIMED).values(
        state=_word(DeliveryState.SKIPPED),
        reply=_REASON,
        **_FREE,
        next_attempt_at=sa.null(),
        at=_NOW,
    ),
    per_row=[*_ROW, _REASON],
    shared=[_NOW],
)

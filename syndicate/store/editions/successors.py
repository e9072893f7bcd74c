"""Editions that take the place of another: corrected, or the same for who didn't get it.

Whom they are for is decided with them, in one transaction: nobody can be served by both.
"""

from datetime import datetime

from sqlalchemy import (
    Connection,
    exists,
    insert,
    literal,
    or_,
    select,
)

from syndicate.errors import Refused
from syndicate.model.deliveries import DeliveryState
from syndicate.model.edition_control import ControlAction, ControlRecord, Remaining
from syndicate.model.editions import Draft, Edition, EditionState
from syndicate.model.subscribers import Cause
from syndicate.store.database.locks import LOCK_NUMBERS, lock
from syndicate.store.database.schema import (
    deliveries,
    delivery_events,
    edition_items,
    edition_links,
    editions,
)
from syndicate.store.editions.control import CANCELLED_ROW, HELD_BACK, STEP, EditionControl, over
from syndicate.store.editions.editions import Editions
from syndicate.store.editions.recipients import join_readers, queue_for, skip_reason

_MISSED = or_(deliveries.c.state.in_([DeliveryState.FAILED, DeliveryState.EXPIRED]), CANCELLED_ROW)
"""Who provably didn't get it, and might have wanted to."""
_NEVER_LEFT = (DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.SKIPPED)


class Successors:
    """Editions after editions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._editions = Editions(connection)
        self._control = EditionControl(connection)

    def replace(
        self, key: int, draft: Draft, *, cause: Cause, at: datetime, detail: str = ""
    ) -> tuple[Edition, Remaining]:
        """Freeze a corrected edition for exactly those of whose copy nothing is on its way.

        After a cancellation, those are the ones it held back. Return it, and how far the
        other one had got. Raise Refused where nobody waits.
        """
        lock(self._connection, LOCK_NUMBERS)
        edition = self._control.lock_edition(key)
        left = self._control.left(edition)
        if edition.state is EditionState.REPLACED:
            raise Refused(f"edition {key} {over(edition)}: replace that one")
        if (newer := self._repeated(edition)) is not None:
            raise Refused(f"edition {key} was sent again as edition {newer}: replace that one")
        if not left.held_back:
            raise Refused(f"nobody is left to replace edition {key} for: {left}")
        successor = self._editions.freeze(
            draft, everybody=self._everybody(key), original=edition.original or key
        )
        self._control.decide(
            edition,
            EditionState.REPLACED,
            ControlAction.REPLACED,
            left,
            cause=cause,
            at=at,
            detail=f"by edition {successor}" + (f"; {detail}" if detail else ""),
            successor=successor,
        )
        self._control.follow(self._found(key), HELD_BACK, at)
        return self._found(successor), left

    def resend(
        self, key: int, *, cause: Cause, at: datetime, expires_at: datetime, detail: str = ""
    ) -> Edition | None:
        """Freeze an edition once more, for exactly those who are missing it; None for nobody.

        Raise Refused for one that was replaced: what it says is known to be wrong.
        """
        lock(self._connection, LOCK_NUMBERS)
        edition = self._control.lock_edition(key)
        if edition.state is EditionState.REPLACED:
            raise Refused(f"edition {key} {over(edition)}: send that one again")
        readers = self._missing(edition, at)
        if not readers:
            return None
        again = self._copy(edition, at, expires_at)
        for start in range(0, len(readers), STEP):
            some = deliveries.c.subscriber.in_(readers[start : start + STEP])
            queue_for(self._connection, again, instead_of=key, which=some, at=at)
        counted = f"as edition {again}, to {len(readers)} who didn't get it"
        said = f"{counted}; {detail}" if detail else counted
        left = self._control.left(edition)
        self._control.note(
            key, ControlRecord(at=at, act=ControlAction.RESENT, cause=cause, detail=said), left
        )
        return self._found(again)

    # how

    def _missing(self, edition: Edition, at: datetime) -> list[int]:
        """Return who missed it, is to be mailed today, and may not have it from elsewhere."""
        family = select(editions.c.key).where(
            or_(
                editions.c.key == (edition.original or edition.key),
                editions.c.original == (edition.original or edition.key),
            )
        )
        other = deliveries.alias()
        has = exists().where(
            other.c.edition.in_(family),
            other.c.subscriber == deliveries.c.subscriber,
            other.c.state.not_in(_NEVER_LEFT),
        )
        may_have = exists().where(
            delivery_events.c.edition.in_(family),
            delivery_events.c.subscriber == deliveries.c.subscriber,
            delivery_events.c.event == DeliveryState.UNKNOWN,
        )
        query = (
            select(deliveries.c.subscriber)
            .select_from(join_readers())
            .where(deliveries.c.edition == edition.key, _MISSED, skip_reason(at) == "")
            .where(~has, ~may_have)
            .order_by(deliveries.c.subscriber)
        )
        return list(self._connection.execute(query).scalars())

    def _copy(self, edition: Edition, at: datetime, expires_at: datetime) -> int:
        """Freeze what an edition says and carries once more; return its number."""
        values = {
            "newsletter": edition.newsletter,
            "schedule": None,
            "kind": edition.kind,
            "content": edition.content,
            "upto": edition.upto,
            "created_at": at,
            "expires_at": expires_at,
            "on_unknown": edition.on_unknown,
            "everybody": False,
            "original": edition.original or edition.key,
            "slot_at": edition.slot_at,
        }
        again: int = self._connection.execute(
            insert(editions).returning(editions.c.key), values
        ).scalar_one()
        for table, of_it in (
            (edition_items, ("article", "revision")),
            (edition_links, ("address",)),
        ):
            columns = ["position", *of_it]
            rows = select(literal(again), *(table.c[name] for name in columns))
            self._connection.execute(
                insert(table).from_select(
                    ["edition", *columns], rows.where(table.c.edition == edition.key)
                )
            )
        return again

    def _repeated(self, edition: Edition) -> int | None:
        """Return the newest edition that corrects or repeats a cancelled one."""
        if edition.state is not EditionState.CANCELLED:
            return None
        family = editions.c.original == (edition.original or edition.key)
        newer = select(editions.c.key).where(family, editions.c.key > edition.key)
        return self._connection.execute(newer.order_by(editions.c.key.desc()).limit(1)).scalar()

    def _everybody(self, key: int) -> bool:
        query = select(editions.c.everybody).where(editions.c.key == key)
        return bool(self._connection.execute(query).scalar_one())

    def _found(self, key: int) -> Edition:
        edition = self._editions.by_key(key)
        assert edition is not None
        return edition

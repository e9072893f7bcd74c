"""Editions that follow another: a correction, or the same again for those who didn't get it.

Their readers are decided in the same transaction, so that nobody gets both.
"""

from datetime import datetime

from sqlalchemy import Connection, exists, func, or_, select

from syndicate.errors import Refused
from syndicate.model.deliveries import NEVER_LEFT, DeliveryState
from syndicate.model.editions import (
    ControlAction,
    Draft,
    Edition,
    EditionKind,
    EditionState,
    Remaining,
)
from syndicate.model.subscribers import Cause
from syndicate.store.database.repository import LOCK_NUMBERS, Repository, lock
from syndicate.store.database.schema import deliveries, delivery_events, editions
from syndicate.store.editions.clicks import Clicks
from syndicate.store.editions.control import BATCH, CANCELLED_ROW, HELD_BACK, EditionControl
from syndicate.store.editions.corrections import EditionCorrections
from syndicate.store.editions.editions import Editions, join_readers, queue_for, skip_reason

_MISSED = or_(deliveries.c.state.in_([DeliveryState.FAILED, DeliveryState.EXPIRED]), CANCELLED_ROW)
"""Readers who provably didn't get it, and might have wanted to."""


class Successors(Repository):
    """Adds corrections and repetitions of editions."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._editions = Editions(connection)
        self._control = EditionControl(connection)

    def replace(
        self, key: int, draft: Draft, cause: Cause, *, in_flight: bool = False
    ) -> tuple[Edition, Remaining]:
        """Freeze a corrected edition for exactly those readers who were sent nothing.

        After a cancellation, these are the ones it held back. Return the new edition, and
        the counts of the old one. Raise Refused where no reader is left; with `in_flight`,
        those whose copy is being sent, and may yet be deferred, are left.
        """
        lock(self._connection, LOCK_NUMBERS)
        edition = self._control.lock_edition(key, [EditionState.REPLACED], "replace that one")
        remaining = self._control.remaining(edition)
        if edition.state is EditionState.CANCELLED:
            family = editions.c.original == (edition.original or key)
            newer = self._scalar(func.max(editions.c.key), family, editions.c.key > key)
            if newer is not None:
                raise Refused(f"edition {key} was sent again as edition {newer}: replace that one")
        if not (remaining.held_back or (in_flight and remaining.in_flight)):
            raise Refused(f"nobody is left to replace edition {key} for: {remaining}")
        everybody = self._exists(editions, editions.c.key == key, editions.c.everybody)
        successor = self._editions.freeze(
            draft, everybody=everybody, original=edition.original or key
        )
        replaced = ControlAction.REPLACED
        self._control.decide(edition, replaced, cause, remaining, successor=successor)
        self._control.skip_readers(self._editions.get(key), HELD_BACK, cause.at)
        return self._editions.get(successor), remaining

    def resend(self, key: int, cause: Cause, *, expires_at: datetime) -> Edition | None:
        """Freeze an edition again, for exactly those who didn't get it; return None for nobody.

        Raise Refused for one whose content is known to be wrong: it was replaced, or an article
        in it was corrected or retracted.
        """
        lock(self._connection, LOCK_NUMBERS)
        edition = self._control.lock_edition(key, [EditionState.REPLACED], "send that one again")
        if wrong := EditionCorrections(self._connection).wrong_in(key):
            raise Refused(
                f"edition {key} has what was corrected or retracted since: {', '.join(wrong)}; "
                "`syndicate send --article SLUG` sends articles as they are now"
            )
        readers = self._missing(edition, cause.at)
        if not readers:
            return None
        again = self._copy(edition, cause.at, expires_at)
        for start in range(0, len(readers), BATCH):
            batch = deliveries.c.subscriber.in_(readers[start : start + BATCH])
            queue_for(self._connection, again, instead_of=key, condition=batch, at=cause.at)
        counted = f"as edition {again}, to {len(readers)} who didn't get it"
        left = self._control.remaining(edition)
        self._control.record(key, ControlAction.RESENT, cause, left, counted)
        return self._editions.get(again)

    def _missing(self, edition: Edition, at: datetime) -> list[int]:
        """Return who missed it, may be mailed today, and can't have it from another edition."""
        first = edition.original or edition.key
        in_family = or_(editions.c.key == first, editions.c.original == first)
        if edition.kind is EditionKind.CORRECTION:  # one reader gets one, of any newsletter
            same = EditionCorrections(self._connection).of_same_article(edition.key)
            in_family = or_(in_family, editions.c.key.in_(same))
        family = select(editions.c.key).where(in_family)
        other = deliveries.alias()
        received = exists().where(
            other.c.edition.in_(family),
            other.c.subscriber == deliveries.c.subscriber,
            other.c.state.not_in(NEVER_LEFT),
        )
        may_have_received = exists().where(
            delivery_events.c.edition.in_(family),
            delivery_events.c.subscriber == deliveries.c.subscriber,
            delivery_events.c.event == DeliveryState.UNKNOWN,
        )
        query = (
            select(deliveries.c.subscriber)
            .select_from(join_readers())
            .where(deliveries.c.edition == edition.key, _MISSED, skip_reason(at) == "")
            .where(~received, ~may_have_received)
            .order_by(deliveries.c.subscriber)
        )
        return self._column(query)

    def _copy(self, edition: Edition, at: datetime, expires_at: datetime) -> int:
        names = ("newsletter", "kind", "upto", "slot_at")
        draft = Draft(
            **{name: getattr(edition, name) for name in names},
            schedule=None,
            content=self._editions.content(edition.content),
            items=tuple(self._editions.items(edition.key)),
            links=Clicks(self._connection).links(edition.key),
            newest=edition.upto,
            created_at=at,
            expires_at=expires_at,
        )
        original = edition.original or edition.key
        return self._editions.freeze(draft, everybody=False, original=original)

"""Bounces: each is recorded once, and an address is suppressed that bounces hard or too often."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, exists, func, or_, select

from syndicate.clock import EPOCH
from syndicate.config.sections.feedback import BounceSettings
from syndicate.model.bounces import is_doubtful
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from syndicate.model.feedback import FeedbackKind, FeedbackRecord
from syndicate.model.subscribers import Action, Cause, SuppressionKind
from syndicate.store.audience.subscribers import Subscribers
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import changes, deliveries, editions, subscribers
from syndicate.store.database.schema_feedback import feedback
from syndicate.store.ledger.feedback import FeedbackLog

_MIN_EDITIONS = 2
"""One mailing alone, which may be at fault itself, suppresses nobody by soft bounces."""
# as an expression: the index of kinds has all soft bounces of all readers
_IS_SOFT = feedback.c.kind.concat("") == FeedbackKind.SOFT_BOUNCE


class Bounces(Repository):
    """Records bounces, and suppresses addresses by the rules of `[bounces]`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._log = FeedbackLog(connection)
        self._suppress = Subscribers(connection).suppress

    def record(
        self, record: FeedbackRecord, email: str, *, settings: BounceSettings, cause: Cause
    ) -> bool:
        """Record feedback, and suppress the address where it is a bounce that counts.

        `cause.at` is now. Return False where the delivery has feedback of that kind; then
        nothing is done.
        """
        if not self._log.add(record):
            return False
        if record.kind is FeedbackKind.HARD_BOUNCE:
            reason = describe(record)
            self._suppress(email, reason, kind=SuppressionKind.HARD_BOUNCE, cause=cause)
        elif record.kind is FeedbackKind.SOFT_BOUNCE:
            # of two bounces at once, one has to see the other
            reader = select(subscribers.c.key).where(subscribers.c.key == record.subscriber)
            self._execute(reader.with_for_update(key_share=True))
            bounces = self.soft_bounces(record, settings, cause.at)
            if len(bounces) >= max(settings.soft, _MIN_EDITIONS):
                since = f"{bounces[0].at:%Y-%m-%d}"
                reason = f"{len(bounces)} soft bounces since {since}; {describe(record)}"
                self._suppress(email, reason, kind=SuppressionKind.SOFT_BOUNCES, cause=cause)
        return True

    def near_limit(
        self, readers: Collection[int], settings: BounceSettings, at: datetime
    ) -> set[int]:
        """Return those readers whom one more soft bounce, of another edition, may suppress."""
        query = select(feedback.c.subscriber).where(
            feedback.c.subscriber.in_(readers), _IS_SOFT, feedback.c.at > at - settings.soft_within
        )
        enough = func.count() >= max(settings.soft, _MIN_EDITIONS) - 1
        return set(self._column(query.group_by(feedback.c.subscriber).having(enough)))

    def soft_bounces(
        self, newest: FeedbackRecord, settings: BounceSettings, at: datetime
    ) -> list[FeedbackRecord]:
        """Return a reader's soft bounces that count at a time, with the newest of them.

        Those don't count that were put right since, or belong to an earlier address, or came
        before a message that was accepted and hasn't bounced in all of `forget_after`; nor
        refusals that don't say why.
        """
        since = max(at - settings.soft_within, self._address_since(newest.subscriber))
        delivery = exists().where(
            deliveries.c.edition == feedback.c.edition,
            deliveries.c.subscriber == feedback.c.subscriber,
            deliveries.c.at > since,
        )
        query = select(feedback).where(
            feedback.c.subscriber == newest.subscriber,
            _IS_SOFT,
            feedback.c.at > since,
            or_(delivery, feedback.c.edition == newest.edition),
        )
        found = [
            bounce
            for bounce in self._values(
                FeedbackRecord, query.order_by(feedback.c.at, feedback.c.edition)
            )
            if not is_doubtful(bounce.code, bounce.status, bounce.text)
        ]
        if len(found) < max(settings.soft, _MIN_EDITIONS):
            return found  # nothing to clear
        cleared_at = self._last_arrival(found[0], at - settings.forget_after)
        return [bounce for bounce in found if cleared_at is None or bounce.at > cleared_at]

    def _address_since(self, subscriber: int) -> datetime:
        """Return since when bounces are about the reader's address as it is."""
        began = changes.c.action.in_((Action.MOVED, Action.UNSUPPRESSED))
        is_reader = changes.c.subscriber == subscriber
        return self._scalar(func.max(changes.c.at), is_reader, began) or EPOCH

    def _last_arrival(self, first: FeedbackRecord, before: datetime) -> datetime | None:
        """Return when the last message was accepted that didn't bounce, after a first bounce."""
        bounced = exists().where(
            feedback.c.edition == deliveries.c.edition,
            feedback.c.subscriber == deliveries.c.subscriber,
            feedback.c.kind.in_((FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE)),
        )
        # first the editions, as no index of the ledger begins with readers: in one query SQLite
        # reads all rows of all later editions
        later = editions.c.key > first.edition, editions.c.kind != EditionKind.LETTER
        query = select(func.max(deliveries.c.at)).where(
            deliveries.c.edition.in_(self._column(select(editions.c.key).where(*later))),
            deliveries.c.subscriber == first.subscriber,
            # as an expression: its index has all that was ever accepted
            deliveries.c.state.concat("") == DeliveryState.ACCEPTED,
            deliveries.c.at > first.at,
            deliveries.c.at <= before,
            ~bounced,
        )
        accepted_at: datetime | None = self._execute(query).scalar()
        return accepted_at


def describe(record: FeedbackRecord) -> str:
    """Return what was reported, and by which server: `550 5.1.1 no such user, by mx.example`."""
    by = f", by {record.host}" if record.host else ""
    return f"{record.answer or record.kind}{by}"

"""Refusals at hand-over, and deliveries that expire: judged as reports are, and recorded.

What a server refuses for good becomes feedback in the transaction that records the outcome. An
address is suppressed that can't receive mail, or bounced too often.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndicate.config.sections.feedback import BounceSettings
from syndicate.model.bounces import find_status, judge, judge_deferral
from syndicate.model.deliveries import Claim, Delivery, DeliveryOutcome, DeliveryState
from syndicate.model.feedback import FeedbackKind, FeedbackRecord, MatchedBy
from syndicate.model.subscribers import Actor, Cause, normalise_email
from syndicate.store import Transaction

_SOURCE = "smtp"
"""The door of what servers reply at hand-over."""


@dataclass(frozen=True, slots=True)
class RefusalRecorder:
    """Records refusals by the rules of `[bounces]`."""

    settings: BounceSettings

    def record_outcomes(
        self, tx: Transaction, outcomes: Sequence[DeliveryOutcome], now: datetime
    ) -> Sequence[DeliveryOutcome]:
        """Record those that are refusals for good; return all as the ledger may have them.

        A reply may name the address: it is dropped if the reader was erased meanwhile.
        """
        if all(map(_is_accepted, outcomes)):
            return outcomes
        number, known = tx.merges.current_number, tx.subscribers.by_key
        outcomes = [
            outcome
            if _is_accepted(outcome) or known(number(outcome.claim.subscriber))
            else replace(outcome, reply="", claim=replace(outcome.claim, email=""))
            for outcome in outcomes
        ]
        # sorted: two processes, or a batch of a webhook, never wait for each other's rows
        refusals = filter(_is_refusal, outcomes)
        for refusal in sorted(refusals, key=lambda o: normalise_email(o.claim.email)):
            record = _of_outcome(refusal, now)
            how = f"{record.kind} of edition {record.edition}, at hand-over"
            self._record(tx, record, refusal.claim.email, how)
        return outcomes

    def record_expired(self, tx: Transaction, expired: Sequence[Delivery], now: datetime) -> None:
        """Record deliveries of one edition that expired because a server put them off so long.

        One counts only if the last reply was about its reader, see `judge_deferral`.
        """
        records = {
            delivery.email: _make_record(delivery, kind, delivery.code, delivery.reply, now)
            for delivery in sorted(expired, key=lambda delivery: normalise_email(delivery.email))
            if delivery.email and (kind := judge_deferral(delivery.code, delivery.reply))
        }
        readers = [record.subscriber for record in records.values()]
        near_limit = tx.bounces.near_limit(readers, self.settings, now)
        tx.feedback.add_all(r for r in records.values() if r.subscriber not in near_limit)
        for email, record in records.items():
            if record.subscriber in near_limit:
                how = f"{record.kind} of edition {record.edition}, which expired"
                self._record(tx, record, email, how)

    def _record(self, tx: Transaction, record: FeedbackRecord, email: str, how: str) -> None:
        cause = Cause(who=Actor.SERVER, how=how, at=record.received_at)
        tx.bounces.record(record, email, settings=self.settings, cause=cause)


def _is_accepted(outcome: DeliveryOutcome) -> bool:
    return outcome.state is DeliveryState.ACCEPTED


def _is_refusal(outcome: DeliveryOutcome) -> bool:
    """Whether a server refused it for good, and its reader is known."""
    answered = outcome.state is DeliveryState.FAILED and outcome.code > 0
    return answered and bool(outcome.claim.email)


def _of_outcome(refusal: DeliveryOutcome, now: datetime) -> FeedbackRecord:
    kind = judge(refusal.code, find_status(refusal.reply), refusal.reply)
    record = _make_record(refusal.claim, kind, refusal.code, refusal.reply, now)
    return replace(record, host=refusal.host)


def _make_record(
    refused: Claim | Delivery, kind: FeedbackKind, code: int, reply: str, now: datetime
) -> FeedbackRecord:
    return FeedbackRecord(
        edition=refused.edition,
        subscriber=refused.subscriber,
        kind=kind,
        code=code,
        status=find_status(reply),
        text=reply,
        domain=normalise_email(refused.email).rpartition("@")[2],
        source=_SOURCE,
        matched_by=MatchedBy.HAND_OVER,
        at=now,
        received_at=now,
    )

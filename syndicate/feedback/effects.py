"""What follows from feedback about a delivery: addresses suppressed, subscriptions ended.

Each change has its cause in the audit log, with the edition and the door.
"""

from dataclasses import dataclass
from enum import StrEnum

from syndicate.config.sections.feedback import BounceSettings
from syndicate.feedback.policy import Objection, ReportedDelivery, find_objection
from syndicate.model.deliveries import Claim, Delivery, DeliveryOutcome, DeliveryState
from syndicate.model.editions import NEVER_SENT, Edition, EditionState
from syndicate.model.feedback import FeedbackKind, FeedbackRecord, MatchedBy
from syndicate.model.subscribers import Actor, Cause, Subscriber, SubscriptionState, SuppressionKind
from syndicate.store import Transaction
from syndicate.store.ledger.bounces import describe

_STOPPED = (EditionState.CANCELLED, EditionState.REPLACED, *NEVER_SENT)

_NAMES = {
    FeedbackKind.DELIVERED: ("arrival", "of"),
    FeedbackKind.HARD_BOUNCE: ("hard bounce", "of"),
    FeedbackKind.SOFT_BOUNCE: ("soft bounce", "of"),
    FeedbackKind.BLOCKED: ("refusal by policy", "of"),
    FeedbackKind.COMPLAINT: ("complaint", "about"),
    FeedbackKind.UNSUBSCRIBED: ("wish to unsubscribe", "after"),
}


class RecordOutcome(StrEnum):
    """What became of feedback about one message."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    """It was recorded before, and nothing was done."""
    WITHOUT_EFFECT = "without effect"
    """It changes nothing, such as a bounce of an address that the reader has left."""
    UNDECIDED = "undecided"
    """Only a person can decide, as where only the address matches."""
    UNMATCHED = "unmatched"
    """Nothing in it names a delivery of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFeedback:
    """What became of feedback about one message."""

    outcome: RecordOutcome
    sentence: str
    """The same for the log and the operator; it names no address."""
    record: FeedbackRecord | None = None
    """What was reported, where it is about a delivery of ours."""

    @property
    def needs_person(self) -> bool:
        """Whether a person has to decide."""
        return self.outcome in {RecordOutcome.UNDECIDED, RecordOutcome.UNMATCHED}


def apply(
    tx: Transaction, case: ReportedDelivery, record: FeedbackRecord, settings: BounceSettings
) -> RecordedFeedback:
    """Record feedback about a delivery of an edition that exists, and do what follows from it."""
    edition, delivery, reader = case.edition, case.delivery, case.reader
    assert edition is not None
    if record.kind is FeedbackKind.UNSUBSCRIBED:
        return _unsubscribe(tx, edition, reader, record)
    if delivery is None or not case.was_sent:
        objection = Objection.UNKNOWN if delivery is None else Objection.NEVER_SENT
        # a stopped edition has readers whom it never reached; elsewhere something is wrong
        decided = edition.state in _STOPPED or delivery is None or not is_harmful(record.kind)
        outcome = RecordOutcome.WITHOUT_EFFECT if decided else RecordOutcome.UNDECIDED
        return _result(outcome, record, objection)
    if not is_harmful(record.kind):
        return _keep(tx, edition, delivery, record)
    reason = find_objection(case, record.kind)
    if reason or reader is None:
        new = tx.feedback.add(record)
        outcome = RecordOutcome.WITHOUT_EFFECT if new else RecordOutcome.REPEATED
        return _result(outcome, record, reason)
    if record.kind is FeedbackKind.COMPLAINT:
        return _take_complaint(tx, edition, reader, record)
    return _take_bounce(tx, reader, record, settings)


def name(kind: FeedbackKind, edition: int | None = None) -> str:
    """Return what somebody reports, in words, as "complaint about edition 41"."""
    noun, preposition = _NAMES[kind]
    return noun if edition is None else f"{noun} {preposition} edition {edition}"


def is_harmful(kind: FeedbackKind) -> bool:
    """Whether feedback of a kind may change what a reader gets."""
    return kind not in {FeedbackKind.DELIVERED, FeedbackKind.BLOCKED}


def _keep(
    tx: Transaction, edition: Edition, delivery: Delivery, record: FeedbackRecord
) -> RecordedFeedback:
    """Keep evidence; that a message arrived also settles a delivery that is unknown."""
    if not tx.feedback.add(record):
        return _result(RecordOutcome.REPEATED, record)
    arrived = record.kind is FeedbackKind.DELIVERED
    if not arrived or delivery.state is not DeliveryState.UNKNOWN:
        return _result(RecordOutcome.RECORDED, record)
    claim = Claim(
        edition=delivery.edition,
        subscriber=delivery.subscriber,
        email=delivery.email,
        name="",
        newsletter=edition.newsletter,
        attempt=delivery.attempt - 1,
    )
    reply = f"reported as delivered: {describe(record)}"
    accepted = DeliveryOutcome(
        claim=claim, state=DeliveryState.ACCEPTED, code=record.code, reply=reply
    )
    settled = tx.claims.settle([accepted], at=max(record.at, delivery.at))
    return _result(RecordOutcome.RECORDED, record, "it settles an unknown delivery" * bool(settled))


def _take_bounce(
    tx: Transaction, reader: Subscriber, record: FeedbackRecord, settings: BounceSettings
) -> RecordedFeedback:
    cause = _cause(record, f"{record.kind} of edition {record.edition}, by {record.source}")
    if not tx.bounces.record(record, reader.email, settings=settings, cause=cause):
        return _result(RecordOutcome.REPEATED, record)
    suppressed = tx.subscribers.suppression(reader.email)
    what = "" if suppressed is None else f"the address is suppressed ({suppressed.kind})"
    return _result(RecordOutcome.RECORDED, record, what)


def _take_complaint(
    tx: Transaction, edition: Edition, reader: Subscriber, record: FeedbackRecord
) -> RecordedFeedback:
    """End the subscription to the newsletter, and never mail the address again."""
    if not tx.feedback.add(record):
        return _result(RecordOutcome.REPEATED, record)
    cause = _cause(record, f"complaint about edition {record.edition}, by {record.source}")
    left = tx.subscribers.unsubscribe(reader.key, edition.newsletter, cause=cause)
    detail = f": {describe(record)}" if record.answer or record.host else ""
    reason = f"complaint about edition {record.edition}{detail}"
    kind = SuppressionKind.COMPLAINT
    tx.subscribers.suppress(reader.email, reason, kind=kind, cause=cause)
    newsletter = f"they no longer get {edition.newsletter}, " if left else ""
    return _result(RecordOutcome.RECORDED, record, f"{newsletter}the address is suppressed")


def _unsubscribe(
    tx: Transaction, edition: Edition, reader: Subscriber | None, record: FeedbackRecord
) -> RecordedFeedback:
    """End one subscription, unless the reader has subscribed again since they wrote."""
    if reader is None:
        return _result(RecordOutcome.WITHOUT_EFFECT, record, Objection.ERASED)
    new = tx.feedback.add(record)
    newsletter = edition.newsletter
    states = {item.newsletter: item for item in reader.subscriptions}
    subscription = states.get(newsletter)
    if subscription is None or subscription.state is SubscriptionState.LEFT:
        outcome = RecordOutcome.WITHOUT_EFFECT if new else RecordOutcome.REPEATED
        return _result(outcome, record, "there is no subscription that it could end")
    if subscription.at > record.at:
        again = f"they subscribed to {newsletter} again since"
        return _result(RecordOutcome.WITHOUT_EFFECT, record, again)
    by_mail = record.matched_by is MatchedBy.UNSUBSCRIBE_LINK
    how = "mail to unsubscribe" if by_mail else "unsubscribed at the mail provider"
    how = f"{how}, after edition {record.edition}, by {record.source}"
    cause = Cause(who=Actor.READER, how=how, at=record.received_at)
    tx.subscribers.unsubscribe(reader.key, newsletter, cause=cause)
    return _result(RecordOutcome.RECORDED, record, f"they no longer get {newsletter}")


def _cause(record: FeedbackRecord, how: str) -> Cause:
    return Cause(who=Actor.SERVER, how=how, at=record.received_at, why=describe(record))


def _result(outcome: RecordOutcome, record: FeedbackRecord, what: str = "") -> RecordedFeedback:
    """Say what happened; "hard bounce of edition 41 to reader 17: the address is suppressed"."""
    about = f"{name(record.kind, record.edition)} to reader {record.subscriber}"
    if outcome is RecordOutcome.WITHOUT_EFFECT:
        about = f"{about} changes nothing"
    elif outcome is RecordOutcome.REPEATED:
        about, what = f"{about} was reported before", ""
    sentence = f"{about}: {what}" if what else about
    return RecordedFeedback(outcome=outcome, sentence=sentence, record=record)

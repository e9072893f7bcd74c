"""An operator's decision about a report that waits for a person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from syndicate.config.sections.feedback import BounceSettings
from syndicate.errors import Refused
from syndicate.feedback.effects import is_harmful
from syndicate.feedback.held_reports import read_event
from syndicate.feedback.matching import RECENT, DeliveryMatch, deliveries_to
from syndicate.feedback.policy import ReportedDelivery
from syndicate.feedback.recorder import make_record
from syndicate.feedback.reports.parse import parse_report
from syndicate.model.feedback import (
    DeliveryReference,
    Feedback,
    FeedbackKind,
    FeedbackRecord,
    HeldReport,
    MatchedBy,
)
from syndicate.model.subscribers import (
    Cause,
    Subscriber,
    SubscriptionState,
    SuppressionKind,
    normalise_email,
)
from syndicate.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDecision:
    """What a held report is to count as, and for whom."""

    kind: FeedbackKind | None = None
    """None: as what it says itself."""
    address: str = ""
    """Whose it is; empty: of the address that it names."""
    cause: Cause

    def apply(self, tx: Transaction, report: HeldReport, settings: BounceSettings) -> str:
        """Do what follows, delete the report, and return what was done.

        Raise Refused where it isn't clear what it reports, or about whom.
        """
        tx.lock_audience()
        reader = self._reader(tx, report)
        item = self._item(report, reader, settings)
        record = _make_record(tx, report, reader, item, self.cause)
        did = self._act(tx, reader, item, record, settings)
        tx.held_reports.delete(report.key)
        return f"{reader.email} {did}"

    def _reader(self, tx: Transaction, report: HeldReport) -> Subscriber:
        address = self.address or report.recipient
        if not address:
            raise Refused(f"report {report.key} names no address; add --address")
        reader = tx.subscribers.by_email(address)
        if reader is None:
            raise Refused(
                f"nobody has the address {address}; name another with --address, or drop the "
                f"report: `syndicate bounces drop {report.key}`"
            )
        return reader

    def _item(self, report: HeldReport, reader: Subscriber, settings: BounceSettings) -> Feedback:
        """Return what is reported about a reader, with the kind that was decided."""
        found = _read(report, settings)
        items = [item for item in found if self.kind or is_harmful(item.kind)]
        address = normalise_email(reader.email)
        about = [i for i in items if normalise_email(i.reference.recipient) == address]
        reported = next(iter(about or items), None)
        kind = reported.kind if reported and self.kind is None else self.kind
        if kind is None:
            raise Refused(f"it isn't clear what report {report.key} reports; add --as")
        nothing = Feedback(kind=kind, reference=DeliveryReference())
        return replace(reported or nothing, kind=kind)

    def _act(
        self,
        tx: Transaction,
        reader: Subscriber,
        item: Feedback,
        record: FeedbackRecord | None,
        settings: BounceSettings,
    ) -> str:
        email, cause = reader.email, self.cause
        match item.kind:
            case FeedbackKind.SOFT_BOUNCE:
                if record is None:
                    raise Refused(f"{email} got no edition lately that could have bounced")
                if not tx.bounces.record(record, email, settings=settings, cause=cause):
                    return f"has that bounce of edition {record.edition} already"
                if tx.subscribers.suppression(email) is None:
                    return f"has one more soft bounce, of edition {record.edition}"
                return "is suppressed, after too many soft bounces"
            case FeedbackKind.UNSUBSCRIBED:
                return self._unsubscribe(tx, reader)
            case FeedbackKind.COMPLAINT:
                kind = SuppressionKind.COMPLAINT
                edition = tx.editions.by_key(record.edition) if record else None
                if edition is not None:
                    tx.subscribers.unsubscribe(reader.key, edition.newsletter, cause=cause)
            case _:
                kind = SuppressionKind.HARD_BOUNCE
        if record is not None:
            tx.feedback.add(record)
        reason = "; ".join(filter(None, (item.answer, cause.why))) or kind.value
        new = tx.subscribers.suppress(email, reason, kind=kind, cause=cause)
        return f"is {'' if new else 'already '}suppressed: {reason}"

    def _unsubscribe(self, tx: Transaction, reader: Subscriber) -> str:
        names = [
            item.newsletter
            for item in reader.subscriptions
            if item.state is not SubscriptionState.LEFT
        ]
        if len(names) != 1:
            named = ", ".join(names) or "nothing"
            raise Refused(
                f"{reader.email} is subscribed to {named}; use `syndicate subscribers remove`, "
                "and drop the report"
            )
        tx.subscribers.unsubscribe(reader.key, names[0], cause=self.cause)
        return f"left {names[0]}"


def _read(report: HeldReport, settings: BounceSettings) -> Sequence[Feedback]:
    """Return what is reported, in a message or by a provider."""
    if report.is_event:
        return [read_event(report.raw)]
    mailbox = settings.address
    return parse_report(report.raw, address=mailbox.address if mailbox else "").feedback


def _make_record(
    tx: Transaction, report: HeldReport, reader: Subscriber, item: Feedback, cause: Cause
) -> FeedbackRecord | None:
    """Make a record of the newest delivery to a reader before the report; None without any."""
    sent = deliveries_to(tx, reader.email, report.received_at - RECENT)
    theirs = (
        row
        for row in sent
        if row.attempt and row.subscriber == reader.key and row.at <= report.received_at
    )
    delivery = next(theirs, None)
    if delivery is None:
        return None
    case = ReportedDelivery(edition=None, delivery=delivery, reader=reader, at=report.received_at)
    found = DeliveryMatch(delivery.edition, delivery.subscriber, MatchedBy.ADDRESS)
    return replace(make_record(case, found, item, report.source), received_at=cause.at)

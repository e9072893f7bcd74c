"""A publication with a reader and an edition that was accepted, for tests of what comes back."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.feedback.effects import RecordedFeedback
from syndicate.feedback.recorder import FeedbackRecorder
from syndicate.model.deliveries import ClaimRequest, DeliveryOutcome, DeliveryState, Lease
from syndicate.model.editions import EditionKind
from syndicate.model.feedback import DeliveryReference, Feedback, FeedbackKind
from syndicate.store import Store
from tests.sample_editions import freeze, subscribe

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANNA = "anna@example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Newsroom:
    """Sends editions to readers, and gets reports about them."""

    store: Store
    config: Config
    links: SignedLinks = field(init=False)
    recorder: FeedbackRecorder = field(init=False)

    def __post_init__(self) -> None:
        self.links = SignedLinks(self.config, b"secret")
        self.recorder = FeedbackRecorder(self.config, self.links)

    def subscribe(self, email: str = ANNA, *, at: datetime = NOW - 100 * DAY) -> int:
        """Subscribe a reader; return their number."""
        return subscribe(self.store, email, at=at)

    def send(
        self,
        at: datetime = NOW - HOUR,
        *,
        state: DeliveryState = DeliveryState.ACCEPTED,
        reply: str = "2.0.0 Ok: queued as 4XyZ12345",
        kind: EditionKind = EditionKind.ALERT,
    ) -> int:
        """Send an edition to all readers, with the same outcome for each; return its number."""
        edition = freeze(self.store, at=at, kind=kind).key
        lease = Lease("test", at, at + HOUR)
        code = {DeliveryState.ACCEPTED: 250, DeliveryState.FAILED: 550}.get(state, 0)
        with self.store.write() as tx:
            claims = tx.claims.claim(ClaimRequest(edition=edition), lease)
            tx.claims.settle_and_intend((), claims, lease)
            outcomes = [
                DeliveryOutcome(claim=claim, state=state, code=code, reply=reply)
                for claim in claims
            ]
            tx.claims.settle(outcomes, at=at)
        return edition

    def bounce(
        self, edition: int, reader: int, kind: FeedbackKind = FeedbackKind.HARD_BOUNCE, **values
    ) -> Feedback:
        """Make feedback that names its delivery by the return path, unless `reference` is given."""
        token = self.links.bounce_token(edition, reader)
        answer = {
            FeedbackKind.HARD_BOUNCE: (550, "5.1.1", "5.1.1 no such user"),
            FeedbackKind.SOFT_BOUNCE: (452, "4.2.2", "4.2.2 mailbox full"),
            FeedbackKind.BLOCKED: (554, "5.7.1", "5.7.1 blocked"),
        }
        code, status, text = answer.get(kind, (0, "", ""))
        reference = DeliveryReference(tokens=(token,), recipient=ANNA)
        given = {"reference": reference, "code": code, "status": status, "text": text}
        return Feedback(kind=kind, **{**given, "host": "mx.example.org", **values})

    def record(
        self, feedback: Feedback, *, source: str = "imap", at: datetime = NOW
    ) -> RecordedFeedback:
        """Record feedback in a transaction of its own."""
        with self.store.write() as tx:
            return self.recorder.record(tx, feedback, source=source, at=at)

    def suppressed(self, email: str = ANNA) -> str | None:
        """Return the kind of an address's suppression."""
        with self.store.read() as tx:
            found = tx.subscribers.suppression(email)
        return None if found is None else found.kind.value

    def state(self, edition: int, reader: int) -> str:
        """Return the state of a delivery."""
        with self.store.read() as tx:
            delivery = tx.deliveries.find(edition, reader)
        assert delivery
        return delivery.state.value

    def newsletters(self, email: str = ANNA) -> dict[str, str]:
        """Return a reader's subscriptions by newsletter, with their states."""
        with self.store.read() as tx:
            person = tx.subscribers.by_email(email)
        assert person
        return {item.newsletter: item.state.value for item in person.subscriptions}

    def history(self, reader: int) -> list[tuple[str, str, str, str]]:
        """Return a reader's changes: what changed, by whom, how, and the detail."""
        with self.store.read() as tx:
            return [
                (c.action.value, c.cause.who.value, c.cause.how, c.detail)
                for c in tx.audit_log.changes(reader)
            ]

    def kinds(self, edition: int, reader: int) -> list[str]:
        """Return the kinds of feedback that are stored about a delivery."""
        with self.store.read() as tx:
            return [record.kind.value for record in tx.feedback.by_delivery(edition, reader)]

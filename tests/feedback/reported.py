"""A publication with a reader and an edition that was accepted, for tests of what comes back."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.feedback.effects import RecordedFeedback
from syndicate.feedback.recorder import FeedbackRecorder, RecordedReport
from syndicate.model.deliveries import ClaimRequest, DeliveryOutcome, DeliveryState, Lease
from syndicate.model.editions import EditionKind
from syndicate.model.feedback import DeliveryReference, Feedback, FeedbackKind, HeldReport
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

    def freeze(self, *, at: datetime = NOW - HOUR, **values) -> int:
        """Freeze an edition for all readers, of which nothing is sent; return its number."""
        return freeze(self.store, at=at, **values).key

    def send(
        self,
        at: datetime = NOW - HOUR,
        *,
        to: int = 100,
        state: DeliveryState = DeliveryState.ACCEPTED,
        reply: str = "2.0.0 Ok: queued as 4XyZ12345",
        kind: EditionKind = EditionKind.ALERT,
    ) -> int:
        """Send an edition to all readers, with the same outcome for each; return its number."""
        edition = self.freeze(at=at, kind=kind)
        self.deliver(edition, at, to=to, state=state, reply=reply)
        return edition

    def deliver(
        self,
        edition: int,
        at: datetime,
        *,
        to: int = 100,
        state: DeliveryState = DeliveryState.ACCEPTED,
        reply: str = "",
    ) -> None:
        """Hand over an edition or a letter, with the same outcome for each reader."""
        lease = Lease("test", at, at + HOUR)
        code = {DeliveryState.ACCEPTED: 250, DeliveryState.FAILED: 550}.get(state, 0)
        with self.store.write() as tx:
            claims = tx.claims.claim(ClaimRequest(edition=edition, limit=to), lease)
            tx.claims.settle_and_intend((), claims, lease)
            if state is DeliveryState.SENDING:
                return
            outcomes = [
                DeliveryOutcome(claim=claim, state=state, code=code, reply=reply)
                for claim in claims
            ]
            tx.claims.settle(outcomes, at=at)

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

    def take(self, raw: bytes, *, source: str = "imap", at: datetime = NOW) -> RecordedReport:
        """Take a report that arrived at the bounce address."""
        return self.recorder.take_report(self.store, raw, source=source, at=at)

    def verp(self, edition: int, reader: int) -> str:
        """Return the envelope sender of a message."""
        return f"bounce+{self.links.bounce_token(edition, reader)}@news.example.org"

    def held(self) -> list[HeldReport]:
        """Return the reports that wait for a person, with their messages."""
        with self.store.read() as tx:
            found = [tx.held_reports.find(report.key) for report in tx.held_reports.list()]
        return [report for report in found if report is not None]

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many reports came in, by door and outcome."""
        with self.store.read() as tx:
            return tx.held_reports.counts()

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


def dsn(
    to: str = "bounce@news.example.org",
    *,
    recipient: str = ANNA,
    message_id: str = "",
    status: str = "5.1.1",
    answer: str = "550 5.1.1 no such user",
) -> bytes:
    """Make a delivery status notification as Postfix writes it."""
    header = f"Message-ID: {message_id}\n" if message_id else ""
    return (
        f"From: MAILER-DAEMON@mx.example.org\nTo: {to}\n"
        "Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\n"
        "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n"
        ' boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nI'm sorry.\n\n"
        "--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example.org\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: {status}\n"
        f"Remote-MTA: dns; mx.example.org\nDiagnostic-Code: smtp; {answer}\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{header}Subject: News\nTo: {recipient}\n\n"
        "--b--\n"
    ).encode()

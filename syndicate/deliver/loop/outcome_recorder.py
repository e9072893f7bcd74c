"""Collects the outcome of each message, and which relays and domains ask for less mail."""

from dataclasses import dataclass, field

from syndicate.deliver.loop.domain_throttle import DomainThrottle
from syndicate.deliver.loop.ledger import Ledger, LedgerBatch
from syndicate.deliver.loop.relay_pool import RelayState
from syndicate.deliver.loop.reply_classifier import THROTTLED, classify, slows_domain
from syndicate.deliver.message.outgoing_message import OutgoingMessage
from syndicate.deliver.smtp.transport import SmtpReply
from syndicate.errors import DeliveryError
from syndicate.model.deliveries import DeliveryOutcome, DeliveryState

_CLOSED_DOMAINS = 3
"""A 421 that ends the session counts as the relay's own after this many domains in a row: a
server may send it because of one recipient.
"""


@dataclass
class OutcomeRecorder:
    """Fills the batch that the send loop commits next."""

    ledger: Ledger
    throttle: DomainThrottle
    batch: LedgerBatch = field(default_factory=LedgerBatch)

    def record_accepted(
        self, relay: RelayState, message: OutgoingMessage, reply: SmtpReply
    ) -> None:
        """Record that a relay accepted a message."""
        accepted = DeliveryOutcome(
            claim=message.claim, state=DeliveryState.ACCEPTED, code=reply.code, reply=reply.text
        )
        self.batch.outcomes.append(accepted)
        if relay.record_accepted():
            self.batch.recovered.append(relay.key)
        if self.throttle.record_accepted(message.domain):
            self.batch.recovered.append(self.throttle.key(message.domain))

    def record_failure(
        self,
        relay: RelayState,
        message: OutgoingMessage,
        error: DeliveryError,
        now: float,
        *,
        about_recipient: bool = True,
        session_closed: bool = False,
    ) -> None:
        """Record a failure, and hold the relay or the domain where the reply asks for that."""
        relay.counts[self.record_unsent(message, error)] += 1
        if session_closed:
            relay.closed_domains.add(message.domain)
        closes = session_closed and len(relay.closed_domains) >= _CLOSED_DOMAINS
        slower = not about_recipient and slows_domain(error)
        if closes or slower or error.code == THROTTLED:
            self.hold_relay(relay, error, now)
        elif about_recipient and self.throttle.record_failure(message.domain, error):
            self.throttle.hold(message.domain, now)
            self.batch.holds[self.throttle.key(message.domain)] = str(error)

    def record_unsent(self, message: OutgoingMessage, error: DeliveryError) -> DeliveryState:
        """Record a failure that says nothing about the relay or the domain; return its state."""
        outcome = classify(error, message.claim, message.edition, self.ledger.current_time)
        self.batch.outcomes.append(outcome)
        return outcome.state

    def hold_relay(self, relay: RelayState, error: DeliveryError, now: float) -> None:
        """Send nothing through a relay for a while."""
        relay.pause(now)
        self.batch.holds[relay.key] = str(error)

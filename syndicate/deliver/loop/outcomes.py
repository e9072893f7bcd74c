"""The outcome of each message: judged by the server's reply, and collected for the next commit.

Some replies also ask for less mail to a domain, or through a relay.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase

from syndicate import clock
from syndicate.deliver.loop.ledger import Ledger, LedgerBatch
from syndicate.deliver.loop.relay_pool import RelayState
from syndicate.deliver.loop.throttling import DomainThrottle
from syndicate.deliver.message.outgoing_message import OutgoingMessage
from syndicate.deliver.smtp.session import SmtpSession
from syndicate.deliver.smtp.transport import SmtpReply, TransportSession
from syndicate.errors import DeliveryError, NoVerdict, Refused, TemporaryFailure
from syndicate.model.alarms import RelayCertificate
from syndicate.model.deliveries import Claim, DeliveryOutcome, DeliveryState, next_attempt
from syndicate.model.editions import Edition

THROTTLED = 454
"""Relays reply this when mail comes too fast (RFC 4954 means logins, Amazon SES everything)."""
CLOSING = 421
"""Only further replies show whom it concerns."""
_POLICY = re.compile(r"\b4\.7\.\d+\b")
"""A destination's policy (RFC 3463): too much mail at once, or from a sender new to it."""
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
    certificate_ends: dict[str, datetime] = field(default_factory=dict)
    """The end of each relay's certificate, as last recorded in this pass."""

    def record_session(self, relay: RelayState, session: TransportSession) -> None:
        """Record the certificate that a relay showed for a new session, once in a pass."""
        validity = session.validity if isinstance(session, SmtpSession) else None
        if validity is None:
            return
        starts_at, ends_at = validity
        if self.certificate_ends.get(relay.name) != ends_at:
            self.certificate_ends[relay.name] = ends_at
            certificate = RelayCertificate(
                relay=relay.name, starts_at=starts_at, ends_at=ends_at, seen_at=clock.now()
            )
            self.batch.certificates.append(certificate)

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
        host = relay.settings.host
        relay.counts[self.record_unsent(message, error, host=host)] += 1
        if session_closed:
            relay.closed_domains.add(message.domain)
        closes = session_closed and len(relay.closed_domains) >= _CLOSED_DOMAINS
        slower = isinstance(error, TemporaryFailure) and bool(_POLICY.search(str(error)))
        if closes or (slower and not about_recipient) or error.code == THROTTLED:
            self.hold_relay(relay, error, now)
            return
        if about_recipient and error.code == CLOSING:
            slower = self.throttle.record_closing(message.domain)
        if slower:
            self.throttle.hold(message.domain, now)
            self.batch.holds[self.throttle.key(message.domain)] = str(error)

    def record_unsent(
        self, message: OutgoingMessage, error: DeliveryError, *, host: str = ""
    ) -> DeliveryState:
        """Record a failure that says nothing about the relay or the domain; return its state."""
        outcome = classify(error, message.claim, message.edition, self.ledger.current_time)
        self.batch.outcomes.append(replace(outcome, host=host))
        return outcome.state

    def hold_relay(self, relay: RelayState, error: DeliveryError, now: float) -> None:
        """Send nothing through a relay for a while."""
        relay.pause(now)
        self.batch.holds[relay.key] = str(error)


def not_rendered(claim: Claim, reason: Refused) -> DeliveryOutcome:
    """Return the outcome of a message that could not be rendered or signed."""
    return DeliveryOutcome(
        claim=claim, state=DeliveryState.FAILED, reply=f"the message could not be made: {reason}"
    )


def classify(error: DeliveryError, claim: Claim, edition: Edition, at: datetime) -> DeliveryOutcome:
    """Return the outcome of a delivery that failed at `at`."""
    text = str(error)
    reply = "" if text == str(error.code) else text.removeprefix(f"{error.code} ")
    unknown = isinstance(error, NoVerdict)
    if isinstance(error, TemporaryFailure) or (unknown and edition.on_unknown == "resend"):
        return DeliveryOutcome(
            claim=claim,
            state=DeliveryState.DEFERRED,
            code=error.code,
            reply=reply,
            next_attempt_at=next_attempt(claim.edition, claim.subscriber, claim.attempt + 1, at),
        )
    state = DeliveryState.UNKNOWN if unknown else DeliveryState.FAILED
    return DeliveryOutcome(claim=claim, state=state, code=error.code, reply=reply)


def is_throttled(error: DeliveryError) -> bool:
    """Whether a relay that has not yet taken a message asks for a pause."""
    return error.code in (CLOSING, THROTTLED)


def is_allowed(email: str, only: tuple[str, ...]) -> bool:
    """Whether `mail.only` allows an address; if it is empty, all are."""
    address = email.lower()
    return not only or any(fnmatchcase(address, pattern.lower()) for pattern in only)

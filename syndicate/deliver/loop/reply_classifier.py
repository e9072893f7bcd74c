"""Classifies SMTP replies: accepted, deferred or failed, hard bounce, throttling. Pure."""

import re
from datetime import datetime
from fnmatch import fnmatchcase

from syndicate.errors import DeliveryError, NoVerdict, Refused, TemporaryFailure
from syndicate.model.deliveries import Claim, DeliveryOutcome, DeliveryState, next_attempt
from syndicate.model.editions import Edition

THROTTLED = 454
"""Relays reply this when mail comes too fast (RFC 4954 means logins, Amazon SES everything)."""
CLOSING = 421
"""Only further replies show whom it concerns."""
_HARD_BOUNCES = frozenset({"5.1.1", "5.1.2", "5.1.10"})
"""Enhanced status codes (RFC 3463) of an address that cannot receive mail."""
_POLICY = re.compile(r"\b4\.7\.\d+\b")
"""A destination's policy (RFC 3463): too much mail at once, or from a sender new to it."""


def not_rendered(claim: Claim, reason: Refused) -> DeliveryOutcome:
    """Return the outcome of a message that could not be rendered or signed."""
    return DeliveryOutcome(
        claim=claim, state=DeliveryState.FAILED, reply=f"the message could not be made: {reason}"
    )


def classify(error: DeliveryError, claim: Claim, edition: Edition, at: datetime) -> DeliveryOutcome:
    """Return the outcome of a delivery that failed at `at`."""
    reply = str(error).removeprefix(f"{error.code} ")
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


def is_hard_bounce(outcome: DeliveryOutcome) -> bool:
    """Whether the address is never to be mailed again."""
    if outcome.state is not DeliveryState.FAILED or outcome.code == 0:
        return False
    return not _HARD_BOUNCES.isdisjoint(outcome.reply.replace("-", " ").split())


def is_throttled(error: DeliveryError) -> bool:
    """Whether a relay that has not yet taken a message asks for a pause."""
    return error.code in (CLOSING, THROTTLED)


def slows_domain(error: DeliveryError) -> bool:
    """Whether a recipient's domain asks for less mail."""
    return isinstance(error, TemporaryFailure) and bool(_POLICY.search(str(error)))


def is_allowed(email: str, only: tuple[str, ...]) -> bool:
    """Whether `mail.only` allows an address; if it is empty, all are."""
    address = email.lower()
    return not only or any(fnmatchcase(address, pattern.lower()) for pattern in only)

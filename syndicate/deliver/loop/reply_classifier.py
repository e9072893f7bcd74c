"""What becomes of a delivery: the one place that reads a reply's meaning. Pure."""

import re
from datetime import datetime
from fnmatch import fnmatchcase

from syndicate.deliver.smtp.relay import SmtpReply
from syndicate.errors import DeliveryError, NoVerdict, TemporaryFailure
from syndicate.model.deliveries import (
    Claim,
    DeliveryOutcome,
    DeliveryState,
    is_bad_address,
)
from syndicate.model.editions import Edition
from syndicate.model.retry_delay import next_attempt

_THROTTLED = 454
"""What relays say to who sends too fast (RFC 4954 has it for logins, Amazon SES for all)."""
_LEAVING = 421
_NOT_NOW = (_LEAVING, _THROTTLED)
"""By which a relay says that it wants nothing for a while, before it took anything."""
_POLICY = re.compile(r"\b4\.7\.\d+\b")
"""A destination's own rules (RFC 3463): too much at once, or from somebody new to it."""


def accepted(claim: Claim, reply: SmtpReply) -> DeliveryOutcome:
    """Return what the server's yes means."""
    return DeliveryOutcome(
        claim=claim, state=DeliveryState.ACCEPTED, code=reply.code, reply=reply.text
    )


def held_back(claim: Claim) -> DeliveryOutcome:
    """Return what becomes of a reader whom `mail.only` keeps out."""
    return DeliveryOutcome(claim=claim, state=DeliveryState.SKIPPED, reply="held back by mail.only")


def not_made(claim: Claim, reason: object) -> DeliveryOutcome:
    """Return what becomes of a copy that could not be made."""
    return DeliveryOutcome(
        claim=claim, state=DeliveryState.FAILED, reply=f"the message could not be made: {reason}"
    )


def of(error: DeliveryError, claim: Claim, edition: Edition, at: datetime) -> DeliveryOutcome:
    """Return what a failure means for a delivery at `at`."""
    said = str(error).removeprefix(f"{error.code} ")
    unknown = isinstance(error, NoVerdict)
    if isinstance(error, TemporaryFailure) or (unknown and edition.on_unknown == "resend"):
        again = next_attempt(claim.edition, claim.subscriber, claim.attempt + 1, at)
        return DeliveryOutcome(
            claim=claim,
            state=DeliveryState.DEFERRED,
            code=error.code,
            reply=said,
            next_attempt_at=again,
        )
    state = DeliveryState.UNKNOWN if unknown else DeliveryState.FAILED
    return DeliveryOutcome(claim=claim, state=state, code=error.code, reply=said)


def condemns(verdict: DeliveryOutcome) -> bool:
    """Whether the address is never to be mailed again."""
    return (
        verdict.state is DeliveryState.FAILED and verdict.code > 0 and is_bad_address(verdict.reply)
    )


def puts_off(error: DeliveryError) -> bool:
    """Whether a relay that has taken nothing yet wants to be left alone for a while."""
    return error.code in _NOT_NOW


def is_parting(error: DeliveryError) -> bool:
    """Whether it is a 421: what others are answered tells whose it is, one reader's or more."""
    return error.code == _LEAVING


def slows_relay(error: DeliveryError, *, of_reader: bool = True) -> bool:
    """Whether a relay wants less, whoever it is for: also by what it says of no reader."""
    return error.code == _THROTTLED or (not of_reader and slows_destination(error))


def slows_destination(error: DeliveryError) -> bool:
    """Whether a destination wants less, whichever of its readers it is."""
    return isinstance(error, TemporaryFailure) and bool(_POLICY.search(str(error)))


def let_out(email: str, only: tuple[str, ...]) -> bool:
    """Whether `mail.only` lets an address be mailed: everybody where it is empty."""
    address = email.lower()
    return not only or any(fnmatchcase(address, pattern.lower()) for pattern in only)

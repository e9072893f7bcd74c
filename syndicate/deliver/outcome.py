"""What becomes of a delivery: the one place that reads a reply's meaning. Pure."""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Self

from syndicate.deliver.relay import Reply
from syndicate.errors import DeliveryError, NoVerdict, TemporaryFailure
from syndicate.model.deliveries import Claim, State, next_attempt, suppresses
from syndicate.model.editions import Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a delivery comes to stand, and why."""

    state: State
    code: int = 0
    reply: str = ""
    next_attempt_at: datetime | None = None
    """When it is due again; only for what was put off."""

    @classmethod
    def accepted(cls, reply: Reply) -> Self:
        """Return what the server's yes means."""
        return cls(state=State.ACCEPTED, code=reply.code, reply=reply.text)

    @classmethod
    def of(cls, error: DeliveryError, claim: Claim, edition: Edition, at: datetime) -> Self:
        """Return what a failure means for this delivery at `at`."""
        said = str(error).removeprefix(f"{error.code} ")
        unknown = isinstance(error, NoVerdict)
        if isinstance(error, TemporaryFailure) or (unknown and edition.on_unknown == "resend"):
            return cls(
                state=State.DEFERRED,
                code=error.code,
                reply=said,
                next_attempt_at=next_attempt(
                    claim.edition, claim.subscriber, claim.attempt + 1, at
                ),
            )
        state = State.UNKNOWN if unknown else State.FAILED
        return cls(state=state, code=error.code, reply=said)

    @property
    def suppresses(self) -> bool:
        """Whether the address is never to be mailed again."""
        return self.state is State.FAILED and self.code > 0 and suppresses(self.reply)


def let_out(email: str, only: tuple[str, ...]) -> bool:
    """Whether `mail.only` lets an address be mailed: everybody where it is empty."""
    address = email.lower()
    return not only or any(fnmatchcase(address, pattern.lower()) for pattern in only)

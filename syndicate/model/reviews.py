"""What a reviewer decides about an edition that waits, and the code that confirms it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CODE_LIFETIME = timedelta(minutes=10)
MAX_TRIES = 5
"""How often a code can be typed."""


class ReviewDecision(StrEnum):
    """What a reviewer can decide."""

    APPROVE = "approve"
    """It is released, after its hold if it has one."""
    SEND_BACK = "send-back"
    """It waits until it is composed again; nobody can approve it as it is."""
    STOP = "stop"
    """It is rejected: its articles are new for the next slot."""


class UnsentOutcome(StrEnum):
    """What becomes of what an edition says if it is never sent."""

    STORIES = "stories"
    """Its stories go into the next edition."""
    NOTE = "note"
    """The next edition has a note on the correction."""
    NOTHING = "nothing"
    """Nothing: the readers of a correction keep the earlier version of the article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCode:
    """A code that a reviewer was sent, for one decision about one content."""

    edition: int
    reviewer: str
    """The reviewer's address."""
    decision: ReviewDecision
    content: str
    """The hash of the edition's content."""
    note: str
    """What the reviewer wrote about it."""
    hash: str
    """The code itself isn't stored."""
    asked_at: datetime
    expires_at: datetime
    tries: int = 0

    def is_open(self, at: datetime) -> bool:
        """Whether it can still be typed."""
        return self.tries < MAX_TRIES and at < self.expires_at


def review_topics(edition: int) -> list[str]:
    """Return the keys of all mail about an edition that is void once it is decided."""
    return [proof_topic(edition), *(code_topic(edition, decision) for decision in ReviewDecision)]


def proof_topic(edition: int) -> str:
    """Return the key of an edition's proof among a reviewer's mail."""
    return f"proof of edition {edition}"


def code_topic(edition: int, decision: ReviewDecision) -> str:
    """Return the key of a code among a reviewer's mail."""
    return f"code to {decision} edition {edition}"

"""What a reviewer's page shows of an edition, as of now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from syndicate.config import Config, Newsletter
from syndicate.model.editions import (
    ControlAction,
    ControlRecord,
    Edition,
    EditionState,
    WaitingEdition,
)
from syndicate.model.reviews import ReviewDecision, UnsentOutcome
from syndicate.schedule.correction_notes import unsent_outcome
from syndicate.store import Transaction
from syndicate.web.review.decisions import reviewer_name


class ReviewState(StrEnum):
    """What has become of an edition."""

    OPEN = "open"
    """It waits for a reviewer."""
    SENT_BACK = "sent back"
    """It waits until it is composed again."""
    OUTDATED = "outdated"
    """Its articles have changed; it is about to be composed again."""
    OVERDUE = "overdue"
    """Nobody approved it in time; it is about to be rejected."""
    HELD = "held"
    """It was approved, or needs no person, and is released in a moment or after its hold."""
    RELEASED = "released"
    REPLACED = "replaced"
    """Another edition took its place while it waited."""
    REJECTED = "rejected"


_ACTS = {
    ReviewDecision.APPROVE: ControlAction.APPROVED,
    ReviewDecision.SEND_BACK: ControlAction.SENT_BACK,
    ReviewDecision.STOP: ControlAction.REJECTED,
}
_EVERYTHING = tuple(ReviewDecision)
_STOP = (ReviewDecision.STOP,)
_POSSIBLE = {
    ReviewState.OPEN: _EVERYTHING,
    ReviewState.SENT_BACK: _STOP,
    ReviewState.OUTDATED: _STOP,
    ReviewState.HELD: _STOP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine:
    """A decision, as the page lists it."""

    act: ControlAction
    at: datetime
    person: str
    """The reviewer's name; empty where it wasn't a reviewer."""
    how: str
    note: str

    @classmethod
    def of(cls, record: ControlRecord) -> Self:
        """Return the line of a control record."""
        cause = record.cause
        note = record.detail.partition("; ")[2]
        return cls(
            act=record.act, at=cause.at, person=reviewer_name(cause), how=cause.how, note=note
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedEdition:
    """An edition, what it waits for, and who decided what about it."""

    edition: Edition
    newsletter: Newsletter
    waiting: WaitingEdition | None
    """None once it is decided."""
    state: ReviewState
    decisions: Sequence[DecisionLine]
    readers: int | None
    """How many would get it now, or got it; None where its segment is gone."""
    unsent: UnsentOutcome
    """What becomes of it if it is never sent."""
    all_paused: bool
    """Whether all mail is paused, so that nothing is released."""

    @classmethod
    def load(cls, tx: Transaction, key: int, config: Config, at: datetime) -> Self | None:
        """Load an edition with its state; None where there is none."""
        edition = tx.editions.by_key(key)
        if edition is None:
            return None
        waiting = tx.waiting.find(key)
        newsletter = config.newsletter(edition.newsletter) or Newsletter(name=edition.newsletter)
        return cls(
            edition=edition,
            newsletter=newsletter,
            waiting=waiting,
            state=_state(tx, edition, waiting, at),
            decisions=[DecisionLine.of(record) for record in tx.control.decisions(key)],
            readers=_count_readers(tx, edition, waiting, config, at),
            unsent=unsent_outcome(tx, edition, newsletter),
            all_paused=tx.mail_pause.current() is not None,
        )

    @property
    def possible(self) -> tuple[ReviewDecision, ...]:
        """What a reviewer can decide now."""
        return _POSSIBLE.get(self.state, ())

    def was_decided(self, decision: ReviewDecision, person: str) -> bool:
        """Whether a reviewer made the newest decision, and made this one: a form is sent twice."""
        last = self.last
        return last is not None and (last.act, last.person) == (_ACTS[decision], person)

    @property
    def last(self) -> DecisionLine | None:
        """The newest decision that says more than that a proof was mailed or it was released."""
        minor = (ControlAction.PROOFED, ControlAction.RELEASED)
        lines = [line for line in self.decisions if line.act not in minor]
        return lines[-1] if lines else None


def _state(
    tx: Transaction, edition: Edition, waiting: WaitingEdition | None, at: datetime
) -> ReviewState:
    if waiting is None:
        if edition.state is not EditionState.REJECTED:
            return ReviewState.RELEASED
        return ReviewState.REJECTED if edition.successor is None else ReviewState.REPLACED
    approve_by = waiting.terms.approve_by
    if approve_by is not None and approve_by <= at:
        return ReviewState.OVERDUE
    if tx.waiting.is_outdated(edition.key):
        return ReviewState.OUTDATED
    if approve_by is None:
        return ReviewState.HELD
    return ReviewState.SENT_BACK if tx.waiting.is_sent_back(edition.key) else ReviewState.OPEN


def _count_readers(
    tx: Transaction, edition: Edition, waiting: WaitingEdition | None, config: Config, at: datetime
) -> int | None:
    if waiting is None:
        return tx.deliveries.totals(edition.key).audience
    if waiting.segment is None:
        return tx.waiting.count_readers(edition.key, segment=None, at=at)
    if config.segment(waiting.segment) is None:
        return None
    segment = config.criteria(waiting.segment)
    return tx.waiting.count_readers(edition.key, segment=segment, at=at)

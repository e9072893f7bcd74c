"""The codes that confirm reviewers' decisions: one for each reviewer, edition and decision."""

from datetime import datetime

import sqlalchemy as sa

from syndicate.model.reviews import MAX_TRIES, ReviewCode, ReviewDecision
from syndicate.store.database.repository import Repository, columns_of
from syndicate.store.database.schema import review_codes

_CODES = review_codes.c


class ReviewCodes(Repository):
    """Adds and checks codes."""

    def put(self, code: ReviewCode) -> None:
        """Add a code in place of an earlier one for the same decision; drop those that expired."""
        self._delete(review_codes, _CODES.expires_at <= code.asked_at)
        self._save(review_codes, columns_of(code))

    def find(self, edition: int, reviewer: str, decision: ReviewDecision) -> ReviewCode | None:
        """Find the newest code of a reviewer for a decision."""
        query = sa.select(review_codes).where(*_is(edition, reviewer, decision))
        return self._value(ReviewCode, query)

    def delete(self, code: ReviewCode) -> None:
        """Delete a code, which was used."""
        self._delete(review_codes, *_is(code.edition, code.reviewer, code.decision))

    def take_try(
        self, edition: int, reviewer: str, decision: ReviewDecision, at: datetime
    ) -> ReviewCode | None:
        """Use up one try of a code; None where there is none, or it expired or has no try left."""
        is_open = (_CODES.tries < MAX_TRIES, _CODES.expires_at > at)
        tried = sa.update(review_codes).where(*_is(edition, reviewer, decision), *is_open)
        query = tried.values(tries=_CODES.tries + 1).returning(*_CODES)
        return self._value(ReviewCode, query)


def _is(
    edition: int, reviewer: str, decision: ReviewDecision
) -> tuple[sa.ColumnElement[bool], ...]:
    return (_CODES.edition == edition, _CODES.reviewer == reviewer, _CODES.decision == decision)

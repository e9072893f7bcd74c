"""Counts what the store contains, for metrics.

An index counts a million rows of the ledger in a tenth of a second; cache the result if
you need it often.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, func, select

from syndicate.model.deliveries import WAITING, DeliveryState
from syndicate.model.editions import EditionKind, EditionState
from syndicate.model.schedule_slots import FireOutcome
from syndicate.store.articles.reading import public_at
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import articles, deliveries, editions, fires, subscriptions
from syndicate.store.database.schema_delivery import CallKind, outgoing_calls

_RECEIVERS = {"hubs": CallKind.PING, "engines": CallKind.INDEXNOW, "subscribers": CallKind.DELIVERY}


class MetricsSnapshot(Repository):
    """Counts what the store contains."""

    def load(self, at: datetime) -> dict[str, Any]:
        """Return the counts at `at`, by the name of their metric; some are mappings.

        `editions` of newsletters are `sending`, `paused` or `done`; `deliveries` are also those
        of letters. These and `fires` have every state, even with 0. `push_owed` is by receiver:
        `waiting`, or `failing`, which is to be retried, was given up, or waits for an operator.
        """
        calls = outgoing_calls.c
        states = {
            "waiting": (calls.due_at.is_not(None), calls.error == ""),
            "failing": (calls.error != "",),
        }
        by_newsletter = subscriptions.c.newsletter, subscriptions.c.state
        subscribed = select(*by_newsletter, func.count()).group_by(*by_newsletter)
        return {
            "articles_public": self._count(articles, public_at(at)),
            "editions": self._editions(),
            "deliveries": dict.fromkeys(DeliveryState, 0) | self._by(deliveries.c.state),
            "fires": dict.fromkeys(FireOutcome, 0) | self._by(fires.c.outcome),
            "subscriptions": {(name, state): n for name, state, n in self._execute(subscribed)},
            "push_owed": {
                (receiver, state): self._count(outgoing_calls, calls.kind == kind, *conditions)
                for receiver, kind in _RECEIVERS.items()
                for state, conditions in states.items()
            },
            "hub_subscriptions": self._count(
                outgoing_calls, calls.kind == CallKind.DELIVERY, calls.expires_at > at
            ),
            "hub_requests": self._count(outgoing_calls, calls.kind == CallKind.VERIFICATION),
        }

    def _editions(self) -> dict[tuple[str, str], int]:
        """Count editions; those that aren't done are found by their open ledger rows."""
        newsletter, no_letter = editions.c.newsletter, editions.c.kind != EditionKind.LETTER
        unfinished = select(deliveries.c.edition).where(deliveries.c.state.in_(WAITING))
        open_ledger = unfinished.distinct().subquery()
        sends = editions.join(open_ledger, open_ledger.c.edition == editions.c.key)
        paused = editions.c.state == EditionState.PAUSED
        totals = self._by(newsletter, no_letter)
        on_hold = self._by(newsletter, no_letter, paused)
        sending = self._by(newsletter, no_letter, ~paused, table=sends)
        return {
            (newsletter, state): count
            for newsletter, total in totals.items()
            for state, count in (
                ("sending", sending.get(newsletter, 0)),
                ("paused", on_hold.get(newsletter, 0)),
                ("done", total - sending.get(newsletter, 0) - on_hold.get(newsletter, 0)),
            )
        }

    def _by(
        self, column: Column[Any], *conditions: ColumnElement[bool], table: FromClause | None = None
    ) -> dict[Any, int]:
        """Count rows by the value of a column."""
        query = select(column, func.count()).select_from(column.table if table is None else table)
        return dict(self._execute(query.where(*conditions).group_by(column)).all())

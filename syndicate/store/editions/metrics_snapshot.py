"""Figures for whoever watches: how much there is of what, and how much waits.

A million rows of the ledger are counted out of an index, in a tenth of a second; who
asks often keeps the answer for a while.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, func, select

from syndicate.model.deliveries import WAITING, DeliveryState
from syndicate.model.editions import EditionKind, EditionState
from syndicate.model.subscribers import SubscriptionState
from syndicate.store.articles.rows import public_at
from syndicate.store.database.schema import articles, deliveries, editions, fires, subscriptions
from syndicate.store.database.schema_push import hub_requests, hub_subscriptions, pings, submissions
from syndicate.store.editions.fires import FireOutcome

Name = TypeVar("Name", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushFigures:
    """What is owed to one kind of those who are told of changes."""

    waiting: int
    """Owed, and not failed yet."""
    failing: int
    """Tried in vain: it is tried again, or was given up, or waits for somebody to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsFigures:
    """What there is at one time. Of deliveries and fires every state is there, be it with 0."""

    articles: int
    """That readers may see."""
    editions: Mapping[tuple[str, str], int]
    """By newsletter, and whether they are `sending`, `paused` or `done`; without letters."""
    deliveries: Mapping[DeliveryState, int]
    """Of editions and letters."""
    fires: Mapping[FireOutcome, int]
    subscriptions: Mapping[tuple[str, SubscriptionState], int]
    """By newsletter and state."""
    push: Mapping[str, PushFigures]
    """By who is told: `hubs`, `engines`, `subscribers`."""
    hub_subscriptions: int
    """Of our own hub, that haven't lapsed."""
    hub_requests: int
    """To our own hub, that are still to be verified."""


class MetricsSnapshot:
    """Counts what a store holds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def load(self, at: datetime) -> MetricsFigures:
        """Return how much there is at `at`."""
        return MetricsFigures(
            articles=self._count(articles, public_at(at)),
            editions=self._editions(),
            deliveries=dict.fromkeys(DeliveryState, 0)
            | self._by(deliveries.c.state, DeliveryState),
            fires=dict.fromkeys(FireOutcome, 0) | self._by(fires.c.outcome, FireOutcome),
            subscriptions=self._subscriptions(),
            push={
                "hubs": self._owed(pings),
                "engines": self._owed(submissions),
                "subscribers": self._owed(hub_subscriptions),
            },
            hub_subscriptions=self._count(hub_subscriptions, hub_subscriptions.c.until > at),
            hub_requests=self._count(hub_requests),
        )

    def _editions(self) -> dict[tuple[str, str], int]:
        """Count editions; the few that aren't done yet are found by what is open of the ledger."""
        own = editions.c.kind != EditionKind.LETTER
        query = select(editions.c.newsletter, func.count()).group_by(editions.c.newsletter)
        every = self._pairs(query.where(own))
        still = (
            select(deliveries.c.edition)
            .where(deliveries.c.state.in_(WAITING))
            .distinct()
            .subquery()
        )
        paused = editions.c.state == EditionState.PAUSED
        held = self._pairs(query.where(own, paused))
        sending = self._pairs(
            query.join(still, still.c.edition == editions.c.key).where(own, ~paused)
        )
        return {
            (newsletter, state): count
            for newsletter, total in every.items()
            for state, count in (
                ("sending", sending.get(newsletter, 0)),
                ("paused", held.get(newsletter, 0)),
                ("done", total - sending.get(newsletter, 0) - held.get(newsletter, 0)),
            )
        }

    def _subscriptions(self) -> dict[tuple[str, SubscriptionState], int]:
        columns = subscriptions.c.newsletter, subscriptions.c.state
        rows = self._connection.execute(select(*columns, func.count()).group_by(*columns))
        return {(newsletter, SubscriptionState(state)): count for newsletter, state, count in rows}

    def _owed(self, table: Table) -> PushFigures:
        due, failed = table.c.due_at.is_not(None), table.c.error != ""
        return PushFigures(
            waiting=self._count(table, due, ~failed), failing=self._count(table, failed)
        )

    def _by(self, column: Column[Any], names: type[Name]) -> dict[Name, int]:
        query = select(column, func.count()).group_by(column)
        return {names(name): count for name, count in self._pairs(query).items()}

    def _pairs(self, query: Select[Any]) -> dict[str, int]:
        return {name: count for name, count in self._connection.execute(query)}  # noqa: C416 - rows are no pairs

    def _count(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(table).where(*conditions)
        return int(self._connection.execute(query).scalar_one())

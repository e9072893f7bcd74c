"""Pings: which version of each feed a hub was notified of, and which notices are due."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Select, Update, bindparam, delete, func, or_, select, tuple_, update

from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import Instant
from syndicate.store.database.schema_push import pings
from syndicate.store.database.sql_engine import insert_new

_BATCH = 500
"""Topics per query."""
_BY_KEY = (pings.c.hub == bindparam("its_hub")) & (pings.c.topic == bindparam("its_topic"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A notice to a hub that a feed has a new version."""

    hub: str
    topic: str
    """The absolute address of the feed's document."""
    sha256: str
    """Of the document's bytes, in hex."""
    due_at: datetime | None
    """When to try next; None where the hub was notified, or given up on."""
    attempts: int
    """How often this version failed."""
    error: str
    """Why the last try failed."""


_COLUMNS = tuple(pings.c[field.name] for field in fields(Ping))


class Pings(Repository):
    """Pings by hub and topic."""

    def versions(self, hub: str, topics: Sequence[str] | None = None) -> dict[str, str]:
        """Return the version of each topic that a hub was or is to be notified of."""
        query = select(pings.c.topic, pings.c.sha256).where(pings.c.hub == hub)
        if topics is None:
            return self._versions(query)
        versions: dict[str, str] = {}
        for start in range(0, len(topics), _BATCH):
            batch = pings.c.topic.in_(topics[start : start + _BATCH])
            versions |= self._versions(query.where(batch))
        return versions

    def save(self, hub: str, versions: Mapping[str, str], due_at: datetime | None) -> None:
        """Save new versions by topic, due then; with None, the hub knows them already.

        A version that is queued already keeps its attempts.
        """
        values = {"hub": hub, "due_at": due_at, "claimed": False, "attempts": 0, "error": ""}
        rows = [{**values, "topic": topic, "sha256": sha} for topic, sha in versions.items()]
        insert_new(self._connection, pings, rows)
        changed = update(pings).where(_BY_KEY, pings.c.sha256 != bindparam("sha"))
        self._execute_many(
            changed.values(
                sha256=bindparam("sha"), due_at=due_at, claimed=False, attempts=0, error=""
            ),
            ({"its_hub": hub, "its_topic": topic, "sha": sha} for topic, sha in versions.items()),
        )

    def delete(self, topics: Sequence[str]) -> None:
        """Delete topics whose documents are gone."""
        for start in range(0, len(topics), _BATCH):
            batch = pings.c.topic.in_(topics[start : start + _BATCH])
            self._execute(delete(pings).where(batch))

    def delete_other_hubs(self, hubs: Sequence[str]) -> None:
        """Delete pings of hubs that are no longer configured."""
        self._execute(delete(pings).where(pings.c.hub.not_in(hubs)))

    def is_due(self, hub: str, at: datetime) -> bool:
        """Whether a hub has a ping that is due by then."""
        query = select(pings.c.topic).where(pings.c.hub == hub, pings.c.due_at <= at)
        return self._execute(query.limit(1)).one_or_none() is not None

    def claim(self, hub: str, at: datetime, *, until: datetime, limit: int) -> list[Ping]:
        """Claim pings that are due until then, the oldest first.

        Of the same age, the shortest addresses come first: the main feeds.
        """
        due = (pings.c.hub == hub) & (pings.c.due_at <= at)
        batch = (
            select(pings.c.hub, pings.c.topic)
            .where(due)
            .order_by(pings.c.due_at, func.length(pings.c.topic), pings.c.topic)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("batch")  # as a subquery, PostgreSQL may run it again for each row
        )
        claimed = (
            update(pings)
            .where(tuple_(pings.c.hub, pings.c.topic).in_(select(batch)), due)
            .values(due_at=until, claimed=True)
            .returning(*_COLUMNS)
        )
        claimed_pings = [Ping(**row._mapping) for row in self._execute(claimed)]  # noqa: SLF001 - its public name
        return sorted(claimed_pings, key=lambda ping: (len(ping.topic), ping.topic))

    def settle(self, claimed: Iterable[Ping], *, until: datetime) -> None:
        """Release pings that were claimed until then, with the values that they have now.

        A version that was saved in the meantime isn't changed.
        """
        claims = update(pings).where(_BY_KEY, pings.c.due_at == bindparam("lease", type_=Instant))
        self._execute_many(
            claims.values(
                due_at=bindparam("next", type_=Instant),
                claimed=False,
                attempts=bindparam("tries"),
                error=bindparam("why"),
            ),
            (
                {
                    "its_hub": ping.hub,
                    "its_topic": ping.topic,
                    "lease": until,
                    "next": ping.due_at,
                    "tries": ping.attempts,
                    "why": ping.error,
                }
                for ping in claimed
            ),
        )

    def pending(self) -> list[Ping]:
        """Return the pings that wait or were given up, the most urgent first."""
        query = (
            select(*_COLUMNS)
            .where(or_(pings.c.due_at.is_not(None), pings.c.error != ""))
            .order_by(pings.c.due_at.is_(None), pings.c.due_at, pings.c.hub, pings.c.topic)
        )
        return [Ping(**row._mapping) for row in self._execute(query)]  # noqa: SLF001

    def retry_now(self, at: datetime) -> None:
        """Make everything that waits or was given up due at `at`.

        What another process has claimed isn't changed.
        """
        waiting = or_(pings.c.due_at > at, pings.c.due_at.is_(None) & (pings.c.error != ""))
        due = update(pings).where(waiting, ~pings.c.claimed)
        self._execute(due.values(due_at=at))

    def _versions(self, query: Select[tuple[str, str]]) -> dict[str, str]:
        return {row.topic: row.sha256 for row in self._execute(query)}

    def _execute_many(self, statement: Update, rows: Iterable[Mapping[str, object]]) -> None:
        parameters = list(rows)
        if parameters:
            self._execute(statement, parameters)

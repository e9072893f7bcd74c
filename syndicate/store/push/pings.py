"""Pings: which version of each feed every hub was told of, and what it is still owed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import (
    Connection,
    Select,
    Update,
    bindparam,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)

from syndicate.store.database.schema import Instant
from syndicate.store.database.schema_push import pings
from syndicate.store.database.sql_engine import insert_new

_BATCH = 500
"""How many topics one query names."""
_ONE = (pings.c.hub == bindparam("its_hub")) & (pings.c.topic == bindparam("its_topic"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A hub, and the feed that it is to be told of."""

    hub: str
    topic: str
    """The absolute address of the feed's document."""
    sha256: str
    """Of the document's bytes, in hex."""
    due_at: datetime | None
    """When to try next; None where it was told, or given up."""
    attempts: int
    """How often this version was tried in vain."""
    error: str
    """Why the last try failed."""


_FACTS = tuple(pings.c[each.name] for each in fields(Ping))


class Pings:
    """What hubs were told."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def versions(self, hub: str, topics: Sequence[str] | None = None) -> dict[str, str]:
        """Return the version of each topic that a hub knows or is owed: of some topics, or all."""
        query = select(pings.c.topic, pings.c.sha256).where(pings.c.hub == hub)
        if topics is None:
            return self._versions(query)
        found: dict[str, str] = {}
        for start in range(0, len(topics), _BATCH):
            found |= self._versions(query.where(pings.c.topic.in_(topics[start : start + _BATCH])))
        return found

    def save(self, hub: str, versions: Mapping[str, str], due_at: datetime | None) -> None:
        """Note new versions by their topics: to be told then, or (None) known already.

        A version that is owed already is left as it is, with its attempts.
        """
        facts = {"hub": hub, "due_at": due_at, "claimed": False, "attempts": 0, "error": ""}
        rows = [{**facts, "topic": topic, "sha256": sha} for topic, sha in versions.items()]
        insert_new(self._connection, pings, rows)
        changed = update(pings).where(_ONE, pings.c.sha256 != bindparam("sha"))
        self._each(
            changed.values(
                sha256=bindparam("sha"), due_at=due_at, claimed=False, attempts=0, error=""
            ),
            ({"its_hub": hub, "its_topic": topic, "sha": sha} for topic, sha in versions.items()),
        )

    def delete(self, topics: Sequence[str]) -> None:
        """Forget topics whose documents are gone."""
        for start in range(0, len(topics), _BATCH):
            named = pings.c.topic.in_(topics[start : start + _BATCH])
            self._connection.execute(delete(pings).where(named))

    def delete_other_hubs(self, hubs: Sequence[str]) -> None:
        """Forget hubs that aren't told any more."""
        self._connection.execute(delete(pings).where(pings.c.hub.not_in(hubs)))

    def is_due(self, hub: str, at: datetime) -> bool:
        """Whether a hub is to be told of anything by then."""
        query = select(pings.c.topic).where(pings.c.hub == hub, pings.c.due_at <= at)
        return self._connection.execute(query.limit(1)).one_or_none() is not None

    def claim(self, hub: str, at: datetime, *, until: datetime, limit: int) -> list[Ping]:
        """Take what is due, the oldest first; until then nobody else gets it.

        Of the same age, the feeds with the shortest addresses come first: the main ones.
        """
        due = (pings.c.hub == hub) & (pings.c.due_at <= at)
        first = (
            select(pings.c.hub, pings.c.topic)
            .where(due)
            .order_by(pings.c.due_at, func.length(pings.c.topic), pings.c.topic)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("first")  # as a subquery, PostgreSQL may run it again for each row
        )
        taken = (
            update(pings)
            .where(tuple_(pings.c.hub, pings.c.topic).in_(select(first)), due)
            .values(due_at=until, claimed=True)
            .returning(*_FACTS)
        )
        found = [Ping(**row._mapping) for row in self._connection.execute(taken)]  # noqa: SLF001 - its public name
        return sorted(found, key=lambda ping: (len(ping.topic), ping.topic))

    def settle(self, claimed: Iterable[Ping], *, until: datetime) -> None:
        """Let go of what was claimed until then, each as it is given now.

        A version that came meanwhile stays as due as it is.
        """
        mine = update(pings).where(_ONE, pings.c.due_at == bindparam("lease", type_=Instant))
        self._each(
            mine.values(
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
        """Return what waits, or was given up, the most urgent first."""
        query = (
            select(*_FACTS)
            .where(or_(pings.c.due_at.is_not(None), pings.c.error != ""))
            .order_by(pings.c.due_at.is_(None), pings.c.due_at, pings.c.hub, pings.c.topic)
        )
        return [Ping(**row._mapping) for row in self._connection.execute(query)]  # noqa: SLF001

    def retry_now(self, at: datetime) -> None:
        """Have all that waits tried at `at`, and what was given up as well.

        What another process is at stays with it.
        """
        waiting = or_(pings.c.due_at > at, pings.c.due_at.is_(None) & (pings.c.error != ""))
        mine = update(pings).where(waiting, ~pings.c.claimed)
        self._connection.execute(mine.values(due_at=at))

    def _versions(self, query: Select[tuple[str, str]]) -> dict[str, str]:
        return {row.topic: row.sha256 for row in self._connection.execute(query)}

    def _each(self, statement: Update, rows: Iterable[Mapping[str, object]]) -> None:
        parameters = list(rows)
        if parameters:
            self._connection.execute(statement, parameters)

"""Up to which change of the store each search engine was notified."""

from datetime import datetime

from sqlalchemy import and_, select

from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import articles
from syndicate.store.database.schema_delivery import engines


class EnginePositions(Repository):
    """A change number and a time for each engine, and what changed since."""

    def load(self, engine: str) -> tuple[int, datetime] | None:
        """Return up to which change and time an engine was notified; None: it is new."""
        query = select(engines.c.change, engines.c.at).where(engines.c.engine == engine)
        row = self._execute(query).one_or_none()
        return None if row is None else (row.change, row.at)

    def start(self, engine: str, change: int, at: datetime) -> None:
        """Add an engine; it is notified only of what changes from now on."""
        self._insert_new(engines, {"engine": engine, "change": change, "at": at})

    def advance(self, engine: str, before: tuple[int, datetime], change: int, at: datetime) -> bool:
        """Move an engine's position; return False where another process did so meanwhile."""
        position = engines.c.change == before[0], engines.c.at == before[1]
        by_engine = engines.c.engine == engine
        return self._update(engines, by_engine, *position, change=change, at=at) == 1

    def changed(self, after: int, upto: int, *, limit: int) -> list[tuple[int, int]]:
        """Return the first articles that changed after `after`, in the order of their changes.

        Each is its key and the number of its newest change.
        """
        query = (
            select(articles.c.key, articles.c.change)
            .where(articles.c.change > after, articles.c.change <= upto)
            .order_by(articles.c.change)
            .limit(limit)
        )
        return [(key, number) for key, number in self._execute(query)]

    def newly_public(self, since: datetime, at: datetime) -> list[int]:
        """Return the keys of the articles that became public by time alone."""
        due = and_(articles.c.published_at > since, articles.c.published_at <= at)
        return self._column(select(articles.c.key).where(due))

    def delete_others(self, engine: str) -> None:
        """Delete engines that are no longer configured."""
        self._delete(engines, engines.c.engine != engine)

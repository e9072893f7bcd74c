"""Submissions: which pages a search engine is owed, and up to which change it was told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from syndicate.store.database.schema import Instant, articles
from syndicate.store.database.schema_push import engines, submissions
from syndicate.store.database.sql_engine import insert_new

_ONE = (submissions.c.engine == bindparam("its_engine")) & (
    submissions.c.address == bindparam("its_address")
)
_CLAIMED = _ONE & (submissions.c.due_at == bindparam("lease", type_=Instant))


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A page that an engine is to be told of."""

    engine: str
    address: str
    gone: bool
    """Whether it moved or was taken back: of that an engine is told once."""
    due_at: datetime | None
    """When to try next; None where it was told, or waits for somebody to mend something."""
    attempts: int
    error: str
    """Why the last try failed."""


_FACTS = tuple(submissions.c[each.name] for each in fields(Submission))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPages:
    """Pages of one engine that wait, or were refused, for the same reason."""

    engine: str
    pages: int
    due_at: datetime | None
    """When the first is tried next; None where they wait for somebody to mend something."""
    attempts: int
    error: str


class Submissions:
    """What search engines were told."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # up to where an engine was told

    def position(self, engine: str) -> tuple[int, datetime] | None:
        """Return up to which change and time an engine was told; None: it is new."""
        query = select(engines.c.change, engines.c.at).where(engines.c.engine == engine)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else (row.change, row.at)

    def start(self, engine: str, change: int, at: datetime) -> None:
        """Note a new engine, which is told of nothing that is there already."""
        insert_new(self._connection, engines, {"engine": engine, "change": change, "at": at})

    def advance(self, engine: str, before: tuple[int, datetime], change: int, at: datetime) -> bool:
        """Note that an engine was told up to there; False where somebody else did so meanwhile."""
        mine = and_(
            engines.c.engine == engine, engines.c.change == before[0], engines.c.at == before[1]
        )
        moved = update(engines).where(mine).values(change=change, at=at)
        return self._connection.execute(moved).rowcount == 1

    def changed(self, after: int, upto: int, *, limit: int) -> list[tuple[int, int]]:
        """Return articles that changed, in the order of their changes, at most `limit` of them.

        Each is its key and the number of its newest change, which lies above `after`.
        """
        query = (
            select(articles.c.key, articles.c.change)
            .where(articles.c.change > after, articles.c.change <= upto)
            .order_by(articles.c.change)
            .limit(limit)
        )
        return [(key, number) for key, number in self._connection.execute(query)]

    def newly_public(self, since: datetime, at: datetime) -> list[int]:
        """Return the keys of what became public by time alone."""
        due = and_(articles.c.published_at > since, articles.c.published_at <= at)
        return [*self._connection.execute(select(articles.c.key).where(due)).scalars()]

    # what it is owed

    def enqueue(self, engine: str, addresses: Mapping[str, bool], at: datetime) -> None:
        """Have an engine told of pages, by their addresses; of those that are gone (True) once."""
        facts = {"engine": engine, "due_at": at, "claimed": False, "attempts": 0, "error": ""}
        rows = [{**facts, "address": address, "gone": gone} for address, gone in addresses.items()]
        insert_new(self._connection, submissions, rows)
        again = (
            update(submissions)
            .where(_ONE, or_(submissions.c.gone != bindparam("now_gone"), ~submissions.c.gone))
            .values(gone=bindparam("now_gone"), due_at=at, claimed=False, attempts=0, error="")
        )
        known = [
            {"its_engine": engine, "its_address": address, "now_gone": gone}
            for address, gone in addresses.items()
        ]
        if known:
            self._connection.execute(again, known)

    def is_due(self, engine: str, at: datetime) -> bool:
        """Whether an engine is to be told of anything by then."""
        query = select(submissions.c.address).where(
            submissions.c.engine == engine, submissions.c.due_at <= at
        )
        return self._connection.execute(query.limit(1)).one_or_none() is not None

    def claim(self, engine: str, at: datetime, *, until: datetime, limit: int) -> list[Submission]:
        """Take what is due, the oldest first; until then nobody else gets it."""
        due = (submissions.c.engine == engine) & (submissions.c.due_at <= at)
        first = (
            select(submissions.c.address)
            .where(due)
            .order_by(submissions.c.due_at, submissions.c.address)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("first")  # as a subquery, PostgreSQL may run it again for each row
        )
        taken = (
            update(submissions)
            .where(due, submissions.c.address.in_(select(first)))
            .values(due_at=until, claimed=True)
            .returning(*_FACTS)
        )
        found = [Submission(**row._mapping) for row in self._connection.execute(taken)]  # noqa: SLF001 - its public name
        return sorted(found, key=lambda submission: submission.address)

    def mark_submitted(self, claimed: Iterable[Submission], *, until: datetime) -> None:
        """Note that an engine took what was claimed until then; what is gone is remembered."""
        done = [replace(one, due_at=None, attempts=0, error="") for one in claimed]
        pages = delete(submissions).where(_CLAIMED)
        rows = [_claim(one, until) for one in done if not one.gone]
        if rows:
            self._connection.execute(pages, rows)
        self.settle((one for one in done if one.gone), until=until)

    def settle(self, claimed: Iterable[Submission], *, until: datetime) -> None:
        """Let go of what was claimed until then, each as it is given now.

        An address that is owed anew meanwhile stays as due as it is.
        """
        values = {
            "due_at": bindparam("next", type_=Instant),
            "claimed": False,
            "attempts": bindparam("tries"),
            "error": bindparam("why"),
        }
        rows = [
            {**_claim(one, until), "next": one.due_at, "tries": one.attempts, "why": one.error}
            for one in claimed
        ]
        if rows:
            self._connection.execute(update(submissions).where(_CLAIMED).values(values), rows)

    def retry_refused(self, engine: str, at: datetime, *, standing: Sequence[str] = ()) -> None:
        """Have what was refused tried again, but for the errors that are still `standing`."""
        refused = and_(
            submissions.c.engine == engine,
            submissions.c.due_at.is_(None),
            submissions.c.error != "",
            submissions.c.error.not_in(standing),
        )
        self._connection.execute(update(submissions).where(refused).values(due_at=at))

    def is_refused(self, engine: str, error: str) -> bool:
        """Whether pages wait already that an engine refused for a reason."""
        query = select(submissions.c.address).where(
            submissions.c.engine == engine, submissions.c.error == error
        )
        return self._connection.execute(query.limit(1)).one_or_none() is not None

    def pending(self) -> list[WaitingPages]:
        """Return how many pages wait for what."""
        query = (
            select(
                submissions.c.engine,
                func.count().label("pages"),
                func.min(submissions.c.due_at).label("due_at"),
                func.max(submissions.c.attempts).label("attempts"),
                submissions.c.error,
            )
            .where(or_(submissions.c.due_at.is_not(None), submissions.c.error != ""))
            .group_by(submissions.c.engine, submissions.c.error)
            .order_by(submissions.c.engine, submissions.c.error)
        )
        return [WaitingPages(**row._mapping) for row in self._connection.execute(query)]  # noqa: SLF001

    def retry_now(self, at: datetime) -> None:
        """Have all that waits tried at `at`; what another process is at stays with it."""
        refused = and_(submissions.c.due_at.is_(None), submissions.c.error != "")
        waiting = or_(submissions.c.due_at > at, refused)
        mine = update(submissions).where(waiting, ~submissions.c.claimed)
        self._connection.execute(mine.values(due_at=at))

    def delete_outside(self, engine: str, root: str) -> None:
        """Forget addresses of another place than `root`, where the publication was before."""
        outside = func.substr(submissions.c.address, 1, len(root)) != root
        mine = submissions.c.engine == engine
        self._connection.execute(delete(submissions).where(mine, outside))

    def delete_other_engines(self, engine: str) -> None:
        """Forget engines that aren't told any more."""
        self._connection.execute(delete(submissions).where(submissions.c.engine != engine))
        self._connection.execute(delete(engines).where(engines.c.engine != engine))


def _claim(one: Submission, until: datetime) -> dict[str, object]:
    return {"its_engine": one.engine, "its_address": one.address, "lease": until}

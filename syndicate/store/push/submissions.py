"""Submissions: the pages that a search engine is to be notified of, and up to which change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from sqlalchemy import and_, bindparam, delete, func, or_, select, update

from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import Instant, articles
from syndicate.store.database.schema_push import engines, submissions
from syndicate.store.database.sql_engine import insert_new

_BY_KEY = (submissions.c.engine == bindparam("its_engine")) & (
    submissions.c.address == bindparam("its_address")
)
_CLAIMED = _BY_KEY & (submissions.c.due_at == bindparam("lease", type_=Instant))


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A page that an engine is to be notified of."""

    engine: str
    address: str
    gone: bool
    """Whether it moved or was retracted: an engine is notified of that once."""
    due_at: datetime | None
    """When to try next; None where it is done, or waits for an operator."""
    attempts: int
    error: str
    """Why the last try failed."""


_COLUMNS = tuple(submissions.c[field.name] for field in fields(Submission))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPages:
    """Pages of one engine that wait, or were refused, for the same reason."""

    engine: str
    pages: int
    due_at: datetime | None
    """When the first is tried next; None where they wait for an operator."""
    attempts: int
    error: str


class Submissions(Repository):
    """Submissions by engine and address."""

    def position(self, engine: str) -> tuple[int, datetime] | None:
        """Return up to which change and time an engine was notified; None: it is new."""
        query = select(engines.c.change, engines.c.at).where(engines.c.engine == engine)
        row = self._execute(query).one_or_none()
        return None if row is None else (row.change, row.at)

    def start(self, engine: str, change: int, at: datetime) -> None:
        """Add an engine; it is notified only of what changes from now on."""
        insert_new(self._connection, engines, {"engine": engine, "change": change, "at": at})

    def advance(self, engine: str, before: tuple[int, datetime], change: int, at: datetime) -> bool:
        """Move an engine's position; return False where another process did so meanwhile."""
        matches = and_(
            engines.c.engine == engine, engines.c.change == before[0], engines.c.at == before[1]
        )
        moved = update(engines).where(matches).values(change=change, at=at)
        return self._execute(moved).rowcount == 1

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
        return [*self._execute(select(articles.c.key).where(due)).scalars()]

    def enqueue(self, engine: str, addresses: Mapping[str, bool], at: datetime) -> None:
        """Queue pages by address, with whether they are gone; those only once."""
        values = {"engine": engine, "due_at": at, "claimed": False, "attempts": 0, "error": ""}
        rows = [{**values, "address": address, "gone": gone} for address, gone in addresses.items()]
        insert_new(self._connection, submissions, rows)
        requeue = (
            update(submissions)
            .where(_BY_KEY, or_(submissions.c.gone != bindparam("now_gone"), ~submissions.c.gone))
            .values(gone=bindparam("now_gone"), due_at=at, claimed=False, attempts=0, error="")
        )
        parameters = [
            {"its_engine": engine, "its_address": address, "now_gone": gone}
            for address, gone in addresses.items()
        ]
        if parameters:
            self._execute(requeue, parameters)

    def is_due(self, engine: str, at: datetime) -> bool:
        """Whether an engine has a submission that is due by then."""
        query = select(submissions.c.address).where(
            submissions.c.engine == engine, submissions.c.due_at <= at
        )
        return self._execute(query.limit(1)).one_or_none() is not None

    def claim(self, engine: str, at: datetime, *, until: datetime, limit: int) -> list[Submission]:
        """Claim submissions that are due until then, the oldest first."""
        due = (submissions.c.engine == engine) & (submissions.c.due_at <= at)
        batch = (
            select(submissions.c.address)
            .where(due)
            .order_by(submissions.c.due_at, submissions.c.address)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("batch")  # as a subquery, PostgreSQL may run it again for each row
        )
        claimed = (
            update(submissions)
            .where(due, submissions.c.address.in_(select(batch)))
            .values(due_at=until, claimed=True)
            .returning(*_COLUMNS)
        )
        claimed_pages = [Submission(**row._mapping) for row in self._execute(claimed)]  # noqa: SLF001 - its public name
        return sorted(claimed_pages, key=lambda submission: submission.address)

    def mark_submitted(self, claimed: Iterable[Submission], *, until: datetime) -> None:
        """Record that an engine accepted what was claimed until then; pages that are gone stay."""
        accepted = [replace(page, due_at=None, attempts=0, error="") for page in claimed]
        rows = [_claim(page, until) for page in accepted if not page.gone]
        if rows:
            self._execute(delete(submissions).where(_CLAIMED), rows)
        self.settle((page for page in accepted if page.gone), until=until)

    def settle(self, claimed: Iterable[Submission], *, until: datetime) -> None:
        """Release submissions claimed until then, with the values that they have now.

        An address that was queued again in the meantime isn't changed.
        """
        values = {
            "due_at": bindparam("next", type_=Instant),
            "claimed": False,
            "attempts": bindparam("tries"),
            "error": bindparam("why"),
        }
        rows = [
            {
                **_claim(submission, until),
                "next": submission.due_at,
                "tries": submission.attempts,
                "why": submission.error,
            }
            for submission in claimed
        ]
        if rows:
            self._execute(update(submissions).where(_CLAIMED).values(values), rows)

    def retry_refused(
        self, engine: str, at: datetime, *, still_failing: Sequence[str] = ()
    ) -> None:
        """Retry what was refused, except for errors that are `still_failing`."""
        refused = and_(
            submissions.c.engine == engine,
            submissions.c.due_at.is_(None),
            submissions.c.error != "",
            submissions.c.error.not_in(still_failing),
        )
        self._execute(update(submissions).where(refused).values(due_at=at))

    def is_refused(self, engine: str, error: str) -> bool:
        """Whether an engine has refused pages with this error."""
        query = select(submissions.c.address).where(
            submissions.c.engine == engine, submissions.c.error == error
        )
        return self._execute(query.limit(1)).one_or_none() is not None

    def pending(self) -> list[WaitingPages]:
        """Count the pages that wait, by engine and error."""
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
        return [WaitingPages(**row._mapping) for row in self._execute(query)]  # noqa: SLF001

    def retry_now(self, at: datetime) -> None:
        """Make everything that waits due at `at`, but for what another process has claimed."""
        refused = and_(submissions.c.due_at.is_(None), submissions.c.error != "")
        waiting = or_(submissions.c.due_at > at, refused)
        due = update(submissions).where(waiting, ~submissions.c.claimed)
        self._execute(due.values(due_at=at))

    def delete_outside(self, engine: str, root: str) -> None:
        """Delete addresses that don't begin with `root`: the publication has moved."""
        outside = func.substr(submissions.c.address, 1, len(root)) != root
        of_engine = submissions.c.engine == engine
        self._execute(delete(submissions).where(of_engine, outside))

    def delete_other_engines(self, engine: str) -> None:
        """Delete engines that are no longer configured."""
        self._execute(delete(submissions).where(submissions.c.engine != engine))
        self._execute(delete(engines).where(engines.c.engine != engine))


def _claim(submission: Submission, until: datetime) -> dict[str, object]:
    return {"its_engine": submission.engine, "its_address": submission.address, "lease": until}

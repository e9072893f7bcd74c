"""Claims ledger rows and records their outcomes, for many readers at once.

    queued ─claim─► claimed ─intend─► sending ─settle─► accepted, deferred, failed, unknown

Each row is a compare-and-set of its own. `intend` is committed before the first byte of a
body leaves, so a row that is `claimed` was provably not sent, and one that is `sending`
may have been. To stop an edition, or all mail, waits for the transactions that move its rows.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from itertools import compress
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from syndicate.model.deliveries import (
    Claim,
    ClaimRequest,
    DeliveryOutcome,
    DeliveryState,
    Key,
    Lease,
)
from syndicate.store.database.bulk_update import RowValues, pipeline
from syndicate.store.database.repository import EVERY_EDITION, Repository, lock_editions_shared
from syndicate.store.database.schema import (
    Instant,
    deliveries,
    delivery_events,
    editions,
    microseconds,
    subscribers,
)
from syndicate.store.editions.editions import join_readers, skip_reason
from syndicate.store.ledger.transitions import CLAIM, INTEND, IS_SENDING, RELEASE, SETTLE, SKIP

AnyRow = sa.Row[*tuple[Any, ...]]
_MAX_DOMAINS = 30_000
"""What SQLite takes in one condition; the send loop itself leaves out any others."""
_LEDGER_ROW = (deliveries.c.edition, deliveries.c.subscriber, deliveries.c.attempt)


class Claims(Repository):
    """Claims, intents and outcomes, each for a group of readers."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        self._shared: set[int] = set()

    def claim(self, request: ClaimRequest, lease: Lease) -> list[Claim]:
        """Claim some rows that are due as the lease begins; nobody else can while it lasts.

        They come in the order of their subscribers' numbers. Readers who left or were
        suppressed since the edition was frozen become `skipped`. Nothing of a stopped
        edition is claimed.
        """
        self._share([request.edition])
        at, limit, after, without = lease.at, request.limit, request.after, request.excluded_domains
        parameters: dict[str, Any] = {"its_edition": request.edition, "now": at, "most": limit}
        if without:
            parameters["without"] = sorted(without)[:_MAX_DOMAINS]
        queries = _due_queries(self._dialect, everywhere=not without)
        claims: list[Claim] = []
        while not claims:
            parameters["after"] = after
            new, deferred = (self._execute(query, parameters).all() for query in queries)
            rows = sorted([*new, *deferred], key=attrgetter("subscriber"))[:limit]
            if not rows:
                break
            self._skip([row for row in rows if row.reason], at)
            claims = [Claim(*columns) for *columns, reason in rows if not reason]
            shared = lease.owner, microseconds(lease.until), microseconds(at)
            CLAIM.run_all(self._connection, [_row(claim) for claim in claims], *shared)
            after = rows[-1].subscriber
        return claims

    def release(self, claims: Sequence[Claim], *, owner: str, at: datetime) -> None:
        """Release claims that were not used, of any editions.

        A row that has another owner by now, or is being sent, isn't changed.
        """
        self._share(claim.edition for claim in claims)
        rows = [_row(claim) for claim in claims]
        RELEASE.run_all(self._connection, rows, owner, microseconds(at))

    def settle(self, outcomes: Sequence[DeliveryOutcome], *, at: datetime) -> frozenset[Key]:
        """Record the outcomes of messages; return the keys of those that count.

        One doesn't count where the row has moved on. An outcome of the same attempt also
        settles a row that is `unknown`. Where no server was asked (skipped, or failed
        without a reply code), no attempt is counted.
        """
        return self.settle_and_intend(outcomes, (), Lease("", at, at))[0]

    def settle_and_intend(
        self, outcomes: Sequence[DeliveryOutcome], claims: Sequence[Claim], lease: Lease
    ) -> tuple[frozenset[Key], frozenset[Key]]:
        """`settle` outcomes, and record for claims that their bodies are about to leave.

        It takes one round trip. Return the keys of the outcomes that count, and of the
        claims whose bodies may leave. The others must not: their claim was lost, their
        edition was stopped, or the reader left since; then the row is skipped. Those
        whose edition was stopped are still claimed: release them.
        """
        now = microseconds(lease.at)
        settled_rows = [_outcome_row(outcome) for outcome in outcomes]
        rows = [_row(claim) for claim in claims]
        with pipeline(self._connection):
            self._share(row[0] for row in (*settled_rows, *rows))
            settling = SETTLE.begin(self._connection, settled_rows, now)
            until = microseconds(lease.until)
            intending = INTEND.begin(self._connection, rows, lease.owner, until, now)
        settled = list(compress(outcomes, settling()))
        failed = [
            {
                "edition": outcome.claim.edition,
                "subscriber": outcome.claim.subscriber,
                "attempt": outcome.claim.attempt + 1,
                "event": outcome.state,
                "code": outcome.code,
                "reply": outcome.reply,
                "at": lease.at,
            }
            for outcome in settled
            if outcome.state is not DeliveryState.ACCEPTED
        ]
        self._insert(delivery_events, failed)
        intended = frozenset(claim.key for claim in compress(claims, intending()))
        if refused := [claim for claim in claims if claim.key not in intended]:
            self._skip(self._unwanted(refused, lease.owner, lease.at), lease.at)
        return frozenset(outcome.claim.key for outcome in settled), intended

    def _share(self, editions_: Iterable[int]) -> None:
        """Lock editions, and all mail, against being stopped, until the transaction ends."""
        new = set(editions_) - self._shared
        if new:
            new |= {EVERY_EDITION} - self._shared
            lock_editions_shared(self._connection, sorted(new))
            self._shared |= new

    def _unwanted(self, claims: Sequence[Claim], owner: str, at: datetime) -> list[AnyRow]:
        """Return the rows of the claims whose reader must not be mailed any more."""
        reason = skip_reason(at).label("reason")
        query = select_claims(deliveries, deliveries.c.attempt, reason).where(
            sa.tuple_(*_LEDGER_ROW).in_(map(_row, claims)),
            deliveries.c.state == DeliveryState.CLAIMED,
            deliveries.c.owner == owner,
        )
        return [row for row in self._execute(query) if row.reason]

    def _skip(self, rows: Sequence[AnyRow], at: datetime) -> None:
        values = [(row.edition, row.subscriber, row.attempt, row.reason) for row in rows]
        SKIP.run_all(self._connection, values, microseconds(at))


def is_deferred_until(at: datetime | sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Match deferred rows that are due at `at`.

    Only deferred rows have a time. The state is compared in a way that no index can answer:
    the index of states has all deferred rows, the one of times only those that are due.
    """
    deferred = deliveries.c.state.concat("") == DeliveryState.DEFERRED
    return sa.and_(deliveries.c.next_attempt_at <= at, deferred)


@cache
def _due_queries(dialect: str, *, everywhere: bool) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """Build the queries for new and for deferred rows; each has an index of its own.

    They are cached: building them takes longer than running them.
    """
    edition, now = sa.bindparam("its_edition", type_=sa.Integer), sa.bindparam("now", type_=Instant)
    sending = sa.exists().where(editions.c.key == edition, IS_SENDING)
    rows = sa.select(*_LEDGER_ROW).where(deliveries.c.edition == edition, sending)
    if not everywhere:
        # one list, however long: SQLite refuses some hundred conditions in a row
        domain = domain_of(subscribers.c.address, dialect)
        excluded = domain.in_(sa.bindparam("without", expanding=True))
        rows = rows.where(
            ~sa.exists().where(subscribers.c.key == deliveries.c.subscriber, excluded)
        )
    number, after = deliveries.c.subscriber, sa.bindparam("after", type_=sa.Integer)
    new = rows.where(deliveries.c.state == DeliveryState.QUEUED, number > after).order_by(number)
    # `number + 0` keeps the database from walking the ledger's own index
    deferred = rows.where(is_deferred_until(now), number + 0 > after).order_by(number + 0)
    return _locked(new, now), _locked(deferred, now)


def domain_of(address: sa.ColumnElement[str], dialect: str) -> sa.ColumnElement[str]:
    """Return what follows the last @ of an address; the usual single @ is found faster."""
    find = sa.func.instr if dialect == "sqlite" else sa.func.strpos
    after_first = sa.func.substr(address, find(address, "@") + 1)
    until_last = sa.func.rtrim(address, sa.func.replace(address, "@", ""))
    last = sa.func.substr(address, sa.func.length(until_last) + 1)
    return sa.case((find(after_first, "@") == 0, after_first), else_=last)


def _locked(query: sa.Select[Any], now: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Select ledger rows that no other transaction has locked, with their readers."""
    limited = query.limit(sa.bindparam("most", type_=sa.Integer)).with_for_update(skip_locked=True)
    rows = limited.subquery("some")
    reason = skip_reason(now).label("reason")
    return select_claims(rows, rows.c.attempt, reason).order_by(rows.c.subscriber)


def select_claims(rows: sa.FromClause, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Select ledger rows with their readers; the first columns have the names of a `Claim`."""
    return sa.select(
        rows.c.edition,
        rows.c.subscriber,
        sa.func.coalesce(subscribers.c.email, "").label("email"),
        sa.func.coalesce(subscribers.c.name, "").label("name"),
        editions.c.newsletter,
        *columns,
    ).select_from(join_readers(rows))


def _row(claim: Claim) -> RowValues:
    return claim.edition, claim.subscriber, claim.attempt


def _outcome_row(outcome: DeliveryOutcome) -> RowValues:
    claim, state = outcome.claim, outcome.state
    server_asked = state is not DeliveryState.SKIPPED and (
        state is not DeliveryState.FAILED or outcome.code > 0
    )
    retry_at = outcome.next_attempt_at if state is DeliveryState.DEFERRED else None
    return (
        claim.edition,
        claim.subscriber,
        claim.attempt,
        state.value,
        claim.attempt + server_asked,
        outcome.code,
        outcome.reply,
        None if retry_at is None else microseconds(retry_at),
    )

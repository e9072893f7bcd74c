"""The ledger's moves while mail is handed over, for many readers at once.

    queued ─claim─► claimed ─intend─► sending ─settle─► accepted, deferred, failed, unknown

Each row is a compare-and-set of its own. `intend` is committed before the bodies'
first bytes leave, so a row that is `claimed` was provably not handed over, and one
that is `sending` may have been. Whoever stops an edition waits for the
transactions that move its rows, so that it knows of each.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    select,
)

from syndicate.model.deliveries import Claim, DeliveryOutcome, DeliveryState, Key
from syndicate.store.database.bulk_update import Told, journey
from syndicate.store.database.schema import (
    Instant,
    deliveries,
    delivery_events,
    editions,
    microseconds,
    subscribers,
)
from syndicate.store.database.sql_engine import share_editions
from syndicate.store.editions.recipients import reason_not_to, with_readers
from syndicate.store.ledger.transitions import CLAIM, GOES_ON, INTEND, RELEASE, SETTLE, SKIP

AnyRow = Row[*tuple[Any, ...]]
_MOST_DOMAINS = 30_000
"""As many as SQLite can be told at once; of any beyond, the loop itself keeps its hands off."""
_LEDGER_ROW = (deliveries.c.edition, deliveries.c.subscriber, deliveries.c.attempt)


class Claims:
    """Claims, intents and verdicts, each of a group of readers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._shared: set[int] = set()

    def claim(
        self,
        edition: int,
        *,
        owner: str,
        lease_until: datetime,
        at: datetime,
        limit: int = 100,
        after: int = 0,
        without: Collection[str] = (),
    ) -> list[Claim]:
        """Take up to `limit` rows that are due; nobody else can have them while the lease lasts.

        They come in the order of their subscribers' numbers, from the first above
        `after`; none of them is at a domain of `without` (in ASCII and small
        letters). Readers who left or were suppressed since the edition was frozen are
        skipped on the way. Nothing of an edition that was stopped is taken.
        """
        self._share([edition])
        claims: list[Claim] = []
        while not claims:
            rows = self._due(edition, at, limit, after, without)
            if not rows:
                break
            self._skip([row for row in rows if row.reason], at)
            claims = [claim_of(row) for row in rows if not row.reason]
            taken = owner, microseconds(lease_until), microseconds(at)
            CLAIM.run_all(self._connection, [_row(claim) for claim in claims], *taken)
            after = rows[-1].subscriber
        return claims

    def release(self, claims: Sequence[Claim], *, owner: str, at: datetime) -> None:
        """Give back what was claimed and not handed over; it may be of several editions.

        What isn't the owner's any more, or left meanwhile, stays as it is.
        """
        self._share(claim.edition for claim in claims)
        rows = [_row(claim) for claim in claims]
        RELEASE.run_all(self._connection, rows, owner, microseconds(at))

    def settle(self, verdicts: Sequence[DeliveryOutcome], *, at: datetime) -> frozenset[Key]:
        """Record what became of messages; return of which it counts, by edition and subscriber.

        It doesn't where the row has moved on. A verdict of the same attempt also settles a
        row that was called unknown. What no server was asked about (skipped, or failed
        without a reply code) counts no attempt.
        """
        return self.settle_and_intend(verdicts, (), owner="", lease_until=at, at=at)[0]

    def settle_and_intend(
        self,
        verdicts: Sequence[DeliveryOutcome],
        claims: Sequence[Claim],
        *,
        owner: str,
        lease_until: datetime,
        at: datetime,
    ) -> tuple[frozenset[Key], frozenset[Key]]:
        """`settle` some, and record of others that their bodies are about to leave.

        In one journey where the store is far away. Return of which a verdict counts, and
        whose body may leave, each by edition and subscriber. The others must not: their
        claim was lost, their edition was stopped, or the reader left since; then the row
        is skipped. Those whose edition was stopped are still claimed: release them.
        """
        now = microseconds(at)
        told = [_verdict(verdict) for verdict in verdicts]
        rows = [_row(claim) for claim in claims]
        with journey(self._connection):
            self._share(row[0] for row in (*told, *rows))
            settling = SETTLE.begin(self._connection, told, now)
            lease = microseconds(lease_until)
            intending = INTEND.begin(self._connection, rows, owner, lease, now)
        return self._settled(verdicts, settling(), at), self._intended(
            claims, intending(), owner, at
        )

    # how

    def _settled(
        self, verdicts: Sequence[DeliveryOutcome], moved: Sequence[bool], at: datetime
    ) -> frozenset[Key]:
        notable = [
            _event(verdict, at)
            for verdict, counts in zip(verdicts, moved, strict=True)
            if counts and verdict.state is not DeliveryState.ACCEPTED
        ]
        if notable:
            self._connection.execute(insert(delivery_events), notable)
        return _keys([verdict.claim for verdict in verdicts], moved)

    def _intended(
        self, claims: Sequence[Claim], moved: Sequence[bool], owner: str, at: datetime
    ) -> frozenset[Key]:
        stay = [claim for claim, leaves in zip(claims, moved, strict=True) if not leaves]
        if stay:
            self._skip(self._barred(stay, owner, at), at)
        return _keys(claims, moved)

    def _share(self, of: Iterable[int]) -> None:
        """Move rows of editions beside others who do, until the transaction ends."""
        new = set(of) - self._shared
        if new:
            share_editions(self._connection, sorted(new))
            self._shared |= new

    def _due(
        self, edition: int, at: datetime, limit: int, after: int, without: Collection[str]
    ) -> Sequence[AnyRow]:
        told = {"its_edition": edition, "now": at, "most": limit, "after": after}
        if without:
            told["without"] = sorted(without)[:_MOST_DOMAINS]
        queries = _due_queries(self._connection.dialect.name, everywhere=not without)
        rows, again = (self._connection.execute(query, told).all() for query in queries)
        if again:
            return sorted([*rows, *again], key=lambda row: row.subscriber)[:limit]
        return rows

    def _barred(self, claims: Sequence[Claim], owner: str, at: datetime) -> list[AnyRow]:
        """Return the rows of those whose reader is not to be mailed after all."""
        attempts = {claim.key: claim.attempt for claim in claims}
        found: list[AnyRow] = []
        for edition in {claim.edition for claim in claims}:
            theirs = [claim.subscriber for claim in claims if claim.edition == edition]
            query = _candidates(deliveries, at).where(
                deliveries.c.edition == edition,
                deliveries.c.subscriber.in_(theirs),
                deliveries.c.state == DeliveryState.CLAIMED,
                deliveries.c.owner == owner,
            )
            found += self._connection.execute(query).all()
        return [
            row
            for row in found
            if row.reason and attempts[row.edition, row.subscriber] == row.attempt
        ]

    def _skip(self, rows: Sequence[AnyRow], at: datetime) -> None:
        told = [(row.edition, row.subscriber, row.attempt, row.reason) for row in rows]
        SKIP.run_all(self._connection, told, microseconds(at))


def put_off_until(at: datetime | ColumnElement[Any]) -> ColumnElement[bool]:
    """Say that a row was put off, and that its time has come at `at`.

    Only such rows have a time; the state is asked for in a way that no index can answer,
    since the one of states holds all that were put off, and the other those whose time came.
    """
    deferred = deliveries.c.state.concat("") == DeliveryState.DEFERRED
    return and_(deliveries.c.next_attempt_at <= at, deferred)


def claim_of(row: AnyRow) -> Claim:
    """Return the claim that a row of `deliveries`, with its reader, is."""
    edition, subscriber, attempt, email, name, newsletter, *_ = row
    return Claim(
        edition=edition,
        subscriber=subscriber,
        email=email or "",
        name=name or "",
        newsletter=newsletter,
        attempt=attempt,
    )


@cache
def _due_queries(dialect: str, *, everywhere: bool) -> tuple[Select[Any], Select[Any]]:
    """Ask for what is new and what was put off, each to be found in an index of its own.

    They are kept: to put them together takes longer than to run them.
    """
    edition, now = bindparam("its_edition", type_=Integer), bindparam("now", type_=Instant)
    goes_on = exists().where(editions.c.key == edition, GOES_ON)
    some = select(*_LEDGER_ROW).where(deliveries.c.edition == edition, goes_on)
    if not everywhere:
        # a list, however long: SQLite refuses some hundred conditions in a row
        there = domain_of(subscribers.c.address, dialect).in_(bindparam("without", expanding=True))
        some = some.where(~exists().where(subscribers.c.key == deliveries.c.subscriber, there))
    number, after = deliveries.c.subscriber, bindparam("after", type_=Integer)
    new = some.where(deliveries.c.state == DeliveryState.QUEUED, number > after).order_by(number)
    # reckoned with, the number is none that the ledger's own index could be walked by
    put_off = some.where(put_off_until(now), number + 0 > after).order_by(number + 0)
    return _locked(new, now), _locked(put_off, now)


def domain_of(address: ColumnElement[str], dialect: str) -> ColumnElement[str]:
    """Return what follows the last @ of an address: mostly the only one, which is found faster."""
    find = func.instr if dialect == "sqlite" else func.strpos
    beyond = func.substr(address, find(address, "@") + 1)
    until_last = func.rtrim(address, func.replace(address, "@", ""))
    last = func.substr(address, func.length(until_last) + 1)
    return case((find(beyond, "@") == 0, beyond), else_=last)


def _locked(query: Select[Any], now: ColumnElement[Any]) -> Select[Any]:
    """Ask for ledger rows, with their readers, that nobody else has hold of."""
    some = query.limit(bindparam("most", type_=Integer)).with_for_update(skip_locked=True)
    rows = some.subquery("some")
    return _candidates(rows, now).order_by(rows.c.subscriber)


def _candidates(rows: FromClause, at: datetime | ColumnElement[Any]) -> Select[Any]:
    return select(
        rows.c.edition,
        rows.c.subscriber,
        rows.c.attempt,
        subscribers.c.email,
        subscribers.c.name,
        editions.c.newsletter,
        reason_not_to(at).label("reason"),
    ).select_from(with_readers(rows))


def _row(claim: Claim) -> Told:
    return claim.edition, claim.subscriber, claim.attempt


def _verdict(verdict: DeliveryOutcome) -> Told:
    claim, state = verdict.claim, verdict.state
    asked = state is not DeliveryState.SKIPPED and (
        state is not DeliveryState.FAILED or verdict.code > 0
    )
    again = verdict.next_attempt_at if state is DeliveryState.DEFERRED else None
    return (
        claim.edition,
        claim.subscriber,
        claim.attempt,
        state.value,
        claim.attempt + asked,
        verdict.code,
        verdict.reply,
        None if again is None else microseconds(again),
    )


def _event(verdict: DeliveryOutcome, at: datetime) -> dict[str, Any]:
    return {
        "edition": verdict.claim.edition,
        "subscriber": verdict.claim.subscriber,
        "attempt": verdict.claim.attempt + 1,
        "event": verdict.state,
        "code": verdict.code,
        "reply": verdict.reply,
        "at": at,
    }


def _keys(claims: Iterable[Claim], moved: Iterable[bool]) -> frozenset[Key]:
    pairs = zip(claims, moved, strict=True)
    return frozenset(claim.key for claim, counts in pairs if counts)

"""The hub's books: who asked for what and is still to be verified, and who is owed what.

A row that somebody works on is claimed: its due time is put off, by a compare-and-set
on the one that was read. So of several processes one gets it, and when that dies, the
next does, once the claim has run out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from syndicate.store.database.schema_push import hub_requests, hub_subscriptions
from syndicate.store.database.sql_engine import insert_new

_SHOWN = 20
"""Failing subscriptions that an operator is told of one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubRequest:
    """What somebody asked of the hub, and has yet to be verified."""

    topic: str
    callback: str
    host: str
    """Of the callback, as subscriptions are counted by it."""
    mode: str
    """`subscribe` or `unsubscribe`."""
    secret: str
    """What distributions are signed with; "" where they aren't."""
    lease: int
    """For how long, in seconds."""
    sha256: str
    """The topic's version when it was asked, which the subscriber is taken to have."""
    asked_at: datetime
    due_at: datetime
    """When the next try is due; of one that was claimed, when the claim runs out."""
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSubscription:
    """Who is told of a topic."""

    topic: str
    callback: str
    host: str
    secret: str
    until: datetime
    """When its lease ends."""
    sha256: str
    """The version that was delivered last, or was there when it was asked for."""
    owed: str
    """The version that is being delivered; "" where nothing is owed."""
    due_at: datetime | None
    attempts: int
    error: str
    """Why the last try failed; "" once one succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCounts:
    """The hub in numbers."""

    subscriptions: int
    requests: int
    """Those that are still to be verified."""
    owed: int
    """Subscriptions that a version is still to be delivered to."""
    failing: int
    first: tuple[HubSubscription, ...]
    """The first of those failing."""


class HubSubscriptions:
    """Requests and subscriptions of our own hub, by topic and callback."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # requests

    def add_request(self, request: HubRequest) -> None:
        """Keep a request instead of an earlier one of the same topic and callback."""
        row = {name: getattr(request, name) for name in HubRequest.__dataclass_fields__}
        row["claimed"] = False
        if not insert_new(self._connection, hub_requests, row):
            there = _of(hub_requests, request.topic, request.callback)
            self._connection.execute(update(hub_requests).where(there).values(row))

    def exists(self, topic: str, callback: str) -> bool:
        """Whether there is a subscription, or a request for one."""
        return any(
            self._count(table, _of(table, topic, callback))
            for table in (hub_subscriptions, hub_requests)
        )

    def count(self, host: str | None = None) -> int:
        """Return how many subscriptions and requests there are, of one host's callbacks or all."""
        return sum(
            self._count(table, *([] if host is None else [table.c.host == host]))
            for table in (hub_subscriptions, hub_requests)
        )

    def claim_requests(self, at: datetime, *, until: datetime, limit: int) -> list[HubRequest]:
        """Claim requests that are due, the oldest first."""
        query = select(hub_requests).where(hub_requests.c.due_at <= at)
        rows = self._connection.execute(
            query.order_by(hub_requests.c.due_at, hub_requests.c.callback).limit(limit)
        ).all()
        return [
            HubRequest(**_values(row) | {"due_at": until})
            for row in rows
            if self._claim(hub_requests, row, until)
        ]

    def confirm(self, request: HubRequest, *, at: datetime) -> None:
        """Do what a request asked for, unless another has taken its place since.

        A subscription that is renewed is owed what it was.
        """
        if not self.delete_request(request):
            return
        there = _of(hub_subscriptions, request.topic, request.callback)
        if request.mode == "unsubscribe":
            self._connection.execute(delete(hub_subscriptions).where(there))
            return
        granted = {"secret": request.secret, "until": at + timedelta(seconds=request.lease)}
        renewed = update(hub_subscriptions).where(there, hub_subscriptions.c.until > at)
        if self._connection.execute(renewed.values(granted)).rowcount:
            return
        self._connection.execute(delete(hub_subscriptions).where(there))
        same = ("topic", "callback", "host", "sha256")
        row = {name: getattr(request, name) for name in same}
        blank = {"owed": "", "due_at": None, "claimed": False, "attempts": 0, "error": ""}
        self._connection.execute(insert(hub_subscriptions), row | granted | blank)

    def retry_request(self, request: HubRequest, *, due_at: datetime) -> None:
        """Have a claimed request tried again later; one try more is counted."""
        self._let_go(request, due_at=due_at, attempts=request.attempts + 1)

    def release_request(self, request: HubRequest, *, due_at: datetime) -> None:
        """Give a claim back: nobody was asked."""
        self._let_go(request, due_at=due_at)

    def delete_request(self, request: HubRequest) -> bool:
        """Forget a request; False where another has taken its place, which stays."""
        return self._connection.execute(delete(hub_requests).where(_same(request))).rowcount == 1

    # subscriptions

    def topics(self, at: datetime) -> Mapping[str, frozenset[tuple[str, str]]]:
        """Return the topics that somebody is subscribed to, with the versions had and owed."""
        columns = hub_subscriptions.c
        query = select(columns.topic, columns.sha256, columns.owed).distinct()
        found: dict[str, set[tuple[str, str]]] = {}
        for topic, had, owed in self._connection.execute(query.where(columns.until > at)):
            found.setdefault(topic, set()).add((had, owed))
        return {topic: frozenset(versions) for topic, versions in found.items()}

    def enqueue(self, topic: str, sha256: str, *, at: datetime) -> None:
        """Owe a version to all who don't have it, at once, whatever was tried before."""
        columns = hub_subscriptions.c
        here = update(hub_subscriptions).where(columns.topic == topic)
        self._connection.execute(
            here.where(columns.sha256 != sha256, columns.owed != sha256).values(
                owed=sha256, due_at=at, claimed=False, attempts=0
            )
        )
        self._connection.execute(
            here.where(columns.sha256 == sha256, columns.owed != "").values(
                owed="", due_at=None, claimed=False, attempts=0, error=""
            )
        )

    def claim_deliveries(
        self, at: datetime, *, until: datetime, limit: int
    ) -> list[HubSubscription]:
        """Claim subscriptions that something is due to; those that failed last come last."""
        columns = hub_subscriptions.c
        query = select(hub_subscriptions).where(columns.due_at <= at, columns.until > at)
        failed = case((columns.error == "", 0), else_=1)
        rows = self._connection.execute(
            query.order_by(failed, columns.due_at, columns.callback).limit(limit)
        ).all()
        return [
            HubSubscription(**_values(row) | {"due_at": until})
            for row in rows
            if self._claim(hub_subscriptions, row, until)
        ]

    def mark_delivered(self, one: HubSubscription, *, sha256: str) -> None:
        """Note that a claimed subscription has a version, whichever was owed."""
        self._note(one, sha256=sha256, owed="", due_at=None, attempts=0, error="")

    def mark_failed(self, one: HubSubscription, *, error: str, due_at: datetime | None) -> None:
        """Note why a try failed, and when the next is due; with None the version is given up."""
        if due_at is None:
            self._note(one, sha256=one.owed, owed="", due_at=None, attempts=0, error=error)
        else:
            self._note(one, due_at=due_at, attempts=one.attempts + 1, error=error)

    def release(self, one: HubSubscription, *, due_at: datetime) -> None:
        """Give a claim back untried."""
        self._note(one, due_at=due_at)

    def delete(self, one: HubSubscription) -> None:
        """Forget a subscription that is no longer wanted."""
        there = _of(hub_subscriptions, one.topic, one.callback)
        self._connection.execute(delete(hub_subscriptions).where(there))

    def delete_topic(self, topic: str) -> list[HubSubscription]:
        """Forget all subscriptions to a topic that is no more; return them."""
        here = hub_subscriptions.c.topic == topic
        rows = self._connection.execute(select(hub_subscriptions).where(here)).all()
        self._connection.execute(delete(hub_subscriptions).where(here))
        return [HubSubscription(**_values(row)) for row in rows]

    def delete_expired(self, at: datetime, *, asked_before: datetime) -> int:
        """Forget subscriptions whose lease ended, and old requests; return how many ended."""
        self._connection.execute(delete(hub_requests).where(hub_requests.c.asked_at < asked_before))
        lapsed = delete(hub_subscriptions).where(hub_subscriptions.c.until <= at)
        return self._connection.execute(lapsed).rowcount

    def retry_now(self, at: datetime) -> None:
        """Have everything that waits tried at once, and what was given up once more.

        What is claimed is being tried, and stays with whoever does.
        """
        columns = hub_subscriptions.c
        for table in (hub_subscriptions, hub_requests):
            waits = update(table).where(table.c.due_at > at, table.c.claimed.is_(False))
            self._connection.execute(waits, {"due_at": at})
        given_up = update(hub_subscriptions).where(columns.error != "", columns.owed == "")
        self._connection.execute(given_up, {"sha256": ""})

    def counts(self) -> HubCounts:
        """Count."""
        columns = hub_subscriptions.c
        failing = select(hub_subscriptions).where(columns.error != "")
        rows = self._connection.execute(
            failing.order_by(columns.callback, columns.topic).limit(_SHOWN)
        )
        return HubCounts(
            subscriptions=self._count(hub_subscriptions),
            requests=self._count(hub_requests),
            owed=self._count(hub_subscriptions, columns.owed != ""),
            failing=self._count(hub_subscriptions, columns.error != ""),
            first=tuple(HubSubscription(**_values(row)) for row in rows),
        )

    # how

    def _claim(self, table: Table, row: Row[Any], until: datetime) -> bool:
        mine = _of(table, row.topic, row.callback) & (table.c.due_at == row.due_at)
        ours = {"due_at": until, "claimed": True}
        return self._connection.execute(update(table).where(mine), ours).rowcount == 1

    def _let_go(self, request: HubRequest, **values: Any) -> None:
        """Change a claimed request; one that was claimed by another since stays."""
        mine = and_(_same(request), hub_requests.c.due_at == request.due_at)
        self._connection.execute(update(hub_requests).where(mine).values(claimed=False, **values))

    def _note(self, one: HubSubscription, **values: Any) -> None:
        """Change a claimed subscription; one that was claimed by another since stays."""
        mine = _of(hub_subscriptions, one.topic, one.callback)
        claimed = and_(mine, hub_subscriptions.c.due_at == one.due_at)
        self._connection.execute(
            update(hub_subscriptions).where(claimed).values(claimed=False, **values)
        )

    def _count(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(table).where(*conditions)
        return int(self._connection.execute(query).scalar_one())


def _of(table: Table, topic: str, callback: str) -> ColumnElement[bool]:
    return and_(table.c.topic == topic, table.c.callback == callback)


def _same(request: HubRequest) -> ColumnElement[bool]:
    """Match a request, and no other that took its place."""
    here = _of(hub_requests, request.topic, request.callback)
    return and_(here, hub_requests.c.asked_at == request.asked_at)


def _values(row: Row[Any]) -> dict[str, Any]:
    """Return what a row says to others."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    del values["claimed"]
    return values

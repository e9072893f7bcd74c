"""Our own WebSub hub: requests to be verified, and subscriptions with their queued versions.

To claim a row, a process postpones its due time, by a compare-and-set on the one that it
read. So one of several processes gets it, and if that one dies, another does when the
claim has expired.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, case, delete, insert, select, update

from syndicate.store.database.repository import Repository
from syndicate.store.database.schema_push import hub_requests, hub_subscriptions
from syndicate.store.database.sql_engine import insert_new

_MAX_SHOWN = 20
"""Failing subscriptions that an operator sees one by subscription."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubRequest:
    """A request to the hub that is not verified yet."""

    topic: str
    callback: str
    host: str
    """The callback's, by which subscriptions are counted."""
    mode: str
    """`subscribe` or `unsubscribe`."""
    secret: str
    """What deliveries are signed with; "" where they aren't."""
    lease: int
    """Seconds."""
    sha256: str
    """The topic's version at that time, which the subscriber is assumed to have."""
    asked_at: datetime
    due_at: datetime
    """When the next try is due; of a claimed one, when the claim expires."""
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSubscription:
    """A subscription to a topic."""

    topic: str
    callback: str
    host: str
    secret: str
    until: datetime
    """When its lease ends."""
    sha256: str
    """The version that was delivered last, or was there when it began."""
    owed: str
    """The version that is to be delivered; "" for none."""
    due_at: datetime | None
    attempts: int
    error: str
    """Why the last try failed; "" once one succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCounts:
    """How many subscriptions and requests the hub has."""

    subscriptions: int
    requests: int
    """Those that are not verified yet."""
    owed: int
    """Subscriptions with a version to be delivered."""
    failing: int
    first: tuple[HubSubscription, ...]
    """The first of the failing ones."""


class HubSubscriptions(Repository):
    """Requests and subscriptions by topic and callback."""

    def add_request(self, request: HubRequest) -> None:
        """Add a request in place of an earlier one with the same topic and callback."""
        row = {name: getattr(request, name) for name in HubRequest.__dataclass_fields__}
        row["claimed"] = False
        if not insert_new(self._connection, hub_requests, row):
            matches = _of(hub_requests, request.topic, request.callback)
            self._execute(update(hub_requests).where(matches).values(row))

    def exists(self, topic: str, callback: str) -> bool:
        """Whether there is a subscription, or a request for subscription."""
        return any(
            self._count(table, _of(table, topic, callback))
            for table in (hub_subscriptions, hub_requests)
        )

    def count(self, host: str | None = None) -> int:
        """Count subscriptions and requests, of one callback host or all."""
        return sum(
            self._count(table, *([] if host is None else [table.c.host == host]))
            for table in (hub_subscriptions, hub_requests)
        )

    def claim_requests(self, at: datetime, *, until: datetime, limit: int) -> list[HubRequest]:
        """Claim requests that are due, the oldest first."""
        query = select(hub_requests).where(hub_requests.c.due_at <= at)
        rows = self._execute(
            query.order_by(hub_requests.c.due_at, hub_requests.c.callback).limit(limit)
        ).all()
        return [
            HubRequest(**_values(row) | {"due_at": until})
            for row in rows
            if self._claim(hub_requests, row, until)
        ]

    def confirm(self, request: HubRequest, *, at: datetime) -> None:
        """Subscribe or unsubscribe as requested, unless another request has replaced this one.

        A renewed subscription keeps what is to be delivered.
        """
        if not self.delete_request(request):
            return
        matches = _of(hub_subscriptions, request.topic, request.callback)
        if request.mode == "unsubscribe":
            self._execute(delete(hub_subscriptions).where(matches))
            return
        granted = {"secret": request.secret, "until": at + timedelta(seconds=request.lease)}
        renewed = update(hub_subscriptions).where(matches, hub_subscriptions.c.until > at)
        if self._execute(renewed.values(granted)).rowcount:
            return
        self._execute(delete(hub_subscriptions).where(matches))
        copied = ("topic", "callback", "host", "sha256")
        row = {name: getattr(request, name) for name in copied}
        empty = {"owed": "", "due_at": None, "claimed": False, "attempts": 0, "error": ""}
        self._execute(insert(hub_subscriptions), row | granted | empty)

    def retry_request(self, request: HubRequest, *, due_at: datetime) -> None:
        """Release a claimed request to be retried, and count the attempt."""
        self._release(request, due_at=due_at, attempts=request.attempts + 1)

    def release_request(self, request: HubRequest, *, due_at: datetime) -> None:
        """Release a claimed request that was not tried."""
        self._release(request, due_at=due_at)

    def delete_request(self, request: HubRequest) -> bool:
        """Delete a request; return False where another has replaced it, which stays."""
        return self._execute(delete(hub_requests).where(_same(request))).rowcount == 1

    def topics(self, at: datetime) -> Mapping[str, frozenset[tuple[str, str]]]:
        """Return the topics with subscriptions, with the pairs of versions delivered and queued."""
        columns = hub_subscriptions.c
        query = select(columns.topic, columns.sha256, columns.owed).distinct()
        versions: dict[str, set[tuple[str, str]]] = {}
        for topic, delivered, queued in self._execute(query.where(columns.until > at)):
            versions.setdefault(topic, set()).add((delivered, queued))
        return {topic: frozenset(pairs) for topic, pairs in versions.items()}

    def enqueue(self, topic: str, sha256: str, *, at: datetime) -> None:
        """Queue a version for all subscriptions that don't have it, due at once."""
        columns = hub_subscriptions.c
        of_topic = update(hub_subscriptions).where(columns.topic == topic)
        self._execute(
            of_topic.where(columns.sha256 != sha256, columns.owed != sha256).values(
                owed=sha256, due_at=at, claimed=False, attempts=0
            )
        )
        self._execute(
            of_topic.where(columns.sha256 == sha256, columns.owed != "").values(
                owed="", due_at=None, claimed=False, attempts=0, error=""
            )
        )

    def claim_deliveries(
        self, at: datetime, *, until: datetime, limit: int
    ) -> list[HubSubscription]:
        """Claim subscriptions with a delivery that is due; those that failed last come last."""
        columns = hub_subscriptions.c
        query = select(hub_subscriptions).where(columns.due_at <= at, columns.until > at)
        failed = case((columns.error == "", 0), else_=1)
        rows = self._execute(
            query.order_by(failed, columns.due_at, columns.callback).limit(limit)
        ).all()
        return [
            HubSubscription(**_values(row) | {"due_at": until})
            for row in rows
            if self._claim(hub_subscriptions, row, until)
        ]

    def mark_delivered(self, subscription: HubSubscription, *, sha256: str) -> None:
        """Record that a claimed subscription has a version, whichever was queued."""
        self._update(subscription, sha256=sha256, owed="", due_at=None, attempts=0, error="")

    def mark_failed(
        self, subscription: HubSubscription, *, error: str, due_at: datetime | None
    ) -> None:
        """Record a failure and when to retry; with None, the version is given up."""
        if due_at is None:
            self._update(
                subscription,
                sha256=subscription.owed,
                owed="",
                due_at=None,
                attempts=0,
                error=error,
            )
        else:
            self._update(
                subscription, due_at=due_at, attempts=subscription.attempts + 1, error=error
            )

    def release(self, subscription: HubSubscription, *, due_at: datetime) -> None:
        """Release a claimed subscription that was not tried."""
        self._update(subscription, due_at=due_at)

    def delete(self, subscription: HubSubscription) -> None:
        """Delete a subscription that is no longer wanted."""
        matches = _of(hub_subscriptions, subscription.topic, subscription.callback)
        self._execute(delete(hub_subscriptions).where(matches))

    def delete_topic(self, topic: str) -> list[HubSubscription]:
        """Delete all subscriptions to a topic that is gone; return them."""
        of_topic = hub_subscriptions.c.topic == topic
        rows = self._execute(select(hub_subscriptions).where(of_topic)).all()
        self._execute(delete(hub_subscriptions).where(of_topic))
        return [HubSubscription(**_values(row)) for row in rows]

    def delete_expired(self, at: datetime, *, asked_before: datetime) -> int:
        """Delete expired subscriptions and old requests; return how many subscriptions."""
        self._execute(delete(hub_requests).where(hub_requests.c.asked_at < asked_before))
        lapsed = delete(hub_subscriptions).where(hub_subscriptions.c.until <= at)
        return self._execute(lapsed).rowcount

    def retry_now(self, at: datetime) -> None:
        """Make everything that waits or was given up due at `at`.

        What another process has claimed isn't changed.
        """
        columns = hub_subscriptions.c
        for table in (hub_subscriptions, hub_requests):
            waiting = update(table).where(table.c.due_at > at, table.c.claimed.is_(False))
            self._execute(waiting, {"due_at": at})
        given_up = update(hub_subscriptions).where(columns.error != "", columns.owed == "")
        self._execute(given_up, {"sha256": ""})

    def counts(self) -> HubCounts:
        """Return how many there are, and the first that fail."""
        columns = hub_subscriptions.c
        failing = select(hub_subscriptions).where(columns.error != "")
        rows = self._execute(failing.order_by(columns.callback, columns.topic).limit(_MAX_SHOWN))
        return HubCounts(
            subscriptions=self._count(hub_subscriptions),
            requests=self._count(hub_requests),
            owed=self._count(hub_subscriptions, columns.owed != ""),
            failing=self._count(hub_subscriptions, columns.error != ""),
            first=tuple(HubSubscription(**_values(row)) for row in rows),
        )

    def _claim(self, table: Table, row: Row[Any], until: datetime) -> bool:
        unclaimed = _of(table, row.topic, row.callback) & (table.c.due_at == row.due_at)
        claim = {"due_at": until, "claimed": True}
        return self._execute(update(table).where(unclaimed), claim).rowcount == 1

    def _release(self, request: HubRequest, **values: Any) -> None:
        """Update a claimed request, unless another process has claimed it since."""
        claimed = and_(_same(request), hub_requests.c.due_at == request.due_at)
        self._execute(update(hub_requests).where(claimed).values(claimed=False, **values))

    def _update(self, subscription: HubSubscription, **values: Any) -> None:
        """Update a claimed subscription, unless another process has claimed it since."""
        matches = _of(hub_subscriptions, subscription.topic, subscription.callback)
        claimed = and_(matches, hub_subscriptions.c.due_at == subscription.due_at)
        self._execute(update(hub_subscriptions).where(claimed).values(claimed=False, **values))


def _of(table: Table, topic: str, callback: str) -> ColumnElement[bool]:
    return and_(table.c.topic == topic, table.c.callback == callback)


def _same(request: HubRequest) -> ColumnElement[bool]:
    """Match a request, and none that replaced it."""
    matches = _of(hub_requests, request.topic, request.callback)
    return and_(matches, hub_requests.c.asked_at == request.asked_at)


def _values(row: Row[Any]) -> dict[str, Any]:
    """Return a row's values without `claimed`, which is internal."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    del values["claimed"]
    return values

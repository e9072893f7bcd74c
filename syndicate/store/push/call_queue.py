"""The queue of outgoing calls: what other servers are to be notified of, by any process.

A call is known by its kind, endpoint and topic, and made for the topic's newest version. To claim
calls, a process postpones their due time; if it dies, another gets them when the claim expires.
A version that is enqueued meanwhile ends the claim, so that it is not taken for the older one.

A new kind, such as a webhook, is a new `CallKind` with a payload of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from syndicate.store.database.repository import Repository
from syndicate.store.database.schema_delivery import CallKind, backoffs, outgoing_calls

_MAX_TOPICS = 500
"""Topics named in one query; instead of more, all are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingCall:
    """A call to an endpoint about a topic."""

    kind: CallKind
    endpoint: str
    """The URL to call."""
    topic: str
    """The URL of a feed or a page."""
    host: str = ""
    """The endpoint's, by which subscribers of our hub are counted."""
    version: str
    """The newest version of the topic."""
    delivered: str = ""
    """The version that the endpoint has."""
    payload: Mapping[str, Any] = field(default_factory=dict)
    """What else the call needs; each kind has its own keys."""
    due_at: datetime | None
    """When to make it; None where it was made or given up, or waits for an operator."""
    attempts: int = 0
    """How often this version failed."""
    error: str = ""
    """Why the last call failed; "" once one succeeded."""
    expires_at: datetime | None = None
    """When it is no longer wanted, such as at the end of a subscription."""
    claimed_until: datetime | None = None

    def succeeded(self, version: str | None = None) -> "OutgoingCall":
        """Return it after a success; `version` is what was sent, by default the newest."""
        sent = self.version if version is None else version
        return replace(self, version=sent, delivered=sent, due_at=None, attempts=0, error="")

    def failed(self, error: str, due_at: datetime | None) -> "OutgoingCall":
        """Return it after a failure, due again then; None to give up."""
        return replace(self, due_at=due_at, attempts=self.attempts + 1, error=error)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCalls:
    """A call that waits or was given up, or all to a search engine with the same error."""

    kind: CallKind
    endpoint: str
    topic: str
    """"" for several."""
    calls: int
    due_at: datetime | None
    """When the first is made, at the earliest when the endpoint's back-off ends."""
    attempts: int
    error: str


_CALLS = outgoing_calls.c
CALL_COLUMNS = tuple(_CALLS[known.name] for known in fields(OutgoingCall) if known.name in _CALLS)
_KEY = ("kind", "endpoint", "topic")
_SETTLED = ("version", "delivered", "due_at", "attempts", "error")
_PARAMETERS = {
    name: sa.bindparam(f"its_{name}", type_=_CALLS[name].type) for name in (*_KEY, *_SETTLED)
}
_HAS_KEY = sa.and_(*(_CALLS[name] == _PARAMETERS[name] for name in _KEY))
_IS_CLAIM = _HAS_KEY & (
    _CALLS.due_at == sa.bindparam("its_claimed_until", type_=_CALLS.due_at.type)
)
_STOPPED = _CALLS.due_at.is_(None) & (_CALLS.error != "")
"""Given up, or waiting for an operator."""


class CallQueue(Repository):
    """Calls by kind, endpoint and topic, and the endpoints that are not called for a while."""

    # enqueue

    def enqueue(
        self, kind: CallKind, endpoint: str, versions: Mapping[str, str], at: datetime
    ) -> None:
        """Enqueue the newest versions of topics; one that is queued keeps its attempts."""
        rows = [
            _row(OutgoingCall(kind=kind, endpoint=endpoint, topic=topic, version=v, due_at=at))
            for topic, v in versions.items()
        ]
        self._insert_new(outgoing_calls, rows)
        newer = sa.update(outgoing_calls).where(_HAS_KEY, _CALLS.version != _PARAMETERS["version"])
        self._run_each(
            newer.values(_newer(_PARAMETERS["version"], at)),
            [{f"its_{name}": row[name] for name in (*_KEY, "version")} for row in rows],
        )

    def remember(self, kind: CallKind, endpoint: str, versions: Mapping[str, str]) -> None:
        """Add versions of topics that an endpoint has already."""
        calls = [
            OutgoingCall(
                kind=kind, endpoint=endpoint, topic=topic, version=v, delivered=v, due_at=None
            )
            for topic, v in versions.items()
        ]
        self._insert_new(outgoing_calls, [_row(call) for call in calls])

    def enqueue_for_all(self, kind: CallKind, topic: str, version: str, at: datetime) -> None:
        """Enqueue the newest version of a topic for every endpoint that is to get it."""
        outdated = (_CALLS.kind == kind, _CALLS.topic == topic, _CALLS.version != version)
        self._update(outgoing_calls, *outdated, **_newer(version, at))

    def put(self, call: OutgoingCall) -> None:
        """Add a call in place of an earlier one with the same kind, endpoint and topic."""
        self._save(outgoing_calls, _row(call))

    def versions(
        self, kind: CallKind, endpoint: str, topics: Sequence[str] | None = None
    ) -> dict[str, str]:
        """Return the newest versions by topic, for these topics at least."""
        query = sa.select(_CALLS.topic, _CALLS.version).where(
            _CALLS.kind == kind, _CALLS.endpoint == endpoint
        )
        if topics is not None and len(topics) <= _MAX_TOPICS:
            query = query.where(_CALLS.topic.in_(topics))
        return dict(self._execute(query).all())

    def delete_topics(self, kind: CallKind, endpoint: str, topics: Iterable[str]) -> None:
        """Delete topics that no longer exist."""
        key = {"its_kind": kind, "its_endpoint": endpoint}
        keys = [{**key, "its_topic": topic} for topic in topics]
        self._run_each(sa.delete(outgoing_calls).where(_HAS_KEY), keys)

    def delete_other_endpoints(self, kind: CallKind, endpoints: Sequence[str]) -> None:
        """Delete the calls to endpoints that are no longer configured."""
        self._delete(outgoing_calls, _CALLS.kind == kind, _CALLS.endpoint.not_in(endpoints))

    def delete_topics_outside(self, kind: CallKind, root: str) -> None:
        """Delete topics that don't begin with `root`: the publication has moved."""
        outside = sa.func.substr(_CALLS.topic, 1, len(root)) != root
        self._delete(outgoing_calls, _CALLS.kind == kind, outside)

    def delete_finished(
        self, kind: CallKind, *, keep_version: str, keep_errors: Sequence[str]
    ) -> None:
        """Delete calls that were made or given up.

        Calls of `keep_version` are made only once, and `keep_errors` wait for an operator.
        """
        finished = sa.and_(_CALLS.kind == kind, _CALLS.due_at.is_(None))
        waits = _CALLS.error.in_(keep_errors)
        made_once = sa.and_(_CALLS.version == keep_version, _CALLS.error == "")
        self._delete(outgoing_calls, finished, ~waits, ~made_once)

    def has_expired(self, kind: CallKind, at: datetime) -> bool:
        """Whether a call is no longer wanted."""
        return self._exists(outgoing_calls, _CALLS.kind == kind, _CALLS.expires_at <= at)

    def delete_expired(self, kind: CallKind, at: datetime) -> None:
        """Delete calls that are no longer wanted."""
        self._delete(outgoing_calls, _CALLS.kind == kind, _CALLS.expires_at <= at)

    # claim and settle

    def is_due(self, kind: CallKind, endpoint: str | None, at: datetime) -> bool:
        """Whether an endpoint, or any, may be called and has a call that is due by then."""
        return self._exists(outgoing_calls, _due(kind, endpoint, at))

    def claim(
        self,
        kind: CallKind,
        at: datetime,
        *,
        until: datetime,
        limit: int,
        endpoint: str | None = None,
    ) -> list[OutgoingCall]:
        """Claim calls that are due by `at`, to one endpoint or to all.

        Those that failed last come last, then the oldest come first, then the shortest topics:
        the main feeds.
        """
        due = _due(kind, endpoint, at)
        batch = (
            sa.select(_CALLS.endpoint, _CALLS.topic)
            .where(due)
            .order_by(
                _CALLS.error != "",
                _CALLS.due_at,
                sa.func.length(_CALLS.topic),
                _CALLS.topic,
                _CALLS.endpoint,
            )
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("batch")  # as a subquery, PostgreSQL may run it again for each row
        )
        claimed = (
            sa.update(outgoing_calls)
            .where(sa.tuple_(_CALLS.endpoint, _CALLS.topic).in_(sa.select(batch)), due)
            .values(due_at=until, claimed=True)
            .returning(*CALL_COLUMNS)
        )
        calls = [replace(c, claimed_until=until) for c in self._values(OutgoingCall, claimed)]
        return sorted(calls, key=lambda c: (c.error != "", len(c.topic), c.topic, c.endpoint))

    def settle(self, calls: Iterable[OutgoingCall]) -> None:
        """Release claimed calls with the values that they have now.

        Those that were enqueued or claimed again in the meantime aren't changed.
        """
        values = {name: _PARAMETERS[name] for name in _SETTLED} | {"claimed": False}
        names = (*_KEY, *_SETTLED, "claimed_until")
        rows = [{f"its_{name}": getattr(call, name) for name in names} for call in calls]
        self._run_each(sa.update(outgoing_calls).where(_IS_CLAIM).values(values), rows)

    def delete(self, call: OutgoingCall) -> bool:
        """Delete a claimed call; return False where it was enqueued or claimed again."""
        key = {f"its_{name}": getattr(call, name) for name in (*_KEY, "claimed_until")}
        return self._execute(sa.delete(outgoing_calls).where(_IS_CLAIM), key).rowcount == 1

    def pause(self, endpoint: str, until: datetime) -> None:
        """Don't call an endpoint until then, or for longer where it is paused for longer."""
        row = {"endpoint": endpoint, "until": until}
        self._save(backoffs, row, where=backoffs.c.until < until)

    # for operators

    def pending(self) -> list[PendingCalls]:
        """Return the calls that wait or were given up, the most urgent first."""
        topic = sa.case((_CALLS.kind == CallKind.INDEXNOW, ""), else_=_CALLS.topic)
        group = (_CALLS.kind, _CALLS.endpoint, topic.label("topic"), _CALLS.error)
        backoff = sa.case((backoffs.c.until > _CALLS.due_at, backoffs.c.until), else_=_CALLS.due_at)
        due_at = sa.func.min(backoff).label("due_at")
        query = (
            sa.select(
                *group,
                due_at,
                sa.func.count().label("calls"),
                sa.func.max(_CALLS.attempts).label("attempts"),
            )
            .outerjoin_from(outgoing_calls, backoffs, backoffs.c.endpoint == _CALLS.endpoint)
            .where(sa.or_(_CALLS.due_at.is_not(None), _CALLS.error != ""))
            .group_by(*group)
            .order_by(due_at.is_(None), due_at, _CALLS.endpoint, topic, _CALLS.error)
        )
        return self._values(PendingCalls, query)

    def has_error(self, kind: CallKind, endpoint: str, error: str) -> bool:
        """Whether calls to an endpoint failed with this error."""
        of_endpoint = (_CALLS.kind == kind, _CALLS.endpoint == endpoint)
        return self._exists(outgoing_calls, *of_endpoint, _CALLS.error == error)

    def retry_stopped(
        self, kind: CallKind, endpoint: str, at: datetime, *, still_failing: Sequence[str] = ()
    ) -> None:
        """Retry what waits for an operator, except for errors that are `still_failing`."""
        of_endpoint = (_CALLS.kind == kind, _CALLS.endpoint == endpoint)
        stopped = (_STOPPED, _CALLS.error.not_in(still_failing))
        self._update(outgoing_calls, *of_endpoint, *stopped, due_at=at)

    def retry_now(self, at: datetime) -> None:
        """Make everything that waits or was given up due at `at`, and end all back-offs.

        What a process has claimed isn't changed.
        """
        waiting = sa.or_(_CALLS.due_at > at, _STOPPED)
        self._update(outgoing_calls, waiting, ~_CALLS.claimed, due_at=at)
        self._delete(backoffs)


def _row(call: OutgoingCall) -> dict[str, Any]:
    return {column.name: getattr(call, column.name) for column in CALL_COLUMNS} | {"claimed": False}


def _newer(version: Any, at: datetime) -> dict[str, Any]:
    """Return the values of a call for a newer version.

    It isn't due where the endpoint has that version, and nothing else was sent since.
    """
    unsent = sa.and_(~_CALLS.claimed, _CALLS.attempts == 0, _CALLS.error == "")
    is_known = unsent & (_CALLS.delivered == version)
    due_at = sa.case((is_known, sa.null()), else_=sa.literal(at, _CALLS.due_at.type))
    return {"version": version, "due_at": due_at, "claimed": False, "attempts": 0}


def _due(kind: CallKind, endpoint: str | None, at: datetime) -> sa.ColumnElement[bool]:
    """Match calls that are due by `at` and wanted, to endpoints that aren't paused."""
    paused = sa.select(backoffs).where(
        backoffs.c.endpoint == _CALLS.endpoint, backoffs.c.until > at
    )
    return sa.and_(
        _CALLS.kind == kind,
        *([] if endpoint is None else [_CALLS.endpoint == endpoint]),
        _CALLS.due_at <= at,
        sa.or_(_CALLS.expires_at.is_(None), _CALLS.expires_at > at),
        ~paused.exists(),
    )

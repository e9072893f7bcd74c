"""Our own WebSub hub: its requests and subscriptions, which are calls of the queue.

A request is a call that verifies it, a subscription a call that is due whenever its topic has a
new version.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select

from syndicate.store.database.repository import Repository
from syndicate.store.database.schema_delivery import CallKind, outgoing_calls
from syndicate.store.push.call_queue import CALL_COLUMNS, CallQueue, OutgoingCall

_MAX_REQUEST_AGE = timedelta(days=1)
"""Requests that could not be verified for so long are deleted."""
_CALLS = outgoing_calls.c
_OF_HUB = _CALLS.kind.in_([CallKind.VERIFICATION, CallKind.DELIVERY])
_IS_SUBSCRIPTION = _CALLS.kind == CallKind.DELIVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class HubRequest:
    """What a subscriber requests: the payload of its verification."""

    mode: str
    """`subscribe` or `unsubscribe`."""
    secret: str
    """What deliveries are signed with; "" where they aren't."""
    lease: int
    """Seconds."""
    sha256: str
    """The topic's version at that time, which the subscriber is assumed to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCounts:
    """How many subscriptions and requests the hub has."""

    subscriptions: int
    requests: int
    """Those that are not verified yet."""
    owed: int
    """Subscriptions with a version to be delivered."""
    failing: int


class HubSubscriptions(Repository):
    """Requests and subscriptions by topic and callback."""

    def add_request(
        self, topic: str, callback: str, host: str, request: HubRequest, *, at: datetime
    ) -> None:
        """Add a request in place of an earlier one with the same topic and callback."""
        CallQueue(self._connection).put(
            OutgoingCall(
                kind=CallKind.VERIFICATION,
                endpoint=callback,
                topic=topic,
                host=host,
                version=at.isoformat(),
                payload=asdict(request),
                due_at=at,
                expires_at=at + _MAX_REQUEST_AGE,
            )
        )

    def confirm(self, call: OutgoingCall, *, at: datetime) -> None:
        """Subscribe or unsubscribe as requested, unless another request has replaced this one.

        A renewed subscription keeps what is to be delivered.
        """
        queue, request = CallQueue(self._connection), HubRequest(**call.payload)
        if not queue.delete(call):
            return
        subscription = and_(_IS_SUBSCRIPTION, _is(call.topic, call.endpoint))
        if request.mode == "unsubscribe":
            self._delete(outgoing_calls, subscription)
            return
        payload, until = {"secret": request.secret}, at + timedelta(seconds=request.lease)
        living = subscription, _CALLS.expires_at > at
        if not self._update(outgoing_calls, *living, payload=payload, expires_at=until):
            has_it = call.succeeded(request.sha256)
            queue.put(replace(has_it, kind=CallKind.DELIVERY, payload=payload, expires_at=until))

    def exists(self, topic: str, callback: str) -> bool:
        """Whether there is a subscription, or a request for subscription."""
        return self._exists(outgoing_calls, _OF_HUB, _is(topic, callback))

    def count(self, host: str | None = None) -> int:
        """Count subscriptions and requests, of one callback host or all."""
        of_host = [] if host is None else [_CALLS.host == host]
        return self._count(outgoing_calls, _OF_HUB, *of_host)

    def topics(self) -> Mapping[str, set[str]]:
        """Return the topics with subscriptions, and the newest versions that were enqueued."""
        query = select(_CALLS.topic, _CALLS.version).distinct().where(_IS_SUBSCRIPTION)
        versions: dict[str, set[str]] = {}
        for topic, version in self._execute(query):
            versions.setdefault(topic, set()).add(version)
        return versions

    def delete(self, call: OutgoingCall) -> None:
        """Delete a subscription that is no longer wanted."""
        self._delete(outgoing_calls, _IS_SUBSCRIPTION, _is(call.topic, call.endpoint))

    def delete_topic(self, topic: str) -> list[OutgoingCall]:
        """Delete all subscriptions to a topic that is gone; return them."""
        ended = delete(outgoing_calls).where(_IS_SUBSCRIPTION, _CALLS.topic == topic)
        return self._values(OutgoingCall, ended.returning(*CALL_COLUMNS))

    def delete_expired(self, at: datetime) -> int:
        """Delete expired subscriptions and old requests; return how many subscriptions."""
        expired = _CALLS.expires_at <= at
        self._delete(outgoing_calls, expired, _CALLS.kind == CallKind.VERIFICATION)
        return self._delete(outgoing_calls, expired, _IS_SUBSCRIPTION)

    def counts(self) -> HubCounts:
        """Return how many there are."""
        return HubCounts(
            subscriptions=self._count(outgoing_calls, _IS_SUBSCRIPTION),
            requests=self._count(outgoing_calls, _CALLS.kind == CallKind.VERIFICATION),
            owed=self._count(outgoing_calls, _IS_SUBSCRIPTION, _CALLS.due_at.is_not(None)),
            failing=self._count(outgoing_calls, _IS_SUBSCRIPTION, _CALLS.error != ""),
        )


def _is(topic: str, callback: str) -> ColumnElement[bool]:
    return and_(_CALLS.topic == topic, _CALLS.endpoint == callback)

"""Our own hub: verifies subscriptions and sends new versions of feeds (W3C WebSub).

Requests and deliveries are in the store, so that a process that ends loses nothing, and
several can share the work.

Servers are called in parallel, so that none delays another. Calls to one server are made one
after another. If it can't be reached, its remaining calls fail as well; if it is slow, they
are left for later. A server is a scheme, a host and a port, so that one subscriber doesn't
affect those at other ports of its host.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from threading import Event
from typing import Self, TypeVar
from urllib.parse import urlencode

import httpx
import structlog

from syndicate.config import Config
from syndicate.errors import CallFailed, NotReached
from syndicate.publish.mirror import Mirror
from syndicate.publish.push.call_sender import CallFailure, next_attempt
from syndicate.publish.push.feed_documents import FeedDocument, FeedDocuments
from syndicate.publish.push.http_client import HttpClient, HttpReply
from syndicate.store import CallKind, HubRequest, OutgoingCall, Store

log = structlog.get_logger()

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
VERIFICATION_DELAYS = (MINUTE, 10 * MINUTE, HOUR)
"""Delays before a subscriber is asked again to verify its request."""
CLAIM_TIME = timedelta(minutes=10)
"""How long a process keeps what it claimed."""
_BATCH_SIZE = 40
"""Rows claimed together; even their slowest calls end within a claim."""
_PHASE_TIMEOUT = 30
"""Seconds after which verification, or distribution, lets other work proceed."""
MAX_SERVERS = 8
"""Servers called at the same time."""
SERVER_TIMEOUT = 20
"""Seconds after which the remaining calls to a server are left for later."""

_Reply = TypeVar("_Reply")


@dataclass(slots=True)
class HubReport:
    """The result of one run."""

    verified: int = 0
    refused: int = 0
    """Requests that the subscriber denied, or whose topic no longer exists."""
    delivered: int = 0
    failed: int = 0
    """Deliveries to be retried."""
    given_up: int = 0
    ended: int = 0
    """Subscriptions that ended: by their lease, by a 410 of their callback, or with their topic."""
    unfinished: bool = False
    """Whether work is left that could be done at once."""


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub of a publication's own feeds; with a mirror, it sends only what that has."""

    store: Store
    config: Config
    client: HttpClient
    mirror: Mirror | None

    @classmethod
    def of(cls, store: Store, config: Config) -> Self:
        """Return the hub of a publication."""
        client = HttpClient(allowed=config.websub.private_callbacks)
        return cls(store, config, client, mirror=Mirror.of(config))

    def run(self, at: datetime, stop: Event | None = None) -> HubReport:
        """Verify requests, send changed feeds, delete what expired, until `stop` is set.

        Raise SyndicateError where the store or the output can't be read.
        """
        run = _HubRun(self, at, stop or Event())
        with self.store.write() as tx:
            run.report.ended += tx.hub.delete_expired(at)
        with FeedDocuments.open(self.config) as documents:
            current = documents if documents and documents.may_send(at) else None
            run.verify(current)  # also during a trial build
            if current is not None:
                run.enqueue_changes(current)
                run.distribute(current)
        if counts := {name: count for name, count in asdict(run.report).items() if count}:
            log.info("hub", **counts)
        return run.report


@dataclass(slots=True)
class _HubRun:
    hub: Hub
    at: datetime
    stop: Event
    report: HubReport = field(default_factory=HubReport)
    _started: float = field(default_factory=time.monotonic)

    def _now(self) -> datetime:
        """Return the present time; a run may take long."""
        return self.at + timedelta(seconds=time.monotonic() - self._started)

    def _claim(self, kind: CallKind) -> Iterator[list[OutgoingCall]]:
        """Claim batches until the phase times out, so that slow servers delay no other work."""
        deadline = time.monotonic() + _PHASE_TIMEOUT
        while not self.stop.is_set():
            if time.monotonic() > deadline:
                self.report.unfinished = True
                return
            with self.hub.store.write() as tx:
                until = self._now() + CLAIM_TIME
                claimed = tx.calls.claim(kind, self.at, until=until, limit=_BATCH_SIZE)
            if not claimed:
                return
            yield claimed

    def _release(self, calls: Iterable[OutgoingCall], *, after: timedelta = timedelta()) -> None:
        """Release claimed calls that were not made."""
        if released := [replace(call, due_at=self._now() + after) for call in calls]:
            with self.hub.store.write() as tx:
                tx.calls.settle(released)

    # verification of intent (5.3)

    def verify(self, documents: FeedDocuments | None) -> None:
        """Ask subscribers to verify their requests; without `documents` topics are not checked."""
        fan_out = FanOut(self.stop)
        for calls in self._claim(CallKind.VERIFICATION):
            gone = {
                call.topic for call in calls if documents and documents.find(call.topic) is None
            }
            uncalled = []
            for call, outcome in fan_out.make_all(calls, partial(self._ask, gone=gone)):
                if outcome is None:
                    uncalled.append(call)
                else:
                    self._record_verdict(call, outcome)
            self._release(uncalled)

    def _ask(self, call: OutgoingCall, gone: Collection[str]) -> bool:
        """Return whether a subscriber confirms its request; raise CallFailed to ask again.

        Where the topic was deleted since the request was accepted, it is notified of that (5.2).
        """
        if call.topic in gone and call.payload["mode"] == "subscribe":
            self.hub.client.get(denial_url(call.endpoint, call.topic))
            return False
        challenge = secrets.token_urlsafe(32)
        request = HubRequest(**call.payload)
        query = {"hub.mode": request.mode, "hub.topic": call.topic, "hub.challenge": challenge}
        if request.mode == "subscribe":
            query["hub.lease_seconds"] = str(request.lease)
        reply = self.hub.client.get(_with_query(call.endpoint, query))
        if CallFailure.of(reply).is_server_wide:
            raise CallFailed(f"HTTP {reply.status}")
        return reply.is_success and hmac.compare_digest(reply.body, challenge.encode())

    def _record_verdict(self, call: OutgoingCall, verdict: bool | CallFailed) -> None:
        with self.hub.store.write() as tx:
            if verdict is True:  # `enqueue_changes` ends it if the topic is gone by now
                tx.hub.confirm(call, at=self._now())
                self.report.verified += 1
            elif verdict is not False and call.attempts < len(VERIFICATION_DELAYS):
                due_at = self._now() + VERIFICATION_DELAYS[call.attempts]
                tx.calls.settle([call.failed(str(verdict), due_at)])
            else:
                tx.calls.delete(call)
                self.report.refused += 1

    # content distribution (7)

    def enqueue_changes(self, documents: FeedDocuments) -> None:
        """Enqueue feeds that changed since they were sent; end subscriptions to deleted feeds."""
        with self.hub.store.read() as tx:
            topics = tx.hub.topics()
        for topic, versions in topics.items():
            file = documents.find(topic)
            if file is None:
                self._end_topic(topic)
            elif versions != {file.sha256} and documents.is_published(file, self.hub.mirror):
                with self.hub.store.write() as tx:
                    tx.calls.enqueue_for_all(CallKind.DELIVERY, topic, file.sha256, self.at)

    def _end_topic(self, topic: str) -> None:
        """End the subscriptions to a topic that no longer exists, and notify them once (5.2)."""
        with self.hub.store.write() as tx:
            ended = tx.hub.delete_topic(topic)
        self.report.ended += len(ended)
        for _ in FanOut(self.stop).make_all(
            ended, lambda call: self.hub.client.get(denial_url(call.endpoint, topic))
        ):
            pass

    def distribute(self, documents: FeedDocuments) -> None:
        fan_out = FanOut(self.stop)
        for calls in self._claim(CallKind.DELIVERY):
            bodies = {
                topic: document
                for topic in {call.topic for call in calls}
                if (file := documents.find(topic))
                and documents.is_published(file, self.hub.mirror)
                and (document := documents.read(file))
            }
            # a build is replacing the documents of the others
            self._release((c for c in calls if c.topic not in bodies), after=MINUTE)
            ready = [call for call in calls if call.topic in bodies]
            uncalled = []
            for call, outcome in fan_out.make_all(ready, partial(self._deliver, bodies=bodies)):
                if outcome is None:
                    uncalled.append(call)
                else:
                    self._record_delivery(call, bodies[call.topic].sha256, outcome)
            self._release(uncalled)

    def _deliver(self, call: OutgoingCall, bodies: Mapping[str, FeedDocument]) -> HttpReply:
        document = bodies[call.topic]
        headers = headers_of(call, document, self.hub.config)
        return self.hub.client.post(call.endpoint, document.body, headers)

    def _record_delivery(
        self, call: OutgoingCall, sha256: str, outcome: HttpReply | CallFailed
    ) -> None:
        """Record a delivery; a version that failed is retried later, or given up."""
        reply = outcome if isinstance(outcome, HttpReply) else None
        with self.hub.store.write() as tx:
            if reply and reply.is_success:
                tx.calls.settle([call.succeeded(sha256)])
                self.report.delivered += 1
                return
            if reply and reply.status == HTTPStatus.GONE:
                tx.hub.delete(call)
                self.report.ended += 1
                return
            reason = f"HTTP {reply.status}" if reply else str(outcome)
            due_at = next_attempt(call.attempts + 1, self._now(), reply)
            tx.calls.settle([call.failed(reason, due_at)])
        if due_at is None:
            # the rest of a callback is a secret
            log.warning("given up", host=call.host, topic=call.topic, reason=reason)
            self.report.given_up += 1
        else:
            self.report.failed += 1


class FanOut:
    """Rounds of calls until `stop`; a server that is slow or unreachable is called only once."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._unreachable: dict[str, NotReached] = {}
        self._slow: set[str] = set()

    def make_all(
        self, calls: Iterable[OutgoingCall], make: Callable[[OutgoingCall], _Reply]
    ) -> Iterator[tuple[OutgoingCall, _Reply | CallFailed | None]]:
        """Make one round; yield each call as soon as its server is done.

        With it comes what `make` returned, or its error; None where the call was not made.
        """
        servers: dict[str, list[OutgoingCall]] = {}
        for call in calls:
            servers.setdefault(_server(call.endpoint), []).append(call)
        with ThreadPoolExecutor(MAX_SERVERS, thread_name_prefix="push") as pool:
            rounds = [
                pool.submit(self._call_server, server, server_calls, make)
                for server, server_calls in servers.items()
            ]
            for finished in as_completed(rounds):
                yield from finished.result()

    def _call_server(
        self, server: str, calls: list[OutgoingCall], make: Callable[[OutgoingCall], _Reply]
    ) -> list[tuple[OutgoingCall, _Reply | CallFailed | None]]:
        deadline = time.monotonic() + SERVER_TIMEOUT
        outcomes: list[tuple[OutgoingCall, _Reply | CallFailed | None]] = []
        for call in calls:
            if time.monotonic() > deadline:
                self._slow.add(server)
            outcome: _Reply | CallFailed | None = self._unreachable.get(server)
            if not (outcome or server in self._slow or self._stop.is_set()):
                try:
                    outcome = make(call)
                except CallFailed as error:
                    outcome = error
                    if isinstance(error, NotReached):
                        self._unreachable[server] = error
            outcomes.append((call, outcome))
        return outcomes


def denial_url(callback: str, topic: str) -> str:
    """Return the URL that notifies a subscriber that a topic no longer exists (5.2)."""
    reason = "this feed is no longer published"
    query = {"hub.mode": "denied", "hub.topic": topic, "hub.reason": reason}
    return _with_query(callback, query)


def headers_of(call: OutgoingCall, document: FeedDocument, config: Config) -> Mapping[str, str]:
    """Return the headers of a delivery (7); it is signed where there is a secret (7.1)."""
    headers = {
        "Content-Type": document.media_type,
        "Link": f'<{config.hubs[0]}>; rel="hub", <{call.topic}>; rel="self"',
    }
    if secret := call.payload["secret"]:
        digest = hmac.new(secret.encode(), document.body, hashlib.sha256).hexdigest()
        headers["X-Hub-Signature"] = f"sha256={digest}"
    return headers


def _with_query(callback: str, values: Mapping[str, str]) -> str:
    return f"{callback}{'&' if '?' in callback else '?'}{urlencode(values)}"


def _server(url: str) -> str:
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return url
    return f"{address.scheme}://{address.netloc.decode('ascii')}"

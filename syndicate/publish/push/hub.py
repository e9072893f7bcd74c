"""Our own hub: verifies subscriptions and sends new versions of feeds (W3C WebSub).

Requests and deliveries are in the store, so that a process that ends loses nothing, and
several can share the work.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from threading import Event
from typing import Self
from urllib.parse import urlencode

import structlog

from syndicate.config import Config
from syndicate.errors import CallFailed
from syndicate.publish.mirror.mirror import Mirror
from syndicate.publish.push.fan_out import FanOut
from syndicate.publish.push.feed_documents import FeedDocument, FeedDocuments
from syndicate.publish.push.http_client import HttpClient, HttpReply
from syndicate.publish.push.retry_policy import next_attempt
from syndicate.store import HubRequest, HubSubscription, Store, Transaction

log = structlog.get_logger()

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
VERIFICATION_DELAYS = (MINUTE, 10 * MINUTE, HOUR)
"""Delays before a subscriber is asked again to verify its request."""
CLAIM_TIME = timedelta(minutes=10)
"""How long a process keeps what it claimed."""
_MAX_REQUEST_AGE = timedelta(days=1)
"""Older requests are deleted."""
_BATCH_SIZE = 40
"""Rows claimed together; even their slowest calls end within a claim."""
_PHASE_TIMEOUT = 30
"""Seconds after which verification, or distribution, lets other work proceed."""


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
        run = _HubRun(self.store, self.config, self.client, self.mirror, at, stop or Event())
        run.delete_expired()
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
    store: Store
    config: Config
    client: HttpClient
    mirror: Mirror | None
    at: datetime
    stop: Event
    report: HubReport = field(default_factory=HubReport)
    _started: float = field(default_factory=time.monotonic)

    def _now(self) -> datetime:
        """Return the present time; a run may take long."""
        return self.at + timedelta(seconds=time.monotonic() - self._started)

    def _batches(self) -> Iterator[None]:
        """Allow batches until the phase times out, so that slow servers delay no other work."""
        deadline = time.monotonic() + _PHASE_TIMEOUT
        while not self.stop.is_set():
            if time.monotonic() > deadline:
                self.report.unfinished = True
                return
            yield

    def delete_expired(self) -> None:
        with self.store.write() as tx:
            self.report.ended += tx.hub.delete_expired(
                self.at, asked_before=self.at - _MAX_REQUEST_AGE
            )

    # verification of intent (5.3)

    def verify(self, documents: FeedDocuments | None) -> None:
        """Ask subscribers to verify their requests; without `documents` topics are not checked."""
        fan_out = FanOut(self.stop)
        for _ in self._batches():
            with self.store.write() as tx:
                now = self._now()
                requests = tx.hub.claim_requests(self.at, until=now + CLAIM_TIME, limit=_BATCH_SIZE)
            if not requests:
                return
            challenges = {
                request: secrets.token_urlsafe(32)
                for request in requests
                if not _is_gone(request, documents)
            }

            def ask(
                request: HubRequest, challenges: dict[HubRequest, str] = challenges
            ) -> HttpReply:
                challenge = challenges.get(request)
                return self.client.get(
                    verification_url(request, challenge) if challenge else denial_url(request)
                )

            uncalled = []
            for request, outcome in fan_out.call_all(requests, ask):
                if outcome is None:
                    uncalled.append(request)
                else:
                    verified = _is_verified(outcome, challenges.get(request))
                    self._settle(request, verified=verified)
            self._release_requests(uncalled)

    def _settle(self, request: HubRequest, *, verified: bool | None) -> None:
        with self.store.write() as tx:
            if verified:  # if the topic is gone by now, `enqueue_changes` ends the subscription
                tx.hub.confirm(request, at=self._now())
                self.report.verified += 1
            elif verified is None and request.attempts < len(VERIFICATION_DELAYS):
                tx.hub.retry_request(
                    request, due_at=self._now() + VERIFICATION_DELAYS[request.attempts]
                )
            else:
                tx.hub.delete_request(request)
                self.report.refused += 1

    def _release_requests(self, requests: Collection[HubRequest]) -> None:
        if requests:
            with self.store.write() as tx:
                for request in requests:
                    tx.hub.release_request(request, due_at=self._now())

    # content distribution (7)

    def enqueue_changes(self, documents: FeedDocuments) -> None:
        """Enqueue feeds that changed since they were sent; end subscriptions to deleted feeds."""
        with self.store.read() as tx:
            topics = tx.hub.topics(self.at)
        for topic, versions in topics.items():
            version = documents.version(topic)
            if version is None:
                self._end_topic(topic)
            elif not documents.is_published(topic, self.mirror):
                continue
            elif any(version not in pair or (version == pair[0] and pair[1]) for pair in versions):
                with self.store.write() as tx:
                    tx.hub.enqueue(topic, version, at=self.at)

    def _end_topic(self, topic: str) -> None:
        """End the subscriptions to a topic that no longer exists, and notify them once (5.2)."""
        with self.store.write() as tx:
            ended = tx.hub.delete_topic(topic)
        self.report.ended += len(ended)

        def deny(subscription: HubSubscription) -> HttpReply:
            return self.client.get(denial_url(subscription))

        for _ in FanOut(self.stop).call_all(ended, deny):
            pass

    def distribute(self, documents: FeedDocuments) -> None:
        fan_out = FanOut(self.stop)
        for _ in self._batches():
            with self.store.write() as tx:
                until = self._now() + CLAIM_TIME
                claimed = tx.hub.claim_deliveries(self.at, until=until, limit=_BATCH_SIZE)
            if not claimed:
                return
            bodies = self._read(documents, {subscription.topic for subscription in claimed})
            ready = [subscription for subscription in claimed if subscription.topic in bodies]

            def send(
                subscription: HubSubscription, bodies: Mapping[str, FeedDocument] = bodies
            ) -> HttpReply:
                document = bodies[subscription.topic]
                headers = headers_of(subscription, document, self.config)
                return self.client.post(subscription.callback, document.body, headers)

            uncalled = []
            for subscription, outcome in fan_out.call_all(ready, send):
                if outcome is None:
                    uncalled.append(subscription)
                else:
                    self._record(subscription, bodies[subscription.topic].sha256, outcome)
            self._release(uncalled)
            # a build is replacing the documents of these
            self._release([s for s in claimed if s.topic not in bodies], after=MINUTE)

    def _read(self, documents: FeedDocuments, topics: Iterable[str]) -> Mapping[str, FeedDocument]:
        """Read documents that can be sent now: in the mirror, and not being replaced."""
        read = (
            (topic, documents.read(topic))
            for topic in topics
            if documents.is_published(topic, self.mirror)
        )
        return {topic: document for topic, document in read if document is not None}

    def _record(
        self, subscription: HubSubscription, sha256: str, outcome: HttpReply | CallFailed
    ) -> None:
        with self.store.write() as tx:
            if isinstance(outcome, HttpReply) and _is_success(outcome):
                tx.hub.mark_delivered(subscription, sha256=sha256)
                self.report.delivered += 1
            elif isinstance(outcome, HttpReply) and outcome.status == HTTPStatus.GONE:
                tx.hub.delete(subscription)
                self.report.ended += 1
            else:
                self._retry(tx, subscription, outcome)

    def _retry(
        self, tx: Transaction, subscription: HubSubscription, outcome: HttpReply | CallFailed
    ) -> None:
        """Retry a version later, or give it up; the next version is sent in any case."""
        reply = outcome if isinstance(outcome, HttpReply) else None
        due_at = next_attempt(subscription.attempts + 1, self._now(), reply)
        tx.hub.mark_failed(subscription, error=_reason(outcome), due_at=due_at)
        if due_at is None:
            host, topic = subscription.host, subscription.topic
            # the rest of a callback is a secret
            log.warning("given up", host=host, topic=topic, reason=_reason(outcome))
            self.report.given_up += 1
        else:
            self.report.failed += 1

    def _release(
        self, subscriptions: Collection[HubSubscription], *, after: timedelta = timedelta()
    ) -> None:
        if subscriptions:
            with self.store.write() as tx:
                for subscription in subscriptions:
                    tx.hub.release(subscription, due_at=self._now() + after)


def verification_url(request: HubRequest, challenge: str) -> str:
    """Return the URL that asks a subscriber to verify its request (5.3)."""
    query = {"hub.mode": request.mode, "hub.topic": request.topic, "hub.challenge": challenge}
    if request.mode == "subscribe":
        query["hub.lease_seconds"] = str(request.lease)
    return _with_query(request.callback, query)


def denial_url(subscription: HubRequest | HubSubscription) -> str:
    """Return the URL that notifies a subscriber that a topic no longer exists (5.2)."""
    reason = "this feed is no longer published"
    query = {"hub.mode": "denied", "hub.topic": subscription.topic, "hub.reason": reason}
    return _with_query(subscription.callback, query)


def headers_of(
    subscription: HubSubscription, document: FeedDocument, config: Config
) -> Mapping[str, str]:
    """Return the headers of a delivery (7); it is signed where there is a secret (7.1)."""
    headers = {
        "Content-Type": document.media_type,
        "Link": f'<{config.hubs[0]}>; rel="hub", <{subscription.topic}>; rel="self"',
    }
    if subscription.secret:
        digest = hmac.new(subscription.secret.encode(), document.body, hashlib.sha256).hexdigest()
        headers["X-Hub-Signature"] = f"sha256={digest}"
    return headers


def _with_query(callback: str, values: Mapping[str, str]) -> str:
    return f"{callback}{'&' if '?' in callback else '?'}{urlencode(values)}"


def _is_gone(request: HubRequest, documents: FeedDocuments | None) -> bool:
    """Whether the topic was deleted since the request was accepted (5.2)."""
    if documents is None or request.mode != "subscribe":
        return False
    return documents.version(request.topic) is None


def _is_verified(outcome: HttpReply | CallFailed, challenge: str | None) -> bool | None:
    """Whether a subscriber confirmed its request; None where it has to be asked again.

    Without a challenge the call was a denial, and its reply doesn't matter.
    """
    if isinstance(outcome, CallFailed):
        return None
    if challenge is None:
        return False
    if _is_success(outcome):
        return hmac.compare_digest(outcome.body, challenge.encode())
    busy = outcome.status == HTTPStatus.TOO_MANY_REQUESTS
    return None if busy or outcome.status >= HTTPStatus.INTERNAL_SERVER_ERROR else False


def _is_success(reply: HttpReply) -> bool:
    return HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES


def _reason(outcome: HttpReply | CallFailed) -> str:
    return f"HTTP {outcome.status}" if isinstance(outcome, HttpReply) else str(outcome)

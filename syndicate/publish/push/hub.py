"""Our own hub: it asks whether a subscription is meant, and sends what is new (W3C WebSub).

What is asked and owed stands in the store, so that a process that ends loses nothing,
and several share the work.
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
from syndicate.publish.push.documents import FeedDocument, FeedDocuments
from syndicate.publish.push.fan_out import FanOut
from syndicate.publish.push.http_client import HttpClient, HttpReply
from syndicate.publish.push.retry_policy import again
from syndicate.store import HubRequest, HubSubscription, Store, Transaction

log = structlog.get_logger()

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TRIES = (MINUTE, 10 * MINUTE, HOUR)
"""After how long a subscriber is asked again whether it meant to subscribe."""
CLAIM = timedelta(minutes=10)
"""For how long what one process works on is nobody else's."""
_STALE = timedelta(days=1)
"""Age of a request that nobody got round to."""
_BATCH = 40
"""Rows that are claimed together; what their calls take at worst is well within a claim."""
_PHASE = 30
"""Seconds after which verifying, or sending, makes way for the other, and for other work."""


@dataclass(slots=True)
class HubReport:
    """What one turn of the hub's work came to."""

    verified: int = 0
    refused: int = 0
    """Requests that nobody stood by, or whose topic is no more."""
    delivered: int = 0
    failed: int = 0
    """Distributions that are tried again."""
    given_up: int = 0
    ended: int = 0
    """Subscriptions that ended: by their lease, by their callback, or with their topic."""
    unfinished: bool = False
    """Whether something was left that could be done at once."""


class Hub:
    """The hub of a publication's own feeds."""

    def __init__(
        self, store: Store, config: Config, caller: HttpClient, *, mirror: Mirror | None
    ) -> None:
        """Call subscribers by `caller`, of what lies in the mirror, where there is one."""
        self._store = store
        self._config = config
        self._caller = caller
        self._mirror = mirror

    @classmethod
    def of(cls, store: Store, config: Config) -> Self:
        """Open the hub of a publication; it is to work where `websub.own` is set."""
        caller = HttpClient(allowed=config.websub.private_callbacks)
        return cls(store, config, caller, mirror=Mirror.of(config))

    def work(self, at: datetime, stop: Event | None = None) -> HubReport:
        """Verify what waits, send what changed, forget what lapsed; once `stop` is set, no more.

        Raise SyndicateError where the store or the output can't be read.
        """
        turn = _Turn(
            store=self._store,
            config=self._config,
            caller=self._caller,
            at=at,
            stop=stop or Event(),
            mirror=self._mirror,
        )
        turn.forget()
        with FeedDocuments.seen(self._config) as documents:
            due = documents if documents and documents.is_due(at) else None
            turn.verify(due)  # what was asked for before a trial build is asked during it, too
            if due is not None:
                turn.owe(due)
                turn.distribute(due)
        if done := {name: count for name, count in asdict(turn.worked).items() if count}:
            log.info("hub", **done)
        return turn.worked


@dataclass(slots=True, kw_only=True)
class _Turn:
    """One turn of work."""

    store: Store
    config: Config
    caller: HttpClient
    at: datetime
    stop: Event
    mirror: Mirror | None
    worked: HubReport = field(default_factory=HubReport)
    _began: float = field(default_factory=time.monotonic)

    def _now(self) -> datetime:
        """Return the time, as this turn counts it: it may be long."""
        return self.at + timedelta(seconds=time.monotonic() - self._began)

    def _batches(self) -> Iterator[None]:
        """Go on for as long as a phase may take: who is slow must not hold up all the rest."""
        ends = time.monotonic() + _PHASE
        while not self.stop.is_set():
            if time.monotonic() > ends:
                self.worked.unfinished = True
                return
            yield

    def forget(self) -> None:
        with self.store.write() as tx:
            self.worked.ended += tx.hub.delete_expired(self.at, asked_before=self.at - _STALE)

    # verification of intent (5.3)

    def verify(self, documents: FeedDocuments | None) -> None:
        """Ask those who asked; None where what is published can't be known for now."""
        rounds = FanOut(self.stop)
        for _ in self._batches():
            with self.store.write() as tx:
                now = self._now()
                asked = tx.hub.claim_requests(self.at, until=now + CLAIM, limit=_BATCH)
            if not asked:
                return
            challenges = {
                request: secrets.token_urlsafe(32)
                for request in asked
                if not _is_gone(request, documents)
            }

            def ask(
                request: HubRequest, challenges: dict[HubRequest, str] = challenges
            ) -> HttpReply:
                challenge = challenges.get(request)
                return self.caller.get(
                    question(request, challenge) if challenge else denial(request)
                )

            left = []
            for request, outcome in rounds.make(asked, ask):
                if outcome is None:
                    left.append(request)
                else:
                    self._settle(request, meant=_is_meant(outcome, challenges.get(request)))
            self._leave(left)

    def _settle(self, request: HubRequest, *, meant: bool | None) -> None:
        """Do what is meant, drop what isn't, and ask again where nobody knows."""
        with self.store.write() as tx:
            if meant:  # where the topic went meanwhile, `owe` ends the subscription and says so
                tx.hub.confirm(request, at=self._now())
                self.worked.verified += 1
            elif meant is None and request.attempts < len(TRIES):
                tx.hub.retry_request(request, due_at=self._now() + TRIES[request.attempts])
            else:
                tx.hub.delete_request(request)
                self.worked.refused += 1

    def _leave(self, requests: Collection[HubRequest]) -> None:
        """Give back what nobody was asked about."""
        if requests:
            with self.store.write() as tx:
                for one in requests:
                    tx.hub.release_request(one, due_at=self._now())

    # content distribution (7)

    def owe(self, documents: FeedDocuments) -> None:
        """Find what changed since it was sent; end what nobody publishes any more."""
        with self.store.read() as tx:
            topics = tx.hub.topics(self.at)
        for topic, versions in topics.items():
            now = documents.version(topic)
            if now is None:
                self._withdraw(topic)
            elif not documents.is_there(topic, self.mirror):
                continue
            elif any(now not in pair or (now == pair[0] and pair[1]) for pair in versions):
                with self.store.write() as tx:
                    tx.hub.enqueue(topic, now, at=self.at)

    def _withdraw(self, topic: str) -> None:
        """End the subscriptions to a topic that is no more, and say so (5.2), once."""
        with self.store.write() as tx:
            gone = tx.hub.delete_topic(topic)
        self.worked.ended += len(gone)

        def deny(one: HubSubscription) -> HttpReply:
            return self.caller.get(denial(one))

        for _ in FanOut(self.stop).make(gone, deny):
            pass

    def distribute(self, documents: FeedDocuments) -> None:
        rounds = FanOut(self.stop)
        for _ in self._batches():
            with self.store.write() as tx:
                until = self._now() + CLAIM
                owed = tx.hub.claim_deliveries(self.at, until=until, limit=_BATCH)
            if not owed:
                return
            there = self._there(documents, {one.topic for one in owed})

            def send(one: HubSubscription, there: Mapping[str, FeedDocument] = there) -> HttpReply:
                document = there[one.topic]
                headers = headers_of(one, document, self.config)
                return self.caller.post(one.callback, document.body, headers)

            left = []
            for one, outcome in rounds.make((one for one in owed if one.topic in there), send):
                if outcome is None:
                    left.append(one)
                else:
                    self._note(one, there[one.topic].sha256, outcome)
            self._release(left)
            # a build is putting another in the place of those
            self._release([one for one in owed if one.topic not in there], after=MINUTE)

    def _there(self, documents: FeedDocuments, topics: Iterable[str]) -> Mapping[str, FeedDocument]:
        """Read what can be sent now: what lies in the mirror, too, and is not being replaced."""
        found = (
            (topic, documents.read(topic))
            for topic in topics
            if documents.is_there(topic, self.mirror)
        )
        return {topic: document for topic, document in found if document is not None}

    def _note(self, one: HubSubscription, sha256: str, outcome: HttpReply | CallFailed) -> None:
        """Note what became of a distribution."""
        with self.store.write() as tx:
            if isinstance(outcome, HttpReply) and _is_success(outcome):
                tx.hub.mark_delivered(one, sha256=sha256)
                self.worked.delivered += 1
            elif isinstance(outcome, HttpReply) and outcome.status == HTTPStatus.GONE:
                tx.hub.delete(one)
                self.worked.ended += 1
            else:
                self._put_off(tx, one, outcome)

    def _put_off(
        self, tx: Transaction, one: HubSubscription, outcome: HttpReply | CallFailed
    ) -> None:
        """Have a version sent again later, or give it up; the next is sent in any case."""
        reply = outcome if isinstance(outcome, HttpReply) else None
        due_at = again(one.attempts + 1, self._now(), reply)
        tx.hub.mark_failed(one, error=_reason(outcome), due_at=due_at)
        if due_at is None:
            # the rest of a callback is a secret
            log.warning("given up", host=one.host, topic=one.topic, reason=_reason(outcome))
            self.worked.given_up += 1
        else:
            self.worked.failed += 1

    def _release(
        self, owed: Collection[HubSubscription], *, after: timedelta = timedelta()
    ) -> None:
        """Give back what was not sent."""
        if owed:
            with self.store.write() as tx:
                for one in owed:
                    tx.hub.release(one, due_at=self._now() + after)


def question(request: HubRequest, challenge: str) -> str:
    """Return the address at which a subscriber is asked whether it meant that (5.3)."""
    asked = {"hub.mode": request.mode, "hub.topic": request.topic, "hub.challenge": challenge}
    if request.mode == "subscribe":
        asked["hub.lease_seconds"] = str(request.lease)
    return _with_query(request.callback, asked)


def denial(one: HubRequest | HubSubscription) -> str:
    """Return the address at which a subscriber is told that a topic is no more (5.2)."""
    reason = "this feed is no longer published"
    told = {"hub.mode": "denied", "hub.topic": one.topic, "hub.reason": reason}
    return _with_query(one.callback, told)


def headers_of(one: HubSubscription, document: FeedDocument, config: Config) -> Mapping[str, str]:
    """Return what a distribution is sent with (7); it is signed where there is a secret (7.1)."""
    headers = {
        "Content-Type": document.media_type,
        "Link": f'<{config.hubs[0]}>; rel="hub", <{one.topic}>; rel="self"',
    }
    if one.secret:
        digest = hmac.new(one.secret.encode(), document.body, hashlib.sha256).hexdigest()
        headers["X-Hub-Signature"] = f"sha256={digest}"
    return headers


def _with_query(callback: str, values: Mapping[str, str]) -> str:
    """Append to the query of an address, and leave what is there as it is (5.1.1)."""
    return f"{callback}{'&' if '?' in callback else '?'}{urlencode(values)}"


def _is_gone(request: HubRequest, documents: FeedDocuments | None) -> bool:
    """Whether there is nothing to subscribe to any more; the subscriber was told 202 (5.2)."""
    if documents is None or request.mode != "subscribe":
        return False
    return documents.version(request.topic) is None


def _is_meant(outcome: HttpReply | CallFailed, challenge: str | None) -> bool | None:
    """Whether a subscriber stands by what was asked; None where that isn't known yet.

    Who got a denial in place of a challenge isn't subscribed, whatever it says.
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

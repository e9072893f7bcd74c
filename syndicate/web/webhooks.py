"""Webhooks of mail providers at /hooks/NAME: what they report is recorded before they get a 200.

A call is read as bytes, its proof is checked, and its events are recorded in short
transactions. An event that was recorded before changes nothing, so the provider may send all of
them again until it gets its 200: that is our queue. A call that is refused writes nothing to the
store; refusals are counted in memory.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Config
from syndicate.config.sections.feedback import HookSettings
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import (
    CallFailed,
    EventTooEarly,
    SecretUnreadable,
    SyndicateError,
    WebhookForged,
    WebhookMalformed,
    WebhookRefused,
    WebhookStale,
)
from syndicate.feedback.event_intake import EventIntake
from syndicate.feedback.providers.hook_reader import HookReader, make_reader
from syndicate.feedback.providers.webhook_request import WebhookRequest
from syndicate.feedback.record_failure import FailureLog
from syndicate.feedback.recorder import FeedbackRecorder
from syndicate.model.feedback import HOOK_SOURCE
from syndicate.publish.push.http_client import HttpClient
from syndicate.render import addresses
from syndicate.store import Store
from syndicate.web.client_limit import ClientLimit
from syndicate.web.server.client_address import request_limit_key
from syndicate.web.telemetry.counters import RequestCounters, WebhookResult
from syndicate.web.webhook_refusals import RefusalLog

_log = structlog.get_logger(__name__)
MAX_BODY = 1024 * 1024
"""Bytes of a call; SendGrid's largest batch has three quarters of that."""
MAX_EVENTS = 10_000
"""Events of a call."""
_AT_ONCE = 4
"""Calls that are checked and recorded at a time; the others wait."""
_MAX_WAITING = 1000
_MAX_HELD = 64 * MAX_BODY
"""Bytes of bodies that are in memory at a time."""
_REFUSED_BURST, _REFUSED_PER_SECOND = 30, 0.2
"""Calls of a network to a hook that are checked and refused, before it has to wait."""
_LATER = timedelta(seconds=5)
_BUSY = timedelta(minutes=1)
_STATUS = {
    WebhookResult.ACCEPTED: 200,
    WebhookResult.REPLAYED: 409,
    WebhookResult.FORGED: 401,
    WebhookResult.STALE: 400,
    WebhookResult.MALFORMED: 400,
    WebhookResult.TOO_LARGE: 413,
    WebhookResult.LIMITED: 429,
    WebhookResult.UNKNOWN: 404,
    WebhookResult.BUSY: 503,
    WebhookResult.NO_SECRET: 503,
}
_OWN_STATUS = {
    # a retry after a lost response looks the same: each provider gets the status that ends its
    # retries; SendGrid and Svix would repeat the call for a day after any 4xx
    ("mailgun", WebhookResult.REPLAYED): 406,
    ("postmark", WebhookResult.REPLAYED): 403,
    ("sendgrid", WebhookResult.REPLAYED): 200,
    ("standard", WebhookResult.REPLAYED): 200,
    # Brevo may discard an event at any 4xx or 5xx but 429
    ("brevo", WebhookResult.BUSY): 429,
    ("brevo", WebhookResult.NO_SECRET): 429,
    # SNS discards it at a 4xx
    ("ses", WebhookResult.LIMITED): 503,
}
"""By the kind of the hook, where a provider would do otherwise than is meant."""
_TEXTS = {
    WebhookResult.REPLAYED: "All of this was recorded before.",
    WebhookResult.TOO_LARGE: f"A call has at most {MAX_BODY} bytes.",
    WebhookResult.LIMITED: "Too many calls; try again later.",
    WebhookResult.UNKNOWN: "There is no such hook.",
    WebhookResult.BUSY: "Not now; try again later.",
    WebhookResult.NO_SECRET: "This hook can't be used yet: its secret is missing.",
}
"""What a provider's log shows; a refusal has its own reason, and a 200 says what it took."""
_REMEDY = (
    "the provider sends it again, for some hours; please report it, and see in the provider's own "
    "log what it is about"
)
_CHALLENGE = 'Basic realm="Syndicate"'
_UNLIMITED = frozenset(
    {
        WebhookResult.ACCEPTED,
        WebhookResult.REPLAYED,
        WebhookResult.BUSY,
        WebhookResult.NO_SECRET,
        WebhookResult.LIMITED,
    }
)
"""The results that no provider has to wait after: replays are honest, and come in floods."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A configured hook, and what reads its calls."""

    settings: HookSettings
    read: HookReader

    @property
    def source(self) -> str:
        """What its feedback has as its source."""
        return f"{HOOK_SOURCE}{self.settings.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """What became of a call."""

    result: WebhookResult
    reason: str = ""
    retry_after: timedelta | None = None
    taken: Counter[str] = field(default_factory=Counter)
    """What became of its new events, as `syndicate_reports_total` counts them."""


class WebhookReceiver:
    """Takes the calls to all hooks of a publication."""

    def __init__(
        self,
        store: Store,
        config: Config,
        links: SignedLinks,
        counters: RequestCounters,
        client: HttpClient | None = None,
    ) -> None:
        """`client` fetches Amazon's certificates; the default calls public addresses only."""
        self._config = config
        self._intake = EventIntake(store, FeedbackRecorder(config, links))
        self._failures = FailureLog(_REMEDY)
        self.hooks = {hook.name: Hook(hook, make_reader(hook, client)) for hook in config.hooks}
        self._refusals = RefusalLog(store, counters)
        self._limit = ClientLimit(burst=_REFUSED_BURST, per_second=_REFUSED_PER_SECOND)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting = self._held = 0
        self._without_secret: set[str] = set()

    def routes(self) -> list[Route]:
        """Return the route of all hooks."""
        return [Route(addresses.hook("{name}"), self.handle, methods=["POST"])]

    async def handle(self, request: Request) -> Response:
        """Answer a call; nothing that it reports is lost once the answer is a 200."""
        hook = self.hooks.get(request.path_params["name"])
        at = clock.now()
        if hook is None:
            outcome = CallOutcome(result=WebhookResult.UNKNOWN)
        else:
            client = self._client(request, hook)
            outcome = await self._admit(request, hook, client, at)
            if client and outcome.result not in _UNLIMITED:
                self._limit.take(client, at=at)
        name = hook.settings.name if hook else ""
        await self._refusals.note(name, outcome.result, outcome.reason, at)
        return _response(outcome, hook.settings.kind if hook else "")

    async def _admit(
        self, request: Request, hook: Hook, client: str | None, at: datetime
    ) -> CallOutcome:
        """Read and process a call, unless it is too large or there are too many."""
        wait = self._limit.wait(client, at=at) if client else None
        if wait is not None or self._waiting >= _MAX_WAITING:
            return CallOutcome(result=WebhookResult.LIMITED, retry_after=wait or _LATER)
        if _announced_size(request) > MAX_BODY:
            return CallOutcome(result=WebhookResult.TOO_LARGE)
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                self._held += len(chunk)
                if len(body) > MAX_BODY:
                    return CallOutcome(result=WebhookResult.TOO_LARGE)
                if self._held > _MAX_HELD:
                    return CallOutcome(result=WebhookResult.LIMITED, retry_after=_LATER)
            return await self._in_turn(lambda: self.take(hook, _webhook_request(request, body, at)))
        finally:
            self._held -= len(body)

    async def _in_turn(self, process: Callable[[], CallOutcome]) -> CallOutcome:
        """Process a call in a thread, a few at a time."""
        self._waiting += 1
        try:
            async with self._turns:
                return await run_in_threadpool(process)
        finally:
            self._waiting -= 1

    def take(self, hook: Hook, request: WebhookRequest) -> CallOutcome:
        """Check a call and record its events; the outcome has every failure of it."""
        try:
            events = hook.read(request, hook.settings.secret(self._config.root))
            if len(events) > MAX_EVENTS:
                raise WebhookMalformed(f"a call has at most {MAX_EVENTS} events")
        except WebhookRefused as error:
            return CallOutcome(result=_refusal(error), reason=str(error))
        except CallFailed as error:
            return CallOutcome(result=WebhookResult.BUSY, reason=str(error), retry_after=_BUSY)
        except SecretUnreadable as error:
            self._report_secret(hook, str(error))
            return CallOutcome(result=WebhookResult.NO_SECRET, retry_after=_BUSY)
        self._without_secret.discard(hook.settings.name)
        try:
            recorded = self._intake.record(hook.source, events, request.now)
        except SyndicateError as error:
            return CallOutcome(result=WebhookResult.BUSY, reason=str(error), retry_after=_BUSY)
        name, changes, failures = hook.settings.name, recorded.changes, recorded.failures
        if changes:
            _log.info("webhook", hook=name, did="; ".join(changes[:3]), changes=len(changes))
        if failures:
            bad = [item for item in failures if not isinstance(item.error, EventTooEarly)]
            self._failures.note(hook.source, bad)
            reason = f"{len(failures)} of {len(events)} events: {failures[0].reason}"
            return CallOutcome(result=WebhookResult.BUSY, reason=reason, retry_after=_BUSY)
        # another process may have recorded the same ones meanwhile
        replayed = bool(events) and not recorded.taken
        result = WebhookResult.REPLAYED if replayed else WebhookResult.ACCEPTED
        return CallOutcome(result=result, taken=recorded.taken)

    def _client(self, request: Request, hook: Hook) -> str | None:
        """Return the hook and the network by which refused calls are limited; None for none."""
        network = request_limit_key(request, self._config.web.proxies)
        return network and f"{hook.settings.name} {network}"

    def _report_secret(self, hook: Hook, reason: str) -> None:
        """Log once that a hook can't be used, until it can."""
        name = hook.settings.name
        if name not in self._without_secret:
            self._without_secret.add(name)
            _log.error("webhook can't be used", hook=name, reason=reason)


def _webhook_request(request: Request, body: bytearray, at: datetime) -> WebhookRequest:
    return WebhookRequest(
        headers=dict(request.headers),
        body=bytes(body),
        token=request.query_params.get("token", ""),
        now=at,
    )


def _announced_size(request: Request) -> int:
    """Return the Content-Length, which the server has checked; 0 without one."""
    with suppress(ValueError):
        return int(request.headers.get("content-length", "0"))
    return 0


def _refusal(error: WebhookRefused) -> WebhookResult:
    if isinstance(error, WebhookForged):
        return WebhookResult.FORGED
    return WebhookResult.STALE if isinstance(error, WebhookStale) else WebhookResult.MALFORMED


def _summary(taken: Counter[str]) -> str:
    """Say what became of events: "2 recorded, 1 unmatched"."""
    return ", ".join(f"{count} {outcome}" for outcome, count in taken.items()) or "0 recorded"


def _response(outcome: CallOutcome, kind: str) -> Response:
    text = _TEXTS.get(outcome.result) or outcome.reason or _summary(outcome.taken)
    headers = {}
    if outcome.retry_after is not None:
        headers["retry-after"] = str(max(1, ceil(outcome.retry_after.total_seconds())))
    if outcome.result is WebhookResult.FORGED:
        headers["www-authenticate"] = _CHALLENGE
    status = _OWN_STATUS.get((kind, outcome.result), _STATUS[outcome.result])
    return PlainTextResponse(f"{text}\n", status, headers)

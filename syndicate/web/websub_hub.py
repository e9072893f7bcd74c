"""The WebSub hub's endpoint for subscription requests (W3C WebSub, 5.1).

Verification and distribution are in `syndicate.publish.push`. Subscribers are programs without a
session that another site could abuse, so there is no CSRF check. Errors are plain text, for
the developers of these programs.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from syndicate import clock
from syndicate.errors import CallFailed, SyndicateError
from syndicate.publish.push.feed_documents import FeedDocuments
from syndicate.publish.push.hub import HOUR, MINUTE, Hub
from syndicate.publish.push.ssrf_guard import host_of
from syndicate.store import HubRequest, Transaction
from syndicate.web.forms import Form, read_form
from syndicate.web.server import client_address

MIN_LEASE, DEFAULT_LEASE, MAX_LEASE = HOUR, timedelta(days=10), timedelta(days=30)
"""Leases of subscriptions."""
MAX_REQUESTS_PER_NETWORK = 300
"""Requests per hour; a busy feed reader renews hundreds of feeds at once."""
MAX_SUBSCRIPTIONS_PER_HOST = 1_000
"""Subscriptions with callbacks at one host.

A feed reader on the web has one for each feed that its users follow: three formats of some
hundred sections, tags and authors.
"""
MAX_SUBSCRIPTIONS = 10_000
_MAX_CALLBACK_LENGTH = 2_000
"""Characters of a callback."""
_MAX_SECRET_SIZE = 200
"""Bytes; secrets have to be shorter (5.1)."""
_LEASE = re.compile("[0-9]{1,12}")
_ABOUT = (
    "This is a WebSub hub (https://www.w3.org/TR/websub/) for the feeds of {url}.\n"
    "Feed readers subscribe here by POST and receive updates at once.\n"
)


class HubPage:
    """The endpoint /hub."""

    def __init__(self, hub: Hub, on_request: Callable[[], None]) -> None:
        """Call `on_request` when there is a request to verify."""
        self._hub = hub
        self._on_request = on_request

    async def handle(self, request: Request) -> Response:
        """Queue a request for verification; describe the hub on a GET."""
        if request.method != "POST":
            return PlainTextResponse(_ABOUT.format(url=self._hub.config.url))
        form = await read_form(request)
        try:
            await run_in_threadpool(self._queue, request, form, at=clock.now())
        except SyndicateError:  # from the store or the manifest
            return PlainTextResponse("busy; try again\n", 503, headers={"retry-after": "60"})
        self._on_request()
        return Response(status_code=202)

    def _queue(self, request: Request, form: Form | None, *, at: datetime) -> None:
        if form is None:
            raise _refusal("expected a form, application/x-www-form-urlencoded, of at most 16 KB")
        mode = form.get("hub.mode", "")
        if mode not in {"subscribe", "unsubscribe", "publish"}:
            raise _refusal(f'hub.mode is {mode[:40]!r}; expected "subscribe" or "unsubscribe"')
        self._check_rate(request, at)
        if mode != "publish":  # for "publish" the check that `on_request` starts is enough
            topic = form.get("hub.topic", "")
            callback, secret = form.get("hub.callback", ""), form.get("hub.secret", "")
            self._check(callback, secret)
            hub_request = HubRequest(
                mode=mode,
                secret=secret,
                lease=_parse_lease(form.get("hub.lease_seconds", "")) if mode == "subscribe" else 0,
                sha256=self._version(topic),
            )
            host = host_of(callback)
            with self._hub.store.write() as tx:
                if not tx.hub.exists(topic, callback):
                    if mode == "unsubscribe":
                        return  # nothing to remove, so nothing to verify
                    _check_capacity(tx, host)
                tx.hub.add_request(topic, callback, host, hub_request, at=at)

    def _check_rate(self, request: Request, at: datetime) -> None:
        network = client_address.client_network(request, self._hub.config.web.proxies) or "nowhere"
        name, limit = f"hub from {network}", MAX_REQUESTS_PER_NETWORK
        with self._hub.store.write() as tx:
            wait = tx.attempt_limits.take(name, limit=limit, per=HOUR, at=at)
        if wait is not None:
            reason = f"more than {limit} requests an hour; try again later"
            raise _refusal(reason, 429, retry_after=wait)

    def _version(self, topic: str) -> str:
        """Return the version of a feed; "" while the mirror still has an older one."""
        with FeedDocuments.open(self._hub.config) as documents:
            if documents is None:
                raise _refusal("nothing is published yet; try again", 503, retry_after=MINUTE)
            file = documents.find(topic)
            if file is None:
                reason = "hub.topic is not one of our feeds; expected the self address of a feed"
                raise _refusal(reason)
            return file.sha256 if documents.is_published(file, self._hub.mirror) else ""

    def _check(self, callback: str, secret: str) -> None:
        if len(callback) > _MAX_CALLBACK_LENGTH:
            raise _refusal(f"hub.callback has more than {_MAX_CALLBACK_LENGTH} characters")
        if not callback.isascii():
            raise _refusal("hub.callback is not in ASCII; write other characters as %XX or xn--")
        if "#" in callback or any(char <= " " or char == "\x7f" for char in callback):
            raise _refusal("hub.callback has a fragment, a space or a control character")
        try:
            self._hub.client.check(callback)
        except CallFailed as error:
            raise _refusal(f"hub.callback: {error}") from error
        if len(secret.encode()) >= _MAX_SECRET_SIZE:
            raise _refusal(f"hub.secret has {_MAX_SECRET_SIZE} bytes or more")
        if "\0" in secret or "\ufffd" in secret:
            raise _refusal("hub.secret is not valid UTF-8")


def _refusal(reason: str, status: int = 400, retry_after: timedelta | None = None) -> HTTPException:
    """Return the error that has a request refused with a status and a reason."""
    headers = {"retry-after": f"{retry_after.total_seconds():.0f}"} if retry_after else None
    return HTTPException(status, f"{reason}\n", headers)


def _check_capacity(tx: Transaction, host: str) -> None:
    """Raise HTTPException when a new subscription is one too many."""
    if tx.hub.count(host) >= MAX_SUBSCRIPTIONS_PER_HOST:
        reason = f"{host} has {MAX_SUBSCRIPTIONS_PER_HOST} subscriptions; no more are accepted"
        raise _refusal(reason, 429, retry_after=HOUR)
    if tx.hub.count() >= MAX_SUBSCRIPTIONS:
        reason = "this hub has reached its limit of subscriptions; try again later"
        raise _refusal(reason, 503, retry_after=HOUR)


def _parse_lease(text: str) -> int:
    """Return the seconds to grant: those requested, within our limits."""
    if not text:
        return int(DEFAULT_LEASE.total_seconds())
    if not _LEASE.fullmatch(text):
        raise _refusal("hub.lease_seconds is not a number of seconds")
    return min(max(int(text), int(MIN_LEASE.total_seconds())), int(MAX_LEASE.total_seconds()))

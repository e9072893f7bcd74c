"""The ASGI application of a publication, which counts each response and logs it.

Published files take the fast path; dynamic pages, which change something or are made on
request, go through Starlette.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from time import monotonic

import structlog
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import SyndicateError
from syndicate.render import addresses
from syndicate.store import Store
from syndicate.web.pages import BadLink, WebPages
from syndicate.web.published.files import PublishedFiles
from syndicate.web.published.generated import PrivateFeedPages
from syndicate.web.routes import PageRoutes
from syndicate.web.server.responses import HttpResponse
from syndicate.web.telemetry.access_log import MAX_PATH, AccessLog
from syndicate.web.telemetry.counters import (
    PROBES,
    RequestCounters,
    RequestKind,
    request_classifier,
)
from syndicate.web.telemetry.feed_clients import identify_client
from syndicate.web.telemetry.metrics import Metrics
from syndicate.web.telemetry.readiness import Readiness

_log = structlog.get_logger(__name__)
_DYNAMIC_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""The headers of every dynamic response, unless it sets its own."""
_CODINGS = {None: "identity", b"gzip": "gzip", b"br": "br"}
_CLIENT_CLOSED_REQUEST = 499
"""Nginx's status for a client that disconnects before it has sent its request."""
_SUCCESS = frozenset({200, 226, 304})


def application(
    store: Store,
    config: Config,
    letters_due: Callable[[], None] = lambda: None,
    *,
    push_due: Callable[[], None] = lambda: None,
    stopping: Callable[[], bool] = lambda: False,
    sends: bool = False,
    counts: RequestCounters | None = None,
) -> "WebApplication":
    """Return the application of a publication.

    `config.web.host` must be the address that the server is bound to: without configured
    operators, the outbox is served only on loopback. `letters_due` is called when letters wait
    to be sent, `push_due` after a request to our hub; `stopping` returns whether the process is
    about to exit, and `sends` is whether it delivers mail. `counts` are the counters of the
    application that this one replaces. Raise StoreError when the store can't be used, and
    ConfigError when the access log can't be written.
    """
    counts = counts or RequestCounters()
    pages = WebPages(config)
    files = PublishedFiles(config, pages)
    links = SignedLinks(config, store.secret("links"))
    routes = PageRoutes(store, config, links, pages, counts, letters_due, push_due).all()
    prefixes = frozenset(route.path.split("/")[1] for route in routes)
    routes += PrivateFeedPages(store, config).routes()
    routes += Readiness(store, config, stopping=stopping, sends=sends).routes()
    routes += Metrics(store, config, counts).routes()
    dynamic = _dynamic_application(routes, pages, files)
    log = AccessLog.of(config, prefixes, counts)
    return WebApplication(dynamic, files, prefixes, counts, log)


def _dynamic_application(routes: list[Route], pages: WebPages, files: PublishedFiles) -> Starlette:
    application = Starlette(
        routes=routes,
        exception_handlers={
            404: partial(_not_found, files),
            BadLink: lambda *_: pages.bad_link(),
            SyndicateError: partial(_busy, pages),
        },
    )
    # it would redirect to any host that a request names
    application.router.redirect_slashes = False
    return application


class WebApplication:
    """Answers each request by the first segment of its path, counts the response, and logs it.

    `prefixes` lead to dynamic pages, as do private feeds although they are under /feeds/; the
    rest is files. Every request passes here, so it does little: three dictionaries, no regular
    expression, no event. `bench.serving` measures what it costs.
    """

    def __init__(
        self,
        dynamic: ASGIApp,
        files: PublishedFiles,
        prefixes: frozenset[str],
        counts: RequestCounters,
        log: AccessLog | None = None,
    ) -> None:
        self._dynamic = dynamic
        self._files = files
        self._prefixes = prefixes | PROBES
        self.counts = counts
        self._by_kind = counts.by_kind
        self._classify = request_classifier(prefixes)
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request and count the response; an exception counts as the server's 500.

        A client that disconnects before it has sent its request is counted with status 499.
        """
        status, coding, size = 500, "identity", 0

        def send_and_measure(message: Message) -> Awaitable[None]:  # a coroutine would cost time
            nonlocal status, coding, size
            if message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            elif message["type"] == "http.response.start":
                status = message["status"]
                encoding = dict(message.get("headers", ())).get(b"content-encoding")
                coding = _CODINGS.get(encoding, "other")
            return send(message)

        started_at = monotonic()
        try:
            if self._is_dynamic(scope):
                await self._dynamic(scope, receive, _with_headers(send_and_measure))
            else:
                await self._files(scope, receive, send_and_measure)
        except ClientDisconnect:
            status = _CLIENT_CLOSED_REQUEST
            self.count_refusal(status)
        finally:
            if status != _CLIENT_CLOSED_REQUEST:
                self._record(scope, status, coding, size, started_at)

    def immediate_response(self, scope: Scope) -> HttpResponse | None:
        """Return and count the response to a request for a file; None if that takes a task."""
        if self._is_dynamic(scope):
            return None
        started_at = monotonic()
        response = self._files.immediate_response(scope)
        if response is not None:
            self._record(scope, response.status, response.coding, len(response.body), started_at)
        return response

    def _is_dynamic(self, scope: Scope) -> bool:
        path: str = scope["path"]
        return path[1:].partition("/")[0] in self._prefixes or path.startswith(addresses.PRIVATE)

    def count_refusal(self, status: int) -> None:
        """Count an error that the server responded with by itself."""
        self._by_kind[RequestKind.OTHER].add(status, "identity", 0, 0.0)

    def close(self) -> None:
        """Write the pending lines of the access log; requests under way are still logged."""
        if self._log is not None:
            self._log.close()

    def _record(self, scope: Scope, status: int, coding: str, size: int, started_at: float) -> None:
        now = monotonic()
        path: str = scope["path"]
        kind = self._classify(path)
        counters = self._by_kind[kind]
        if scope["method"] == "HEAD":
            size = 0
        counters.add(status, coding, size, now - started_at)
        if self._log is None and not counters.feed:
            return
        headers = dict(scope["headers"])
        client = identify_client(headers.get(b"user-agent"))
        if counters.feed:
            self.counts.count_poll(client.family, status)
            if client.subscribers is not None and kind is RequestKind.FEED and status in _SUCCESS:
                self.counts.set_subscribers(client.family, path, client.subscribers, at=now)
        if self._log is None or (
            kind is RequestKind.OTHER and path[1:].partition("/")[0] in PROBES
        ):
            return
        # fmt: off
        self._log.add((
            clock.now(), scope["method"], path[:MAX_PATH], status, size, now - started_at,
            coding, client.family, kind,
            b"if-none-match" in headers or b"if-modified-since" in headers,
        ))
        # fmt: on


def _with_headers(send: Send) -> Send:
    """Add the headers that a dynamic response lacks."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _DYNAMIC_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


def _not_found(files: PublishedFiles, request: Request, _: Exception) -> Response:
    """Respond with the same page as for files; under private feeds it must not be cached."""
    headers, body = files.not_found()
    private = request.scope["path"].startswith(addresses.PRIVATE)
    fresh = "private, no-store" if private else "no-cache"
    return Response(body, HTTPStatus.NOT_FOUND, {**headers, "cache-control": fresh})


def _busy(pages: WebPages, _: Request, error: Exception) -> Response:
    """Respond to a failure of the store, or of a template of a letter."""
    _log.warning("page unavailable", reason=str(error))
    return pages.busy()

"""ASGI middleware that counts each response, and logs it in the access log.

Every request passes here, so it does little: three dictionaries, no regular expression, no
event. `bench.serving` measures what it costs.
"""

from collections.abc import Awaitable, Callable
from time import monotonic

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicate import clock
from syndicate.web.server.responses import HttpResponse, immediate_responder
from syndicate.web.telemetry.access_log import MAX_PATH, AccessLog
from syndicate.web.telemetry.counters import PROBES, RequestCounters, RequestKind
from syndicate.web.telemetry.feed_clients import identify_client

_CODINGS = {None: "identity", b"gzip": "gzip", b"br": "br"}
_CLIENT_CLOSED_REQUEST = 499
"""Nginx's status for a client that disconnects before it has sent its request."""
_SUCCESS = frozenset({200, 226, 304})


class Instrumentation:
    """ASGI middleware that passes everything on unchanged."""

    def __init__(
        self,
        app: ASGIApp,
        counts: RequestCounters,
        classify: Callable[[str], RequestKind],
        log: AccessLog | None = None,
    ) -> None:
        self._app = app
        self._immediate_response = immediate_responder(app)
        self.counts = counts
        """The counters, for the application that replaces this one."""
        self._by_kind = counts.by_kind
        self._classify = classify
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count the response; an exception counts as the server's 500.

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
            await self._app(scope, receive, send_and_measure)
        except ClientDisconnect:
            status = _CLIENT_CLOSED_REQUEST
            self.count_refusal(status)
        finally:
            if status != _CLIENT_CLOSED_REQUEST:
                self._record(scope, status, coding, size, started_at)

    def immediate_response(self, scope: Scope) -> HttpResponse | None:
        """Return and count the application's immediate response."""
        started_at = monotonic()
        response = self._immediate_response(scope)
        if response is not None:
            self._record(scope, response.status, response.coding, len(response.body), started_at)
        return response

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

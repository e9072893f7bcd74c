"""The whole application, watched: each answer is counted, and noted in the access log.

This stands before every request, so it does little: three dictionaries, no regular
expression, no event. What it costs is in `bench.serving`.
"""

from collections.abc import Awaitable
from time import monotonic

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicate import clock
from syndicate.web.server.responses import HttpResponse, at_once
from syndicate.web.telemetry.access_log import MAX_PATH, AccessLog
from syndicate.web.telemetry.counters import RequestCounters
from syndicate.web.telemetry.feed_clients import FeedClients
from syndicate.web.telemetry.request_kinds import PROBES, RequestClassifier, RequestKind

_CODINGS = {None: "identity", b"gzip": "gzip", b"br": "br"}
_LEFT = 499
"""What nginx calls it when a client leaves before it has finished asking."""
_SERVED = frozenset({200, 226, 304})


class Instrumentation:
    """An ASGI application around another; it changes nothing."""

    def __init__(
        self,
        app: ASGIApp,
        counts: RequestCounters,
        kinds: RequestClassifier,
        log: AccessLog | None = None,
    ) -> None:
        self._app = app
        self._at_once = at_once(app)
        self.counts = counts
        """What was counted so far, for an application that takes the place of this one."""
        self._tallies = counts.tallies
        self._kind = kinds.of
        self._poller = FeedClients().of
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count what was answered; a failure is the server's 500.

        A client that leaves in the middle of its request gets no answer: it is counted alone.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passing = _InstrumentedSend(send)
        began = monotonic()
        try:
            await self._app(scope, receive, passing.pass_on)
        except ClientDisconnect:
            passing.status = _LEFT
            self.refused(_LEFT)
        finally:
            if passing.status != _LEFT:
                self._note(scope, passing.status, passing.coding, passing.size, began)

    def at_once(self, scope: Scope) -> HttpResponse | None:
        """Pass an answer on that is there, and count it."""
        began = monotonic()
        answer = self._at_once(scope)
        if answer is not None:
            self._note(scope, answer.status, answer.coding, len(answer.body), began)
        return answer

    def refused(self, status: int) -> None:
        """Count what the server answered by itself: this application was never asked."""
        self._tallies[RequestKind.OTHER].add(status, "identity", 0, 0.0)

    def close(self) -> None:
        """Write what waits for the access log; what is still under way is noted all the same."""
        if self._log is not None:
            self._log.close()

    def _note(self, scope: Scope, status: int, coding: str, size: int, began: float) -> None:
        now = monotonic()
        path: str = scope["path"]
        kind = self._kind(path)
        tally = self._tallies[kind]
        if scope["method"] == "HEAD":
            size = 0
        tally.add(status, coding, size, now - began)
        if self._log is None and not tally.feed:
            return
        headers = dict(scope["headers"])
        poller = self._poller(headers.get(b"user-agent"))
        if tally.feed:
            self.counts.poll(poller.family, status)
            if poller.subscribers is not None and kind is RequestKind.FEED and status in _SERVED:
                self.counts.report(poller.family, path, poller.subscribers, at=now)
        if self._log is None or (
            kind is RequestKind.OTHER and path[1:].partition("/")[0] in PROBES
        ):
            return
        # fmt: off
        self._log.note((
            clock.now(), scope["method"], path[:MAX_PATH], status, size, now - began,
            coding, poller.family, kind,
            b"if-none-match" in headers or b"if-modified-since" in headers,
        ))
        # fmt: on


class _InstrumentedSend:
    """What goes through on its way to the client."""

    __slots__ = ("_send", "coding", "size", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 500
        """What the server says for an application that said nothing."""
        self.coding = "identity"
        self.size = 0

    def pass_on(self, message: Message) -> Awaitable[None]:
        """Look at a message, and hand it over; no coroutine of our own is needed for that."""
        if message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        elif message["type"] == "http.response.start":
            self.status = message["status"]
            coding = dict(message.get("headers", ())).get(b"content-encoding")
            self.coding = _CODINGS.get(coding, "other")
        return self._send(message)

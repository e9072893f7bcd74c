"""A client's connection: uvicorn's, with an end for clients that keep us waiting.

Uvicorn closes a connection that is idle between two requests. It waits for ever for a
head that never ends, whether it is long or slow, and for a client that never reads.
What it lets pass is refused: newcomers where there is no room (RFC 9110, section 15.6.4),
and requests that a proxy may read otherwise than we do (`request_head`). Of a client that
sends many requests at once, no more is read until those before are answered.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import cast

from httptools import (
    HttpParserError,
    HttpParserInvalidMethodError,
    HttpParserUpgrade,
    HttpRequestParser,
)
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from syndicate.web.server.connection_limit import ConnectionLimit
from syndicate.web.server.listener import is_readable
from syndicate.web.server.request_head import (
    check_framing,
    check_hosts,
    error_status,
    origin_form,
    without_upgrade,
)
from syndicate.web.server.responses import HttpResponse, at_once

MAX_HEAD = 64 * 1024
"""Bytes that the head of a request may have, or what a chunked body has beside its content."""
CHECK_INTERVAL = 5
"""Seconds from one look at all connections to the next."""
RECEIVE_TIMEOUT = 4
"""Looks during which the head or the body of a request may stay unfinished."""
SEND_TIMEOUT = 12
"""Looks during which a client may take nothing of what it asked for."""
MAX_PIPELINED = 64
"""Requests that wait for the one before them; what follows them is left unread."""
PARSE_SIZE = 4096
"""Bytes that are parsed at once: what a client has sent is looked at after each piece."""
_LINGER = 1.0
"""Seconds that a client that is turned away has to read why."""
_CROWDED = b"retry-after: 5\r\n"


class CurrentApplication:
    """The application that connections ask; another may be put in its place."""

    def __init__(self, app: ASGIApp, room: ConnectionLimit | None = None) -> None:
        self.room = room or ConnectionLimit()
        """Whom there is a place for."""
        self.put(app)

    def put(self, app: ASGIApp) -> None:
        """Have an application answer from the next request on."""
        self._app = app
        self._at_once = at_once(app)
        self.refused: Callable[[int], None] = getattr(app, "refused", _uncounted)
        """Tells an application that counts the status of what it was never asked."""

    # not a coroutine itself: one more for each request would only cost time
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a request."""
        return self._app(scope, receive, send)

    def at_once(self, scope: Scope) -> HttpResponse | None:
        """Return the answer where it is there; what fails here fails again where it is told."""
        try:
            return self._at_once(scope)
        except Exception:  # noqa: BLE001 - the ordinary way answers with 500 and logs it
            return None


def _uncounted(_: int) -> None:
    """Have an application that doesn't count not know."""


class _ReadFlow(FlowControl):
    """Whether the socket is read: uvicorn's, which doesn't know what we have kept unparsed."""

    kept = False
    """Whether there is something to parse before more is read."""

    def pause_reading(self) -> None:
        """Read no more; a socket that is closed isn't read anyway, and says so by an error."""
        if not self._transport.is_closing():
            super().pause_reading()

    def resume_reading(self) -> None:
        """Read on, unless something is left to parse."""
        if not (self.kept or self._transport.is_closing()):
            super().resume_reading()


class _EndOfRequestsError(Exception):
    """The request before was the last one of its connection (RFC 9112, section 9.6)."""


class HttpConnection(HttpToolsProtocol):
    """HTTP/1.1 with one client, on uvicorn's loop."""

    # with more than 30 attributes in its dictionary, each of an object takes longer to find
    __slots__ = (
        *("_codings", "_deaf", "_front", "_head", "_hosts", "_looks", "_running", "_seen"),
        "_unparsed",
    )
    flow: _ReadFlow

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, if there is a place."""
        super().connection_made(transport)
        self._front = cast("CurrentApplication", self.app)
        self.flow = _ReadFlow(transport)
        self._head = self._looks = 0
        self._hosts: list[bytes] = []
        self._codings: list[bytes] = []
        self._unparsed = b""
        self._running: RequestResponseCycle | None = None
        self._seen: tuple[object, ...] = ()
        self._deaf = False  # whether what comes is no longer read, as there's no more to say
        if not self._front.room.admits(cast("set[HttpConnection]", self.connections)):
            self._turn_away()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the timer too, which uvicorn leaves running, and us with it, after a reset.

        Uvicorn lets the last request know, which may wait for the one that is being answered.
        """
        self._front.room.left(self)
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer whoever has asked and says no more; tell whether there is somebody."""
        if not self._answers or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Read on, as far as a client may be ahead of its answers."""
        if self._deaf:
            return
        self._unset_keepalive_if_required()
        if len(data) <= PARSE_SIZE and not (self._unparsed or self.pipeline):
            self._parse(data)
        else:
            self._unparsed += data
            self._parse_on()

    def on_response_complete(self) -> None:
        """Begin with the next request; parse what was kept once none waits."""
        super().on_response_complete()
        if self._unparsed and not self.pipeline:
            self.loop.call_soon(self._parse_on)  # this may be called by the parser itself

    def on_message_begin(self) -> None:
        """Begin a request, unless the one before was the last."""
        if self.cycle is not None and not self.cycle.keep_alive:
            raise _EndOfRequestsError
        self._hosts, self._codings = [], []
        HttpToolsProtocol.on_message_begin(self)  # super() takes a while

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; this is uvicorn's, which is called too often to be called as well."""
        name = name.lower()
        if name == b"host":
            self._hosts.append(value)
        elif name == b"transfer-encoding":
            self._codings.append(value)
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Have a request answered, if it is one; one that asks for an upgrade is parsed again."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        check_framing(method, version, self._codings)
        if self.parser.should_upgrade():
            self.scope["method"], self.scope["http_version"] = method.decode(), version
            return
        if not self.url.startswith(b"/"):
            self.url = origin_form(method, self.url, self.headers)
        check_hosts(self._hosts, version)
        HttpToolsProtocol.on_headers_complete(self)
        self.headers = []  # trailers are no headers: a proxy didn't look at them
        if self.expect_100_continue:  # nobody knows whether a body follows a final answer
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take content; around it, chunked coding may have extensions and trailers without end."""
        self._head = 0
        super().on_body(body)

    def _should_upgrade(self) -> bool:
        """Have uvicorn ignore the end of a head that asks for an upgrade: `_parse` goes on."""
        return True

    def _parse_on(self) -> None:
        """Parse what was kept until enough requests wait; read no more while some is left."""
        data, at = self._unparsed, 0
        if not data:
            return
        self._unset_keepalive_if_required()
        while at < len(data) and len(self.pipeline) < MAX_PIPELINED and not self._over:
            self._parse(data[at : at + PARSE_SIZE])
            at += PARSE_SIZE
        self._unparsed = b"" if self._over else data[at:]
        kept_before, self.flow.kept = self.flow.kept, bool(self._unparsed)
        if self._unparsed:
            self.flow.pause_reading()
        elif kept_before and not self.pipeline:  # a body may have reading paused as well
            self.flow.resume_reading()

    def _parse(self, data: bytes) -> None:
        """Parse a piece; refuse a head or trailers without end (RFC 6585, section 5)."""
        try:
            self._feed(data)
        except HttpParserError as error:
            if isinstance(error.__context__, _EndOfRequestsError):
                self._deaf = True
                return
            unknown = isinstance(error, HttpParserInvalidMethodError)
            self._refuse(error_status(error, unknown_method=unknown, data=data))
            return
        if not (self.reads_head or self._codings):
            self._head = 0
            return
        end = data.rfind(b"\r\n\r\n")  # of what came before this head
        self._head = len(data) - end - 4 if end >= 0 else self._head + len(data)
        if self._head > MAX_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _feed(self, data: bytes) -> None:
        """Have the parser read a piece.

        After a head that asks for an upgrade it would take the body for the next request.
        So a new one reads the same head without that, and goes on with the body.
        """
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                method, version = self.scope["method"], self.scope["http_version"]
                head = without_upgrade(method, self.url, version, self.headers)
                self.parser = HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                self.parser.feed_data(head)
                data = data[upgrade.args[0] :]
            else:
                return

    @property
    def reads_head(self) -> bool:
        """Whether the head of a request has begun and not ended."""
        return self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)

    @property
    def _answers(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Answer in one write where the answer is there; a task of its own takes thrice as long.

        Who has asked for several things, or doesn't read, takes the way that waits.
        """
        alone = not (self.pipeline or self.flow.write_paused or cycle.waiting_for_100_continue)
        answer = self._front.at_once(cast("Scope", cycle.scope)) if alone else None
        if answer is None:
            self._running = cycle
            self._unset_keepalive_if_required()  # set by an answer to the same piece
            super()._start_asgi_task(cycle, app)
            return
        self.transport.writelines(_written(answer, cycle))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()

    def look(self) -> None:
        """Close on a client that has had its turn for too long; call it every `CHECK_INTERVAL`."""
        unread = self._unread
        seen = (self.cycle, self._answers, unread)
        if seen != self._seen or (self._answers and not self.cycle.more_body and not unread):
            self._seen, self._looks = seen, 0
            return
        self._looks += 1
        if self._looks >= (SEND_TIMEOUT if unread else RECEIVE_TIMEOUT):
            self.transport.abort()

    def say_goodbye(self) -> None:
        """Have the last answer under way tell the client that it is the last one.

        One whose head is out says nothing more; the next request gets the notice then.
        """
        if self._answers and not self.cycle.response_started:
            self.cycle.keep_alive = False

    @property
    def idle_until(self) -> float | None:
        """When it is closed unless something comes, on the loop's clock; None while in use.

        Who has never asked is idle once a look has found that nothing came.
        """
        if self.timeout_keep_alive_task is not None:
            return None if self._unread else self.timeout_keep_alive_task.when()
        return 0.0 if self.scope is None and self._looks else None

    def close_if_idle(self) -> bool:
        """End the connection, unless a request is under way or has begun to arrive."""
        if self._answers or self.reads_head or self.transport.is_closing():
            return False
        if is_readable(self.transport.get_extra_info("socket")):
            return False
        self.transport.close()
        return True

    @property
    def _unread(self) -> int:
        return self.transport.get_write_buffer_size()

    def _turn_away(self) -> None:
        """Say that there is no room, and leave a moment to read it.

        Closed at once, what the client has sent would have the system take the answer back.
        """
        self._deaf = True
        self._front.refused(HTTPStatus.SERVICE_UNAVAILABLE)
        self.transport.write(_refusal(HTTPStatus.SERVICE_UNAVAILABLE, _CROWDED))
        if self._front.room.leave(self):
            self.transport.write_eof()
            self.timeout_keep_alive_task = self.loop.call_later(_LINGER, self.transport.abort)
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        """Say what is wrong, if there is a place for it, and close."""
        if self._may_refuse(status):
            self.transport.write(_refusal(status))
            self.transport.close()

    @property
    def _over(self) -> bool:
        """Whether nothing more is read."""
        return self._deaf or self.transport.is_closing()

    def _may_refuse(self, status: int) -> bool:
        """Whether a refusal would be taken for what it is; if not, end without a word.

        One that comes on top of an answer would be taken for the answer to the next request.
        """
        if self.transport.is_closing():
            return False
        if self.reads_head:
            if self._answers:  # what was asked for before is answered, and nothing more
                self._deaf, self.cycle.keep_alive = True, False
                return False
        elif self.cycle is not None and (self.cycle.response_started or self.pipeline):
            self.transport.close()
            return False
        self._front.refused(status)
        return True


def _refusal(status: HTTPStatus, headers: bytes = b"") -> bytes:
    """Write an answer that says no more than its status, and is the last."""
    end = b"content-length: 0\r\nconnection: close\r\n\r\n"
    return STATUS_LINE[status] + headers + end


def _written(answer: HttpResponse, cycle: RequestResponseCycle) -> list[bytes]:
    """Write an answer as it goes over the wire, with what the server says of each."""
    lines = [STATUS_LINE[answer.status]]
    for name, value in cycle.default_headers:
        lines += (name, b": ", value, b"\r\n")
        if name == b"connection":  # the server is about to stop
            cycle.keep_alive = False
            break
    else:
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
    body = b"" if cycle.scope["method"] == "HEAD" else answer.body
    assert isinstance(body, bytes)
    return [b"".join((*lines, answer.head, b"\r\n")), body]

"""A client's HTTP connection: uvicorn's protocol class with limits that it lacks.

Uvicorn closes a connection that is idle between two requests, but waits for ever for the end
of a head, long or slow, and for a client that never reads. Here a connection has timeouts and
a maximum size of a head. It is refused when the server is full (RFC 9110, section 15.6.4), and so
is a request that a proxy may read in another way (`request_head`). When a client pipelines
many requests, the rest stays unparsed until the first ones are answered.
"""

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from syndicate.web.server import request_head
from syndicate.web.server.listener import is_readable
from syndicate.web.server.server_state import CurrentApplication

if TYPE_CHECKING:
    from starlette.types import Scope

MAX_HEAD = 64 * 1024
"""Bytes of a request's head, or of what a chunked body has beside its content."""
CHECK_INTERVAL = 5
"""Seconds between two calls of `check_timeout`."""
RECEIVE_TIMEOUT = 4
"""Checks during which the head or the body of a request may make no progress."""
SEND_TIMEOUT = 12
"""Checks during which a client may read nothing of its response."""
MAX_PIPELINED = 64
"""Requests that wait for the one before them; what follows them stays unparsed."""
PARSE_SIZE = 4096
"""Bytes that are parsed at a time; the limits are checked after each piece."""
_REJECT_LINGER = 1.0
"""Seconds that a rejected client has to read the response."""
_LINGER = 2.0
"""Seconds that a client which is still sending has to read the last response."""
_MAX_DISCARDED = 16 * 1024 * 1024
"""Bytes that are read and dropped meanwhile."""
_RETRY_AFTER = b"retry-after: 5\r\n"
_REFUSED = b"content-length: 0\r\nconnection: close\r\n\r\n"


class _ReadFlow(FlowControl):
    """Uvicorn's control of reading from the socket; it also waits for unparsed bytes."""

    has_unparsed = False
    """Whether received bytes have to be parsed before more is read."""

    def pause_reading(self) -> None:
        """Pause, unless the socket is closed: pausing that would be an error."""
        if not self._transport.is_closing():
            super().pause_reading()

    def resume_reading(self) -> None:
        """Read on, unless some bytes are unparsed."""
        if not (self.has_unparsed or self._transport.is_closing()):
            super().resume_reading()


class _EndOfRequestsError(Exception):
    """The request before was the last one of its connection (RFC 9112, section 9.6)."""


class _ResponseTransport:
    """The transport of one response: closes its connection only when the client can read it."""

    __slots__ = ("_connection", "_cycle", "is_closing", "write")

    def __init__(self, connection: "HttpConnection", cycle: RequestResponseCycle) -> None:
        self._connection, self._cycle = connection, cycle
        self.is_closing = connection.transport.is_closing
        self.write = connection.transport.write

    def close(self) -> None:
        """Close the connection."""
        self._connection.close_after(self._cycle)


class HttpConnection(HttpToolsProtocol):
    """HTTP/1.1 with one client, on uvicorn's loop."""

    # an instance with more than 30 attributes in its dictionary looks each of them up more slowly
    __slots__ = (
        *("_application", "_codings", "_discards_input", "_head_size", "_hosts", "_idle_checks"),
        *("_discarded", "_last_progress", "_lingers", "_task_cycle", "_unparsed"),
    )
    flow: _ReadFlow
    _application: CurrentApplication

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, or reject the client when all connections are in use."""
        super().connection_made(transport)
        self._application = cast("CurrentApplication", self.app)
        self.flow = _ReadFlow(transport)
        self._head_size = self._idle_checks = 0
        self._hosts: list[bytes] = []
        self._codings: list[bytes] = []
        self._unparsed = b""
        self._task_cycle: RequestResponseCycle | None = None
        self._last_progress: tuple[object, ...] = ()
        self._discards_input = False  # because the last response is decided
        self._lingers, self._discarded = False, 0
        if not self._application.connection_limit.admit(
            cast("set[HttpConnection]", self.connections)
        ):
            self._reject()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the keep-alive timer, which uvicorn leaves running after a reset.

        Uvicorn notifies the last request, which may be waiting for the one being answered:
        that one is notified here.
        """
        self._application.connection_limit.remove(self)
        if self._task_cycle is not None and not self._task_cycle.response_complete:
            self._task_cycle.disconnected = True
            self._task_cycle.message_event.set()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep a half-closed connection open, and return True, while a response is due."""
        if not self._is_responding or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Parse data, as long as no more than `MAX_PIPELINED` requests wait."""
        if self._discards_input:
            self._discarded += len(data)
            if self._discarded > _MAX_DISCARDED:
                self.transport.abort()
            return
        self._unset_keepalive_if_required()
        if len(data) <= PARSE_SIZE and not (self._unparsed or self.pipeline):
            self._parse(data)
        else:
            self._unparsed += data
            self._parse_pending()

    def on_response_complete(self) -> None:
        """Start the next request; parse pending bytes when none waits."""
        if self._lingers:
            self.server_state.total_requests += 1
            return
        super().on_response_complete()
        if self._unparsed and not self.pipeline:
            self.loop.call_soon(self._parse_pending)  # the parser itself may be the caller

    def on_message_begin(self) -> None:
        """Begin a request, unless the one before was the last."""
        if self.cycle is not None and not self.cycle.keep_alive:
            raise _EndOfRequestsError
        self._hosts, self._codings = [], []
        HttpToolsProtocol.on_message_begin(self)  # super() takes a while

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store a header; a copy of uvicorn's code, since one more call for each would be slow."""
        name = name.lower()
        if name == b"host":
            self._hosts.append(value)
        elif name == b"transfer-encoding":
            self._codings.append(value)
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Check the head and start the request; one that asks for an upgrade is parsed again."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        request_head.check_framing(method, version, self._codings)
        if self.parser.should_upgrade():
            self.scope["method"], self.scope["http_version"] = method.decode(), version
            return
        if not self.url.startswith(b"/"):
            self.url = request_head.origin_form(method, self.url, self.headers)
        request_head.check_hosts(self._hosts, version)
        HttpToolsProtocol.on_headers_complete(self)
        self.headers = []  # trailers are not headers: a proxy didn't look at them
        if self.expect_100_continue:  # nobody knows whether a body follows a final response
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take content, and reset the size of chunk extensions and trailers around it."""
        self._head_size = 0
        super().on_body(body)

    def _should_upgrade(self) -> bool:
        """Have uvicorn leave a head that asks for an upgrade to `_feed_parser`."""
        return True

    def _parse_pending(self) -> None:
        """Parse pending bytes until enough requests wait; pause reading while some are left."""
        data, at = self._unparsed, 0
        if not data:
            return
        self._unset_keepalive_if_required()
        while at < len(data) and len(self.pipeline) < MAX_PIPELINED and not self._reads_no_more:
            self._parse(data[at : at + PARSE_SIZE])
            at += PARSE_SIZE
        self._unparsed = b"" if self._reads_no_more else data[at:]
        had_unparsed, self.flow.has_unparsed = self.flow.has_unparsed, bool(self._unparsed)
        if self._unparsed:
            self.flow.pause_reading()
        elif had_unparsed and not self.pipeline:  # a body may have reading paused as well
            self.flow.resume_reading()

    def _parse(self, data: bytes) -> None:
        """Parse a piece; refuse a head or trailers over `MAX_HEAD` (RFC 6585, section 5)."""
        try:
            self._feed_parser(data)
        except HttpParserError as error:
            if isinstance(error.__context__, _EndOfRequestsError):
                self._discards_input = True
                return
            self._refuse(request_head.error_status(error, data))
            return
        if not (self.is_reading_head or self._codings):
            self._head_size = 0
            return
        end = data.rfind(b"\r\n\r\n")  # the end of what came before this head
        self._head_size = len(data) - end - 4 if end >= 0 else self._head_size + len(data)
        if self._head_size > MAX_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _feed_parser(self, data: bytes) -> None:
        """Feed a piece to the parser.

        After a head that asks for an upgrade it would take the body for the next request.
        So a new parser reads the same head without Upgrade, and continues with the body.
        """
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                method, version = self.scope["method"], self.scope["http_version"]
                head = request_head.without_upgrade(method, self.url, version, self.headers)
                self.parser = HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                self.parser.feed_data(head)
                data = data[upgrade.args[0] :]
            else:
                return

    @property
    def is_reading_head(self) -> bool:
        """Whether the head of a request has begun and not ended."""
        return self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)

    @property
    def _is_responding(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Write an immediate response in one go; a task of its own takes three times as long.

        A client that pipelines, or doesn't read, always gets a task, which can wait.
        """
        alone = not (self.pipeline or self.flow.write_paused or cycle.waiting_for_100_continue)
        scope = cast("Scope", cycle.scope)
        response = self._application.immediate_response(scope) if alone else None
        if response is None:
            self._task_cycle = cycle
            cycle.transport = cast("asyncio.Transport", _ResponseTransport(self, cycle))
            self._unset_keepalive_if_required()  # a response to the same piece may have set it
            super()._start_asgi_task(cycle, app)
            return
        self.transport.writelines(response.write(cycle))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.close_after(cycle)
        cycle.on_response()

    def close_after(self, cycle: RequestResponseCycle) -> None:
        """Close the connection after a response, with time to read it if the body is not here."""
        if cycle.more_body and not self.transport.is_closing():
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        """Close for writing, and read and drop for a moment (RFC 9112, section 9.6).

        Closing with input unread resets the connection, and the client's system would discard the
        response. Meanwhile it doesn't count towards the limit of connections; where too many
        linger, it is closed at once.
        """
        self._discards_input, self._unparsed, self.flow.has_unparsed = True, b"", False
        self._unset_keepalive_if_required()
        if self._is_responding:  # its application has nobody to respond to
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not self._application.connection_limit.may_linger(self):
            self.transport.close()
            return
        self._lingers = True
        self.transport.write_eof()
        self.flow.resume_reading()
        self.timeout_keep_alive_task = self.loop.call_later(_LINGER, self.transport.close)

    def check_timeout(self) -> None:
        """Abort the connection if the client made no progress; call it every `CHECK_INTERVAL`."""
        unsent = self.transport.get_write_buffer_size()
        progress = (self.cycle, self._is_responding, unsent)
        waits_for_us = self._is_responding and not self.cycle.more_body and not unsent
        if progress != self._last_progress or waits_for_us:
            self._last_progress, self._idle_checks = progress, 0
            return
        self._idle_checks += 1
        if self._idle_checks >= (SEND_TIMEOUT if unsent else RECEIVE_TIMEOUT):
            self.transport.abort()

    def announce_close(self) -> None:
        """Add `Connection: close` to the response under way.

        If its head has been sent already, the response to the next request says so.
        """
        if self._is_responding and not self.cycle.response_started:
            self.cycle.keep_alive = False

    @property
    def idle_until(self) -> float | None:
        """When the keep-alive timer closes it, on the loop's clock; None while in use.

        A client that never sent a request is idle after one check without progress.
        """
        if self.timeout_keep_alive_task is not None:
            unsent = self.transport.get_write_buffer_size()
            return None if unsent else self.timeout_keep_alive_task.when()
        return 0.0 if self.scope is None and self._idle_checks else None

    def close_if_idle(self) -> bool:
        """Close the connection and return True, unless a request is under way or arriving."""
        if self._is_responding or self.is_reading_head or self.transport.is_closing():
            return False
        if is_readable(self.transport.get_extra_info("socket")):
            return False
        self.transport.close()
        return True

    def _reject(self) -> None:
        """Respond that the server is full, and leave the client a moment to read it.

        If it were closed at once with input unread, the system would discard the response.
        """
        self._discards_input = True
        self._application.count_refusal(HTTPStatus.SERVICE_UNAVAILABLE)
        self.transport.write(STATUS_LINE[HTTPStatus.SERVICE_UNAVAILABLE] + _RETRY_AFTER + _REFUSED)
        if self._application.connection_limit.may_linger(self):
            self.transport.write_eof()
            self.timeout_keep_alive_task = self.loop.call_later(
                _REJECT_LINGER, self.transport.abort
            )
        else:
            self.transport.close()

    @property
    def _reads_no_more(self) -> bool:
        return self._discards_input or self.transport.is_closing()

    def _refuse(self, status: HTTPStatus) -> None:
        """Respond with an error and close; end the connection without one if that is too late.

        After another response it would be taken for the response to the next request. Either way
        the client gets a moment to read what it was sent.
        """
        if self.transport.is_closing():
            return
        if self.is_reading_head:
            if self._is_responding:  # the request before is still answered, and nothing more
                self._discards_input, self.cycle.keep_alive = True, False
                return
        elif self.cycle is not None and (self.cycle.response_started or self.pipeline):
            self._linger()
            return
        self._application.count_refusal(status)
        self.transport.write(STATUS_LINE[status] + _REFUSED)
        self._linger()

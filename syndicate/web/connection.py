"""A client's connection: uvicorn's, with an end for clients that keep us waiting.

Uvicorn closes a connection that is idle between two requests. It waits for ever for a
head that never ends, whether it is long or slow, and for a client that never reads.
What it lets pass is refused: newcomers where there is no room (RFC 9110, section 15.6.4),
a request without a host (RFC 9112, section 3.2), more requests ahead than anybody needs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import cast

from httptools import HttpParserError
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from syndicate.web.answers import Answer, at_once
from syndicate.web.listening import has_something
from syndicate.web.room import Room

MAX_HEAD = 64 * 1024
"""Bytes that the head of a request may have; one that comes in a single piece may pass it."""
LOOK = 5
"""Seconds from one look at all connections to the next."""
PATIENCE = 4
"""Looks during which the head or the body of a request may stay unfinished."""
PATIENCE_TO_READ = 12
"""Looks during which a client may take nothing of what it asked for."""
MOST_AHEAD = 64
"""Requests that a client may send before the first of them is answered."""
_LINGER = 1.0
"""Seconds that a client that is turned away has to read why."""
_CROWDED = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"retry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Front:
    """The application that connections ask; another may be put in its place."""

    def __init__(self, app: ASGIApp, room: Room | None = None) -> None:
        self.room = room or Room()
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

    def at_once(self, scope: Scope) -> Answer | None:
        """Return the answer where it is there; what fails here fails again where it is told."""
        try:
            return self._at_once(scope)
        except Exception:  # noqa: BLE001 - the ordinary way answers with 500 and logs it
            return None


def _uncounted(_: int) -> None:
    """Have an application that doesn't count not know."""


class Connection(HttpToolsProtocol):
    """HTTP/1.1 with one client, on uvicorn's loop."""

    # with more than 30 attributes in its dictionary, each of an object takes longer to find
    __slots__ = ("_deaf", "_front", "_head", "_hosts", "_looks", "_seen")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, if there is a place."""
        super().connection_made(transport)
        self._front = cast("Front", self.app)
        self._head = self._hosts = self._looks = 0
        self._seen: tuple[object, ...] = ()
        self._deaf = False  # whether what comes is no longer read, as there's no more to say
        if not self._front.room.admits(cast("set[Connection]", self.connections)):
            self._turn_away()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the timer too, which uvicorn leaves running, and us with it, after a reset."""
        self._front.room.left(self)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer whoever has asked and says no more; tell whether there is somebody."""
        if not self._answers or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Read on; refuse a head that grows and grows (RFC 6585, section 5)."""
        if self._deaf:
            return
        super().data_received(data)
        if not self.reads_head:
            self._head = 0
            return
        end = data.rfind(b"\r\n\r\n")  # of what came before this head
        self._head = len(data) - end - 4 if end >= 0 else self._head + len(data)
        if self._head > MAX_HEAD and self._may_refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE):
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; this is uvicorn's, which is called too often to be called as well."""
        name = name.lower()
        if name == b"host":
            self._hosts += 1
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Have a request answered, if it is one."""
        if self._hosts != 1 or self.pipeline:
            self._check()
        self._hosts = 0
        HttpToolsProtocol.on_headers_complete(self)  # super() takes a while

    def send_400_response(self, msg: str) -> None:
        """Refuse what can't be read."""
        if self._may_refuse(HTTPStatus.BAD_REQUEST):
            super().send_400_response(msg)

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
            super()._start_asgi_task(cycle, app)
            return
        self.transport.writelines(_written(answer, cycle))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()

    def look(self) -> None:
        """Give the client up when it has been its turn for too long; call it every `LOOK`."""
        unread = self._unread
        seen = (self.cycle, self._answers, unread)
        if seen != self._seen or (self._answers and not self.cycle.more_body and not unread):
            self._seen, self._looks = seen, 0
            return
        self._looks += 1
        if self._looks >= (PATIENCE_TO_READ if unread else PATIENCE):
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
        if has_something(self.transport.get_extra_info("socket")):
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
        self.transport.write(_CROWDED)
        if self._front.room.leave(self):
            self.transport.write_eof()
            self.timeout_keep_alive_task = self.loop.call_later(_LINGER, self.transport.abort)
        else:
            self.transport.close()

    def _check(self) -> None:
        """Refuse a request that doesn't say which host it is for, or is one too many."""
        if len(self.pipeline) >= MOST_AHEAD:
            self.transport.abort()
            raise HttpParserError
        if self._hosts > 1 or (not self._hosts and self.parser.get_http_version() == "1.1"):
            raise HttpParserError

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


def _written(answer: Answer, cycle: RequestResponseCycle) -> list[bytes]:
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

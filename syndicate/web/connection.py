"""A client's connection: uvicorn's, with an end for clients that keep us waiting.

Uvicorn closes a connection that is idle between two requests. It waits for ever for a
head that never ends, whether it is long or slow, and for a client that never reads.
"""

from collections.abc import Awaitable
from typing import cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from syndicate.web.answers import Answer, at_once
from syndicate.web.listening import has_something

MAX_HEAD = 64 * 1024
"""Bytes that the head of a request may have; one that comes in a single piece may pass it."""
LOOK = 5
"""Seconds from one look at all connections to the next."""
PATIENCE = 4
"""Looks during which the head or the body of a request may stay unfinished."""
PATIENCE_TO_READ = 12
"""Looks during which a client may take nothing of what it asked for."""
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Front:
    """The application that connections ask; another may be put in its place."""

    def __init__(self, app: ASGIApp) -> None:
        self.put(app)

    def put(self, app: ASGIApp) -> None:
        """Have an application answer from the next request on."""
        self._app = app
        self._at_once = at_once(app)

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


class Connection(HttpToolsProtocol):
    """HTTP/1.1 with one client, on uvicorn's loop."""

    _head = 0
    _looks = 0
    _seen: tuple[object, ...] = ()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the timer too, which uvicorn leaves running, and us with it, after a reset."""
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; refuse a head that grows and grows (RFC 6585, section 5)."""
        super().data_received(data)
        if not self.reads_head:
            self._head = 0
            return
        self._head += len(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            if self._answers:  # in the middle of another request's answer nothing can be said
                self.transport.abort()
                return
            self.transport.write(_TOO_LARGE)
            self.transport.close()

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
        answer = (
            app.at_once(cast("Scope", cycle.scope)) if alone and isinstance(app, Front) else None
        )
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
        unread = self.transport.get_write_buffer_size()
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

    def close_if_idle(self) -> None:
        """End the connection, unless a request is under way or has begun to arrive."""
        if self._answers or self.reads_head or self.transport.is_closing():
            return
        if has_something(self.transport.get_extra_info("socket")):
            return
        self.transport.close()


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

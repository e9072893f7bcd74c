"""A client's connection: uvicorn's, with an end for clients that keep us waiting.

Uvicorn closes a connection that is idle between two requests. It waits for ever for a
head that never ends, whether it is long or slow, and for a client that never reads.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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


class Connection(HttpToolsProtocol):
    """HTTP/1.1 with one client, on uvicorn's loop."""

    _head = 0
    _looks = 0
    _seen: tuple[object, ...] = ()

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

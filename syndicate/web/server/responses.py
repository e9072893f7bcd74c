"""Requests for files and whole responses, without a framework: serving files is the hot path."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

Headers = list[tuple[bytes, bytes]]
"""Header fields as in ASGI: names in lower case, and values."""

_READ_SIZE = 256 * 1024
"""Bytes that are read at a time from a file that is not cached."""


class FileRequest:
    """A request for a file; a header that it doesn't have is None."""

    a_im: str | None = None
    accept: str | None = None
    accept_encoding: str | None = None
    if_match: str | None = None
    if_modified_since: str | None = None
    if_none_match: str | None = None
    if_range: str | None = None
    if_unmodified_since: str | None = None
    range: str | None = None
    user_agent: str | None = None
    x_forwarded_for: str | None = None

    def __init__(self, scope: Scope) -> None:
        """Read it from an ASGI scope; a repeated header becomes one list."""
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        """Decoded, beginning with a slash."""
        self.query: str = scope["query_string"].decode("latin-1")
        client = scope.get("client")
        self.client: str | None = client[0] if client else None
        for name, value in scope["headers"]:
            if name in _ATTRIBUTES:
                attribute, text = _ATTRIBUTES[name], value.decode("latin-1")
                before = getattr(self, attribute)
                setattr(self, attribute, text if before is None else f"{before}, {text}")


_ATTRIBUTES = {name.replace("_", "-").encode(): name for name in FileRequest.__annotations__}
"""The attribute for each header."""


class OpenFile:
    """One version of a file on disk, kept open: it stays readable after it is replaced."""

    def __init__(self, descriptor: int, size: int) -> None:
        """Take over a descriptor; it is closed when this object is no longer referenced."""
        self._descriptor = descriptor
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __del__(self) -> None:
        os.close(self._descriptor)

    async def read(self, start: int, size: int) -> bytes:
        """Read some of it in a thread."""
        return await asyncio.to_thread(os.pread, self._descriptor, size, start)


@dataclass(frozen=True, slots=True)
class FileRange:
    """A part of an open file, which is read while it is sent."""

    file: OpenFile
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


class HttpResponse:
    """A whole response; the body is left out for HEAD."""

    __slots__ = ("_head", "body", "coding", "headers", "status")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        body: bytes | FileRange = b"",
        *,
        coding: str = "identity",
    ) -> None:
        """`coding` is the Content-Encoding, for the request counters."""
        self.status = status
        self.headers: Headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
        ]
        self.body = body
        self.coding = coding
        self._head: bytes | None = None

    @property
    def head(self) -> bytes:
        """Its headers as bytes on the wire, joined once."""
        if self._head is None:
            self._head = b"".join(b"%b: %b\r\n" % field for field in self.headers)
        return self._head

    def write(self, cycle: RequestResponseCycle) -> list[bytes]:
        """Return head and body as bytes, with the server's own headers.

        A `Connection: close` among these ends the cycle's keep-alive.
        """
        lines = [STATUS_LINE[self.status]]
        for name, value in cycle.default_headers:
            lines += (name, b": ", value, b"\r\n")
            if name == b"connection":  # the server is about to stop
                cycle.keep_alive = False
                break
        else:
            if not cycle.keep_alive:
                lines.append(b"connection: close\r\n")
        body = b"" if cycle.scope["method"] == "HEAD" else self.body
        assert isinstance(body, bytes)
        return [b"".join((*lines, self.head, b"\r\n")), body]

    async def send(self, receive: Receive, send: Send, *, method: str) -> None:
        """Send it over ASGI; reading from a file stops when the client disconnects."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        body = b"" if method == "HEAD" else self.body
        if isinstance(body, FileRange):
            body = await _send_all_but_last(body, receive, send)
        await send({"type": "http.response.body", "body": body})

    def partial(self, start: int, end: int) -> "HttpResponse":
        """Return the 206 response with the bytes from `start` up to `end`."""
        size = len(self.body)
        headers = dict(self.headers) | {
            b"content-length": b"%d" % (end - start),
            b"content-range": b"bytes %d-%d/%d" % (start, end - 1, size),
        }
        if isinstance(self.body, FileRange):
            body: bytes | FileRange = FileRange(self.body.file, start, end)
        else:
            body = self.body[start:end]
        response = HttpResponse(HTTPStatus.PARTIAL_CONTENT, {}, body, coding=self.coding)
        response.headers = list(headers.items())
        return response


def plain_text(
    status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Return a response with a text that must not be cached."""
    body = text.encode()
    fields = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        **(headers or {}),
    }
    return HttpResponse(status, fields, body)


async def _send_all_but_last(body: FileRange, receive: Receive, send: Send) -> bytes:
    """Send a part of a file piece by piece; return the last piece, which ends the response."""
    at = body.start
    # sending to a closed connection fails silently, and a player that seeks closes many
    disconnected = asyncio.ensure_future(_wait_for_disconnect(receive))
    try:
        while True:
            piece = await body.file.read(at, min(_READ_SIZE, body.end - at))
            at += len(piece)
            if at >= body.end or not piece or disconnected.done():
                return piece
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        disconnected.cancel()


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""A request and an answer without a framework: what the path of the files needs of ASGI."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]
"""As ASGI wants them: names in lower case."""

_READ = {
    b"a-im": "a_im",
    b"accept": "accept",
    b"accept-encoding": "accept_encoding",
    b"if-match": "if_match",
    b"if-modified-since": "if_modified_since",
    b"if-none-match": "if_none_match",
    b"if-range": "if_range",
    b"if-unmodified-since": "if_unmodified_since",
    b"range": "range",
    b"user-agent": "user_agent",
    b"x-forwarded-for": "forwarded_for",
}
_STEP = 256 * 1024
"""Bytes that are read at once of what is not kept in memory."""


class FileRequest:
    """What a request for a file says; a header that isn't there is None."""

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
    forwarded_for: str | None = None

    def __init__(self, scope: Scope) -> None:
        """Read it out of an ASGI scope; a header that comes twice is one list."""
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        """Decoded, beginning with a slash."""
        self.query: str = scope["query_string"].decode("latin-1")
        client = scope.get("client")
        self.client: str | None = client[0] if client else None
        for encode_headers, value in scope["headers"]:
            if encode_headers in _READ:
                name, said = _READ[encode_headers], value.decode("latin-1")
                before = getattr(self, name)
                setattr(self, name, said if before is None else f"{before}, {said}")


class OpenFile:
    """One version of a file on disk, held open: it stays whole when another takes its name."""

    def __init__(self, descriptor: int, size: int) -> None:
        """Take over a descriptor, which is closed with the last that holds on to this."""
        self._descriptor = descriptor
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __del__(self) -> None:
        os.close(self._descriptor)

    async def read(self, start: int, size: int) -> bytes:
        """Read some of it, while others are served."""
        return await asyncio.to_thread(os.pread, self._descriptor, size, start)


@dataclass(frozen=True, slots=True)
class FileRange:
    """A part of such a file, which is read while it is sent."""

    file: OpenFile
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


class HttpResponse:
    """A whole answer; `body` is what a GET gets, and a HEAD learns the length of."""

    __slots__ = ("_head", "body", "coding", "headers", "status")

    def __init__(
        self,
        status: int,
        headers: Headers,
        body: bytes | FileRange = b"",
        *,
        coding: str = "identity",
    ) -> None:
        """Answer so; `coding` is what the headers say of it, for who counts."""
        self.status = status
        self.headers = headers
        self.body = body
        self.coding = coding
        self._head: bytes | None = None

    @property
    def head(self) -> bytes:
        """Its headers as they go over the wire, put together once."""
        if self._head is None:
            self._head = b"".join(b"%b: %b\r\n" % field for field in self.headers)
        return self._head

    async def send(self, receive: Receive, send: Send, *, method: str) -> None:
        """Send it over ASGI; what is read while it is sent ends where the client leaves."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        body = b"" if method == "HEAD" else self.body
        if isinstance(body, FileRange):
            body = await _all_but_the_end(body, receive, send)
        await send({"type": "http.response.body", "body": body})

    def part(self, start: int, end: int) -> "HttpResponse":
        """Answer with a part of the body instead."""
        size = len(self.body)
        headers = dict(self.headers) | {
            b"content-length": b"%d" % (end - start),
            b"content-range": b"bytes %d-%d/%d" % (start, end - 1, size),
        }
        if isinstance(self.body, FileRange):
            body: bytes | FileRange = FileRange(self.body.file, start, end)
        else:
            body = self.body[start:end]
        status = HTTPStatus.PARTIAL_CONTENT
        return HttpResponse(status, list(headers.items()), body, coding=self.coding)


ImmediateResponder = Callable[[Scope], HttpResponse | None]
"""Returns the answer to a request where it is there; None where it takes the ordinary way."""


def at_once(app: ASGIApp) -> ImmediateResponder:
    """Return how an application answers without a task; one that can't never does."""
    return getattr(app, "at_once", _never)


def _never(_: Scope) -> None:
    """Leave every request to the ordinary way."""


def text_response(status: HTTPStatus, text: str, **headers: str) -> HttpResponse:
    """Answer with a line of text that nobody keeps; names of headers with _ for -."""
    fields = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(text.encode())),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return HttpResponse(status, encode_headers(fields), text.encode())


def encode_headers(fields: dict[str, str]) -> Headers:
    """Return headers as ASGI wants them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]


async def _all_but_the_end(stretch: FileRange, receive: Receive, send: Send) -> bytes:
    """Send a part of a file step by step; return the last step, which ends the answer."""
    at = stretch.start
    # sending to who is gone fails silently, and a player that seeks leaves all the time
    gone = asyncio.ensure_future(_gone(receive))
    try:
        while True:
            step = await stretch.file.read(at, min(_STEP, stretch.end - at))
            at += len(step)
            if at >= stretch.end or not step or gone.done():
                return step
            await send({"type": "http.response.body", "body": step, "more_body": True})
    finally:
        gone.cancel()


async def _gone(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass

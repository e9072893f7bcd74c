"""The least that could answer for a few files over ASGI, under the server that Syndicate has.

python -m bench.bare PORT OURS HEADERS PATH …

It says what Syndicate, on the port OURS, said when this began, for each path and coding:
with all headers of that, or the `least` of them. It looks at no file, and takes no header
but for the word that it is: `Accept-Encoding` one coding, `If-None-Match` the very tag.
"""

import http.client
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from syndicate.web.server.server import WebServer

CODINGS = ("identity", "gzip", "br")
_LEAST = frozenset({"etag", "vary", "content-type", "content-length", "content-encoding"})
_SERVERS_OWN = frozenset({"date", "connection"})


def main(port: int, ours: int, headers: str, paths: list[str]) -> None:
    answers = {
        (path, coding.encode()): Prepared.like(ours, path, coding, least=headers == "least")
        for path in paths
        for coding in CODINGS
    }
    with WebServer(Bare(answers), "127.0.0.1", port):
        threading.Event().wait()


@dataclass(frozen=True, slots=True)
class Got:
    """An answer as it came over HTTP."""

    status: int
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes


def get(port: int, path: str, headers: Mapping[str, str]) -> Got:
    """Ask once, over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"User-Agent": "bench", **headers})
    answer = connection.getresponse()
    got = Got(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())
    connection.close()
    return got


@dataclass(frozen=True, slots=True)
class Prepared:
    """The ASGI messages for a file, and for one that the client has already."""

    tag: bytes
    found: dict[str, object]
    body: dict[str, object]
    unchanged: dict[str, object]

    @classmethod
    def like(cls, port: int, path: str, coding: str, *, least: bool) -> "Prepared":
        wish = {"Accept-Encoding": coding}
        found = get(port, path, wish)
        tag = found.headers["etag"]
        unchanged = get(port, path, wish | {"If-None-Match": tag})
        body: dict[str, object] = {"type": "http.response.body", "body": found.body}
        return cls(tag.encode(), _start(found, least=least), body, _start(unchanged, least=least))


class Bare:
    """The callable."""

    def __init__(self, answers: Mapping[tuple[str, bytes], Prepared]) -> None:
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        asked = dict(scope["headers"])
        answer = self._answers[scope["path"], asked.get(b"accept-encoding", b"identity")]
        if asked.get(b"if-none-match") == answer.tag:
            await send(answer.unchanged)
            await send({"type": "http.response.body"})
        else:
            await send(answer.found)
            await send(answer.body)


def _start(got: Got, *, least: bool) -> dict[str, object]:
    headers = [
        (name.encode(), value.encode())
        for name, value in got.headers.items()
        if name not in _SERVERS_OWN and (name in _LEAST or not least)
    ]
    return {"type": "http.response.start", "status": got.status, "headers": headers}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])

"""The least that could answer for a few files over ASGI, under the server that Syndicate has.

python -m bench.bare PORT FOLDER PATH …

Each path is answered with bytes that were prepared beforehand: as they are, gzipped, or
in Brotli where `Accept-Encoding` is just that word; 304 where `If-None-Match` is the very
tag. No file is looked at, and no header is understood.
"""

import hashlib
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from starlette.types import Receive, Scope, Send

from syndicate.publish.compression import twin
from syndicate.web.server import Server

_Headers = list[tuple[bytes, bytes]]


def main(port: int, folder: Path, paths: list[str]) -> None:
    with Server(Bare(folder, paths), "127.0.0.1", port):
        threading.Event().wait()


@dataclass(frozen=True, slots=True)
class Prepared:
    """An answer as ASGI has it."""

    tag: bytes
    unchanged: _Headers
    headers: _Headers
    body: bytes

    @classmethod
    def of(cls, body: bytes, media_type: bytes, coding: bytes) -> "Prepared":
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()
        unchanged = [(b"etag", tag), (b"vary", b"accept-encoding")]
        headers = [
            *unchanged,
            (b"content-type", media_type),
            (b"content-length", str(len(body)).encode()),
        ]
        if coding != b"identity":
            headers.append((b"content-encoding", coding))
        return cls(tag, unchanged, headers, body)


class Bare:
    """The callable."""

    def __init__(self, folder: Path, paths: list[str]) -> None:
        self._answers: dict[tuple[str, bytes], Prepared] = {}
        for path in paths:
            body = (folder / (path[1:] or "index.html")).read_bytes()
            media_type = b"application/rss+xml" if path.endswith(".xml") else b"text/html"
            for coding, suffix in ((b"gzip", ".gz"), (b"br", ".br"), (b"identity", "")):
                packed = twin(body, suffix) if suffix else body
                self._answers[path, coding] = Prepared.of(packed, media_type, coding)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        asked = dict(scope["headers"])
        answer = self._answers[scope["path"], asked.get(b"accept-encoding", b"identity")]
        if asked.get(b"if-none-match") == answer.tag:
            start = {"type": "http.response.start", "status": 304, "headers": answer.unchanged}
            await send(start)
            await send({"type": "http.response.body"})
        else:
            start = {"type": "http.response.start", "status": 200, "headers": answer.headers}
            await send(start)
            await send({"type": "http.response.body", "body": answer.body})


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])

"""A client of an ASGI application in this process, without a server or redirects."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx
from starlette.requests import Request
from starlette.types import ASGIApp

T = TypeVar("T")


def run(awaited: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in its own thread: Playwright occupies the event loop of this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, awaited).result()


def main(page: str) -> str:
    """Return what stands between the head and the foot that all pages share."""
    return page.partition("<main")[2].partition("</main>")[0]


class Client:
    """Sends requests to an application."""

    def __init__(self, app: ASGIApp, **headers: str) -> None:
        self._app = app
        self._headers = headers

    def request(self, method: str, path: str, **changes: Any) -> httpx.Response:
        """Send one request."""
        headers = self._headers | changes.pop("headers", {})

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, headers=headers, **changes)

        return run(send())

    def get(self, path: str, **changes: Any) -> httpx.Response:
        """Send a GET."""
        return self.request("GET", path, **changes)

    def head(self, path: str, **changes: Any) -> httpx.Response:
        """Send a HEAD."""
        return self.request("HEAD", path, **changes)


def make_request(peer: str | None = "192.0.2.7", *forwarded: str, **headers: str) -> Request:
    """Return a POST from `peer` with X-Forwarded-For fields and other headers."""
    raw = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    raw += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    raw += [] if "host" in headers else [(b"host", b"post.example")]
    scope = {"type": "http", "method": "POST", "scheme": "http", "path": "/", "query_string": b""}
    return Request(scope | {"headers": raw, "client": (peer, 1234) if peer else None})

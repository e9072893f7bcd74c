"""A newsroom whose output the real server answers for; each request and its answer are kept."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicate.config import Config
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.server.server import listen
from tests.publish.newsroom import Newsroom
from tests.web.background_server import running


@dataclass
class Exchange:
    """One request, and what it got."""

    method: str
    path: str
    asked: Mapping[str, str]
    """Its headers, by lower-case names."""
    status: int = 0
    told: Mapping[str, str] = field(default_factory=dict)
    """The headers of the answer, by lower-case names."""
    length: int = 0
    """Bytes of the answer's body."""

    @property
    def conditional(self) -> bool:
        """Whether it said what it has already."""
        return "if-none-match" in self.asked or "if-modified-since" in self.asked


class Recorded:
    """An application that remembers what it was asked and what it said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.exchanges: list[Exchange] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope["method"], scope["path"], _headers(scope))
        self.exchanges.append(exchange)

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status, exchange.told = message["status"], _headers(message)
            else:
                exchange.length += len(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, keep)

    def of(self, path: str) -> list[Exchange]:
        """Return what was said about a path, oldest first."""
        return [each for each in self.exchanges if each.path == path]

    def statuses(self, path: str) -> list[int]:
        return [each.status for each in self.of(path)]

    def forget(self) -> None:
        """Begin anew."""
        self.exchanges.clear()


@dataclass
class Served:
    """A publication on the web; its articles' addresses lead to this server."""

    newsroom: Newsroom
    record: Recorded
    url: str


@contextmanager
def serving(store: Store, make: Callable[..., Config], **tables: Any) -> Iterator[Served]:
    """Serve a new publication; tables are given as in config.toml."""
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    tables["publication"] = {"url": url} | tables.get("publication", {})
    config = make(web={"port": port} | tables.pop("web", {}), **tables)
    record = Recorded(application(store, config))
    with running(record, listener):
        yield Served(Newsroom(store, config), record, url)


def _headers(of: Any) -> dict[str, str]:
    return {name.decode("latin-1").lower(): v.decode("latin-1") for name, v in of["headers"]}

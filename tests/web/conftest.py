"""A publication on the web, over real HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from syndicate.config import Config
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.server import Server, listen
from tests.web.people import Desk


@pytest.fixture
def web(
    sqlite_store: Store, publication: Callable[..., Config]
) -> Iterator[Callable[..., httpx.Client]]:
    """A factory of clients of a running server; tables are given as in config.toml."""
    with ExitStack() as stack:

        def serve(**tables: Any) -> httpx.Client:
            listener = listen("127.0.0.1", 0)
            port = listener.getsockname()[1]
            stack.callback(listener.close)
            tables["web"] = {"port": port} | tables.get("web", {})
            due = tables.pop("letters_due", lambda: None)
            app = application(sqlite_store, publication(**tables), due)
            server = stack.enter_context(Server(app, "127.0.0.1", port, listener=listener))
            return stack.enter_context(httpx.Client(base_url=server.url, trust_env=False))

        yield serve


@pytest.fixture
def desk(
    web: Callable[..., httpx.Client],
    sqlite_store: Store,
    publication: Callable[..., Config],
) -> Callable[..., Desk]:
    """A factory of publications on the web with all that belongs to them."""

    def open_(**tables: Any) -> Desk:
        client = web(**tables)
        tables.pop("letters_due", None)
        tables["web"] = {"port": client.base_url.port} | tables.get("web", {})
        served = publication(**tables)
        return Desk(client, sqlite_store, served)

    return open_

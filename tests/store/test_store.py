"""The store's door: opening, migrating, refusing, and the two kinds of transaction."""

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from syndicate.errors import (
    ConfigError,
    Refused,
    StoreError,
    StoreLocked,
    StoreTooNew,
    StoreUnreachable,
)
from syndicate.model.articles import Revision
from syndicate.store import Store
from syndicate.store.database import sql_engine
from syndicate.store.database.schema import HEAD
from tests.causes import by_test
from tests.sample_articles import add_article

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_store_is_migrated_when_it_is_opened_and_only_once(store_url):
    first = Store.open(store_url)
    assert first.migrations[-1] == HEAD
    first.close()
    second = Store.open(store_url)
    assert second.migrations == []
    second.close()


def test_eight_processes_that_open_an_empty_store_at_once_migrate_it_once(store_url):
    ran: list[list[str]] = []

    def open_it() -> None:
        store = Store.open(store_url)
        ran.append(store.migrations)
        store.close()

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names[-1:] for names in ran) == [[]] * 7 + [[HEAD]]


def test_many_who_open_a_new_file_at_once_all_get_it(tmp_path: Path):
    """SQLite lets nobody wait who changes the journal's mode beside another: we have to."""
    failed: list[Exception] = []

    def open_it(url: str, together: threading.Barrier) -> None:
        made = sql_engine.open_engine(url)
        together.wait()
        try:
            made.connect().close()
        except SQLAlchemyError as error:
            failed.append(error)
        made.dispose()

    for number in range(20):
        together = threading.Barrier(8)
        url = sql_engine.sqlite_url(tmp_path / f"{number}.db")
        threads = [threading.Thread(target=open_it, args=(url, together)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


def test_a_store_of_a_newer_version_is_refused_by_name(store_url):
    Store.open(store_url).close()
    database = create_engine(store_url)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.dispose()
    with pytest.raises(StoreTooNew, match=r"version 9999.*newer Syndicate"):
        Store.open(store_url)


@pytest.mark.parametrize(
    "url", ["syndicate.db", "mysql://x/y", "nonsense://", "sqlite", "postgresql+nope://x/y"]
)
def test_a_url_that_is_no_store_is_a_mistake_in_the_config(url):
    with pytest.raises(ConfigError, match=r"store\.url"):
        Store.open(url)


def test_an_unreachable_store_is_said_plainly(tmp_path: Path):
    with pytest.raises(StoreUnreachable, match=r"unable to open.*store\.url"):
        Store.open(f"sqlite:///{tmp_path}/nowhere/syndicate.db")
    with pytest.raises(StoreUnreachable, match=r"store\.url") as refused:
        Store.open("postgresql://me:secret@127.0.0.1:1/db")
    assert "secret" not in str(refused.value)


def test_a_file_that_is_no_database_is_said_plainly(tmp_path: Path):
    (tmp_path / "syndicate.db").write_text("These are notes, not a database. " * 50)
    with pytest.raises(StoreUnreachable, match="not a SQLite database"):
        Store.open(f"sqlite:///{tmp_path}/syndicate.db")


def test_a_store_that_another_process_holds_is_said_plainly(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(sql_engine, "BUSY_TIMEOUT", 50)
    store = Store.open(f"sqlite:///{tmp_path}/syndicate.db")
    other = Store.open(f"sqlite:///{tmp_path}/syndicate.db")
    with store.write(), pytest.raises(StoreLocked, match="another process"), other.write():
        pass
    store.close()
    other.close()


@pytest.mark.parametrize("name", ["a?b", "100%", "50%25", "a#b", "Hồ Chí", "a b&c=d"])
def test_a_sqlite_file_may_lie_in_a_folder_of_any_name(tmp_path: Path, name):
    folder = tmp_path / name
    folder.mkdir()
    store = Store.open(sql_engine.sqlite_url(folder / "syndicate.db"))
    store.close()
    assert (folder / "syndicate.db").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_damaged_file_is_said_plainly(tmp_path: Path):
    file = tmp_path / "syndicate.db"
    Store.open(f"sqlite:///{file}").close()
    data = bytearray(file.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    file.write_bytes(data)
    with pytest.raises(StoreUnreachable, match=r"is damaged.*backup"):
        Store.open(f"sqlite:///{file}")


@pytest.fixture
def administrator(postgresql: str) -> Iterator[Connection]:
    """Somebody who may do anything to the PostgreSQL of the tests."""
    server = create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        yield connection
    server.dispose()


def database(administrator: Connection, address: str, *, user: str = "postgres") -> str:
    """Make a database and return its URL, for a user."""
    name = f"door_{uuid.uuid4().hex}"
    administrator.execute(text(f"CREATE DATABASE {name}"))
    return address.replace("/postgres?", f"/{name}?").replace("//postgres:", f"//{user}:")


def test_a_server_that_does_not_let_us_in_is_said_plainly(administrator, postgresql):
    user = f"reader_{uuid.uuid4().hex}"
    administrator.execute(text(f"CREATE ROLE {user} LOGIN"))
    Store.open(database(administrator, postgresql)).close()
    url = database(administrator, postgresql, user=user)
    with pytest.raises(StoreUnreachable, match="permission denied"):
        Store.open(url)


def test_a_server_whose_name_is_wrong_is_said_plainly():
    with pytest.raises(StoreUnreachable, match=r"nowhere\.invalid"):
        Store.open("postgresql://me@nowhere.invalid/db")


def test_a_server_that_only_reads_is_said_plainly(administrator, postgresql):
    url = database(administrator, postgresql)
    Store.open(url).close()
    name = url.partition("?")[0].rpartition("/")[2]
    administrator.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    store = Store.open(url)
    with pytest.raises(StoreUnreachable, match="read-only"), store.write() as tx:
        tx.keys.secret("links")
    store.close()


def end_every_session(administrator: Connection) -> None:
    """End them and wait until each is gone: without a limit it only asks them to go."""
    ours = "datname LIKE 'door_%' AND backend_type = 'client backend'"
    sessions = f"FROM pg_stat_activity WHERE {ours}"
    administrator.execute(text(f"SELECT pg_terminate_backend(pid, 60000) {sessions}"))
    # false is also the answer for a session that has gone by itself since it was listed
    assert administrator.execute(text(f"SELECT pid {sessions}")).all() == []


def test_a_server_that_goes_away_is_said_plainly_and_used_again(administrator, postgresql):
    store = Store.open(database(administrator, postgresql))

    def write() -> None:
        with store.write() as tx:
            tx.keys.secret("links")
            end_every_session(administrator)
            tx.keys.secret("other")

    with pytest.raises(StoreUnreachable, match=r"check store\.url"):
        write()
    with store.read() as tx:
        assert tx.articles.all() == []
    end_every_session(administrator)  # while nobody is looking
    with store.read() as tx:
        assert tx.articles.all() == []
    store.close()


def test_two_writers_in_each_others_way_are_told_to_try_again(administrator, postgresql):
    store = Store.open(database(administrator, postgresql))
    met, refused = threading.Barrier(2), []

    def count(*names: str) -> None:
        try:
            with store.write() as tx:
                for name in names:
                    assert tx.attempt_limits.take(name, limit=9, per=DAY, at=NOW) is None
                    if name == names[0]:
                        met.wait()
        except StoreLocked as error:
            refused.append(str(error))

    pair = ("a", "b")
    threads = [threading.Thread(target=count, args=way) for way in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [reason] = refused
    assert "try again" in reason
    with store.write() as tx:
        waits = [tx.attempt_limits.take(name, limit=2, per=DAY, at=NOW) for name in pair * 2]
        assert [wait is None for wait in waits] == [True, True, False, False]
    store.close()


@pytest.mark.parametrize("title", ["half a pair: \ud800", "\udcff"])
def test_text_that_is_none_is_refused(store, title):
    with pytest.raises(Refused, match="can't hold a value"), store.write() as tx:
        add_article(
            tx, Revision(title=title, body=""), id="a", slug="a", path=None, source="", at=NOW
        )
    with store.read() as tx:
        assert tx.articles.all() == []


def test_a_mistake_of_ours_is_not_called_an_unreachable_store(sqlite_store):
    with pytest.raises(Exception, match="no such table") as mistake, sqlite_store.read() as tx:
        tx.articles._connection.execute(text("SELECT * FROM nowhere"))
    assert not isinstance(mistake.value, StoreError)


def test_nothing_is_kept_of_a_transaction_that_failed_or_was_rolled_back(store):
    def fail() -> None:
        with store.write() as tx:
            tx.subscribers.subscribe("a@example.org", "news", cause=by_test(NOW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.write() as tx:
        tx.subscribers.subscribe("b@example.org", "news", cause=by_test(NOW))
        tx.rollback()
    with store.read() as tx:
        assert list(tx.search.find()) == []


def test_a_reader_sees_one_moment_of_the_store(store):
    with store.read() as reader:
        assert reader.articles.all() == []
        with store.write() as writer:
            add_article(
                writer, Revision(title="A", body=""), id="a", slug="a", path=None, source="", at=NOW
            )
        assert reader.articles.all() == []
    with store.read() as reader:
        assert len(reader.articles.all()) == 1


def test_a_time_comes_back_as_the_same_instant(store):
    at = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    with store.write() as tx:
        add_article(
            tx,
            Revision(title="A", body="", date=at),
            id="a",
            slug="a",
            path=None,
            source="",
            at=NOW,
        )
        found = tx.articles.by_id("a")
    assert found is not None
    assert found.date == at
    assert found.date.utcoffset() == timedelta(0)


def test_a_naive_time_is_refused(store):
    with pytest.raises(Exception, match="no time zone"), store.write() as tx:
        tx.published.since(NOW, datetime(2026, 1, 1), limit=1)  # noqa: DTZ001 - that is the point


def test_secrets_are_made_once_and_kept(store):
    with store.write() as tx:
        made = tx.keys.secret("links")
    assert len(made) == 32
    with store.write() as tx:
        assert tx.keys.secret("links") == made
        assert tx.keys.secret("other") != made


def test_a_file_of_another_program_is_left_alone(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/theirs.db"
    database = create_engine(url)
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE bookmarks (address TEXT)"))
    database.dispose()
    with pytest.raises(StoreUnreachable, match="belongs to another program"):
        Store.open(url)

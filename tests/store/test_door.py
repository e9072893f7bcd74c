"""The store's door: opening, migrating, refusing, and the two kinds of transaction."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from syndicate.errors import ConfigError, StoreError, StoreLocked, StoreTooNew, StoreUnreachable
from syndicate.model.articles import Revision
from syndicate.store import Store, engine
from syndicate.store.migrate import SCRIPTS
from syndicate.store.schema import HEAD, metadata

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_store_is_migrated_when_it_is_opened_and_only_once(store_url):
    first = Store.open(store_url)
    assert first.migrations == [HEAD]
    first.close()
    second = Store.open(store_url)
    assert second.migrations == []
    second.close()


def test_the_migrations_make_the_tables_that_the_code_knows(store_url):
    Store.open(store_url).close()
    database = create_engine(store_url)
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
    database.dispose()


def test_the_newest_migration_is_the_one_the_code_names():
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == HEAD


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
    assert sorted(ran) == [[]] * 7 + [[HEAD]]


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
    monkeypatch.setattr(engine, "BUSY_MS", 50)
    store = Store.open(f"sqlite:///{tmp_path}/syndicate.db")
    other = Store.open(f"sqlite:///{tmp_path}/syndicate.db")
    with store.write(), pytest.raises(StoreLocked, match="another process"), other.write():
        pass
    store.close()
    other.close()


def test_a_mistake_of_ours_is_not_called_an_unreachable_store(sqlite_store):
    with pytest.raises(Exception, match="no such table") as mistake, sqlite_store.read() as tx:
        tx.articles._connection.execute(text("SELECT * FROM nowhere"))
    assert not isinstance(mistake.value, StoreError)


def test_nothing_is_kept_of_a_transaction_that_failed_or_was_rolled_back(store):
    def fail() -> None:
        with store.write() as tx:
            tx.subscribers.subscribe("a@example.org", "news", source="test", at=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.write() as tx:
        tx.subscribers.subscribe("b@example.org", "news", source="test", at=NOW)
        tx.rollback()
    with store.read() as tx:
        assert list(tx.subscribers.all()) == []


def test_a_reader_sees_one_moment_of_the_store(store):
    with store.read() as reader:
        assert reader.articles.all() == []
        with store.write() as writer:
            writer.articles.add(
                Revision(title="A", body=""), id="a", slug="a", path=None, source="", at=NOW
            )
        assert reader.articles.all() == []
    with store.read() as reader:
        assert len(reader.articles.all()) == 1


def test_a_time_comes_back_as_the_same_instant(store):
    at = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    with store.write() as tx:
        tx.articles.add(
            Revision(title="A", body="", date=at), id="a", slug="a", path=None, source="", at=NOW
        )
        found = tx.articles.by_id("a")
    assert found is not None
    assert found.date == at
    assert found.date.utcoffset() == timedelta(0)


def test_a_naive_time_is_refused(store):
    with pytest.raises(Exception, match="no time zone"), store.write() as tx:
        tx.articles.public(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_secrets_are_made_once_and_kept(store):
    with store.write() as tx:
        made = tx.keys.secret("links")
    assert len(made) == 32
    with store.write() as tx:
        assert tx.keys.secret("links") == made
        assert tx.keys.secret("other") != made

"""The schema: a new store has the tables of the code, and so has an old one that was migrated."""

from pathlib import Path
from string import Template

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from syndicate.store import Store
from syndicate.store.database.migrate import SCRIPTS
from syndicate.store.database.schema import HEAD, metadata

FIRST_RELEASE = Template((Path(__file__).parent / "first_release.sql").read_text())
"""Its tables, as it made them; never changed."""
TYPES = {
    "sqlite": {
        "serial": "INTEGER NOT NULL",
        "bigserial": "INTEGER NOT NULL",
        "autoincrement": " AUTOINCREMENT",
        "bytes": "BLOB",
        "false": "0",
        "true": "1",
    },
    "postgresql": {
        "serial": "SERIAL",
        "bigserial": "BIGSERIAL",
        "autoincrement": "",
        "bytes": "BYTEA",
        "false": "false",
        "true": "true",
    },
}


def make_first_release(url: str) -> None:
    """Make a store as the first release did."""
    database = create_engine(url)
    with database.begin() as connection:
        for statement in FIRST_RELEASE.substitute(TYPES[database.dialect.name]).split(";"):
            connection.execute(text(statement))
        version = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
        connection.execute(text(version))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0001')"))
    database.dispose()


def schema_of(url: str) -> dict[str, list[tuple[str, str, bool, str | None]]]:
    """Return each table's columns, and check that they are those that the code knows."""
    database = create_engine(url)
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
        found = inspect(connection)
        tables = {
            name: sorted(
                (column["name"], str(column["type"]), column["nullable"], column["default"])
                for column in found.get_columns(name)
            )
            for name in found.get_table_names()
        }
    database.dispose()
    return tables


def test_a_store_of_the_first_release_gets_the_schema_of_a_new_one(store_url):
    make_first_release(store_url)
    Store.open(store_url).close()
    migrated = schema_of(store_url)
    database = create_engine(store_url)
    with database.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    database.dispose()
    Store.open(store_url).close()
    assert schema_of(store_url) == migrated


def test_the_newest_migration_is_the_one_the_code_names():
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == HEAD

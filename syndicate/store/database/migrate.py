"""Brings a store to this version's schema, under a lock; refuses one from a newer version.

A new store gets the tables of the schema, and an older one the migrations that it lacks.
"""

import secrets
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, insert, inspect, select

from syndicate.errors import StoreTooNew, StoreUnreachable
from syndicate.store.database import schema_delivery, schema_editorial, schema_feedback
from syndicate.store.database.repository import LOCK_MIGRATION, lock
from syndicate.store.database.schema import HEAD, keys, metadata

assert schema_delivery, "its tables are among those of the metadata"
assert schema_editorial, "and so are these"
assert schema_feedback, "and these"

SCRIPTS = Path(__file__).parent / "migrations"
_version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def migrate(engine: Engine) -> list[str]:
    """Run the missing migrations and return their names.

    Of two processes at once, the second waits: each migration runs once. Raise
    StoreTooNew when the store knows a migration that this version does not.
    """
    with engine.connect() as connection, connection.begin():
        if _find_version(connection) == HEAD:
            return []
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        lock(connection, LOCK_MIGRATION)
        before = _find_version(connection)
        if before == HEAD:
            return []
        return [_create_tables(connection)] if before is None else _upgrade(connection, before)


def _find_version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_version.name):
        return None
    return connection.execute(select(_version.c.version_num)).scalar()


def _create_tables(connection: Connection) -> str:
    # a server's database may have tables of other programs
    if connection.dialect.name == "sqlite" and inspect(connection).get_table_names():
        raise StoreUnreachable(
            "the file that store.url names belongs to another program; name another file"
        )
    metadata.create_all(connection, checkfirst=False)
    connection.execute(insert(keys), {"name": "erasures", "secret": secrets.token_bytes(32)})
    _version.create(connection)
    connection.execute(insert(_version), {"version_num": HEAD})
    return HEAD


def _upgrade(connection: Connection, before: str) -> list[str]:
    """Run the migrations after `before`, in the connection's transaction; return their names."""
    from alembic import command  # noqa: PLC0415 - imported only where it is needed
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    alembic = Config()
    alembic.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    alembic.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(alembic)
    if before not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreTooNew(
            f"the store is at version {before}, and this Syndicate knows versions up to {HEAD}; "
            "install the newer Syndicate that wrote it"
        )
    pending = [script.revision for script in scripts.iterate_revisions("head", before)]
    command.upgrade(alembic, "head")
    return pending[::-1]

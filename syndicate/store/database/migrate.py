"""Brings a store to this version's schema, under a lock; refuses one from a newer version."""

from sqlalchemy import Connection, Engine, inspect, text

from syndicate.errors import StoreUnreachable
from syndicate.store.database.locks import LOCK_MIGRATION, lock
from syndicate.store.database.schema import HEAD


def migrate(engine: Engine) -> list[str]:
    """Run the missing migrations and return their names.

    Of two processes at once, the second waits: each migration runs once. Raise
    StoreTooNew when the store knows a migration that this version does not.
    """
    with engine.connect() as connection, connection.begin():
        if _version(connection) == HEAD:
            return []
    from syndicate.store.database.upgrade import upgrade  # noqa: PLC0415 - Alembic: imported only where it is needed, and before the lock is taken

    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        lock(connection, LOCK_MIGRATION)
        before = _version(connection)
        if before == HEAD:
            return []
        # a server's database may have tables of other programs
        is_file = connection.dialect.name == "sqlite"
        if before is None and is_file and inspect(connection).get_table_names():
            raise StoreUnreachable(
                "the file that store.url names belongs to another program; name another file"
            )
        return upgrade(connection, before)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

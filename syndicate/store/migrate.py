"""Brings a store to this version's schema, under a lock; refuses one from a newer version."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from syndicate.errors import StoreTooNew
from syndicate.store.engine import LOCK_MIGRATION, lock
from syndicate.store.schema import HEAD

SCRIPTS = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> list[str]:
    """Run what is missing and return the names of the migrations that ran.

    Two processes at once run each migration once: the second waits. Raise
    StoreTooNew when the store knows a migration that this version does not.
    """
    with engine.connect() as connection, connection.begin():
        if _version(connection) == HEAD:
            return []
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        lock(connection, LOCK_MIGRATION)
        before = _version(connection)
        if before == HEAD:
            return []
        return _upgrade(connection, before)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, before: str | None) -> list[str]:
    # imported here: a store that is up to date need not wait for Alembic
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config as Alembic  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    alembic = Alembic()
    alembic.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    alembic.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(alembic)
    known = {script.revision for script in scripts.walk_revisions()}
    if before is not None and before not in known:
        raise StoreTooNew(
            f"the store is at version {before}, and this Syndicate knows versions up to {HEAD}; "
            "install the newer Syndicate that wrote it"
        )
    pending = [script.revision for script in scripts.iterate_revisions("head", before or "base")]
    command.upgrade(alembic, "head")
    return pending[::-1]

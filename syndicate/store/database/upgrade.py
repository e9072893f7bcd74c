"""Runs the migrations, by Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config as Alembic
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from syndicate.errors import StoreTooNew
from syndicate.store.database.schema import HEAD

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, before: str | None) -> list[str]:
    """Run the migrations after `before`, in the connection's transaction; return their names."""
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

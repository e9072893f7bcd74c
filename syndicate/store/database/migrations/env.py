"""Runs the migrations on the given connection, in its transaction; Alembic calls this file."""

from alembic import context

from syndicate.store.database import schema_push
from syndicate.store.database.schema import metadata

assert schema_push, "its tables are among them"

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction contains it all
)
context.run_migrations()

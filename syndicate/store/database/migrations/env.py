"""Runs the migrations on the given connection, in its transaction; Alembic calls this file."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=False,  # the caller's transaction contains it all
)
context.run_migrations()

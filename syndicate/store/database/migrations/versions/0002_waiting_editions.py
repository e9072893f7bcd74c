"""Editions can wait until they are released."""

from alembic import op

from syndicate.store.database.schema import waiting_editions

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table of editions that wait."""
    waiting_editions.create(op.get_bind())

"""Article files that are refused are remembered."""

from alembic import op

from syndicate.store.database.schema_editorial import refused_files

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create their table."""
    refused_files.create(op.get_bind())

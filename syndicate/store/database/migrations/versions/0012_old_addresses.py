"""Where each article was before: the addresses that its file names."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column(
        "revisions",
        sa.Column("old_addresses", sa.JSON(), nullable=False, server_default="[]"),
    )

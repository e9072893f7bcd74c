"""Editions that are stopped, corrected and sent again, and who decided so."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column(
        "editions",
        sa.Column("state", sa.String(length=16), server_default="sending", nullable=False),
    )
    op.add_column("editions", sa.Column("successor", sa.Integer(), nullable=True))
    op.add_column("editions", sa.Column("original", sa.Integer(), nullable=True))
    op.create_index("ix_editions_original", "editions", ["original"], unique=False)
    op.create_table(
        "edition_acts",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("who", sa.String(length=16), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_edition_acts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_edition_acts_edition", "edition_acts", ["edition"], unique=False)

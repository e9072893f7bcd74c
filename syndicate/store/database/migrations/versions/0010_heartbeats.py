"""Heartbeats: when mail was last accepted, and when everything was last gone through."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("what", name="pk_heartbeats"),
    )

"""Former addresses; people who left without ever having been readers are counted apart."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_NEVER_JOINED = """
    UPDATE changes SET action = CASE who WHEN 'import' THEN 'left elsewhere' ELSE 'declined' END
    WHERE action = 'left' AND NOT EXISTS (
        SELECT 1 FROM changes AS earlier
        WHERE earlier.subscriber = changes.subscriber
        AND earlier.newsletter = changes.newsletter
        AND earlier.key < changes.key
        AND earlier.action IN ('subscribed', 'confirmed', 'rejoined')
    )
"""


def upgrade() -> None:
    op.create_table(
        "former_addresses",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("subscriber", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_former_addresses"),
    )
    op.create_index("ix_former_addresses_subscriber", "former_addresses", ["subscriber"])
    op.execute(_NEVER_JOINED)

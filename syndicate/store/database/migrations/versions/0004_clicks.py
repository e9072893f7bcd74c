"""Where the links of an edition lead, who followed them, and which editions are for everybody."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "editions", sa.Column("everybody", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.create_table(
        "edition_links",
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition"], ["editions.key"], name="fk_edition_links_edition_editions"
        ),
        sa.PrimaryKeyConstraint("edition", "position", name="pk_edition_links"),
    )
    op.create_table(
        "clicks",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.Column("subscriber", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        sa.Column("agent", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_clicks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_clicks_at", "clicks", ["at"], unique=False)
    op.create_index("ix_clicks_subscriber", "clicks", ["subscriber"], unique=False)
    op.create_index("ix_clicks_edition_link", "clicks", ["edition", "link"], unique=False)
